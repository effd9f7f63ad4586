"""Intervals that may be looked at any time."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from ivr.offers.effects.sample_size import deviation_of_rate, households, households_any_time
from ivr.offers.effects.sequence import FIRST_SHARE, SHAPE, always_valid_half_width, critical, fixed_half_width


def _crossing(constant: float, looks: int, cells: int = 161) -> float:
    """Probability that a Brownian motion leaves constant * t^SHAPE at one of so many looks (recursive integration)."""
    times = np.geomspace(FIRST_SHARE, 1.0, looks)
    edge = constant * times**SHAPE
    unit = np.linspace(-1.0, 1.0, cells)
    weights = np.full(cells, 2.0 / (cells - 1))
    weights[[0, -1]] /= 2.0
    at = edge[0] * unit
    mass = np.exp(-(at**2) / (2 * times[0])) / math.sqrt(2 * math.pi * times[0]) * edge[0] * weights
    for step in range(1, looks):
        passed = times[step] - times[step - 1]
        to = edge[step] * unit
        kernel = np.exp(-((to[:, None] - at[None, :]) ** 2) / (2 * passed)) / math.sqrt(2 * math.pi * passed)
        mass, at = (kernel * (edge[step] * weights)[:, None]) @ mass, to
    return float(1.0 - mass.sum())


@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_the_boundary_is_crossed_with_the_probability_it_was_made_for(alpha: float) -> None:
    assert _crossing(critical(alpha), 300) == pytest.approx(alpha, rel=0.12)
    assert _crossing(critical(alpha), 300) < alpha, "fewer looks than it was made for alarm less often"


def test_looking_any_time_costs_at_most_two_fifths_of_the_width_on_the_planned_day() -> None:
    for alpha in (0.05, 0.0125, 0.001):
        safe = always_valid_half_width(1.0, rows=20_000, planned=20_000, alpha=alpha)
        assert 1.0 < safe / fixed_half_width(1.0, alpha) <= 1.4


def test_it_is_wider_before_the_planned_day_and_goes_on_after_it() -> None:
    def wide(rows: int) -> float:
        return always_valid_half_width(1.0 / math.sqrt(rows), rows=rows, planned=10_000, alpha=0.05)

    assert wide(100) == math.inf
    widths = [wide(rows) for rows in (200, 1000, 5000, 10_000)]
    assert widths == sorted(widths, reverse=True)
    assert wide(20_000) < math.inf


def test_with_no_effect_one_experiment_in_twenty_alarms_at_most_however_often_it_is_looked_at() -> None:
    rng = np.random.default_rng(3)
    runs, planned, every = 800, 10_000, 50
    alarms = {"always valid": 0, "fixed": 0}
    for _ in range(runs):
        sums = np.cumsum(rng.standard_normal(planned))[every - 1 :: every]
        rows = np.arange(every, planned + 1, every)
        z = np.abs(sums) / np.sqrt(rows)
        safe = np.array([always_valid_half_width(1.0, rows=int(n), planned=planned, alpha=0.05) for n in rows])
        alarms["always valid"] += bool((z > safe).any())
        alarms["fixed"] += bool((z > fixed_half_width(1.0, 0.05)).any())
    assert alarms["always valid"] / runs <= 0.05
    assert alarms["fixed"] / runs > 0.3


def test_alpha_outside_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="alpha is between"):
        critical(0.2)


def test_the_sample_size_is_that_of_the_formula() -> None:
    z = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8)
    assert households(-0.15, 1.1, 0.10) == pytest.approx(z * z * 1.21 / 0.0225 * (10 + 1 / 0.9), abs=1)
    assert households(-0.15, 1.1, 0.10) == 4690
    # The table behind the page takes the mean of the two rates; this one takes the first.
    assert households(0.01, deviation_of_rate(0.105), 0.10) == pytest.approx(81_950, rel=0.02)
    assert households(-0.15, 1.1, 0.10, answering=0.5) == pytest.approx(2 * 4690, abs=2)
    assert 1.3 < households_any_time(-0.15, 1.1, 0.10) / 4690 < 1.8
