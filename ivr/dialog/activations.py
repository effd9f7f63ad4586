"""The nouns of the proof about levels: a flow being done, a place the dialog can come to, a way back. No behaviour."""

from __future__ import annotations

from typing import NamedTuple

ENTRY = "<"
"""Not a step: the beginning of a flow, where its level is asked for."""

Levels = tuple[int, ...]


class Activation(NamedTuple):
    """A flow being done. level: when it was begun. wanted: the level the flows below it take. needs: what the flow that
    identifies the caller was begun for, -1 = not being identified."""

    flow: str
    level: int
    wanted: int
    needs: int


class State(NamedTuple):
    """A place the dialog can come to, and how surely the caller is known there."""

    doing: Activation
    step: str
    level: int

    @property
    def place(self) -> str:
        return f"{self.doing.flow}/{self.step}"


class Return(NamedTuple):
    """Where a flow comes back to. needs: the level it was begun for, 0 = none; behind: the state that began it."""

    doing: Activation
    step: str
    needs: int
    behind: State
