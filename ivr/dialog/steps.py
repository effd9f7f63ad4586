"""The nouns of a flow after reading: steps joined by ids, policies already inherited. Frozen; no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.model.dialog import BargeIn
from ivr.model.identity import Level

Where = tuple[str, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How a question waits, tries and doubts; inherited assistant > flow > step. Times in ms, confidences 0..1.

    noinput_max, nomatch_max, rejected_max: re-asks of that kind; max_tries: failures of all kinds, the last one ends
    the question. accept: go on at or above; confirm: ask back between confirm and accept; below it is a nomatch. sure:
    a slot value recognised below it is read back (confirm: when_unsure), as is one with less than margin nats to the
    next reading.
    """

    noinput_ms: int = 5_000
    noinput_max: int = 2
    nomatch_max: int = 2
    rejected_max: int = 9
    max_tries: int = 3
    accept: float = 0.60
    confirm: float = 0.35
    sure: float = 0.70
    margin: float = 2.0
    barge_in: BargeIn = field(default_factory=BargeIn)
    inter_digit_ms: int = 3_000
    terminator: str = "#"
    service_timeout_ms: int = 8_000
    hold_after_ms: int = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to go: a step of this flow, another flow (leaving this one), back to the caller of this flow (back), or,
    with nothing set, the next step."""

    step: str = ""
    flow: str = ""
    back: bool = False


NEXT = Target()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """id is unique in its flow; next is the id of the step after it, "" = the flow ends. places: where each word of
    the step stands."""

    id: str
    next: str
    where: Where
    places: Mapping[str, Where] = field(default_factory=dict)

    def at(self, name: str) -> Where:
        """Where a name stands, or else the step."""
        return self.places.get(name, self.where)


@dataclass(frozen=True, slots=True, kw_only=True)
class SayStep(Step):
    responses: tuple[str, ...]
    barge_in: BargeIn


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One answer to an open question: by intent, key or phrase (language -> phrases). go, or call a flow and come
    back, or hand off to a queue."""

    intent: str
    dtmf: str = ""
    phrases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    go: Target = NEXT
    call: str = ""
    where: Where = ("", 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionStep(Step):
    """What ask, collect and choose share. utter: the response asked with; escape: where too many failures lead
    (None = the assistant's). globals: are the assistant's globals heard here?"""

    utter: str
    policy: Policy
    escape: Target | None = None
    options: tuple[Option, ...] = ()
    help: str = ""
    globals: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AskStep(QuestionStep):
    """A yes/no question. resolves: yes means the request is served, no that it is not."""

    affirm: Target
    deny: Target | None
    resolves: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectStep(QuestionStep):
    """confirm: never | when_unsure | always; confirm_utter reads the value back; invalid is said on a rejection,
    outside instead when the value is beyond the slot's bounds. which asks two names or choices apart."""

    slot: str
    confirm: str = "when_unsure"
    confirm_utter: str = ""
    invalid: str = ""
    outside: str = ""
    which: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseStep(QuestionStep):
    """An open question and a keypad menu at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchStep(Step):
    """arms: (condition, target) in order; the condition "" is else."""

    arms: tuple[tuple[str, Target], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionStep(Step):
    """A service call. args: argument -> template. outcomes: name -> target; unmapped "ok" goes on, others escape."""

    service: str
    args: Mapping[str, str]
    timeout_ms: int
    hold_after_ms: int
    hold_utter: str
    outcomes: Mapping[str, Target]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferStep(Step):
    """The one place a product may be offered."""

    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffStep(Step):
    """A wish for a human. outcomes: busy | no_answer | refused | no_agent | failed, or what the caller chose instead of
    waiting, callback | assistant -> target; "" = all the others."""

    queue: str
    reason: str
    utter: str
    required: Mapping[str, int]
    data: tuple[str, ...]
    outcomes: Mapping[str, Target]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackStep(Step):
    """A promise to call back. number: a template, "" = the caller's own. no_number: where to go when there is none."""

    within_ms: int
    reason: str
    utter: str
    no_number: Target
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStep(Step):
    flow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoStep(Step):
    target: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStep(Step):
    """values: slot -> constant, or a template in text; None clears the slot."""

    values: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageStep(Step):
    """From here on this language is heard and spoken."""

    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryStep(Step):
    """Clear slots and go back, at most max times a call; then otherwise."""

    clear: tuple[str, ...]
    go: Target
    max: int
    otherwise: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class HangupStep(Step):
    """Say goodbye and end the call."""

    utter: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A named list of steps. request: the intent it serves, "" = no service request. level: what it takes to enter."""

    name: str
    first: str
    steps: Mapping[str, Step]
    request: str = ""
    level: Level = Level.L0
    escape: Target | None = None
    description: str = ""
    where: Where = ("", 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Global:
    """Alive in every question. does: repeat | help | no_offers | language, or "" with go. language: the one to switch
    to, "" = the assistant's next."""

    intent: str
    dtmf: str = ""
    go: str = ""
    does: str = ""
    language: str = ""
    where: Where = ("", 0, 0)
