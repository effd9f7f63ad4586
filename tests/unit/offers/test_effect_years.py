"""The same people call for years: real desk, real report, made-up callers (`ivr offers years`)."""

from __future__ import annotations

import pytest

from ivr.demo.offer_years import ALIKE, EACH, OURS, years


@pytest.mark.slow
def test_a_report_of_first_opportunities_stays_true_and_one_of_later_ones_does_not() -> None:
    told = years(seeds=1, households=1500, days=365, jobs=1)
    last = {way: told["reports"][way]["day 365"] for way in (OURS, EACH, ALIKE)}
    assert told["missed"] == []
    assert last[OURS]["rows"] == 1500, "each once"
    assert (last[OURS]["sound"], last[EACH]["sound"]) == (1, 0), "the second quarter lacks whoever wants no offers"
    assert last[ALIKE]["sound"] == 1, "worse: nothing tells that the annoyed are missing from one arm"
    assert last[OURS]["effect"] > last[EACH]["effect"] + 0.02, "offers look the kinder, the longer they annoy"
