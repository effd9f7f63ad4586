"""Learning what to offer: exact propensities, a floor, and a learner that earns its keep."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.offers.learning import FLOOR, PooledRidge, Situation

MARGINS = {"car": 55.0, "flat": 40.0, "travel": 15.0}
RATES = {"young": {"car": 0.005, "flat": 0.01, "travel": 0.20}, "old": {"car": 0.12, "flat": 0.03, "travel": 0.01}}


def _learner() -> PooledRidge:
    return PooledRidge(dict.fromkeys(MARGINS, 0.04), ("young", "old"), 1)


@settings(max_examples=60, deadline=None)
@given(
    eligible=st.sets(st.sampled_from(sorted(MARGINS)), min_size=1),
    group=st.sampled_from(["young", "old", "", "unheard of"]),
    known=st.floats(-4, 4),
    lessons=st.lists(st.tuples(st.sampled_from(sorted(MARGINS)), st.booleans()), max_size=20),
)
def test_the_propensities_sum_to_one_and_nobody_is_below_the_floor(
    eligible: set[str], group: str, known: float, lessons: list[tuple[str, bool]]
) -> None:
    learner, situation = _learner(), Situation(group=group, known=(known,))
    for product, accepted in lessons:
        learner.learn(situation, product, accepted=accepted)
    shares = learner.propensities(situation, {p: MARGINS[p] for p in eligible})
    assert set(shares) == eligible
    assert sum(shares.values()) == pytest.approx(1.0, abs=1e-9)
    assert min(shares.values()) >= FLOOR * 0.999


def test_it_learns_to_offer_each_group_what_that_group_takes() -> None:
    rng = np.random.default_rng(2)
    learner = _learner()
    for _ in range(3000):
        group = str(rng.choice(["young", "old"]))
        situation = Situation(group=group, known=(0.0,))
        shares = learner.propensities(situation, MARGINS)
        product = str(rng.choice(list(shares), p=list(shares.values())))
        learner.learn(situation, product, accepted=bool(rng.random() < RATES[group][product]))
    for group, best in (("young", "travel"), ("old", "car")):
        shares = learner.propensities(Situation(group=group, known=(0.0,)), MARGINS)
        assert max(shares, key=shares.__getitem__) == best


def test_a_belief_survives_being_saved() -> None:
    learner, situation = _learner(), Situation(group="old", known=(0.5,))
    learner.learn(situation, "car", accepted=True)
    again = PooledRidge.restored(json.loads(json.dumps(learner.saved())))
    assert again is not None
    first, second = (x.propensities(situation, MARGINS) for x in (learner, again))
    assert first == second
    assert again.offers == 1
    assert PooledRidge.restored({"version": "older"}) is None


def test_what_is_known_of_a_caller_multiplies_a_rate() -> None:
    """At three spreads from the mean, odds of 5 % that grow by e to the half a spread are beyond a flat 15 %."""
    rng = np.random.default_rng(5)
    learner = PooledRidge({"rising": 0.05, "flat": 0.15}, ("all",), 1)
    for _ in range(3000):
        known, product = float(rng.standard_normal()), str(rng.choice(["rising", "flat"]))
        odds = (0.05 / 0.95) * np.exp(0.5 * known) if product == "rising" else 0.15 / 0.85
        situation = Situation(group="all", known=(known,))
        learner.learn(situation, product, accepted=bool(rng.random() < odds / (1.0 + odds)))
    equal = {"rising": 10.0, "flat": 10.0}
    far, near = (learner.propensities(Situation(group="all", known=(x,)), equal) for x in (3.5, 1.0))
    assert far["rising"] > 0.9
    assert near["flat"] > 0.9
