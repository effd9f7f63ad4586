"""The messages of the dialog: advance(dialog, session, event) -> Turn(session, commands).

Events are in the past tense and carry their time (at_ms, monotonic milliseconds). Commands are imperative.
The phone, the text shell, the conversation tests and the simulator drive the dialog with these same messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.model.consent import ConsentKept, KeepConsent
from ivr.model.fulfilment import SettleAcceptance
from ivr.model.hearing import Expectation, Recognition
from ivr.model.identity import Caller, Identity
from ivr.model.offers import DialogFacts, OfferAnswer, OfferDecision
from ivr.model.prompt import Prompt as Prompt  # noqa: PLC0414 - the rooms know it from here
from ivr.model.routing import HandoffRequest, TransferResult
from ivr.model.understanding import NO_CONTEXT, SlotContext, Understanding

# ---- events -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStarted:
    """The caller is on the line. started_at: UTC, ISO 8601. cut_off: the last call of this number was lost by us."""

    at_ms: int
    call_id: str
    caller: Caller
    language: str
    started_at: str
    cut_off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerIdentified:
    """The level or the customer changed (number lookup, facts, code). Comes at any time."""

    at_ms: int
    identity: Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class UtteranceHeard:
    """The caller said something understandable as words."""

    at_ms: int
    recognition: Recognition
    understanding: Understanding


@dataclass(frozen=True, slots=True, kw_only=True)
class UtteranceRejected:
    """The caller made a sound no words could be made of: a nomatch."""

    at_ms: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceElapsed:
    """Nothing was said or pressed for the Listen's noinput_ms after the prompt: a noinput."""

    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitsDialed:
    """Keys, complete as the Listen's keys asked."""

    at_ms: int
    digits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEnded:
    """A service call came back. outcome: a name from services.yml, or "error" | "timeout". values: slot -> value.
    identity: what the ladder says now, from a service of the kind `identity:`; None = nothing changed."""

    at_ms: int
    service: str
    outcome: str
    values: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    identity: Identity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldElapsed:
    """A service is slower than its hold time: say so to the caller."""

    at_ms: int
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDecided:
    """The offer desk answered DecideOffer."""

    at_ms: int
    decision: OfferDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferEnded:
    """A handoff ended. ANSWERED: the caller is with a human; anything else: the caller is back with the dialog."""

    at_ms: int
    result: TransferResult
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingLost:
    """No speech recognition for now (worker down): go on by keypad."""

    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingRestored:
    """Speech recognition is back."""

    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptsEnded:
    """Everything said so far was played, or the caller interrupted it."""

    at_ms: int
    interrupted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerHungUp:
    """The caller is gone. Commands after this can only note things."""

    at_ms: int


Event = (
    CallStarted
    | CallerIdentified
    | UtteranceHeard
    | UtteranceRejected
    | SilenceElapsed
    | DigitsDialed
    | ServiceEnded
    | HoldElapsed
    | OfferDecided
    | ConsentKept
    | TransferEnded
    | HearingLost
    | HearingRestored
    | PromptsEnded
    | CallerHungUp
)

# ---- commands -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class BargeIn:
    """May the caller interrupt the prompt by voice, by key?"""

    speech: bool = True
    dtmf: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Say prompts after what is already being said."""

    prompts: tuple[Prompt, ...]
    barge_in: BargeIn = BargeIn()


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """How keys are collected: up to max_digits, until terminator ("" = none) or inter_digit_ms of pause."""

    max_digits: int
    terminator: str = "#"
    inter_digit_ms: int = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class Hear:
    """Wait for the caller: speech and keys together. noinput_ms counts from the end of the prompts.

    step: "flow/step-id" for log and tests. intents: names expected here (they are preferred; globals included).
    slot_types: entity types to look for in what is heard, slot_context: what finding them takes. sensitive: mask it.
    """

    step: str
    expectation: Expectation
    keys: Keys | None
    noinput_ms: int
    intents: tuple[str, ...] = ()
    slot_types: tuple[str, ...] = ()
    slot_context: SlotContext = NO_CONTEXT
    sensitive: bool = False
    speech: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CallService:
    """Call a service of services.yml. args: typed slot values. hold_after_ms: report HoldElapsed then (0 = never)."""

    service: str
    args: Mapping[str, Any]
    timeout_ms: int
    hold_after_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideOffer:
    """Ask the offer desk. facts: what the gate may look at."""

    facts: DialogFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOfferAnswer:
    """The offer ended. For ACCEPTED read_back, method ("dtmf" | "speech"), heard, confidence, digits are the proof."""

    decision: OfferDecision
    answer: OfferAnswer
    read_back: str = ""
    method: str = ""
    heard: str = ""
    confidence: float = 0.0
    digits: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSurvey:
    """A question about the call was asked. outcome: "csat" (grade 1..5) or "stated" (see Stated); 0: no answer."""

    decision: OfferDecision
    grade: int = 0
    outcome: str = "csat"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHandoff:
    """Bring a human. comfort: what the caller hears first (already in Say)."""

    request: HandoffRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseCallback:
    """Store a promise to call back. number: E.164 or as dialled."""

    number: str
    reason: str
    within_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchLanguage:
    """From now on hear and speak this language."""

    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something decided, for the event log. kind: "dialog.step" | "dialog.slot" | "dialog.request"; masked data."""

    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndCall:
    """Hang up after everything has been said. outcome: see ivr.model.call.Outcome."""

    reason: str


Command = (
    Say
    | Hear
    | CallService
    | DecideOffer
    | KeepConsent
    | RecordOfferAnswer
    | RecordSurvey
    | SettleAcceptance
    | RequestHandoff
    | PromiseCallback
    | SwitchLanguage
    | Note
    | EndCall
)
