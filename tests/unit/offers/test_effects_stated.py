"""What callers said of offers: counted, with their intervals, of those who answered, and deciding nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ivr.model.offers import ExperimentRow
from ivr.offers.effects.document import as_json, as_text
from ivr.offers.effects.report import effect_report
from ivr.offers.effects.rows import population
from tests.unit.offers.test_effect_report import PLAN, _rows

SAID = (1.0,) * 4 + (2.0,) * 15 + (3.0,) * 6


def told() -> list[ExperimentRow]:
    """Of 40 who were asked 25 answered; one of the holdout did, too, whatever that means."""
    rows = _rows(600)
    treated = [at for at, row in enumerate(rows) if row.arm == "treat"]
    for number, at in enumerate(treated[:40]):
        answer = {"stated": SAID[number]} if number < len(SAID) else {}
        rows[at] = replace(rows[at], outcomes={**rows[at].outcomes, "stated_asked": 1.0, **answer})
    held = next(at for at, row in enumerate(rows) if row.arm == "holdout")
    rows[held] = replace(rows[held], outcomes={**rows[held].outcomes, "stated_asked": 1.0, "stated": 3.0})
    return rows


def test_the_shares_are_of_those_who_answered_with_their_intervals() -> None:
    made = json.loads(json.dumps(as_json(effect_report(population(told()), PLAN))))["stated"]
    assert (made["asked"], made["answered"], made["decides"]) == (40, 25, False)
    assert {each["answer"]: each["count"] for each in made["said"]} == {"useful": 4, "did_not_mind": 15, "annoying": 6}
    annoying = made["said"][2]
    assert (annoying["low"], annoying["high"]) == (pytest.approx(0.1150, abs=1e-4), pytest.approx(0.4343, abs=1e-4))
    again = [replace(row, opportunity_id=f"again {row.opportunity_id}") for row in told()]
    twice = effect_report(population([*told(), *again]), PLAN).stated
    assert twice is not None and twice.asked == 80, "whichever offer of a household it was"


def test_it_decides_nothing_and_the_report_says_so() -> None:
    with_it, without = (effect_report(population(rows), PLAN) for rows in (told(), _rows(600)))
    more, lines = list(as_text(with_it, "en")), list(as_text(without, "en"))
    assert more[: len(lines)] == lines, "all else is as it was"
    words = " ".join(more[len(lines) :])
    assert "Nothing is decided by it" in words
    assert "asked 40, answered 25; useful 16% [6%, 35%]; did not mind 60% [41%, 77%]; annoying 24%" in words
    assert "ничего не решается" in " ".join(" ".join(as_text(with_it, "ru")).split())
    assert as_json(without)["stated"] is None
    silent = [replace(row, outcomes={"stated_asked": 1.0}) for row in told()[:5]]
    made = effect_report(population(silent), PLAN).stated
    assert made is not None and (made.answered, made.said) == (0, ())
