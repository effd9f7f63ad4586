"""The offer desk of a made-up world: its products as a catalogue, its callers as customers, its calls as facts.

Everything is what a real call would bring to the desk; who the callers are, and what they do, comes from the world.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from ivr.model.identity import Customer, Level
from ivr.model.offers import OfferProof, OfferScript
from ivr.offers.catalogue import Catalogue, PriorAccept, Product
from ivr.offers.effects.plan import DEFAULT_MARGINS, Plan
from ivr.offers.eligibility import Eligibility
from ivr.offers.gate import GateLimits, GateTerms, OfferFacts, OfferHistory
from ivr.offers.groups import Grouping, Known
from ivr.offers.price import Period, Price
from ivr.offers.terms import ExperimentTerms
from ivr.offers.world import World

PRIOR = PriorAccept(mean=0.04, strength=25.0)  # a designer who knows nothing: every product alike
INTENT = "request"
SCRIPT = OfferScript(
    ask="May I tell you about one offer?",
    pitch="...",
    confirm="Shall I?",
    accepted="Thank you.",
    declined="That is fine.",
)
PRICED = {
    "csat_point": ("csat", -1.0),
    "repeat_call": ("repeat_7d", 1.0),
    "second": ("aht_s", 1.0),
    "hangup": ("early_hangup", 1.0),
}
"""Price in the world file -> outcome it is a price of, and the sign of a harm."""


def market(world: World, planned: int) -> Catalogue:
    """Products nobody owns yet are offered to whoever owns the others; groups are the segments."""
    products = {
        name: Product(
            product_id=name,
            line=name,
            margin=float(margin),
            prior=PRIOR,
            eligible=Eligibility("customer.age >= 18"),
            relevant_after=frozenset({INTENT}),
            level=Level.L1,
            licensed_agent=False,
            recording=False,
            fulfil="lead",
            price=Price(amount=Decimal("1.00"), currency="EUR", period=Period.MONTH),
            replaces="",
            titles={"en": name},
            scripts={"en": SCRIPT},
        )
        for name, margin in zip(world.products, world.margins, strict=True)
    }
    prices = {outcome: sign * world.prices[name] for name, (outcome, sign) in PRICED.items() if name in world.prices}
    return Catalogue(
        currency="EUR",
        languages=("en",),
        products=products,
        terms=GateTerms(limits=GateLimits(), packs=(), legal_basis="", lowest_level=Level.L1, asks_age=True),
        ranking="learned",
        pin="",
        experiment=ExperimentTerms(
            grouping=Grouping(
                conditions={name: Eligibility(f"customer.segment == {name!r}") for name in world.segments},
                known=tuple(Known(name=_key(name), mean=0.0, spread=1.0) for name in world.known),
            ),
            plan=Plan(groups=world.segments, planned=planned, margins=DEFAULT_MARGINS, prices=prices),
        ),
    )


def customer(number: int, world: World, segment: str, known: list[float], owned: tuple[str, ...]) -> Customer:
    """A household of one."""
    return Customer(
        customer_id=f"C{number}",
        household=f"H{number}",
        owns=owned,
        profile={"age": 40, "segment": segment, **dict(zip(map(_key, world.known), known, strict=True))},
    )


def _key(known: str) -> str:
    """Where a profile keeps a covariate: one may be called age, and is not the caller's age."""
    return f"known_{known}"


def facts(who: Customer, now: datetime, *, solved: bool) -> OfferFacts:
    """A short call that went well, or one whose request was not solved."""
    return OfferFacts(
        customer=who,
        level=Level.L1,
        language="en",
        intent=INTENT,
        other_intents=(),
        resolved=solved,
        confirmed=solved,
        bot_disclosed=True,
        recorded=False,
        repairs=0,
        recent_failures=0,
        agent_requested=False,
        negative_words=(),
        vulnerable_words=(),
        latency_p95_ms=0,
        open_ticket=False,
        waited_s=0.0,
        call_ms=60_000,
        load=0.1,
        overflow=False,
        consent_can_be_asked=False,
        history=OfferHistory(),
        now=now,
        group="",
        suspended=frozenset(),
        stopped="",
    )


def proof(at: str) -> OfferProof:
    """Key 1 after the read-back."""
    return OfferProof(
        script_version=SCRIPT.version,
        read_back=SCRIPT.confirm,
        asked_at=at,
        answered_at=at,
        method="dtmf",
        heard="",
        confidence=0.0,
        digits="1",
    )
