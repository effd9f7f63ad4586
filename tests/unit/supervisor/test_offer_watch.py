"""The watch over offers: outcomes joined from the store, harmed groups suspended, reopened only by a person; what one
process learns, the next one knows."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ivr.call.learning import Learning
from ivr.call.opportunities import Opportunities
from ivr.model.call import CallRecord
from ivr.model.identity import Customer
from ivr.model.offers import EVERYBODY, OfferAnswer, OfferDecision, OfferOutcome
from ivr.offers.catalogue import Catalogue, load_catalogue
from ivr.offers.desk import OfferDesk
from ivr.offers.effects.answer import answer
from ivr.offers.experiment import Experiment
from ivr.offers.terms import ExperimentTerms
from ivr.storage.store import Store
from ivr.supervisor.effect_evidence import DAY_MS, evidence
from ivr.supervisor.offer_watch import join_outcomes, suspend_harmed
from tests.unit.offers.cases import DACHA_OWNER, OFFERS, OPEN_GATE

CATALOGUE = replace(load_catalogue(OFFERS), ranking="learned")
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
NOW_MS = round(NOW.timestamp() * 1000)
DRAW = Experiment(salt="ivr", holdout=0.2)


def terms(catalogue: Catalogue = CATALOGUE) -> ExperimentTerms:
    assert catalogue.experiment is not None
    return catalogue.experiment


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    opened = await Store.open(database_url)
    yield opened
    await opened.close()


def moment(days_ago: float) -> str:
    return (NOW - timedelta(days=days_ago)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def decision(number: int, *, arm: str = "treat", group: str = "senior") -> OfferDecision:
    return OfferDecision(
        opportunity_id=f"O{number}",
        arm=arm,
        speak=arm == "treat",
        household=f"H{number}",
        product="travel",
        p_treat=0.8,
        probabilities={"travel": 1.0},
        group=group,
    )


async def called(store: Store, call_id: str, household: str, intent: str, days_ago: float) -> None:
    values = dict.fromkeys(("sip_call_id", "ani", "dnis", "assistant", "language"), "x")
    request = ({"intent": intent, "result": "resolved"},)
    await store.save_record(
        CallRecord(call_id=call_id, household=household, requests=request, started_at=moment(days_ago), **values)
    )


async def outcomes(store: Store, opportunity_id: str) -> dict[str, float]:
    return dict(next(r.outcomes for r in await store.experiment_rows() if r.opportunity_id == opportunity_id))


async def test_outcomes_are_joined_when_they_happen_and_denied_when_they_no_longer_can(store: Store) -> None:
    for number, days in ((1, 10), (2, 10), (3, 20), (4, 2)):
        facts = {"intent": "payment"}
        await store.save_opportunity(decision(number), f"call {number}", "C", moment(days), facts)
        await called(store, f"call {number}", f"H{number}", "payment", days)
    await called(store, "later 1", "H1", "payment", 8)  # the same again, two days after
    await called(store, "later 2", "H2", "complaint", 1)  # nine days after: a complaint, no repeat
    await called(store, "later 3", "H3", "payment", 12)  # eight days after: too late to be one
    await store.opt_out("H4", moment(1), "later 4")
    assert await join_outcomes(store, ("complaint",), NOW_MS) == 7
    assert await outcomes(store, "O1") == {"repeat_7d": 1.0}
    assert await outcomes(store, "O2") == {"repeat_7d": 0.0, "complaint_14d": 1.0}
    assert await outcomes(store, "O3") == {"repeat_7d": 0.0, "complaint_14d": 0.0, "optout": 0.0}
    assert await outcomes(store, "O4") == {"optout": 1.0}, "what has not happened yet may still"
    assert await join_outcomes(store, ("complaint",), NOW_MS) == 0, "told once"
    assert await join_outcomes(store, ("complaint",), NOW_MS + 30 * DAY_MS) == 5
    assert await outcomes(store, "O4") == {"optout": 1.0, "repeat_7d": 0.0, "complaint_14d": 0.0}


async def test_nobody_says_there_were_no_complaints_where_none_can_be_heard(store: Store) -> None:
    await store.save_opportunity(decision(1), "call 1", "C", moment(20), {"intent": "payment"})
    await join_outcomes(store, None, NOW_MS)
    assert await outcomes(store, "O1") == {"repeat_7d": 0.0, "optout": 0.0}
    report = (await evidence(store, DRAW, NOW_MS)).report(terms().plan)
    assert [c.passed for c in report.checks if c.name == "untold complaint_14d" and "not told" in c.detail] == [True]
    await join_outcomes(store, (), NOW_MS)
    assert (await outcomes(store, "O1"))["complaint_14d"] == 0.0, "another system tells of those there are"


async def fill(store: Store, *, first: int, days_ago: float, harm: float, outcome: str = "repeat_7d") -> None:
    """800 seniors and 800 of middle age; seniors who were offered something are annoyed the more, by harm."""
    rng, at = np.random.default_rng(first), moment(days_ago)
    rows, told = [], []
    for number in range(first, first + 1600):
        group, arm = ("senior", "middle")[number % 2], "holdout" if rng.random() < 0.2 else "treat"
        rows.append((decision(number, arm=arm, group=group), f"c{number}", f"C{number}", at))
        annoyed = rng.random() < 0.15 + harm * (arm == "treat" and group == "senior")
        values = dict.fromkeys(("early_hangup", "optout", "complaint_14d", "repeat_7d"), 0.0)
        values[outcome] = float(annoyed)
        told += [
            OfferOutcome(opportunity_id=f"O{number}", outcome=name, value=value, at=at, source="test")
            for name, value in values.items()
        ]
    await store.save_opportunities(rows)
    await store.add_outcomes(told)


@pytest.mark.slow
async def test_a_harmed_group_is_suspended_and_after_reopening_judged_by_what_happened_since(store: Store) -> None:
    plan = replace(terms(), plan=replace(terms().plan, planned=3000))
    await fill(store, first=1, days_ago=40, harm=0.3)
    (made,) = await suspend_harmed(store, plan, DRAW, NOW_MS)
    assert made.group == "senior"
    assert made.reason.startswith("annoyed +0.")
    assert [s.group for s in await store.suspended()] == ["senior"]
    assert await suspend_harmed(store, plan, DRAW, NOW_MS) == [], "suspended once"
    assert await store.reopen("senior", moment(30), "boss")
    assert await suspend_harmed(store, plan, DRAW, NOW_MS) == [], "what was known before reopening does not count again"
    told = answer((await evidence(store, DRAW, NOW_MS)).report(plan.plan), "en")
    assert "Offers to 65 and older are on again: boss reopened them on 22 October 2026" in told
    await fill(store, first=5001, days_ago=20, harm=0.3)
    assert [s.group for s in await suspend_harmed(store, plan, DRAW, NOW_MS + 60_000)] == ["senior"]


@pytest.mark.slow
async def test_an_experiment_that_is_not_sound_suspends_nobody(store: Store) -> None:
    plan = replace(terms(), plan=replace(terms().plan, planned=3000))
    await fill(store, first=1, days_ago=40, harm=0.3)
    lost = [(replace(decision(n, arm="treat"), household=f"X{n}"), "c", "C", moment(40)) for n in range(9001, 9401)]
    await store.save_opportunities(lost)  # far more treated than the holdout allows
    assert await suspend_harmed(store, plan, DRAW, NOW_MS) == []


async def test_too_many_opt_outs_pause_a_group_by_the_operating_cap(store: Store) -> None:
    await store.save_opportunities([(decision(n), f"c{n}", f"C{n}", moment(1)) for n in range(100)])
    await store.save_answers([(f"O{n}", OfferAnswer.NEVER_AGAIN, moment(1), None) for n in range(6)])
    assert await suspend_harmed(store, terms(), DRAW, NOW_MS) == []
    await store.save_answers([("O6", OfferAnswer.NEVER_AGAIN, moment(1), None)])
    (made,) = await suspend_harmed(store, terms(), DRAW, NOW_MS)
    assert (made.group, made.reason) == ("senior", "operating cap, no finding: 7 opt-outs in the first 100 offers")


SENIOR = replace(DACHA_OWNER, lines=("car",), profile={"age": 70})


def senior(number: int) -> Customer:
    return replace(SENIOR, customer_id=f"C{number}", household=f"H{number}")


async def offer(store: Store, desk: OfferDesk, number: int) -> OfferDecision:
    """One opportunity, answered yes to travel and no to anything else."""
    made = Opportunities(desk, store)
    facts = replace(OPEN_GATE, customer=senior(number))
    drawn = await made.decide(facts, opportunity_id=f"L{number}", call_id=f"c{number}")
    said = OfferAnswer.DECLINED if drawn.product == "travel" else OfferAnswer.NOT_PERMITTED
    await made.answer(drawn, said, None, f"c{number}")
    return drawn


async def test_two_processes_learn_from_each_other_and_a_third_goes_on_where_they_were(store: Store) -> None:
    first, second, third = (OfferDesk(CATALOGUE, "s", 0.0) for _ in range(3))
    learning = [Learning(desk, store, "insurance") for desk in (first, second)]
    for number in range(20):
        await offer(store, (first, second)[number % 2], number)
        await learning[number % 2].catch_up()
    assert [await each.catch_up() for each in learning] == [1, 0], "only the very last answer was news to the first"
    assert first.learner is not None and second.learner is not None
    assert first.learner.offers == second.learner.offers == 20
    np.testing.assert_allclose(first.learner.mean, second.learner.mean, atol=1e-9)
    again = Learning(third, store, "insurance")
    assert await again.catch_up() == 0
    assert third.learner is not None
    np.testing.assert_allclose(third.learner.mean, first.learner.mean, atol=1e-12)
    draw = random.Random(1)
    facts = replace(OPEN_GATE, customer=senior(99))
    (one, two) = (d.decide(facts, opportunity_id="x", draw=random.Random(draw.random())) for d in (first, third))
    assert set(one.probabilities) == set(two.probabilities)


async def test_a_ghost_teaches_no_process_anything(store: Store) -> None:
    desk = OfferDesk(CATALOGUE, "s", 1.0)
    made = Opportunities(desk, store)
    await made.decide(replace(OPEN_GATE, customer=SENIOR), opportunity_id="G", call_id="c")
    assert await Learning(desk, store, "insurance").catch_up() == 0


async def test_no_offers_of_a_stranger_holds_for_whoever_calls_from_that_number(store: Store) -> None:
    made = Opportunities(OfferDesk(CATALOGUE, "s", 0.0), store)
    await made.refuse(None, "+12025550101", "c1")
    facts = replace(OPEN_GATE, customer=SENIOR)
    known = await made.decide(facts, opportunity_id="A", call_id="c2", ani="+12025550101")
    assert [f.rule for f in known.gate if not f.passed] == ["g.optout"]
    assert await made.refused(SENIOR, "+12025550101")
    assert not await made.refused(SENIOR, "+12025550102")
    elsewhere = await made.decide(facts, opportunity_id="B", call_id="c3", ani="+12025550102")
    assert elsewhere.speak


@pytest.mark.slow
async def test_a_stop_of_all_offers_closes_the_gate_for_everybody(store: Store) -> None:
    plan = replace(terms(), plan=replace(terms().plan, planned=3000))
    await fill(store, first=1, days_ago=40, harm=0.5, outcome="early_hangup")
    made = await suspend_harmed(store, plan, DRAW, NOW_MS)
    assert EVERYBODY in {s.group for s in made}
    opportunities = Opportunities(OfferDesk(CATALOGUE, "s", 0.0), store)
    middle = replace(SENIOR, profile={"age": 40})
    drawn = await opportunities.decide(replace(OPEN_GATE, customer=middle), opportunity_id="Z", call_id="c")
    assert [f.rule for f in drawn.gate if not f.passed] == ["g.suspended"]
