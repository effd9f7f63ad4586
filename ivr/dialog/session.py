"""The state of one call's dialog. Frozen: every event makes a new one, so a session can be kept, compared, replayed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ivr.model.call import Outcome
from ivr.model.dialog import Prompt
from ivr.model.identity import Caller, Customer, Level
from ivr.model.offers import OfferDecision


class Wait(StrEnum):
    """What the dialog waits for. CALLER: a Hear is in force. HUMAN: a handoff is under way or done. CLOSING: the
    goodbye is being said, and something is asked after it. RUNNING: nothing, within one advance."""

    START = "start"
    RUNNING = "running"
    CALLER = "caller"
    SERVICE = "service"
    OFFER_DESK = "offer_desk"
    HUMAN = "human"
    CLOSING = "closing"
    OVER = "over"


class Phase(StrEnum):
    """Which question of a step the caller is answering."""

    MAIN = "main"
    CONFIRM_VALUE = "confirm_value"
    CONFIRM_INTENT = "confirm_intent"
    WHICH_VALUE = "which_value"
    OFFER_PERMISSION = "offer_permission"
    OFFER_CONSENT = "offer_consent"
    OFFER_CONFIRM = "offer_confirm"
    SURVEY = "survey"
    STATED = "stated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A flow being done and the step in it ("" = at its end). request: index in Session.requests, -1 = none. needs: the
    level the flow that identifies the caller was begun for; proofs: what it has asked for so far."""

    flow: str
    step: str
    request: int = -1
    needs: Level = Level.L0
    proofs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Volunteered:
    """A value said before it was asked for. slot: the one it was named for, "" = any of its type. turn, start, end:
    the words that said it (Session.turns, character offsets)."""

    type: str
    readings: tuple[str, ...]
    confidence: float
    slot: str = ""
    turn: int = 0
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A value that was collected and may still be corrected. step: the collect that took it; value: as text, before
    it was typed; confirmed: was it read back and agreed to?"""

    flow: str
    step: str
    slot: str
    value: str
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """Failures of the question being asked."""

    noinput: int = 0
    nomatch: int = 0
    rejected: int = 0

    @property
    def total(self) -> int:
        return self.noinput + self.nomatch + self.rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One call's dialog at a moment.

    slots: values by name; requests: {"intent", "result": resolved | informed | failed | open}, in order. level and
    customer: who calls, how surely. sensitive_values: what must be masked everywhere. outcome and disposition: how the
    call ended (OPEN and "" until then). repairs: noinput + nomatch + rejected in the whole call. quiet_turns: turns
    since the last repair. pending: the value or intent a confirmation is about; others: what else the same words may
    mean, likeliest first. taken: values of collects that may still be corrected, oldest first. heard_as: slot -> what
    else the words that filled it may have been, where nobody was asked which. words: what the caller said when the
    request was understood. read_back: the words of an offer's read-back, once the caller heard them to
    the end; said_again: for what an offer was repeated already. accepted: the offer a colleague was asked for at
    once. survey: the opportunity a grade is to be asked for
    before the goodbye; stated: the one whose caller heard an offer and is to be asked after the goodbye what it was
    like.
    """

    language: str
    wait: Wait = Wait.START
    phase: Phase = Phase.MAIN
    stack: tuple[Frame, ...] = ()
    slots: Mapping[str, Any] = field(default_factory=dict)
    requests: tuple[Mapping[str, str], ...] = ()
    level: Level = Level.L0
    customer: Customer | None = None
    caller: Caller = field(default_factory=lambda: Caller(ani="", dnis=""))
    started_at: str = ""
    started_at_ms: int = 0
    sensitive_values: frozenset[str] = frozenset()
    outcome: Outcome = Outcome.OPEN
    disposition: str = ""
    tries: Tries = Tries()
    pending: str = ""
    others: tuple[str, ...] = ()
    taken: tuple[Taken, ...] = ()
    volunteered: tuple[Volunteered, ...] = ()
    heard_as: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    service: str = ""
    decision: OfferDecision | None = None
    read_back: str = ""
    said_again: frozenset[str] = frozenset()
    accepted: OfferDecision | None = None
    survey: OfferDecision | None = None
    stated: OfferDecision | None = None
    hearing: bool = True
    hearing_excuse: bool = False
    last_said: tuple[Prompt, ...] = ()
    words: str = ""
    turns: int = 0
    repairs: int = 0
    quiet_turns: int = 0
    agent_requested: bool = False
    bot_disclosed: bool = False
    no_offers: bool = False
    negative_words: tuple[str, ...] = ()
    vulnerable_words: tuple[str, ...] = ()
    retried: Mapping[str, int] = field(default_factory=dict)
    handoff_reason: str = ""

    @property
    def said_goodbye(self) -> bool:
        """Is the goodbye said, or being said, and the call not over?"""
        return self.wait is Wait.CLOSING or self.phase is Phase.STATED
