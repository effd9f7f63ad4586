"""What is made of an utterance besides its words: marks that tell when a recording is played again, and what the voice
is like where the control process asks for it. Both in a thread of its own, beside the calls; the sound is forgotten.

Owns how much speech a voice is measured on. Refuses to know whose voice it is, and to keep any sound: of a call nobody
asked for nothing is collected.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ivr.log import get_log
from ivr.model.errors import SpeechError
from ivr.model.hearing import SpeechSettings, UtteranceMarked, VoiceMeasured
from ivr.model.voiceprint import VoiceSample
from ivr.speech.audio import Samples, from_pcm
from ivr.speech.audio_marks import marks_of
from ivr.speech.catalogue import Catalogue
from ivr.speech.decoding import give_way_here
from ivr.speech.speaker_encoder import SpeakerEncoder

log = get_log("speech.voices")

MODEL = "resemblyzer"
MEASURED_AT_S = (4, 8, 12)
"""Seconds of utterances, pauses counted, after which a voice is measured; each time from the first of them on."""
_BYTES_PER_S = 16_000

Measure = Callable[[Samples], VoiceSample | None]
Report = Callable[[UtteranceMarked | VoiceMeasured], None]


class VoiceWatch:
    """The utterances of one worker. marks: whether they are marked. measure: what makes numbers of a voice, None where
    nothing does. Methods are called on the loop."""

    def __init__(self, report: Report, *, marks: bool, measure: Measure | None) -> None:
        self._report, self._marks, self._measure = report, marks, measure
        self._heard: dict[str, bytearray] = {}
        self._measured: dict[str, int] = {}
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="voice", initializer=give_way_here)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def idle(self) -> bool:
        """Is nothing made of any utterance?"""
        return not self._marks and self._measure is None

    def begin(self, call_id: str) -> None:
        """Measure this caller's voice: collect what they say from now on."""
        if self._measure is not None and call_id not in self._measured:
            self._heard[call_id], self._measured[call_id] = bytearray(), 0

    def take(self, call_id: str, turn: int, pcm: bytes) -> None:
        """An utterance of a call."""
        if self._marks:
            self._start(self._mark(call_id, turn, pcm))
        heard = self._heard.get(call_id)
        if heard is None:
            return
        heard += pcm
        done = self._measured[call_id]
        if len(heard) < MEASURED_AT_S[done] * _BYTES_PER_S:
            return
        self._measured[call_id] = done + 1
        sound = bytes(heard[: MEASURED_AT_S[-1] * _BYTES_PER_S])
        if done + 1 == len(MEASURED_AT_S):
            del self._heard[call_id]
        self._start(self._tell(call_id, sound))

    def forget(self, call_id: str) -> None:
        """The call is over: its sound goes."""
        self._heard.pop(call_id, None)
        self._measured.pop(call_id, None)

    async def settle(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self._tasks)

    def close(self) -> None:
        """End the thread."""
        for task in tuple(self._tasks):
            task.cancel()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _mark(self, call_id: str, turn: int, pcm: bytes) -> None:
        marks = await asyncio.get_running_loop().run_in_executor(self._threads, marks_of, pcm)
        if marks:
            self._report(UtteranceMarked(call_id=call_id, turn=turn, marks=marks))

    async def _tell(self, call_id: str, sound: bytes) -> None:
        assert self._measure is not None
        loop = asyncio.get_running_loop()
        sample = await loop.run_in_executor(self._threads, self._measure, from_pcm(sound))
        if sample is not None and call_id in self._measured:
            self._report(VoiceMeasured(call_id=call_id, sample=sample))


def open_voice_watch(catalogue: Catalogue, settings: SpeechSettings, report: Report) -> VoiceWatch:
    """What the settings want to be made of utterances. Voices are not measured where the model is not here: calls go on
    without it, and the log says so."""
    measure: Measure | None = None
    if settings.voiceprints != "off":
        try:
            measure = SpeakerEncoder(catalogue.resolve(catalogue.named(MODEL)) / "pretrained.pt").sample
        except SpeechError as error:
            log.error("voices.not_measured", error=str(error))
    return VoiceWatch(report, marks=settings.marks, measure=measure)
