"""The gate: may this call hear any offer at all? A table of rules with ids; every rule answers, every answer is logged.

Owns the rules of domain.md 1.2 that do not depend on a product. Looks only at OfferFacts: no clock, no storage.
What is not known counts against the offer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ivr.model.identity import Customer, Level
from ivr.model.offers import GateFinding, OfferAnswer
from ivr.offers.consent import ADS_CONSENT, is_to_be_asked
from ivr.offers.eligibility import age_of
from ivr.offers.packs import PolicyPack

RULES_VERSION = "2"
DECLINES = frozenset({OfferAnswer.DECLINED, OfferAnswer.NOT_PERMITTED, OfferAnswer.NO_ANSWER})
"""No yes is a no: whoever says nothing to an offer has turned it down."""
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PastOffer:
    """An offer this household heard before (never a ghost). at: aware UTC."""

    product: str
    answer: OfferAnswer
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferHistory:
    """What is remembered of a household. same_intent_calls_7d: earlier calls for anything this call is about;
    surveyed: was it asked for a grade lately? stated: was it asked lately what an offer was like?"""

    offers: tuple[PastOffer, ...] = ()
    opted_out: bool = False
    same_intent_calls_7d: int = 0
    surveyed: bool = False
    stated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferFacts:
    """Everything a decision may look at. No field has a default, and None says that nobody knows: either way nothing is
    offered for want of a fact.

    intent: the request just served; other_intents: of the other requests of the same call. resolved: all of them were;
    confirmed: the caller said yes to "did that solve it?". repairs: re-asks so far; recent_failures: unheard or not
    understood in the last two turns. load: live calls / capacity, 0..1; overflow: the call comes from a queue that is
    full. waited_s: in queues, ours and others'; call_ms: since the answer. latency_p95_ms: of the bot, 0 for a person.
    open_ticket: beside the customer's flag of that name. negative_words, vulnerable_words: what of the lists was heard.
    consent_can_be_asked: to advertising, with proof of the answer. now: aware UTC. group: the caller's pre-registered
    group; suspended: groups the report found harmed; stopped: why nobody is offered anything, or "".
    """

    customer: Customer | None
    level: Level
    language: str
    intent: str
    other_intents: tuple[str, ...] | None
    resolved: bool
    confirmed: bool
    bot_disclosed: bool
    recorded: bool
    repairs: int | None
    recent_failures: int | None
    agent_requested: bool | None
    negative_words: tuple[str, ...] | None
    vulnerable_words: tuple[str, ...] | None
    latency_p95_ms: int | None
    open_ticket: bool | None
    waited_s: float | None
    call_ms: int | None
    load: float | None
    overflow: bool | None
    consent_can_be_asked: bool
    history: OfferHistory
    now: datetime
    group: str
    suspended: frozenset[str] | None
    stopped: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateLimits:
    """The numbers and words of the gate; a catalogue may change them. max_same_intent_calls_7d: with this call counted.
    words: language -> phrases; they are those of the assistant (Catalogue.listening_for)."""

    never_intents: frozenset[str] = frozenset(
        {
            "complaint",
            "new_claim",
            "death",
            "theft",
            "accident",
            "fraud",
            "cancellation",
            "hardship",
            "emergency",
            "outage",
        }
    )
    max_repairs: int = 2
    max_latency_p95_ms: int = 2000
    max_same_intent_calls_7d: int = 1
    max_waited_s: float = 120.0
    max_call_ms: int = 360_000
    max_load: float = 0.8
    offers_per_30d: int = 1
    offers_per_365d: int = 4
    cool_down_days: int = 180
    adult_age: int = 18
    negative_words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    vulnerable_words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateTerms:
    """What the rules are held against. lowest_level: the least any product asks; asks_age: does any ask the caller's
    age? Then whoever's age is unknown may be a minor. legal_basis: see packs/eu.yml. ask_consent: language -> the
    question for consent to advertising, {} where calls have none."""

    limits: GateLimits
    packs: tuple[PolicyPack, ...]
    legal_basis: str
    lowest_level: Level
    asks_age: bool
    ask_consent: Mapping[str, str] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """Changes whenever the rules or their numbers change: a changed gate is a changed population."""
        limits, never = replace(self.limits, never_intents=frozenset()), sorted(self.limits.never_intents)
        told = f"{limits}{never}{self.packs}{self.legal_basis}{self.lowest_level}"
        told += f"{self.asks_age}{sorted(self.ask_consent) or ''}"
        return f"{RULES_VERSION}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"


Rule = Callable[[OfferFacts, GateTerms], tuple[bool, str]]


def check(facts: OfferFacts, terms: GateTerms) -> tuple[GateFinding, ...]:
    """The finding of every rule, in the order of the table."""
    findings = []
    for rule_id, rule in RULES.items():
        passed, detail = rule(facts, terms)
        findings.append(GateFinding(rule=rule_id, passed=passed, detail=detail))
    return tuple(findings)


def asks_consent(facts: OfferFacts, terms: GateTerms) -> bool:
    """Is an offer in this call to begin with the question for consent to advertising?"""
    possible = facts.consent_can_be_asked and facts.language in terms.ask_consent
    return possible and is_to_be_asked(facts.customer, terms.packs)


def declined_lately(history: OfferHistory, product: str, now: datetime, days: int) -> bool:
    """Whether this product was turned down in the last so many days: part of g.cap, per product."""
    since = now - timedelta(days=days)
    return any(o.product == product and o.answer in DECLINES and o.at > since for o in history.offers)


def _resolved(facts: OfferFacts, terms: GateTerms) -> tuple[bool, str]:
    return facts.resolved and facts.confirmed, f"resolved={facts.resolved} confirmed={facts.confirmed}"


def _positive(facts: OfferFacts, terms: GateTerms) -> tuple[bool, str]:
    limits, latency_ms = terms.limits, facts.latency_p95_ms
    quick = latency_ms is not None and latency_ms < limits.max_latency_p95_ms
    troubles = [
        "" if _within(facts.repairs, limits.max_repairs) else f"repairs={_told(facts.repairs)}",
        "" if facts.agent_requested is False else f"agent requested={_told(facts.agent_requested)}",
        "" if facts.recent_failures == 0 else f"recent failures={_told(facts.recent_failures)}",
        "" if facts.negative_words == () else f"negative words={_heard(facts.negative_words)}",
        "" if quick else f"latency={_told(latency_ms)}",
    ]
    return not any(troubles), ", ".join(filter(None, troubles)) or f"repairs={facts.repairs}"


def _never_intents(facts: OfferFacts, terms: GateTerms) -> tuple[bool, str]:
    if facts.other_intents is None:
        return False, f"intents={facts.intent} and {UNKNOWN}"
    asked = (facts.intent, *facts.other_intents)
    return terms.limits.never_intents.isdisjoint(asked), f"intents={', '.join(asked)}"


def _vulnerable(facts: OfferFacts, terms: GateTerms) -> tuple[bool, str]:
    if facts.vulnerable_words != ():
        return False, f"vulnerable words={_heard(facts.vulnerable_words)}"
    if facts.customer is None:
        return True, "no profile"
    if "vulnerable" in facts.customer.flags:
        return False, "flag"
    age = age_of(facts.customer, facts.now)
    if age is None:
        return not terms.asks_age, f"age={UNKNOWN}"
    return age >= terms.limits.adult_age, f"age={age}"


def _repeat(facts: OfferFacts, terms: GateTerms) -> tuple[bool, str]:
    calls, flags = facts.history.same_intent_calls_7d + 1, facts.customer.flags if facts.customer else ()
    ticket = True if "open_ticket" in flags else facts.open_ticket
    passed = calls <= terms.limits.max_same_intent_calls_7d and ticket is False
    return passed, f"calls_7d={calls} open_ticket={_told(ticket)}"


def _wait(facts: OfferFacts, terms: GateTerms) -> tuple[bool, str]:
    limits = terms.limits
    passed = _within(facts.waited_s, limits.max_waited_s) and _within(facts.call_ms, limits.max_call_ms)
    return passed, f"waited_s={_told(facts.waited_s)} call_ms={_told(facts.call_ms)}"


def _load(facts: OfferFacts, terms: GateTerms) -> tuple[bool, str]:
    passed = _within(facts.load, terms.limits.max_load) and facts.overflow is False
    return passed, f"load={_told(facts.load)} overflow={_told(facts.overflow)}"


def _cap(facts: OfferFacts, terms: GateTerms) -> tuple[bool, str]:
    limits, offers = terms.limits, sorted(facts.history.offers, key=lambda offer: offer.at)
    in_month = sum(o.at > facts.now - timedelta(days=30) for o in offers)
    in_year = sum(o.at > facts.now - timedelta(days=365) for o in offers)
    cooling = [o for o in offers if o.at > facts.now - timedelta(days=limits.cool_down_days)]
    if in_month >= limits.offers_per_30d or in_year >= limits.offers_per_365d:
        return False, f"offers_30d={in_month} offers_365d={in_year}"
    if any(o.answer is OfferAnswer.HUNG_UP for o in cooling):
        return False, f"hung up during an offer within {limits.cool_down_days} days"
    if len(offers) >= 2 and all(o.answer in DECLINES for o in offers[-2:]) and offers[-1] in cooling:
        return False, f"two declines in a row, the last within {limits.cool_down_days} days"
    return True, f"offers_30d={in_month} offers_365d={in_year}"


def _optout(facts: OfferFacts, terms: GateTerms) -> tuple[bool, str]:
    flags = frozenset(facts.customer.flags if facts.customer else ()) & {"no_offers", "do_not_contact"}
    said = any(o.answer is OfferAnswer.NEVER_AGAIN for o in facts.history.offers)
    passed = not (flags or said or facts.history.opted_out)
    return passed, "none" if passed else f"opted_out={facts.history.opted_out or said} flags={sorted(flags)}"


def _consent(facts: OfferFacts, terms: GateTerms) -> tuple[bool, str]:
    flags = facts.customer.flags if facts.customer else ()
    lacking, asks = [], asks_consent(facts, terms)
    for pack in terms.packs:
        if pack.consent == ADS_CONSENT and ADS_CONSENT not in flags and not asks:
            lacking.append(f"{pack.name}: ads_consent")
        if pack.consent == "legal_basis" and terms.legal_basis == "consent" and "marketing_consent" not in flags:
            lacking.append(f"{pack.name}: marketing_consent")
        if pack.recording and not facts.recorded:
            lacking.append(f"{pack.name}: recording")
    return not lacking, ", ".join(lacking or [f"{p.name}: {p.consent}" for p in terms.packs] + ["asked here"] * asks)


def _level(facts: OfferFacts, terms: GateTerms) -> tuple[bool, str]:
    known = facts.customer is not None
    return known and facts.level >= terms.lowest_level, f"level={facts.level.name} profile={known}"


def _suspended(facts: OfferFacts, terms: GateTerms) -> tuple[bool, str]:
    if facts.suspended is None:
        return False, f"suspended={UNKNOWN}"
    passed = facts.group not in facts.suspended and not facts.stopped
    return passed, facts.stopped or f"group={facts.group} suspended={sorted(facts.suspended)}"


def _bot_disclosed(facts: OfferFacts, terms: GateTerms) -> tuple[bool, str]:
    return facts.bot_disclosed, f"bot_disclosed={facts.bot_disclosed}"


def _within(value: float | None, most: float) -> bool:
    return value is not None and value <= most


def _told(value: float | None) -> str:
    """A number or a bool as findings show it."""
    return UNKNOWN if value is None else f"{value}" if isinstance(value, bool | int) else f"{value:g}"


def _heard(words: tuple[str, ...] | None) -> str:
    return UNKNOWN if words is None else ", ".join(words)


RULES: Mapping[str, Rule] = {
    "g.resolved": _resolved,
    "g.positive": _positive,
    "g.never_intents": _never_intents,
    "g.vulnerable": _vulnerable,
    "g.repeat": _repeat,
    "g.wait": _wait,
    "g.load": _load,
    "g.cap": _cap,
    "g.optout": _optout,
    "g.consent": _consent,
    "g.level": _level,
    "g.bot_disclosed": _bot_disclosed,
    "g.suspended": _suspended,
}
