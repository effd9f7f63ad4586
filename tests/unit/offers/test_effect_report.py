"""The report of stored rows: what counts, what it says, in words and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from ivr.model.offers import ExperimentRow
from ivr.offers.effects.answer import answer
from ivr.offers.effects.document import as_json, as_text
from ivr.offers.effects.plan import ANNOYED, COMPLAINT, CSAT, HANGUP, REPEAT, REVENUE, Plan
from ivr.offers.effects.report import WEEK_MS, EffectReport, effect_report
from ivr.offers.effects.rows import DAY_MS, population

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


def test_only_the_first_opportunity_a_household_ever_had_counts() -> None:
    again = [replace(ROW, opportunity_id=str(n), at_ms=n * 200 * DAY_MS) for n in range(4)]
    new = replace(ROW, opportunity_id="new", household="H1", at_ms=500 * DAY_MS)
    rows = [*again[:3], new, again[3]]
    assert [row.opportunity_id for row in population(rows).rows] == ["0", "new"]
    assert [row.opportunity_id for row in population(rows, before_ms=new.at_ms).rows] == ["0"], "the recent wait"


def test_who_was_in_an_arm_for_certain_is_not_counted_and_it_is_said_so() -> None:
    """While [offers] holdout was 0; a household counts when it is drawn for the first time."""
    sure = [replace(row, arm="treat", p_treat=1.0) for row in _rows(400)]
    report = effect_report(population(sure), PLAN)
    assert [check.name for check in report.checks if not check.passed] == ["holdout"], "one cause, one red check"
    assert (report.rows, report.groups) == (0, ())
    told = "400 opportunities came while [offers] holdout was 0: without households"
    assert told in answer(report, "en") and told in "\n".join(as_text(report, "en")).replace("\n       ", " ")
    drawn = [replace(row, opportunity_id=f"D{row.opportunity_id}", at_ms=row.at_ms + DAY_MS) for row in _rows(4000)]
    mixed = effect_report(population([*sure, *drawn]), PLAN)
    assert (mixed.sound, mixed.rows) == (True, 4000)
    assert "while [offers] holdout was 0" in "\n".join(as_text(mixed, "en"))
    unlogged = [replace(row, p_treat=0.0) if row.arm == "treat" else row for row in drawn]
    spoiled = effect_report(population(unlogged), PLAN)
    assert {check.name for check in spoiled.checks if not check.passed} >= {"probabilities"}, (
        "not logged is not certain"
    )
    assert spoiled.overall == (), "nothing can be weighted"


def test_a_few_households_none_of_which_is_held_out_are_no_fault() -> None:
    few = [row for row in _rows(20) if row.arm == "treat"][:3]
    assert effect_report(population(few), PLAN).sound


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


def test_nobody_yet_is_an_answer_too_and_nothing_is_wrong_with_it() -> None:
    report = effect_report(population([]), PLAN)
    assert report.sound and as_json(report)["sound"] is True
    (line,) = as_text(report, "en")
    assert line.startswith("There is nothing to count yet")


def test_what_nobody_tells_is_no_figure_and_stands_apart_from_what_was_looked_at() -> None:
    text = list(as_text(effect_report(population(_rows(200)), PLAN), "en"))
    (line,) = [line for line in text if "told by nobody: complained within 14 days" in line]
    assert "not told is not none" in line
    told = [replace(row, outcomes={**row.outcomes, COMPLAINT: 0.0}) for row in _rows(200)]
    assert "told by nobody" not in "\n".join(as_text(effect_report(population(told), PLAN), "en"))


def test_the_pace_is_that_of_the_last_four_weeks() -> None:
    """Who calls often comes early: after a year few callers are new."""
    rows = _rows(1000)
    early, late = rows[:900], rows[900:]
    at = [n * WEEK_MS // 100 for n in range(900)] + [50 * WEEK_MS + n * WEEK_MS // 25 for n in range(100)]
    timed = [replace(row, at_ms=moment) for row, moment in zip([*early, *late], at, strict=True)]
    assert effect_report(population(timed[:900]), PLAN).weekly == pytest.approx(100, abs=1)
    assert effect_report(population(timed), PLAN).weekly == pytest.approx(25, abs=1)


def test_a_look_at_the_first_rows_is_the_report_of_then() -> None:
    rows = _rows(1200)
    rows[40:80] = [replace(row, household=f"H{at}") for at, row in enumerate(rows[40:80])]  # they call again
    then, look = population(rows[:700]), population(rows).first(700)
    assert len(look.sample) == len(then.sample) == 660
    assert as_json(effect_report(look, PLAN)) == as_json(effect_report(then, PLAN))
