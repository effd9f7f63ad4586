"""What a customer had with us before: earlier calls, and what was promised and is still owed."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.model.call import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """An earlier call. at: UTC ISO 8601; intents: what it was about, in order; agent: who took it, "" for the bot."""

    call_id: str
    at: str
    intents: tuple[str, ...]
    outcome: Outcome
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPromise:
    """A callback nobody has made yet. call_id: the call it was promised in; deadline: UTC ISO 8601."""

    call_id: str
    deadline: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealings:
    """contacts: newest first; promises: the most urgent first; needs_care: somebody noted it, nobody took it back."""

    contacts: tuple[Contact, ...] = ()
    promises: tuple[OpenPromise, ...] = ()
    needs_care: bool = False
