"""A hundred thousand made-up calls: no offer past a failed gate, none to the holdout, no acceptance without proof, and
propensities that sum to one. What the gate should say is written down here a second time, from its description."""

from __future__ import annotations

import random
import sqlite3
import time
from dataclasses import asdict, fields, replace
from datetime import timedelta
from pathlib import Path

import pytest

from ivr.dialog.assistant import load_assistant
from ivr.dialog.engine import Session, advance
from ivr.dialog.session import Frame, Phase, Wait
from ivr.dialog.steps import OfferStep
from ivr.model import dialog as ev
from ivr.model.hearing import Hypothesis, Recognition
from ivr.model.identity import Customer, Level
from ivr.model.offers import OfferAnswer, OfferDecision, OfferProof
from ivr.model.understanding import Intent, Understanding
from ivr.offers.catalogue import load_catalogue
from ivr.offers.desk import OfferDesk
from ivr.offers.gate import OfferFacts, OfferHistory, PastOffer
from ivr.storage.store import Store
from tests.unit.offers.cases import DACHA_OWNER, NOW, OFFERS, OPEN_GATE, ROOT

CALLS = 100_000
CATALOGUE = load_catalogue(OFFERS)
ASSISTANT = load_assistant(ROOT / "dialogs" / "insurance")
NEVER = set(CATALOGUE.terms.limits.never_intents)
SETTINGS = (("fixed", "a", 0.2), ("rules", "b", 0.05), ("learned", "c", 0.2), ("fixed", "d", 0.5))
DESKS = [
    OfferDesk(replace(CATALOGUE, ranking=ranking, rules={"else": ("travel", "car")}), salt, holdout)
    for ranking, salt, holdout in SETTINGS
]
SURVEY_SHARE = CATALOGUE.experiment.survey_share if CATALOGUE.experiment else 0.0
COUNTED = tuple(f.name for f in fields(OfferFacts) if "None" in str(f.type) and f.name not in ("customer", "suspended"))
DECLINES = (OfferAnswer.DECLINED, OfferAnswer.NOT_PERMITTED, OfferAnswer.NO_ANSWER)


def customer(rng: random.Random) -> Customer:
    return replace(
        DACHA_OWNER,
        household=f"H{rng.randrange(3000)}",
        lines=tuple(line for line in ("dacha", "flat", "car", "travel") if rng.random() < 0.4),
        owns=tuple(product for product in CATALOGUE.products if rng.random() < 0.2),
        flags=rng.choice(((),) * 8 + (("vulnerable",), ("no_offers",), ("do_not_contact",))),
        profile=rng.choice(({"age": 40},) * 5 + ({"age": 17}, {"age": 70, "tenure_years": 20}, {})),
    )


def history(rng: random.Random) -> OfferHistory:
    if rng.random() < 0.6:
        return OfferHistory(surveyed=rng.random() < 0.2)
    past = [
        PastOffer(
            product=rng.choice(tuple(CATALOGUE.products)),
            answer=rng.choice(tuple(OfferAnswer)),
            at=NOW - timedelta(days=rng.uniform(0.01, 500)),
        )
        for _ in range(rng.randrange(4))
    ]
    return OfferHistory(
        offers=tuple(past),
        opted_out=rng.random() < 0.1,
        same_intent_calls_7d=rng.choice((0, 0, 0, 0, 1)),
    )


def call(rng: random.Random) -> OfferFacts:
    """Most calls have one trouble or none, so that each rule decides alone often enough."""
    facts = replace(
        OPEN_GATE,
        customer=customer(rng),
        level=rng.choice((Level.L1, Level.L1, Level.L2, Level.L3)),
        language=rng.choice(("en", "ru")),
        intent=rng.choice(("claim_status", "payment", "policy_copy", "change_address")),
        history=history(rng),
    )
    troubles = (
        {"resolved": False},
        {"confirmed": False},
        {"repairs": 3},
        {"agent_requested": True},
        {"recent_failures": 1},
        {"negative_words": ("awful",)},
        {"latency_p95_ms": 2000},
        {"intent": rng.choice(sorted(NEVER))},
        {"vulnerable_words": ("funeral",)},
        {"waited_s": 121.0},
        {"call_ms": 360_001},
        {"load": 0.81},
        {"overflow": True},
        {"open_ticket": rng.choice((True, None))},
        {"other_intents": ("payment", rng.choice(sorted(NEVER)))},
        {rng.choice(COUNTED): None},
        {"level": Level.L0},
        {"customer": None},
        {"bot_disclosed": False},
        {"suspended": frozenset({"middle", "senior", "young"})},
        {"stopped": "hang-ups"},
    )
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2))):
        facts = replace(facts, **rng.choice(troubles))  # type: ignore[arg-type]
    return facts


def may_be_offered(facts: OfferFacts) -> bool:
    """The gate of docs/offers.md and the shipped offers.yml, in plain words once more."""
    who, past = facts.customer, sorted(facts.history.offers, key=lambda o: o.at)
    if who is None or facts.level < Level.L1 or not (facts.resolved and facts.confirmed and facts.bot_disclosed):
        return False
    if any(getattr(facts, name) is None for name in COUNTED):
        return False
    if {facts.intent, *facts.other_intents} & NEVER or facts.negative_words or facts.vulnerable_words:
        return False
    if facts.agent_requested or facts.repairs > 2 or facts.recent_failures or facts.latency_p95_ms >= 2000:
        return False
    age = who.profile.get("age")
    if set(who.flags) & {"vulnerable", "no_offers", "do_not_contact"} or age is None or age < 18:
        return False
    if facts.history.same_intent_calls_7d >= 1 or facts.open_ticket:
        return False
    if facts.waited_s > 120 or facts.call_ms > 360_000 or facts.load > 0.8 or facts.overflow or facts.stopped:
        return False
    if facts.history.opted_out or any(o.answer is OfferAnswer.NEVER_AGAIN for o in past):
        return False
    days = [(facts.now - o.at) / timedelta(days=1) for o in past]
    half_year = [o for o, ago in zip(past, days, strict=True) if ago < 180]
    two_declines = len(past) >= 2 and all(o.answer in DECLINES for o in past[-2:]) and past[-1] in half_year
    capped = sum(ago < 30 for ago in days) >= 1 or sum(ago < 365 for ago in days) >= 4 or two_declines
    if capped or any(o.answer is OfferAnswer.HUNG_UP for o in half_year):
        return False
    group = "" if age is None else "senior" if age >= 65 else "young" if age < 30 else "middle"
    return group not in facts.suspended


def check_decision(desk: OfferDesk, facts: OfferFacts, made: OfferDecision) -> None:
    assert (made.script is not None) is made.speak
    assert (made.arm == "none") or may_be_offered(facts), made.gate
    if made.speak:
        assert desk.experiment.arm(made.household) == "treat"
        who = facts.customer
        assert who is not None
        assert made.product not in who.owns
        recent = facts.now - timedelta(days=180)
        declined = {o.product for o in facts.history.offers if o.answer in DECLINES and o.at > recent}
        assert made.product not in declined
    asked = desk.experiment.asks(made.household, SURVEY_SHARE) and not facts.history.surveyed
    assert bool(made.survey) is (made.arm != "none" and asked), "both arms are asked by the same rule, and nobody else"
    if made.arm != "none":
        assert made.arm == desk.experiment.arm(made.household)
        assert set(made.probabilities) == set(made.eligible)
        assert abs(sum(made.probabilities.values()) - 1.0) <= 1e-9
        assert min(made.probabilities.values()) > 0.0
        assert made.product in made.eligible


# ---- the conversation about the offer ------------------------------------------------------------------------------


FLOW = ASSISTANT.flows["claim_status"]
OFFER_STEP = next(name for name, step in FLOW.steps.items() if isinstance(step, OfferStep))


def at_the_offer(facts: OfferFacts) -> Session:
    return Session(
        language=facts.language,
        wait=Wait.OFFER_DESK,
        stack=(Frame(flow="main", step="anything_else"), Frame(flow="claim_status", step=OFFER_STEP)),
        requests=({"intent": "claim_status", "result": "resolved"},),
        customer=facts.customer,
        level=facts.level,
    )


def heard(rng: random.Random, language: str) -> ev.UtteranceHeard:
    value = rng.choice(("yes", "yes", "yes", "no", ""))
    text = {"yes": "yes", "no": "no", "": "what was that"}[value]
    confidence = rng.choice((0.3, 0.6, 0.85, 0.89, 0.9, 0.97))
    intent = rng.choice(("affirm", "deny", "no_offers", "operator", ""))
    hypothesis = Hypothesis(text=text, confidence=confidence, value=value, engine="test")
    recognition = Recognition(
        hypothesis=hypothesis,
        language=language,
        speech_started_at_ms=0,
        speech_ended_at_ms=1,
        decided_at_ms=1,
        decode_ms=1,
        decodes=1,
    )
    return ev.UtteranceHeard(
        at_ms=1,
        recognition=recognition,
        understanding=Understanding(text=text, intent=Intent(name=intent, confidence=rng.choice((0.4, 0.95)))),
    )


def talk(rng: random.Random, facts: OfferFacts, made: OfferDecision) -> list[ev.RecordOfferAnswer]:
    """Anything may happen while an offer stands."""
    session, recorded = at_the_offer(facts), []
    event: ev.Event = ev.OfferDecided(at_ms=0, decision=made)
    for _ in range(12):
        turn = advance(ASSISTANT, session, event)
        session = turn.session
        recorded += [command for command in turn.commands if isinstance(command, ev.RecordOfferAnswer)]
        if session.phase not in (Phase.OFFER_PERMISSION, Phase.OFFER_CONFIRM):
            break
        kind = rng.random()
        if kind < 0.4:
            event = ev.PromptsEnded(at_ms=1, interrupted=rng.random() < 0.4)
        elif kind < 0.7:
            event = ev.DigitsDialed(at_ms=1, digits=rng.choice("111290*"))
        elif kind < 0.95:
            event = heard(rng, facts.language)
        else:
            event = rng.choice((ev.SilenceElapsed(at_ms=1), ev.CallerHungUp(at_ms=1)))
    return recorded


def proof_of(answer: ev.RecordOfferAnswer) -> OfferProof:
    script = answer.decision.script
    return OfferProof(
        script_version=script.version if script else "",
        read_back=answer.read_back,
        asked_at="2026-11-21T10:00:00Z",
        answered_at="2026-11-21T10:00:05Z",
        method=answer.method,
        heard=answer.heard,
        confidence=answer.confidence,
        digits=answer.digits,
    )


@pytest.mark.slow
async def test_nothing_slips_through_in_a_hundred_thousand_calls(tmp_path: Path) -> None:
    rng = random.Random(20261121)
    spoken = held = opportunities = 0
    times: list[float] = []
    accepted: list[ev.RecordOfferAnswer] = []
    ended = dict.fromkeys(OfferAnswer, 0)
    for number in range(CALLS):
        desk, facts = DESKS[number % len(DESKS)], call(rng)
        begun = time.thread_time()
        made = desk.decide(facts, opportunity_id=f"O{number}", draw=rng)
        times.append(time.thread_time() - begun)
        check_decision(desk, facts, made)
        opportunities += made.arm != "none"
        held += made.arm == "holdout"
        if not made.speak:
            continue
        spoken += 1
        desk.learn(made, accepted=rng.random() < 0.1)
        for answer in talk(rng, facts, made):
            ended[answer.answer] += 1
            if answer.answer is OfferAnswer.ACCEPTED:
                accepted.append(answer)
    assert spoken > 5000 and held > 1000, "too few calls reach an offer for this to mean anything"
    assert ended[OfferAnswer.ACCEPTED] > 300 and ended[OfferAnswer.NEVER_AGAIN] > 100, ended
    assert ended[OfferAnswer.HUNG_UP] > 50, ended
    assert sorted(times)[round(CALLS * 0.99)] <= 0.005, "O8: a decision takes at most 5 ms of processor, p99"
    for answer in accepted:
        assert answer.decision.script is not None
        assert answer.read_back == answer.decision.script.confirm
        assert answer.digits == "1" if answer.method == "dtmf" else answer.confidence >= 0.9
    await _stored(tmp_path, accepted)


async def _stored(folder: Path, accepted: list[ev.RecordOfferAnswer]) -> None:
    """The database takes every one of them, and none once a part of its proof is gone."""
    store = await Store.open(f"sqlite:///{folder / 'ivr.db'}")
    at = "2026-11-21T10:00:00.000Z"
    try:
        await store.save_opportunities([(a.decision, "c", "C", at) for a in accepted])
        await store.save_answers([(a.decision.opportunity_id, a.answer, at, proof_of(a)) for a in accepted])
    finally:
        await store.close()
    parts = [f"proof_{name}" for name in asdict(proof_of(accepted[0])) if name in ("script_version", "read_back")]
    with sqlite3.connect(folder / "ivr.db") as connection:
        assert connection.execute("SELECT count(*) FROM answers").fetchone() == (len(accepted),)
        for part in (*parts, "proof_method", "proof_asked_at", "proof_answered_at"):
            with pytest.raises(sqlite3.IntegrityError, match=r"accepted_is_proven|asked_before_answered"):
                connection.execute(f"UPDATE answers SET {part} = ''")
