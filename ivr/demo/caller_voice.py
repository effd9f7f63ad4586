"""The voices simulated callers speak with, and how fast: people say twelve to sixteen characters a second.

Owns the pace. The bot's own voice keeps the one it has; what a telephone line and the recogniser make of the words is
the ear's business (ivr.design.aloud).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from xml.sax.saxutils import escape

from ivr.design.aloud import Ear
from ivr.model.hearing import Expectation, Hypothesis

PACE: Mapping[str, float] = MappingProxyType({"ru": 1.25})
"""Language -> how much faster than the voice by itself: Festival says 10.5 characters a second, Piper 16."""


class CallersEar:
    """The ear with callers who speak at people's pace. Raises SpeechError when a model is missing."""

    def __init__(self, models: Path, languages: Sequence[str]) -> None:
        self._ear = Ear(models, languages)

    async def hear(self, text: str, language: str, expectation: Expectation, attempt: int = 0) -> Hypothesis:
        """What is understood of these words of a caller; attempt: said again, the line crackles in another way."""
        return await self._ear.hear(_at_pace(text, language), language, expectation, attempt)

    async def speaking_s(self, text: str, language: str) -> float:
        """How long a caller takes to say this."""
        return await self._ear.seconds(_at_pace(text, language), language)

    async def seconds(self, text: str, language: str) -> float:
        """How long the bot takes to say this."""
        return await self._ear.seconds(text, language)

    async def close(self) -> None:
        """End the voices."""
        await self._ear.close()


def _at_pace(text: str, language: str) -> str:
    pace = PACE.get(language)
    return f'<prosody rate="{round(pace * 100)}%">{escape(text)}</prosody>' if pace else text
