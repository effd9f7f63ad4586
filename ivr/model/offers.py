"""Offer nouns: what the gate decided, what is said, what the caller answered, and the proof of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from ivr.model.identity import Customer

NEVER_SPOKEN = "never_spoken"
"""The outcome of an offer that was to be made and was not: it was stored, and nobody heard of it in time."""
CSAT_ASKED, STATED_ASKED = "csat_asked", "stated_asked"
"""Outcomes: a grade was asked for; it was asked what the offer was like."""
EVERYBODY = "*"
"""The group of a suspension that stops all offers."""


class OfferAnswer(StrEnum):
    """How an offer ended. Anything but ACCEPTED counts as not accepted."""

    NOT_PERMITTED = "not_permitted"  # "may I tell you...?" was answered with no
    DECLINED = "declined"
    ACCEPTED = "accepted"
    NO_ANSWER = "no_answer"
    NEVER_AGAIN = "never_again"  # "no offers": for good
    HUNG_UP = "hung_up"


class Stated(IntEnum):
    """What a caller said an offer was like, by the key for it."""

    USEFUL = 1
    DID_NOT_MIND = 2
    ANNOYING = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedQuestion:
    """What asks a caller, after the goodbye, what the offer was like. thanks: said for an answer. never_after: intents
    (complaints); in a call with a request of one of them it is not asked."""

    ask: str
    thanks: str
    never_after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogFacts:
    """What the dialog tells the gate of the whole call so far. intent: the request just served, solved: it was, or what
    it asked was told; confirmed: the caller said yes to "did that solve it?". other_intents: of the call's other
    requests, unsolved: of those among them that failed or were left open. repairs: re-asks; recent_failures: in the
    last two turns. no_offers: the caller wants none.
    """

    intent: str
    solved: bool
    confirmed: bool
    other_intents: tuple[str, ...]
    unsolved: tuple[str, ...]
    repairs: int
    recent_failures: int
    agent_requested: bool
    bot_disclosed: bool
    negative_words: tuple[str, ...]
    vulnerable_words: tuple[str, ...]
    no_offers: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFinding:
    """One gate rule and whether the call passed it. detail says what was looked at."""

    rule: str
    passed: bool
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferScript:
    """The words of an offer in the call's language, price already read in. notice may be "". otherwise: said when what
    follows a yes cannot be, and a colleague calls; sms: asks to confirm an order, whose number goes for {order}."""

    ask: str
    pitch: str
    confirm: str
    accepted: str
    declined: str
    notice: str = ""
    version: str = "1"
    otherwise: str = ""
    sms: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDecision:
    """One opportunity and what came of it (domain.md 1.3).

    arm: "treat" | "holdout" | "none" (gate closed). speak: True only when an offer is to be made aloud; a holdout
    household has a chosen product and speak=False (the ghost). probabilities: product -> exact propensity. phase names
    the share held out at the time; group is the pre-registered group ("" for none); known are the numbers about the
    caller from before the call, around 0 and about one wide. survey: what asks for a grade by key before the goodbye,
    in both arms alike, "" when nothing does. stated: what asks a few who hear the offer what it was like. asks_consent:
    permission to speak is consent to advertising at the same time, because there is none on record. fulfil: what
    follows a yes (see ivr.model.fulfilment); title, price: of the product, in words of the call's language. "" in
    silence.
    """

    opportunity_id: str
    arm: str
    speak: bool
    household: str
    product: str = ""
    relation: str = ""
    script: OfferScript | None = None
    p_treat: float = 0.0
    probabilities: Mapping[str, float] = field(default_factory=dict)
    gate: tuple[GateFinding, ...] = ()
    eligible: tuple[str, ...] = ()
    removed: Mapping[str, str] = field(default_factory=dict)
    policy: str = ""
    gate_version: str = ""
    phase: str = ""
    group: str = ""
    known: tuple[float, ...] = ()
    survey: str = ""
    stated: StatedQuestion | None = None
    asks_consent: bool = False
    fulfil: str = ""
    title: str = ""
    price: str = ""


def household_of(customer: Customer | None) -> str:
    """The unit of experiments and of opt-outs: the household, without one the customer; "" for strangers."""
    return (customer.household or customer.customer_id) if customer else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferOutcome:
    """What became of an opportunity, told later by whoever knows: the call, a survey, the CRM. outcome: "csat" (1..5),
    "stated" (see Stated),
    "early_hangup", "optout", "complaint_14d", "repeat_7d", "cancelled_30d" (0 or 1), "aht_s", "revenue_30d", ...
    at: when it was known, UTC ISO 8601. source names who told."""

    opportunity_id: str
    outcome: str
    value: float
    at: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentRow:
    """An opportunity with everything known of it by now, as the effect report reads it. answer: "" while there is
    none, and always for ghosts. outcomes: those told so far."""

    opportunity_id: str
    household: str
    at_ms: int
    arm: str
    p_treat: float
    product: str
    relation: str
    probabilities: Mapping[str, float]
    policy: str
    gate_version: str
    phase: str
    group: str
    known: tuple[float, ...]
    answer: str
    outcomes: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension:
    """Offers to a group are off, since at (UTC ISO 8601) and until a person says otherwise (reopened_at, reopened_by).
    reason is the finding; suspended_by: the person who switched it off by hand."""

    group: str
    at: str
    reason: str
    reopened_at: str = ""
    reopened_by: str = ""
    suspended_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferProof:
    """Why an acceptance is one: key 1, or a confident yes, after the read-back of product and price; or (method
    "agent") a person who ticked what was said: agent names them, disclosures what, by commas."""

    script_version: str
    read_back: str
    asked_at: str
    answered_at: str
    method: str
    heard: str
    confidence: float
    digits: str
    recording: str = ""
    agent: str = ""
    disclosures: str = ""
