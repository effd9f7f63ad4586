"""What the report says of offers that are off, or on again; and of rows another salt has drawn."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from ivr.model.offers import EVERYBODY, ExperimentRow, Suspension
from ivr.offers.catalogue import load_catalogue
from ivr.offers.desk import OfferDesk
from ivr.offers.effects.answer import answer
from ivr.offers.effects.plan import HANGUP, REPEAT, Plan
from ivr.offers.effects.report import EffectReport, effect_report
from ivr.offers.effects.rows import DAY_MS, population
from ivr.offers.experiment import Experiment
from tests.unit.offers.cases import OFFERS, OPEN_GATE
from tests.unit.offers.test_effect_report import ROW

PLAN = Plan(groups=("young", "old"), planned=4000, titles={"old": {"ru": "старше 65"}})
SUSPENDED = Suspension(group="old", at="1970-02-10T10:00:00.000Z", reason="annoyed +0.300")  # the fortieth day
REOPENED = replace(SUSPENDED, reopened_at="1970-02-20T10:00:00.000Z", reopened_by="olga")  # the fiftieth


def rows(first: int, *, day: int, harm: float, outcome: str = REPEAT, whom: str = "old") -> list[ExperimentRow]:
    """2,000 households that came on one day; offers harm one group."""
    rng, made = np.random.default_rng(first), []
    for number in range(first, first + 2000):
        treated, group = bool(rng.random() < 0.8), ("young", "old")[number % 2]
        harmed = float(rng.random() < 0.2 + harm * (treated and whom in (group, EVERYBODY)))
        outcomes = {REPEAT: 0.0, HANGUP: 0.0} | {outcome: harmed}
        arm = "treat" if treated else "holdout"
        made.append(
            replace(
                ROW,
                opportunity_id=f"O{number}",
                household=f"H{number}",
                at_ms=day * DAY_MS,
                arm=arm,
                group=group,
                outcomes=outcomes,
            )
        )
    return made


def report(*suspensions: Suspension, after: float | None = None) -> EffectReport:
    """Of offers that harmed the old before; after: what they did to as many who came after the reopening."""
    since = rows(5000, day=60, harm=after) if after is not None else []
    return effect_report(population([*rows(1, day=10, harm=0.3), *since]), PLAN, suspensions)


@pytest.mark.parametrize(
    ("suspensions", "english", "russian"),
    [
        ((), "are still ON, and will be switched off at the next look.", "ещё ВКЛЮЧЕНЫ и будут выключены"),
        ((SUSPENDED,), "offers to them are off since 10 February 1970.", "выключены с 10 февраля 1970 года."),
        (
            (replace(SUSPENDED, group=EVERYBODY, suspended_by="ada"),),
            "all offers are off since 10 February 1970, by ada.",
            "все предложения выключены с 10 февраля 1970 года (выключил(а) ada).",
        ),
    ],
)
def test_of_a_harmed_group_it_says_whether_offers_to_it_are_off(
    suspensions: tuple[Suspension, ...], english: str, russian: str
) -> None:
    told = report(*suspensions)
    assert told.harmed == ("old",)
    assert "Yes for old: annoyed callers +" in answer(told, "en") and english in answer(told, "en")
    assert "Да для группы старше 65" in answer(told, "ru") and russian in answer(told, "ru")
    assert answer(told, "en").count("off since") == len(suspensions), "said once"


def test_a_reopened_group_is_judged_by_the_households_that_came_after() -> None:
    unknown = report(REOPENED)
    assert unknown.harmed == (), "what the person knew who reopened does not count again"
    (old,) = [group for group in unknown.groups if group.group == "old"]
    assert (old.rows, old.since_ms) == (0, (50 * 24 + 10) * 3_600_000)
    said = "Offers to old are on again: olga reopened them on 20 February 1970"
    assert said in answer(unknown, "en")
    assert "снова включены: старше 65 (20 февраля 1970 года, включил(а) olga)" in answer(unknown, "ru")
    harmed = report(REOPENED, after=0.3)
    assert harmed.harmed == ("old",)
    on = "offers to them are ON: olga reopened them on 20 February 1970, and the next look switches them off again"
    assert on in answer(harmed, "en") and "ВКЛЮЧЕНЫ (20 февраля" in answer(harmed, "ru")
    (young,) = [group for group in harmed.groups if group.group == "young"]
    assert (young.rows, young.since_ms) == (2000, 0), "nobody reopened these"
    assert len(report(REOPENED, after=0.0).harmed) == 0, "whatever was wrong has been mended"
    again = replace(SUSPENDED, at="1970-03-10T10:00:00.000Z")
    assert "off since 10 March 1970" in answer(report(REOPENED, again, after=0.3), "en")


def test_of_a_group_nothing_is_found_of_it_says_that_offers_are_off_all_the_same() -> None:
    by_hand = replace(SUSPENDED, group="young", reason="a feeling", suspended_by="ada")
    assert "Offers to young are off since 10 February 1970, by ada." in answer(report(by_hand), "en")
    nobody_yet = effect_report(population([]), PLAN, [by_hand])
    assert "Offers to young are off since 10 February 1970, by ada." in answer(nobody_yet, "en")
    lost = [row for row in rows(1, day=10, harm=0.0) if row.arm == "treat" or int(row.household[1:]) % 3]
    unsound = answer(effect_report(population(lost), PLAN, [by_hand]), "en")
    assert "not sound" in unsound and "Offers to young are off" in unsound


def test_a_stop_of_all_offers_is_judged_anew_after_reopening_too() -> None:
    harm = rows(1, day=10, harm=0.4, outcome=HANGUP, whom=EVERYBODY)
    stop = effect_report(population(harm), PLAN)
    assert stop.stop.startswith("early_hangup: +")
    assert "harm to everybody: hung up early" in answer(stop, "en") and "still ON" in answer(stop, "en")
    everybody = replace(REOPENED, group=EVERYBODY)
    assert effect_report(population(harm), PLAN, [everybody]).stop == ""
    assert effect_report(population(harm), PLAN, [everybody]).harmed == ()
    since = [*harm, *rows(5000, day=60, harm=0.4, outcome=HANGUP, whom=EVERYBODY)]
    assert effect_report(population(since), PLAN, [everybody]).stop.startswith("early_hangup: +")


def test_every_decision_tells_which_salt_drew_and_how_many_were_held_out() -> None:
    catalogue = load_catalogue(OFFERS)
    phases = [
        OfferDesk(catalogue, salt, holdout).decide(OPEN_GATE, opportunity_id="O", draw=random.Random(1)).phase
        for salt, holdout in (("spring", 0.2), ("spring", 0.1), ("autumn", 0.1))
    ]
    spring, autumn = Experiment(salt="spring", holdout=0.05), Experiment(salt="autumn", holdout=0.05)
    assert [spring.drew(phase) for phase in phases] == [True, True, False]
    assert [autumn.drew(phase) for phase in phases] == [False, False, True]
    assert spring.drew("holdout 0.2"), "before phases named it there was one salt"
    assert "spring" not in phases[0], "whoever reads the salt knows who will be held out"
