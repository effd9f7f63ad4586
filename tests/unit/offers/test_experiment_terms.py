"""The experiment of offers.yml: groups, rules, a learner, suspended groups."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.model.errors import DesignError
from ivr.model.identity import Customer
from ivr.offers.catalogue import load_catalogue
from ivr.offers.desk import OfferDesk
from ivr.offers.effects.plan import CSAT
from tests.unit.offers.cases import DACHA_OWNER, OFFERS, OPEN_GATE, write_catalogue

EXPERIMENT = """
experiment:
  groups: {senior: "customer.age >= 65", other: "customer.age >= 18"}
  known: {tenure_years: {mean: 5, spread: 4}}
  planned: 5000
  margins: {csat: -0.2}
  prices: {repeat_7d: 4.5}
"""
SENIOR = replace(DACHA_OWNER, household="H1002", lines=("car",), profile={"age": 70, "tenure_years": 9})
ADULT = replace(SENIOR, profile={"age": 40})


def desk(folder: Path, ranking: str, more: str = EXPERIMENT) -> OfferDesk:
    shipped = re.search(r"(?ms)^experiment:.*?(?=^gate:)", OFFERS.read_text(encoding="utf-8"))
    assert shipped is not None
    path = write_catalogue(folder, (shipped[0], "\n"), ("ranking: fixed", f"ranking: {ranking}\n{more}#"))
    return OfferDesk(load_catalogue(path), "s", 0)


def chosen(made: OfferDesk, customer: Customer) -> dict[str, float]:
    facts = replace(OPEN_GATE, customer=customer)
    return dict(made.decide(facts, opportunity_id="O", draw=random.Random(1)).probabilities)


def test_a_caller_is_logged_with_the_first_group_that_fits_and_the_numbers_known(tmp_path: Path) -> None:
    made = desk(tmp_path, "learned")
    decision = made.decide(replace(OPEN_GATE, customer=SENIOR), opportunity_id="O", draw=random.Random(1))
    assert (decision.group, decision.known, decision.phase, decision.policy) == (
        "senior",
        (1.0,),
        made.experiment.phase,
        "pooled/2",
    )
    assert decision.phase.startswith("holdout 0, draw ")
    terms = made.catalogue.experiment
    assert terms is not None
    assert terms.plan.planned == 5000
    assert {m.outcome: m.limit for m in terms.plan.margins}[CSAT] == -0.2


def test_a_group_has_a_title_in_every_language_or_its_name(tmp_path: Path) -> None:
    titled = desk(tmp_path, "learned", f"{EXPERIMENT}  titles: {{senior: {{en: elders, ru: старшие}}}}\n")
    assert titled.catalogue.experiment is not None
    plan = titled.catalogue.experiment.plan
    assert [plan.title("senior", language) for language in ("en", "ru")] == ["elders", "старшие"]
    assert plan.title("other", "ru") == "other"


def test_the_designers_order_goes_by_group(tmp_path: Path) -> None:
    made = desk(tmp_path, "rules", f"{EXPERIMENT}rules: {{senior: [travel, flat], else: [flat]}}\n")
    assert max(chosen(made, SENIOR).items(), key=lambda item: item[1]) == ("travel", pytest.approx(0.96))
    assert max(chosen(made, ADULT).items(), key=lambda item: item[1]) == ("flat", pytest.approx(0.96))


def test_what_a_group_accepts_is_offered_to_it_more_often_and_survives_a_restart(tmp_path: Path) -> None:
    made = desk(tmp_path, "learned")
    before = chosen(made, SENIOR)["travel"]
    draws = random.Random(2)
    for _ in range(300):
        decision = made.decide(replace(OPEN_GATE, customer=SENIOR), opportunity_id="O", draw=draws)
        made.learn(decision, accepted=decision.product == "travel" and draws.random() < 0.5)
    assert chosen(made, SENIOR)["travel"] > max(0.8, before)
    assert made.learner is not None
    again = desk(tmp_path, "learned")
    again.remember(json.loads(json.dumps(made.learner.saved())))
    assert chosen(again, SENIOR) == chosen(made, SENIOR)


def test_a_ghost_teaches_nothing(tmp_path: Path) -> None:
    made = OfferDesk(desk(tmp_path, "learned").catalogue, "s", 1.0)
    decision = made.decide(replace(OPEN_GATE, customer=SENIOR), opportunity_id="O", draw=random.Random(1))
    made.learn(decision, accepted=True)
    assert made.learner is not None
    assert made.learner.offers == 0


def test_a_suspended_group_hears_nothing_and_the_others_do(tmp_path: Path) -> None:
    made = desk(tmp_path, "learned")
    off = replace(OPEN_GATE, suspended=frozenset({"senior"}))
    silent = made.decide(replace(off, customer=SENIOR), opportunity_id="O", draw=random.Random(1))
    spoken = made.decide(replace(off, customer=ADULT), opportunity_id="O", draw=random.Random(1))
    assert (silent.arm, spoken.arm) == ("none", "treat")
    assert all(reason.startswith("g.suspended") for reason in silent.removed.values())
    stopped = made.decide(replace(off, customer=ADULT, stopped="hang-ups"), opportunity_id="O", draw=random.Random(1))
    assert stopped.arm == "none"


@pytest.mark.parametrize(
    ("ranking", "more", "code"),
    [
        ("learned", "", "offer-ranking"),
        ("rules", EXPERIMENT, "offer-rules"),
        ("rules", f"{EXPERIMENT}rules: {{young: [travel]}}\n", "offer-rules"),
        ("rules", f"{EXPERIMENT}rules: {{senior: [yacht]}}\n", "offer-rules"),
        ("learned", EXPERIMENT.replace("customer.age >= 65", "customer.wealth > 3"), "offer-group"),
        ("learned", f"{EXPERIMENT}  titles: {{elder: {{en: a, ru: b}}}}\n", "offer-group"),
        ("learned", f"{EXPERIMENT}  titles: {{senior: {{en: 65 and older}}}}\n", "offer-language"),
    ],
)
def test_an_experiment_that_cannot_be_is_refused(tmp_path: Path, ranking: str, more: str, code: str) -> None:
    with pytest.raises(DesignError) as refused:
        desk(tmp_path, ranking, more)
    assert code in {fault.code for fault in refused.value.faults}


ENGLISH, RUSSIAN = "{ask: How was it?, thanks: Thank you.}", "{ask: Как оно?, thanks: Спасибо.}"


@pytest.mark.parametrize(
    ("stated", "wrong"),
    [
        (f"{{en: {ENGLISH}, ru: {RUSSIAN}}}", ""),
        (f"{{en: {ENGLISH}}}", "no stated in ru"),
        ("{en: {ask: How was it?}, ru: {ask: Как оно?}}", "thanks"),
        (f"{{en: {ENGLISH}, ru: Как оно?}}", "ru"),
        (f"{{en: {{ask: '', thanks: Thank you.}}, ru: {RUSSIAN}}}", "ask"),
        (f"{{en: {{ask: {'how ' * 41}was it, thanks: Thank you.}}, ru: {RUSSIAN}}}", "43 words"),
    ],
)
def test_what_asks_after_the_goodbye_is_there_in_every_language_and_short(
    tmp_path: Path, stated: str, wrong: str
) -> None:
    try:
        made = desk(tmp_path, "learned", f"{EXPERIMENT}  stated: {stated}\n")
    except DesignError as refused:
        assert wrong and any(wrong in str(fault) for fault in refused.faults), refused.faults
        assert all(fault.line > 1 for fault in refused.faults), "with its place"
    else:
        assert not wrong
        terms = made.catalogue.experiment
        assert terms is not None and terms.stated["ru"].never_after == ("complaint",)
