"""`ivr bench pauses`: when turns end and how many are cut off, on recordings, in virtual time.

Owns a caller of recordings and a clock that only audio moves: the voice activity network, endpointing and the
recogniser are the product's own, and a decode takes the CPU time it really took. What it leaves out is the wire.
A cut-off is a turn that was over before the caller was. Times are milliseconds.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ivr.call.record import percentile
from ivr.model.errors import SpeechError
from ivr.model.hearing import (
    Expectation,
    Hypothesis,
    Listen,
    SpeechHeard,
    SpeechRejected,
    SpeechStarted,
)
from ivr.model.media import FRAME_MS, SAMPLE_RATE_HZ
from ivr.model.ports import Recognizer, RecognizerStream
from ivr.speech.audio import Samples, to_pcm
from ivr.speech.decoding import Job
from ivr.speech.listening import CallAudio
from ivr.speech.vad import SileroModel

CALLER_RMS = 10 ** (-24 / 20)
NOISE_RMS = 10 ** (-66 / 20)
LOUD = 10 ** (-45 / 20)
LEAD_MS, TAIL_MS = 600, 3000
_FRAME = SAMPLE_RATE_HZ * FRAME_MS // 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One thing a caller says. kind: the row of the table it counts in."""

    kind: str
    name: str
    samples: Samples
    expectation: Expectation
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How one turn went. delay_ms: end of speech to the text being final; negative means that it was cut off."""

    utterance: Utterance
    text: str
    delay_ms: int
    decodes: int
    voiced_from_ms: int

    @property
    def cut_off(self) -> bool:
        return self.delay_ms < 0


class VirtualQueue:
    """Decodes at once, and is done when as much virtual time has passed as the decode took. Stands for DecodeQueue."""

    def __init__(self, decode_ms: int = 0) -> None:
        self.now_ms = 0
        self._decode_ms = decode_ms
        self._job: Job | None = None
        self._due_ms = 0
        self._result: tuple[Hypothesis | None, int] = (None, 0)

    def submit(self, job: Job) -> None:
        pcm, began = job.audio(), time.process_time_ns()
        hypothesis: Hypothesis | None = None
        try:
            hypothesis = job.carry_out(pcm)
        except SpeechError:
            hypothesis = None
        took_ms = self._decode_ms or (time.process_time_ns() - began) // 1_000_000
        # The thread goes on with what was dropped, and the next decode waits for it.
        self._due_ms = max(self.now_ms, self._due_ms) + took_ms
        self._job, self._result = job, (hypothesis, took_ms)

    def close_stream(self, stream: RecognizerStream) -> None:
        stream.close()

    def pass_time(self, until_ms: int) -> None:
        """Let virtual time pass; a decode that is due by then is done at its own time."""
        job = self._job
        if job is not None and self._due_ms <= until_ms:
            self._job = None
            self.now_ms = max(self.now_ms, self._due_ms)
            if not job.dropped:
                job.done(*self._result)
        self.now_ms = until_ms


def over_the_line(samples: Samples, seed: int) -> Samples:
    """A recording as the bot's side gets it: at a caller's level, with line noise before and after, over mu-law."""
    loud = np.flatnonzero(np.abs(samples) > 0.01 * np.abs(samples).max())
    speech = samples[loud[0] : loud[-1] + 1]
    blocks = speech[: speech.size // 160 * 160].reshape(-1, 160)
    energy = np.mean(blocks**2, axis=1)
    active = float(np.sqrt(np.mean(energy[energy > 0.01 * energy.max()]))) if energy.size else 1.0
    speech = speech * (CALLER_RMS / max(active, 1e-6))
    line = np.concatenate([np.zeros(LEAD_MS * 8), speech, np.zeros(TAIL_MS * 8)])
    line = line + np.random.default_rng(seed).standard_normal(line.size) * NOISE_RMS
    return mu_law(line[: line.size // _FRAME * _FRAME])


def mu_law(samples: Samples) -> Samples:
    """What is left after G.711 mu-law, by its formula in 8 bits."""
    squeezed = np.sign(samples) * np.log1p(255.0 * np.abs(np.clip(samples, -1, 1))) / np.log1p(255.0)
    code = np.round(squeezed * 127) / 127
    found: Samples = (np.sign(code) * np.expm1(np.abs(code) * np.log1p(255.0)) / 255.0).astype(np.float32)
    return found


def listen_to(
    utterance: Utterance, vad: SileroModel, recognizer: Recognizer, *, decode_ms: int = 0, seed: int = 1
) -> Finished:
    """Say one utterance to the bot's ear. Raises SpeechError when nothing at all came of it."""
    line = over_the_line(utterance.samples, seed)
    spoken_ms = int(np.flatnonzero(np.abs(line[: line.size - TAIL_MS * 8 + 80]) > LOUD)[-1]) // 8
    queue = VirtualQueue(decode_ms)
    found: list[tuple[int, SpeechHeard | SpeechRejected]] = []
    started: list[SpeechStarted] = []

    def report(message: SpeechStarted | SpeechHeard | SpeechRejected) -> None:
        if isinstance(message, SpeechStarted):
            started.append(message)
        else:
            found.append((queue.now_ms, message))

    ear = CallAudio("call", vad=vad, recognizer=recognizer, queue=queue, report=report, now_ms=lambda: queue.now_ms)
    ear.listen(Listen(call_id="call", turn=1, language=utterance.language, expectation=utterance.expectation))
    for seq, first in enumerate(range(0, line.size, _FRAME)):
        queue.pass_time((seq + 1) * FRAME_MS)
        ear.frame(seq, queue.now_ms, to_pcm(line[first : first + _FRAME]))
        if found:
            at_ms, message = found[0]
            heard = message.recognition if isinstance(message, SpeechHeard) else None
            return Finished(
                utterance=utterance,
                text=heard.hypothesis.text if heard else "",
                delay_ms=at_ms - spoken_ms,
                decodes=heard.decodes if heard else 0,
                voiced_from_ms=started[0].detected_at_ms - LEAD_MS if started else 0,
            )
    raise SpeechError(f"{utterance.name}: the turn never ended")


def table(finished: Iterable[Finished]) -> list[dict[str, object]]:
    """One row a kind: how many, cut off (percent), delay of the others, decodes a turn."""
    kinds: dict[str, list[Finished]] = {}
    for each in finished:
        kinds.setdefault(each.utterance.kind, []).append(each)
    return [_row(kind, of_kind) for kind, of_kind in kinds.items()]


def _row(kind: str, finished: Sequence[Finished]) -> dict[str, object]:
    delays = [each.delay_ms for each in finished if not each.cut_off] or [0]
    return {
        "kind": kind,
        "n": len(finished),
        "cut_off_percent": round(100 * sum(each.cut_off for each in finished) / len(finished), 1),
        "p50_ms": percentile(delays, 50),
        "p95_ms": percentile(delays, 95),
        "decodes": round(sum(each.decodes for each in finished) / len(finished), 2),
    }


def half(utterances: Iterable[Utterance], report: bool) -> Iterator[Utterance]:
    """The pauses were chosen on one half of every kind; the other half reports."""
    counts: dict[str, int] = {}
    for each in utterances:
        at = counts[each.kind] = counts.get(each.kind, -1) + 1
        if at % 2 == int(report):
            yield each
