"""Conversation tests by ear: what callers say goes through a real voice, a telephone line and the real recogniser.

Owns the way of the words from the page to the understanding. Keys, silence and everything else stay as they are
written. A line with a confidence or a margin of its own keeps it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ivr.design.rehearsal import READ_BACK, Rehearsal, Rehearsed
from ivr.dialog.asking import YES_NO_KEYS
from ivr.dialog.assistant import Assistant
from ivr.dialog.conversation import Parse, Stage
from ivr.dialog.script import Conversation, Line
from ivr.dialog.session import Phase, Wait
from ivr.dialog.steps import CollectStep, Step
from ivr.log import MASK
from ivr.model import dialog as ev
from ivr.model.errors import SpeechError
from ivr.model.hearing import Expectation, Hypothesis
from ivr.model.media import SAMPLE_RATE_HZ
from ivr.speech.catalogue import Catalogue
from ivr.speech.models import load_recognizer, make_voices

_MU = 255.0
_QUIET_S = 0.4  # before and after the words, as a turn has it
_NOISE = 1e-3  # of a quiet line, -60 dB
_WRITTEN = Line(number=0, kind="user", what="")
_KEYS = {yes: key for key, yes in YES_NO_KEYS.items()}
MOST_ANSWERS = 3  # to one line; a caller who must say it more often has failed


class Hearing(Protocol):
    """What the caller's words become on their way; attempt counts from 0 when they are said again."""

    async def hear(self, text: str, language: str, expectation: Expectation, attempt: int = 0) -> Hypothesis: ...


class Ear:
    """A caller's voice and the bot's ear, for these languages. Raises SpeechError when a model is missing."""

    def __init__(self, models: Path, languages: Sequence[str]) -> None:
        catalogue = Catalogue(models)
        self._voices = make_voices(catalogue, ("piper", "festival", "pyttsx3"), languages, steady=True)
        if not self._voices:
            raise SpeechError("there is no voice to speak the conversations with")
        self._recognizer = load_recognizer(catalogue, "whisper", languages, 1)

    async def hear(self, text: str, language: str, expectation: Expectation, attempt: int = 0) -> Hypothesis:
        """What is understood of these words when they are said on the telephone. attempt: said again, the line crackles
        in another way."""
        line = telephone(await self._say(text, language), attempt + 1)
        return await asyncio.to_thread(self._decode, line, language, expectation)

    async def seconds(self, text: str, language: str) -> float:
        """How long these words take when they are said."""
        return len(await self._say(text, language)) / (2 * SAMPLE_RATE_HZ)

    async def _say(self, text: str, language: str) -> bytes:
        reasons = []
        for voice in self._voices:
            try:
                return await voice.render(text, language)
            except SpeechError as error:
                reasons.append(str(error))
        raise SpeechError("; ".join(reasons))

    def _decode(self, line: bytes, language: str, expectation: Expectation) -> Hypothesis:
        stream = self._recognizer.open(language, expectation)
        try:
            stream.feed(line)
            return stream.decode(final=True)
        finally:
            stream.close()

    async def close(self) -> None:
        """End the voices."""
        for voice in self._voices:
            await voice.close()


def telephone(pcm: bytes, seed: int = 1) -> bytes:
    """Speech (8 kHz, mono, 16 bit) as it comes out of a telephone line: quiet around it, 8 bits of mu-law. seed: of the
    line's noise."""
    said: npt.NDArray[np.float64] = np.frombuffer(pcm, dtype="<i2").astype(np.float64) / 32768
    quiet = np.zeros(int(_QUIET_S * SAMPLE_RATE_HZ))
    line = np.concatenate([quiet, said, quiet])
    line += np.random.default_rng(seed).standard_normal(line.size) * _NOISE
    line = np.clip(line, -1, 1)
    coded = np.round(np.sign(line) * np.log1p(_MU * np.abs(line)) / np.log1p(_MU) * 127) / 127
    back = np.sign(coded) * np.expm1(np.abs(coded) * np.log1p(_MU)) / _MU
    return bytes((back * 32767).astype("<i2").tobytes())


class _AloudStage(Stage):
    """A conversation whose caller is heard. Beside it goes the same conversation as it is written: it tells what the
    caller meant when the bot, in doubt, reads back something else than the page foresees."""

    def __init__(self, assistant: Assistant, told: Conversation, parse: Parse, ear: Hearing) -> None:
        super().__init__(assistant, told, parse)
        self._ear, self._written = ear, Stage(assistant, told, parse)
        self._found = Hypothesis(text="", confidence=0.0, engine="test")
        self._attempt = 0

    def begin(self) -> None:
        super().begin()
        self._written.begin()

    async def line(self, line: Line) -> None:
        await self._written.line(line)
        await super().line(line)

    async def act(self, line: Line) -> None:
        self._attempt = 0
        await super().act(await self._heard(line))
        for _ in range(MOST_ANSWERS):
            meant = self._meant()
            if meant is None:
                return
            right = meant == self.session.pending
            said = "yes" if right else "no"
            self.transcript.append(f"      {READ_BACK}: the answer is {said}")
            await self._also(replace(line, kind="dtmf", what=_KEYS[right]))
            if not right and self.session.wait is Wait.CALLER:
                self._attempt += 1
                await self._also(await self._heard(line))

    async def _also(self, line: Line) -> None:
        """One more act of the caller, not on the page: what happened before it is still to be looked for."""
        before = [happening for happening in self.happenings if not self._reads_back(happening.what)]
        await super().act(line)
        self.happenings[:0] = before

    async def _heard(self, line: Line) -> Line:
        """The line as it comes through voice, telephone and recogniser."""
        if line.kind != "user" or self.hear is None:
            return line
        found = await self._ear.hear(line.what, self.session.language, self.hear.expectation, self._attempt)
        self._found = found
        again = ", once more" if self._attempt else ""
        self.transcript.append(f"      written{again}: {MASK if self.hear.sensitive else line.what}")
        if (line.confidence, line.margin) != (_WRITTEN.confidence, _WRITTEN.margin):
            return replace(line, what=found.text)
        return replace(line, what=found.text, confidence=found.confidence, margin=found.margin)

    def _step(self) -> Step | None:
        frame = self.session.stack[-1] if self.session.stack else None
        return self.assistant.flows[frame.flow].steps.get(frame.step) if frame else None

    def _meant(self) -> str | None:
        """What the caller meant where a value or intent is read back that the page does not foresee; None elsewhere."""
        mine, page = self.session, self._written.session
        if mine.wait is not Wait.CALLER or page.phase is mine.phase:
            return None
        if mine.phase is Phase.CONFIRM_INTENT:
            return self._written.heard.intent.name if self._written.heard else None
        step = self._step()
        if mine.phase is not Phase.CONFIRM_VALUE or not isinstance(step, CollectStep) or step.slot not in page.slots:
            return None
        # A slot may hold a typed value; the one read back is spelt as it was heard.
        held, slot = page.slots[step.slot], self.assistant.slots[step.slot]
        return mine.pending if slot.typed(mine.pending) == held else str(held)

    def _reads_back(self, response: str) -> bool:
        step = self._step()
        own = step.confirm_utter if isinstance(step, CollectStep) else ""
        return response in (own, f"utter_confirm_{self.session.pending}")

    async def speak(self, line: Line) -> ev.Event:
        if not line.what:
            return await self.make_noise(line)
        event = await super().speak(line)
        if not isinstance(event, ev.UtteranceHeard):
            return event
        hypothesis = replace(event.recognition.hypothesis, value=self._found.value)
        return replace(event, recognition=replace(event.recognition, hypothesis=hypothesis))


async def run_aloud(assistant: Assistant, told: Sequence[Conversation], parse: Parse, models: Path) -> Rehearsal:
    """As ivr.design.rehearsal.run, by ear. models: where the models lie. Raises SpeechError."""
    ear = Ear(models, assistant.languages)
    try:
        return await run_heard(assistant, told, parse, ear)
    finally:
        await ear.close()


async def run_heard(assistant: Assistant, told: Sequence[Conversation], parse: Parse, ear: Hearing) -> Rehearsal:
    """Run these conversations with this ear."""
    began, results = time.monotonic(), []
    for conversation in told:
        started = time.monotonic()
        stage = _AloudStage(assistant, conversation, parse, ear)
        await stage.run()
        results.append(Rehearsed(told=conversation, report=stage.report(), took_s=time.monotonic() - started))
    return Rehearsal(assistant=assistant, results=tuple(results), took_s=time.monotonic() - began)
