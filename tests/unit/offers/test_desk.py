from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.config import OffersSettings
from ivr.demo.offer_bench import bench_offers
from ivr.model.errors import ConfigError
from ivr.model.identity import Customer, Level
from ivr.model.offers import OfferAnswer, OfferDecision, StatedQuestion
from ivr.offers.catalogue import load_catalogue
from ivr.offers.desk import OfferDesk
from ivr.offers.experiment import Experiment
from ivr.offers.gate import OfferFacts, OfferHistory, PastOffer
from ivr.offers.ranking import fixed, floor_of, pick
from tests.unit.offers.cases import DACHA_OWNER, NOW, OFFERS, OPEN_GATE, write_catalogue

CATALOGUE = load_catalogue(OFFERS)
SALT = OffersSettings().salt
DESK = OfferDesk(CATALOGUE, SALT, 0.10)
CAR_OWNER = replace(DACHA_OWNER, household="H1002", lines=("car",))


def decide(desk: OfferDesk = DESK, seed: int = 1, **changes: Any) -> OfferDecision:
    return desk.decide(replace(OPEN_GATE, **changes), opportunity_id="O1", draw=random.Random(seed))


def test_who_insures_a_summer_house_is_offered_its_furniture() -> None:
    decision = decide()
    assert (decision.speak, decision.product, decision.relation) == (True, "dacha_furniture", "cross")
    assert decision.script is not None and "three euros ninety a month" in decision.script.confirm
    assert decision.probabilities == {"dacha_furniture": 1.0}
    assert decision.removed.keys() == {"flat", "car", "travel"}
    assert decision.removed["car"].startswith("p.eligible: ")
    assert (decision.policy, decision.p_treat) == ("fixed/1", 0.9)


def test_who_owns_the_furniture_too_is_offered_another_line() -> None:
    decision = decide(customer=replace(DACHA_OWNER, owns=("dacha_furniture",)))
    assert decision.eligible == ("flat", "car", "travel")
    assert decision.probabilities == {"flat": 0.04, "car": pytest.approx(0.92), "travel": 0.04}
    assert decision.relation == "up"


def test_the_first_offer_of_a_household_says_how_to_object() -> None:
    first = decide().script
    heard_before = OfferHistory(
        offers=(PastOffer(product="car", answer=OfferAnswer.ACCEPTED, at=NOW - timedelta(days=90)),)
    )
    later = decide(history=heard_before).script
    assert first is not None and "no offers" in first.notice
    assert later is not None and later.notice == ""
    assert first.version != later.version


def test_a_product_turned_down_within_half_a_year_is_not_offered_again() -> None:
    declined = PastOffer(product="dacha_furniture", answer=OfferAnswer.DECLINED, at=NOW - timedelta(days=100))
    decision = decide(history=OfferHistory(offers=(declined,)))
    assert decision.arm == "none"
    assert decision.removed["dacha_furniture"] == "p.cap: declined within 180 days"


def test_a_closed_gate_names_its_first_rule_for_every_product() -> None:
    decision = decide(resolved=False, load=1.0)
    assert (decision.arm, decision.speak, decision.product, decision.script) == ("none", False, "", None)
    assert set(decision.removed) == set(CATALOGUE.products)
    assert all(reason.startswith("g.resolved: ") for reason in decision.removed.values())


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"intent": "opening_hours"}, "p.relevant"),
        ({"language": "de"}, "p.language"),
        ({"customer": replace(DACHA_OWNER, owns=("dacha_furniture",))}, "p.owned"),
        ({"customer": replace(DACHA_OWNER, lines=("car",))}, "p.eligible"),
        ({"customer": replace(DACHA_OWNER, profile={})}, "g.vulnerable"),
    ],
)
def test_a_removed_product_names_the_rule(changes: dict[str, Any], rule: str) -> None:
    assert decide(**changes).removed["dacha_furniture"].split(":")[0] == rule


def test_level_and_recording_are_asked_per_product(tmp_path: Path) -> None:
    path = write_catalogue(tmp_path, ("requires: {level: L1}", "requires: {level: L2, recording: true}"))
    text = path.read_text(encoding="utf-8").replace("level: L2, recording: true", "level: L1", 1)
    path.write_text(text, encoding="utf-8")
    desk = OfferDesk(load_catalogue(path), SALT, 0.1)
    assert decide(desk).removed["car"] == "p.level: needs L2, has L1"
    assert decide(desk, level=Level.L2).removed["car"] == "p.recording: needs a recorded call"


def test_a_household_in_the_holdout_gets_a_ghost_and_no_words() -> None:
    held = next(f"H{n}" for n in range(1000, 2000) if DESK.experiment.arm(f"H{n}") == "holdout")
    ghost = decide(customer=replace(DACHA_OWNER, household=held))
    spoken = decide()
    assert (ghost.arm, ghost.speak, ghost.script) == ("holdout", False, None)
    assert (ghost.product, ghost.probabilities, ghost.eligible) == (
        spoken.product,
        spoken.probabilities,
        spoken.eligible,
    )


def test_the_arm_does_not_change_which_offer_is_drawn() -> None:
    nobody, everybody = OfferDesk(CATALOGUE, SALT, 0.0), OfferDesk(CATALOGUE, SALT, 1.0)
    for seed in range(200):
        treated, held = decide(nobody, seed, customer=CAR_OWNER), decide(everybody, seed, customer=CAR_OWNER)
        assert (treated.arm, held.arm) == ("treat", "holdout")
        assert treated.product == held.product


def test_the_draws_follow_the_logged_probabilities() -> None:
    draws = random.Random(7)
    facts = replace(OPEN_GATE, customer=CAR_OWNER)
    decisions = [DESK.decide(facts, opportunity_id="O", draw=draws) for _ in range(3000)]
    counts, logged = Counter(d.product for d in decisions), decisions[0].probabilities
    chi_square = sum((counts[p] - 3000 * q) ** 2 / (3000 * q) for p, q in logged.items())
    assert chi_square < 13.8  # 2 degrees of freedom, p = 0.001


def test_a_pinned_product_is_offered_with_probability_one_and_logged_as_pinned(tmp_path: Path) -> None:
    pinned = load_catalogue(write_catalogue(tmp_path, ("ranking: fixed", "pin: travel\nranking: fixed")))
    decision = decide(OfferDesk(pinned, SALT, 0.1), customer=CAR_OWNER)
    assert decision.policy == "pin:travel"
    assert (decision.product, decision.probabilities) == ("travel", {"flat": 0.0, "travel": 1.0})


def test_words_of_anger_and_of_grief_are_found_as_whole_words() -> None:
    said = ["This is Ridiculous", "my husband passed away in May"]
    grief = {"en": ("passed away",), "ru": ("похороны",)}
    desk = OfferDesk(CATALOGUE.listening_for(negative={"en": ("ridiculous", "awful")}, vulnerable=grief), SALT, 0.1)
    assert desk.negative_words(said) == ("ridiculous",)
    assert desk.vulnerable_words(said) == ("passed away",)
    assert desk.negative_words(["an awfully nice uselessness"]) == ()
    assert desk.vulnerable_words(["у нас похороны", "let us speak English"]) == ("похороны",)
    assert desk.catalogue.terms.version != CATALOGUE.terms.version, "other words are another gate"


def test_households_1001_and_1002_of_the_sample_data_hear_offers_with_the_default_salt_in_every_phase() -> None:
    for holdout in (0.05, 0.10, 0.20):
        experiment = Experiment(salt=SALT, holdout=holdout)
        assert [experiment.arm(h) for h in ("H1001", "H1002")] == ["treat", "treat"]


def test_a_smaller_holdout_only_releases_households() -> None:
    small, large = Experiment(salt="s", holdout=0.05), Experiment(salt="s", holdout=0.20)
    held = [h for h in (f"H{n}" for n in range(20_000)) if small.arm(h) == "holdout"]
    assert all(large.arm(h) == "holdout" for h in held)
    assert 0.045 < len(held) / 20_000 < 0.055


@pytest.mark.parametrize(("salt", "holdout"), [("s", 1.5), ("s", -0.1), ("", 0.1)])
def test_an_impossible_experiment_is_refused(salt: str, holdout: float) -> None:
    with pytest.raises(ConfigError):
        OfferDesk(CATALOGUE, salt, holdout)


def test_a_decision_takes_less_than_five_milliseconds() -> None:
    facts, draws, times = replace(OPEN_GATE, customer=CAR_OWNER), random.Random(1), []
    for _ in range(300):
        begun = time.thread_time()
        DESK.decide(facts, opportunity_id="O", draw=draws)
        times.append(time.thread_time() - begun)
    assert sorted(times)[296] < 0.005


@pytest.mark.alone
async def test_a_decision_with_all_the_store_knows_and_keeps_takes_less_than_five_milliseconds() -> None:
    for _ in range(3):  # the first counts in which the machine does not give its processor to somebody else
        told = (await bench_offers(1000))["decision_ms"]
        assert 0 < told["wall"]["p50"] <= told["wall"]["p99"] and 0 < told["cpu"]["p50"] < 5.0, told
        if told["wall"]["p99"] < 5.0:
            return
    raise AssertionError(told)


@given(st.integers(1, 12), st.randoms(use_true_random=False))
def test_propensities_sum_to_one_and_keep_the_floor(eligible: int, draw: random.Random) -> None:
    base = CATALOGUE.products["car"]
    products = [replace(base, product_id=f"p{n}", margin=draw.uniform(0, 100)) for n in range(eligible)]
    probabilities = fixed(products)
    assert abs(sum(probabilities.values()) - 1.0) <= 1e-9
    assert min(probabilities.values()) >= floor_of(eligible)
    assert pick(probabilities, draw) in probabilities


CUSTOMERS = st.builds(
    Customer,
    customer_id=st.just("C1"),
    household=st.integers(1, 500).map("H{}".format),
    lines=st.sets(st.sampled_from(["dacha", "flat", "car", "travel"])).map(tuple),
    owns=st.sets(st.sampled_from(["dacha_furniture", "car"])).map(tuple),
    flags=st.sampled_from([(), (), (), ("vulnerable",), ("no_offers",)]),
    profile=st.sampled_from([{"age": 40}, {"age": 40}, {"age": 16}, {"birth_date": "1990-01-01"}, {}]),
)
PAST = st.builds(
    PastOffer,
    product=st.sampled_from(["dacha_furniture", "car"]),
    answer=st.sampled_from(OfferAnswer),
    at=st.integers(0, 400).map(lambda days: NOW - timedelta(days=days)),
)
HISTORIES = st.builds(
    OfferHistory,
    offers=st.lists(PAST, max_size=3).map(tuple),
    opted_out=st.sampled_from([False, False, True]),
    same_intent_calls_7d=st.sampled_from([0, 0, 1]),
)
FACTS = st.builds(
    OfferFacts,
    customer=st.one_of(CUSTOMERS, CUSTOMERS, CUSTOMERS, st.none()),
    level=st.sampled_from([Level.L0, Level.L1, Level.L2, Level.L3]),
    language=st.sampled_from(["en", "en", "en", "ru"]),
    intent=st.sampled_from(["claim_status", "payment", "complaint", "opening_hours"]),
    other_intents=st.sampled_from([(), (), ("payment",), ("new_claim",), None]),
    resolved=st.sampled_from([True, True, False]),
    confirmed=st.sampled_from([True, True, False]),
    bot_disclosed=st.sampled_from([True, True, False]),
    recorded=st.booleans(),
    repairs=st.one_of(st.integers(0, 3), st.none()),
    recent_failures=st.sampled_from([0, 0, 1, None]),
    agent_requested=st.sampled_from([False, False, True, None]),
    negative_words=st.sampled_from([(), (), ("awful",), None]),
    vulnerable_words=st.sampled_from([(), (), ("funeral",), None]),
    latency_p95_ms=st.one_of(st.integers(0, 2500), st.none()),
    open_ticket=st.sampled_from([False, False, True, None]),
    waited_s=st.one_of(st.floats(0, 130), st.none()),
    call_ms=st.one_of(st.integers(0, 400_000), st.none()),
    load=st.one_of(st.floats(0, 1), st.none()),
    overflow=st.sampled_from([False, False, True, None]),
    history=st.one_of(st.just(OfferHistory()), HISTORIES),
    now=st.just(NOW),
    group=st.just(""),
    suspended=st.sampled_from([frozenset(), frozenset(), frozenset({"senior"}), None]),
    stopped=st.sampled_from(["", "", "hang-ups"]),
)
# Generated calls with most of their trouble taken out, so that many reach the draw.
QUIET = st.builds(
    lambda facts, history: replace(
        OPEN_GATE, customer=facts.customer, level=facts.level, intent=facts.intent, load=facts.load, history=history
    ),
    FACTS,
    st.one_of(st.just(OfferHistory()), HISTORIES),
)


@pytest.mark.slow
@settings(max_examples=1500, deadline=None)
@given(st.one_of(FACTS, QUIET), st.floats(0, 1), st.integers(0, 1000))
def test_nothing_is_ever_said_past_a_failed_gate_or_to_the_holdout(
    facts: OfferFacts, holdout: float, seed: int
) -> None:
    desk = OfferDesk(CATALOGUE, "any", holdout)
    decision = desk.decide(facts, opportunity_id="O", draw=random.Random(seed))
    gate_open = all(finding.passed for finding in decision.gate)
    assert len(decision.gate) == 13
    assert set(decision.eligible) | set(decision.removed) == set(CATALOGUE.products)
    assert not set(decision.eligible) & set(decision.removed)
    assert (decision.script is not None) is decision.speak
    if decision.speak:
        assert gate_open and decision.arm == "treat"
    if not gate_open:
        assert (decision.arm, decision.eligible, decision.product) == ("none", (), "")
    if decision.arm == "none":
        assert not decision.eligible and not decision.probabilities
    else:
        assert desk.experiment.arm(decision.household) == decision.arm
        assert decision.product in decision.eligible
        assert set(decision.probabilities) == set(decision.eligible)
        assert abs(sum(decision.probabilities.values()) - 1.0) <= 1e-9
        assert min(decision.probabilities.values()) >= floor_of(len(decision.eligible))


def test_the_shipped_survey_asks_its_share_of_the_households_in_both_arms_and_none_twice_in_a_row() -> None:
    share = CATALOGUE.experiment.survey_share if CATALOGUE.experiment else 0.0
    made = OfferDesk(CATALOGUE, "s", 0.5)
    arms: dict[str, list[bool]] = {"treat": [], "holdout": []}
    for number in range(400):
        facts = replace(OPEN_GATE, customer=replace(DACHA_OWNER, household=f"H{number}"))
        decision = made.decide(facts, opportunity_id="O", draw=random.Random(number))
        arms[decision.arm].append(bool(decision.survey))
        lately = replace(facts, history=OfferHistory(surveyed=True))
        assert not made.decide(lately, opportunity_id="O", draw=random.Random(1)).survey
    for asked in arms.values():
        assert abs(sum(asked) / len(asked) - share) < 4 * (share * (1 - share) / len(asked)) ** 0.5


def test_a_tenth_of_those_who_hear_an_offer_is_asked_what_it_was_like_and_nobody_held_out() -> None:
    terms = CATALOGUE.experiment
    assert terms is not None
    question = StatedQuestion(ask="How was it?", thanks="Thank you.", never_after=terms.complaints)
    asking = replace(CATALOGUE, experiment=replace(terms, stated={"en": question}))
    made, asked = OfferDesk(asking, "s", 0.5, 0.1), []
    for number in range(800):
        facts = replace(OPEN_GATE, customer=replace(DACHA_OWNER, household=f"H{number}"))

        def decision(number: int = number, facts: OfferFacts = facts) -> OfferDecision:
            return made.decide(facts, opportunity_id=f"O{number}", draw=random.Random(number))

        assert decision().stated in ({None} if decision().arm == "holdout" else {None, question})
        assert decision().stated == decision().stated, "it goes by the opportunity, not by chance"
        asked += [decision().stated is not None] if decision().speak else []
        lately = replace(facts, history=OfferHistory(stated=True))
        assert not decision(facts=lately).stated, "asked within 90 days"
        assert not decision(facts=replace(facts, language="ru")).stated, "there are no words"
    assert abs(sum(asked) / len(asked) - 0.1) < 4 * (0.09 / len(asked)) ** 0.5
    assert ("en", "Thank you.") in made.texts(), "no caller waits for a voice"
