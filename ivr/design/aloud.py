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

import numpy as np
import numpy.typing as npt

from ivr.design.rehearsal import Rehearsal, Rehearsed, conversations
from ivr.dialog.assistant import Assistant, load_assistant
from ivr.dialog.conversation import Parse, Stage
from ivr.dialog.report import Report
from ivr.dialog.script import Conversation, Line
from ivr.model import dialog as ev
from ivr.model.errors import SpeechError
from ivr.model.hearing import Expectation, Hypothesis
from ivr.model.media import SAMPLE_RATE_HZ
from ivr.nlu.embedded import EmbeddedEngine
from ivr.speech.catalogue import Catalogue
from ivr.speech.models import load_recognizer, make_voices

_MU = 255.0
_QUIET_S = 0.4  # before and after the words, as a turn has it
_NOISE = 1e-3  # of a quiet line, -60 dB
_WRITTEN = Line(number=0, kind="user", what="")


class Ear:
    """A caller's voice and the bot's ear, for these languages. Raises SpeechError when a model is missing."""

    def __init__(self, models: Path, languages: Sequence[str]) -> None:
        catalogue = Catalogue(models)
        self._voices = make_voices(catalogue, ("piper", "pyttsx3"), languages, steady=True)
        if not self._voices:
            raise SpeechError("there is no voice to speak the conversations with")
        self._recognizer = load_recognizer(catalogue, "whisper", languages, 1)

    async def hear(self, text: str, language: str, expectation: Expectation) -> Hypothesis:
        """What is understood of these words when they are said on the telephone."""
        line = telephone(await self._say(text, language))
        return await asyncio.to_thread(self._decode, line, language, expectation)

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


def telephone(pcm: bytes) -> bytes:
    """Speech (8 kHz, mono, 16 bit) as it comes out of a telephone line: quiet around it, 8 bits of mu-law."""
    said: npt.NDArray[np.float64] = np.frombuffer(pcm, dtype="<i2").astype(np.float64) / 32768
    quiet = np.zeros(int(_QUIET_S * SAMPLE_RATE_HZ))
    line = np.concatenate([quiet, said, quiet])
    line += np.random.default_rng(1).standard_normal(line.size) * _NOISE
    line = np.clip(line, -1, 1)
    coded = np.round(np.sign(line) * np.log1p(_MU * np.abs(line)) / np.log1p(_MU) * 127) / 127
    back = np.sign(coded) * np.expm1(np.abs(coded) * np.log1p(_MU)) / _MU
    return bytes((back * 32767).astype("<i2").tobytes())


class _AloudStage(Stage):
    """A conversation whose caller is heard."""

    def __init__(self, assistant: Assistant, told: Conversation, parse: Parse, ear: Ear) -> None:
        super().__init__(assistant, told, parse)
        self._ear = ear

    async def line(self, line: Line) -> None:
        if line.kind == "user" and self.hear is not None:
            found = await self._ear.hear(line.what, self.session.language, self.hear.expectation)
            self._found = found
            written = (line.confidence, line.margin) != (_WRITTEN.confidence, _WRITTEN.margin)
            sure = line if written else replace(line, confidence=found.confidence, margin=found.margin)
            said, line = line.what, replace(sure, what=found.text)
            self.transcript.append(f"      written: {said}")
        await super().line(line)

    async def speak(self, line: Line) -> ev.Event:
        if not line.what:
            return await self.make_noise(line)
        event = await super().speak(line)
        if not isinstance(event, ev.UtteranceHeard):
            return event
        hypothesis = replace(event.recognition.hypothesis, value=self._found.value)
        return replace(event, recognition=replace(event.recognition, hypothesis=hypothesis))


async def rehearse_aloud(folder: Path, models: Path, *, only: str = "") -> Rehearsal:
    """As ivr.design.rehearsal.rehearse, by ear. models: where the models lie. Raises DesignError, SpeechError."""
    assistant, told = load_assistant(folder), conversations(folder)
    chosen = [c for c in told if only.lower() in c.name.lower()]
    engine, ear = EmbeddedEngine.train(assistant.nlu_files), Ear(models, assistant.languages)
    began, results = time.monotonic(), []
    try:
        for conversation in chosen:
            started = time.monotonic()
            stage = _AloudStage(assistant, conversation, engine.parse, ear)
            await stage.run()
            results.append(Rehearsed(told=conversation, report=_report(stage), took_s=time.monotonic() - started))
    finally:
        await engine.close()
        await ear.close()
    return Rehearsal(assistant=assistant, results=tuple(results), took_s=time.monotonic() - began)


def _report(stage: Stage) -> Report:
    return Report(
        name=stage.told.name,
        problems=tuple(stage.problems),
        transcript=tuple(stage.transcript),
        visited=frozenset(stage.path),
        session=stage.session,
        path=tuple(stage.path),
        turns=stage.turns,
    )
