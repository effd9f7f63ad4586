"""How a conversation went: what happened in it, what was expected and did not happen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.dialog.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing the dialog did. kind: bot | action | handoff | offer | callback | ends; what: its name; data: more."""

    kind: str
    what: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How a conversation went. problems: what was expected and did not happen, with line numbers. visited: steps done,
    as "flow/step"; path: the same in order. turns: utterances and keys of the caller."""

    name: str
    problems: tuple[str, ...]
    transcript: tuple[str, ...]
    visited: frozenset[str]
    session: Session
    path: tuple[str, ...] = ()
    turns: int = 0
