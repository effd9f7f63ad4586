"""Estimates and verdicts in a made-up population whose truth is known."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from ivr.offers.effects.bounds import lee_bounds
from ivr.offers.effects.estimates import Sample, effect_of
from ivr.offers.effects.plan import ANNOYED, CSAT, Margin, Plan
from ivr.offers.effects.validity import Logged, validity
from ivr.offers.effects.verdicts import Verdict, judge

HOLDOUT = 0.2


def _callers(
    count: int, rng: np.random.Generator, *, annoyance: float = 0.0, displeasure: float = 0.0, skipping: float = 0.0
) -> Sample:
    """Callers of two groups, one number known of each. annoyance, displeasure: effects on the group "old" alone.
    skipping: share of the displeased among the treated that does not answer the survey."""
    old = rng.random(count) < 0.5
    treated = rng.random(count) >= HOLDOUT
    known = rng.standard_normal(count)
    annoyed = (rng.random(count) < 0.10 + annoyance * (treated & old)).astype(float)
    csat = 4.0 + 0.5 * known - displeasure * (treated & old) + 0.8 * rng.standard_normal(count)
    answered = rng.random(count) < 0.5
    answered &= ~(treated & (csat < 3.5) & (rng.random(count) < skipping))
    return Sample(
        treated=treated,
        p_treat=np.full(count, 1.0 - HOLDOUT),
        covariates=known[:, None],
        outcomes={ANNOYED: annoyed, CSAT: np.where(answered, csat, np.nan)},
        groups=np.where(old, "old", "young"),
    )


PLAN = Plan(groups=("old", "young"), planned=8000)


def _logged(sample: Sample, chosen: Sequence[str] | None = None) -> Logged:
    names = list(chosen or ["car"] * len(sample))
    return Logged(
        probabilities=[{"car": 0.9, "flat": 0.1}] * len(sample),
        chosen=names,
        counted=len(sample),
        opportunities=len(sample),
    )


def test_ninety_five_of_a_hundred_intervals_cover_the_truth() -> None:
    rng = np.random.default_rng(11)
    covered = dict.fromkeys((ANNOYED, CSAT), 0)
    truth = {ANNOYED: 0.02, CSAT: -0.15}
    runs = 200
    for _ in range(runs):
        sample = _callers(1500, rng, annoyance=0.04, displeasure=0.3)
        for outcome, effect in truth.items():
            estimate = effect_of(sample, outcome)
            assert estimate is not None
            covered[outcome] += abs(estimate.effect - effect) <= 1.96 * estimate.standard_error
    for outcome, hits in covered.items():
        assert 0.91 <= hits / runs <= 0.985, outcome


def test_what_is_known_before_the_call_makes_the_interval_narrower() -> None:
    sample = _callers(4000, np.random.default_rng(2))
    blind = Sample(
        treated=sample.treated,
        p_treat=sample.p_treat,
        covariates=np.empty((4000, 0)),
        outcomes=sample.outcomes,
        groups=sample.groups,
    )
    seeing, unseeing = effect_of(sample, CSAT), effect_of(blind, CSAT)
    assert seeing is not None
    assert unseeing is not None
    assert seeing.standard_error < 0.93 * unseeing.standard_error


def test_a_harmed_group_is_found_and_the_other_is_not_accused() -> None:
    sample = _callers(8000, np.random.default_rng(4), annoyance=0.12, displeasure=0.5)
    assert judge(sample, "old", PLAN).verdict is Verdict.HATES
    young = judge(sample, "young", PLAN)
    assert young.verdict in {Verdict.DOES_NOT_MIND, Verdict.NOT_KNOWN_YET}


def test_a_group_nothing_happens_to_does_not_mind_once_there_are_enough_of_it() -> None:
    rng = np.random.default_rng(5)
    few, many = _callers(1500, rng), _callers(60_000, rng)
    early = judge(few, "young", Plan(groups=("old", "young"), planned=60_000))
    assert early.verdict is Verdict.NOT_KNOWN_YET
    late = judge(many, "young", Plan(groups=("old", "young"), planned=60_000))
    assert late.verdict is Verdict.DOES_NOT_MIND


def test_before_twenty_events_in_each_arm_there_is_no_verdict_and_it_says_why() -> None:
    sample = _callers(300, np.random.default_rng(6), annoyance=0.5)
    found = judge(sample, "old", Plan(groups=("old", "young"), planned=400, margins=(PLAN.margins[1],)))
    assert found.verdict is Verdict.NOT_KNOWN_YET
    assert "too few events" in found.findings[0].why
    assert math.isinf(found.findings[0].high)


def test_a_survey_the_annoyed_skip_does_not_acquit() -> None:
    """Those who answered are as pleased as the holdout; the truth is 0.3 worse."""
    sample = _callers(60_000, np.random.default_rng(7), displeasure=0.3, skipping=0.95)
    plan = Plan(
        groups=("old", "young"), planned=60_000, margins=(Margin(outcome=CSAT, limit=-0.15, worse=-1, share=1.0),)
    )
    found = judge(sample, "old", plan)
    assert found.findings[0].estimate.effect > -0.15, "who answered looks well inside the margin"
    assert found.verdict is Verdict.NOT_KNOWN_YET
    bounds = lee_bounds(sample.only(sample.groups == "old"), CSAT)
    assert bounds is not None
    assert bounds.differ
    assert bounds.lower < -0.3 < bounds.upper


def test_where_everybody_gives_the_same_grade_nothing_is_known_of_grades() -> None:
    """And the arms answer unequally often, which has the survey held against its bounds."""
    sample = _callers(4000, np.random.default_rng(1))
    answering = np.random.default_rng(2).random(4000) < np.where(sample.treated, 0.1, 0.25)
    sample.outcomes[CSAT][:] = np.where(answering, 5.0, np.nan)
    found = judge(sample, "old", Plan(groups=("old", "young"), planned=4000, margins=(PLAN.margins[0],)))
    assert found.verdict is Verdict.NOT_KNOWN_YET
    assert "too few events" in found.findings[0].why
    few = np.flatnonzero(answering)[:3]
    sample.outcomes[CSAT][few] = 4.0
    found = judge(sample, "old", Plan(groups=("old", "young"), planned=4000, margins=(PLAN.margins[0],)))
    assert found.verdict is Verdict.NOT_KNOWN_YET, "nor by three who gave another"


def test_it_says_how_many_more_are_needed() -> None:
    found = judge(_callers(3000, np.random.default_rng(8)), "young", Plan(groups=("old", "young"), planned=20_000))
    assert found.verdict is Verdict.NOT_KNOWN_YET
    assert found.needs > 0


@pytest.mark.parametrize(
    ("spoiled", "check"),
    [
        ("arms", "arms"),
        ("probabilities", "probabilities"),
        ("ghosts", "ghosts"),
        ("counts", "counts"),
        ("lost", "missing annoyed"),
    ],
)
def test_whatever_is_wrong_with_the_experiment_is_red(spoiled: str, check: str) -> None:
    rng = np.random.default_rng(9)
    sample = _callers(6000, rng)
    logged = _logged(sample)
    assert all(c.passed for c in validity(sample, logged, (ANNOYED,)))
    if spoiled == "arms":
        kept = sample.treated | (rng.random(6000) < 0.7)
        sample = sample.only(kept)
        logged = _logged(sample)
    elif spoiled == "probabilities":
        logged = Logged(probabilities=[{"car": 0.7, "flat": 0.1}] * 6000, chosen=["car"] * 6000)
    elif spoiled == "ghosts":
        logged = _logged(sample, ["car" if treated else "" for treated in sample.treated])
    elif spoiled == "counts":
        logged = Logged(probabilities=logged.probabilities, chosen=logged.chosen, counted=6010, opportunities=6000)
    else:
        sample.outcomes[ANNOYED][sample.treated & (rng.random(6000) < 0.05)] = np.nan
    red = [c.name for c in validity(sample, logged, (ANNOYED,)) if not c.passed]
    assert check in red
