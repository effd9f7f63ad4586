"""Acceptance as an effect: a rare outcome nobody held out can have, of offers that change with what is learned."""

from __future__ import annotations

import numpy as np
import pytest

from ivr.offers.effects.estimates import Sample, effect_of

RUNS, ROWS, BATCH, P_TREAT = 300, 1500, 150, 0.8
ACCEPT = np.array([[0.03, 0.12], [0.10, 0.05], [0.05, 0.01], [0.01, 0.08]])  # group x product


def _error_in_standard_errors(seed: int) -> float:
    """One experiment in which the better seller so far of each group is drawn more often, known only from the treated;
    the estimate less the mean chance of acceptance of what was drawn, ghosts included."""
    rng = np.random.default_rng(seed)
    group, treated = rng.choice(4, ROWS, p=[0.3, 0.4, 0.2, 0.1]), rng.random(ROWS) < P_TREAT
    known = rng.standard_normal((ROWS, 2))
    chance, accepted = np.zeros(ROWS), np.zeros(ROWS)
    sold, heard = np.full((4, 2), 1.0), np.full((4, 2), 25.0)
    for begin in range(0, ROWS, BATCH):
        at = np.arange(begin, begin + BATCH)
        rate = sold / heard
        second = np.clip(rate[:, 1] / rate.sum(axis=1), 0.04, 0.96)[group[at]]
        product = (rng.random(BATCH) < second).astype(int)
        odds = ACCEPT[group[at], product] * np.exp(0.4 * known[at, 0])
        chance[at] = np.clip(odds, 0.0, 0.9)
        accepted[at] = treated[at] & (rng.random(BATCH) < chance[at])
        np.add.at(sold, (group[at], product), accepted[at])
        np.add.at(heard, (group[at], product), treated[at].astype(float))
    sample = Sample(
        treated=treated,
        p_treat=np.full(ROWS, P_TREAT),
        covariates=known,
        outcomes={"accepted": accepted},
        groups=np.array(["young", "family", "senior", "business"])[group],
    )
    found = effect_of(sample, "accepted")
    assert found is not None and found.holdout_mean == 0.0
    return (found.effect - float(chance.mean())) / found.standard_error


@pytest.mark.slow
def test_the_interval_of_acceptance_covers_what_was_on_offer_as_often_as_it_says() -> None:
    errors = np.array([_error_in_standard_errors(seed) for seed in range(RUNS)])
    covered, chance = float((abs(errors) <= 1.96).mean()), (0.95 * 0.05 / RUNS) ** 0.5
    assert abs(covered - 0.95) < 3 * chance, covered
    assert abs(errors.mean()) < 3 / RUNS**0.5, "no bias"
