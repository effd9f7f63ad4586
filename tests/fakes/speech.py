"""A recogniser and a voice without models: scripted words for marked audio, tones for text.

They pass the contract suites. `spoken(text)` is audio the scripted recogniser reads back as that text: a marker in the
first samples, then a tone about as long as the speech. Everything else it hears is nothing.
"""

from __future__ import annotations

import hashlib
import math
import struct

from ivr.model.errors import SpeechError
from ivr.model.hearing import Expectation, ExpectationKind, Hypothesis
from ivr.model.markup import plain
from ivr.model.media import SAMPLE_RATE_HZ
from ivr.speech.audio import Samples, from_pcm, to_pcm
from ivr.speech.voice_child import spoken as spoken_prompt

_MARK = b"\x01\x7f\x02\x7e\x03\x7d"
_MS_PER_CHARACTER = 60
_LEAST_MS = 200


def _tone(duration_ms: int, hz: float, peak: float = 0.5) -> bytes:
    count = duration_ms * SAMPLE_RATE_HZ // 1000
    values = (int(32767 * peak * math.sin(2 * math.pi * hz * i / SAMPLE_RATE_HZ)) for i in range(count))
    return struct.pack(f"<{count}h", *values)


def spoken(text: str) -> bytes:
    """8 kHz PCM the scripted recogniser understands as text."""
    raw = text.encode()
    body = _MARK + struct.pack("<H", len(raw)) + raw
    return body + b"\x00" * (len(body) % 2) + _tone(max(_LEAST_MS, _MS_PER_CHARACTER * len(text)), 440)


class ScriptedStream:
    """One turn."""

    live = False

    def __init__(self, expectation: Expectation) -> None:
        self._expectation, self._pcm, self._closed = expectation, b"", False

    def feed(self, pcm: bytes) -> None:
        if self._closed:
            raise SpeechError("this stream was closed")
        self._pcm += pcm

    def give_up(self) -> None:
        """It is done at once."""

    def decode(self, *, final: bool) -> Hypothesis:
        words = []
        at = self._pcm.find(_MARK)
        while at >= 0:
            (length,) = struct.unpack_from("<H", self._pcm, at + len(_MARK))
            first = at + len(_MARK) + 2
            words.append(self._pcm[first : first + length].decode())
            at = self._pcm.find(_MARK, first + length)
        text = " ".join(" ".join(words).lower().split())
        if not text:
            return Hypothesis(text="", confidence=0.0, engine=ScriptedRecognizer.name, reason="no_speech")
        return Hypothesis(
            text=text, confidence=0.95, engine=ScriptedRecognizer.name, value=self._value(text), margin=9.0
        )

    def close(self) -> None:
        self._closed = True

    def _value(self, text: str) -> str | None:
        if self._expectation.kind is ExpectationKind.DIGITS:
            digits = "".join(character for character in text if character.isdigit())
            return digits or None
        return next((p.value for p in self._expectation.phrases if p.text.lower() == text), None)


class ScriptedRecognizer:
    """Understands spoken(text) and nothing else."""

    name = "scripted"
    languages = ("en",)

    def open(self, language: str, expectation: Expectation) -> ScriptedStream:
        if language not in self.languages:
            raise SpeechError(f"no model for {language!r}")
        return ScriptedStream(expectation)


def _beep(words: str, _language: str, pace: float) -> tuple[Samples, int]:
    """An engine that hums a text, as long as the text is, with silence before and behind it."""
    hz = 200 + hashlib.sha256(words.encode()).digest()[0]
    quiet = bytes(2 * SAMPLE_RATE_HZ // 5)
    return from_pcm(
        quiet + _tone(round(max(_LEAST_MS, _MS_PER_CHARACTER * len(words)) / pace), hz) + quiet
    ), SAMPLE_RATE_HZ


class ToneVoice:
    """Says every text as a tone as long as the text is; failing=True makes every render fail."""

    def __init__(self, name: str = "tone", *, languages: tuple[str, ...] = ("en",), failing: bool = False) -> None:
        self.name, self._languages, self.failing = name, languages, failing
        self.rendered: list[str] = []

    def voice_id(self, language: str) -> str | None:
        return f"{self.name}-{language}" if language in self._languages else None

    async def render(self, text: str, language: str) -> bytes:
        if self.failing:
            raise SpeechError(f"voice {self.name} is broken")
        if language not in self._languages:
            raise SpeechError(f"{self.name} has no voice for {language!r}")
        if not any(character.isalnum() for character in plain(text)):
            raise SpeechError("there is nothing to say")
        self.rendered.append(text)
        return to_pcm(spoken_prompt(_beep, text, language))

    async def close(self) -> None:
        """Nothing to end."""
