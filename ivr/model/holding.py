"""Silence on probation: what the control process tells a media worker while somebody speaks over a prompt."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPlayback:
    """Silence the leg at once and keep what was playing: somebody speaks, and it is not yet known what they say."""

    leg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumePlayback:
    """Go on after HoldPlayback, from the last gap between words before it."""

    leg: str
