"""How long a call waits for a person and what it hears meanwhile, read from `waiting:` of routing.yml.

Owns the defaults; knows neither calls nor agents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

WORDS: Mapping[str, str] = {
    "en": "Thank you for waiting. The next free colleague will take your call. To be called back instead, press 1.",
    "ru": "Спасибо за ожидание. Вам ответит первый освободившийся сотрудник. Если лучше перезвонить вам, нажмите 1.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingTerms:
    """longest_ms: then the dialog goes on; 0: nobody waits. words_every_ms: between two sentences, music in between; 0:
    music alone. words: language -> what is said; they tell which key ends the waiting."""

    longest_ms: int = 180_000
    words_every_ms: int = 30_000
    words: Mapping[str, str] = field(default_factory=lambda: WORDS)


class WaitingShape(BaseModel):
    """`waiting:` of routing.yml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    longest_s: Annotated[int, Field(ge=0, le=3600)] = 180
    words_every_s: Annotated[int, Field(ge=0, le=600)] = 30
    words: dict[str, Annotated[str, Field(min_length=1, max_length=400)]] = {}


def waiting_terms(shape: WaitingShape) -> WaitingTerms:
    """The terms; a language that is left out keeps its words."""
    return WaitingTerms(
        longest_ms=shape.longest_s * 1000, words_every_ms=shape.words_every_s * 1000, words={**WORDS, **shape.words}
    )
