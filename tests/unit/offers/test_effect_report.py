"""The report of stored rows: what counts, what it says, in words and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from ivr.model.offers import ExperimentRow
from ivr.offers.effects.answer import answer
from ivr.offers.effects.document import as_json, as_text
from ivr.offers.effects.plan import ANNOYED, CSAT, HANGUP, REPEAT, REVENUE, Plan
from ivr.offers.effects.report import EffectReport, effect_report
from ivr.offers.effects.rows import EPOCH_MS, population

PLAN = Plan(groups=("young", "old"), planned=6000, prices={CSAT: -5.0, REPEAT: 4.5})
ROW = ExperimentRow(
    opportunity_id="O0",
    household="H0",
    at_ms=0,
    arm="treat",
    p_treat=0.8,
    product="car",
    relation="up",
    probabilities={"car": 1.0},
    policy="fixed/1",
    gate_version="1",
    phase="learn",
    group="young",
    known=(0.0,),
    answer="declined",
    outcomes={},
)


def _rows(count: int, *, displeasure: float = 0.0) -> list[ExperimentRow]:
    """Callers of two groups; offers displease the old ones."""
    rng = np.random.default_rng(1)
    made = []
    for number in range(count):
        treated, old = rng.random() < 0.8, rng.random() < 0.5
        accepted = treated and rng.random() < 0.1
        told = {
            CSAT: 4.2 - displeasure * (treated and old) + 0.6 * rng.standard_normal(),
            REPEAT: float(rng.random() < 0.1),
            HANGUP: float(rng.random() < 0.05),
            REVENUE: 55.0 * accepted,
        }
        made.append(
            replace(
                ROW,
                opportunity_id=f"O{number}",
                household=f"H{number}",
                at_ms=number,
                arm="treat" if treated else "holdout",
                group="old" if old else "young",
                known=(float(rng.standard_normal()),),
                answer=("accepted" if accepted else "declined") if treated else "",
                outcomes=told,
            )
        )
    return made


@pytest.fixture(scope="module")
def harmed() -> EffectReport:
    return effect_report(population(_rows(6000, displeasure=0.8)), PLAN)


def test_only_the_first_opportunity_of_a_household_in_ninety_days_counts() -> None:
    again = [replace(ROW, opportunity_id=str(n), at_ms=n * EPOCH_MS // 2) for n in range(4)]
    assert [row.opportunity_id for row in population(again).rows] == ["0", "2"]
    assert len(population(again, before_ms=EPOCH_MS).rows) == 1, "callers too recent wait"


def test_annoyance_is_not_known_before_all_of_its_parts_are() -> None:
    rows = [replace(ROW, outcomes={HANGUP: 0.0, REPEAT: 1.0}), replace(ROW, household="H1", outcomes={HANGUP: 1.0})]
    annoyed = population(rows).sample.outcomes[ANNOYED]
    assert annoyed[0] == 1.0
    assert np.isnan(annoyed[1])


def test_the_answer_names_who_hates_it_with_figures_in_both_languages(harmed: EffectReport) -> None:
    assert harmed.harmed == ("old",)
    english, russian = answer(harmed, "en"), answer(harmed, "ru")
    assert "Yes for old: satisfaction -0.78" in english
    assert "Да для группы old: оценка -0.78" in russian
    assert "net of harm" in english


def test_the_report_is_json_and_text(harmed: EffectReport) -> None:
    made = json.loads(json.dumps(as_json(harmed), allow_nan=False))
    assert {group["group"]: group["verdict"] for group in made["groups"]}["old"] == "hates"
    assert made["money"]["net"] == pytest.approx(made["money"]["revenue"] - made["money"]["harm"])
    text = "\n".join(as_text(harmed, "en"))
    assert text.startswith("The experiment is sound"), "first of all: may it speak?"
    assert "old: hates it" in text


def test_an_unsound_experiment_gives_no_verdict_and_says_why() -> None:
    rows = [row for row in _rows(4000, displeasure=0.8) if row.arm == "treat" or int(row.opportunity_id[1:]) % 3]
    report = effect_report(population(rows), PLAN)
    assert not report.sound
    assert report.groups == ()
    assert "No verdict" in answer(report, "en")
    assert "size of the arms" in answer(report, "en")
    assert "RED  size of the arms" in "\n".join(as_text(report, "en"))


def test_nobody_yet_is_an_answer_too() -> None:
    report = effect_report(population([]), PLAN)
    assert answer(report, "en").startswith("There is nothing to count yet")


def test_a_look_at_the_first_rows_is_the_report_of_then() -> None:
    rows = _rows(1200)
    rows[40:80] = [replace(row, household=f"H{at}") for at, row in enumerate(rows[40:80])]  # they call again
    then, look = population(rows[:700]), population(rows).first(700)
    assert len(look.sample) == len(then.sample) == 660
    assert as_json(effect_report(look, PLAN)) == as_json(effect_report(then, PLAN))
