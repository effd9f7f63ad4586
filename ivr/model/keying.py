"""A context's code among the keys of a caller who comes back: what the two processes say to each other of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectCode:
    """Control to media worker: for so long from now on, a `*` may begin the eight digits of a context."""

    leg: str
    for_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeKeyed:
    """Media worker to control: eight digits came before any other key. They are no answer to the bot."""

    leg: str
    digits: str
    at_ms: int
