"""How long a call waits for a person and what it hears meanwhile, read from `waiting:` of routing.yml.

Owns the defaults; knows neither calls nor agents. The sentences themselves are in waiting_words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Tell(StrEnum):
    """What a waiting caller is told, where it can be told honestly."""

    POSITION = "position"
    WAIT = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingTerms:
    """longest_ms: then the dialog goes on; 0: nobody waits. words_every_ms: between two announcements, with music;
    0: music alone. callback_after_ms: a call back is offered when the wait is expected to be longer, or nobody knows.
    words: language -> what is said instead of "Thank you for waiting."."""

    longest_ms: int = 900_000
    words_every_ms: int = 30_000
    callback_after_ms: int = 180_000
    tell: frozenset[Tell] = frozenset(Tell)
    words: Mapping[str, str] = field(default_factory=dict)


class WaitingShape(BaseModel):
    """`waiting:` of routing.yml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    longest_s: Annotated[int, Field(ge=0, le=3600)] = 900
    words_every_s: Annotated[int, Field(ge=0, le=600)] = 30
    callback_after_s: Annotated[int, Field(ge=0, le=3600)] = 180
    tell: tuple[Tell, ...] = tuple(Tell)
    words: dict[str, Annotated[str, Field(min_length=1, max_length=400)]] = {}


def waiting_terms(shape: WaitingShape) -> WaitingTerms:
    """The terms."""
    return WaitingTerms(
        longest_ms=shape.longest_s * 1000,
        words_every_ms=shape.words_every_s * 1000,
        callback_after_ms=shape.callback_after_s * 1000,
        tell=frozenset(shape.tell),
        words=shape.words,
    )
