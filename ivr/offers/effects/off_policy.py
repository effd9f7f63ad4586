"""What if we had always said something else? Values of other rankings from the log, for screening, not for deciding.

Doubly robust estimate (Dudik, Langford & Li, 2011), right because the propensities are logged. The ranking that drew
learned as it went; the estimate is without bias all the same as long as no row is predicted from later ones: given all
that came before a row, its mean error is zero (Bibaut et al., 2021). The interval is not made from the spread of what
happened: where the other ranking agrees with a few rare offers, most logs hold none of the few acceptances that decide,
and look sure of a value that is too low. As every propensity is known, also those of what was not drawn, the variance
is computed from the design: how often each offer would have been drawn, what comes of it by all rows alike. It is a
score interval (Wilson, 1927): a value is in it when the estimate is likely under that value, with the variance that
value would have; so it reaches further up than down. The decision is taken on the holdout.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from ivr.offers.effects.estimates import Column, Matrix

LEAST_EFFECTIVE = 200.0
_Z = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """Offers really made, a row each. chosen: index of the product. propensities: rows x products, 0 where not
    eligible. reward: value of what came of it, never negative. predicted: rows x products, the expected reward by a
    model fitted on other rows (zeros will do). expected, noise: rows x products, mean and variance of the reward by
    the best that is known."""

    chosen: np.ndarray[tuple[int], np.dtype[np.intp]]
    propensities: Matrix
    reward: Column
    predicted: Matrix
    expected: Matrix
    noise: Matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """Per opportunity, with a 95 % interval. effective: Kish's effective sample size of the weights; below 200 it is a
    guess and says so."""

    value: float
    low: float
    high: float
    effective: float

    @property
    def trusted(self) -> bool:
        return self.effective >= LEAST_EFFECTIVE


def value_of(log: Log, wanted: Matrix) -> Value:
    """The value of offering with the probabilities wanted (rows x products) instead of the logged ones. Only what could
    have been drawn may be wanted."""
    rows = np.arange(log.reward.size)
    weights = wanted[rows, log.chosen] / log.propensities[rows, log.chosen]
    direct = (wanted * log.predicted).sum(axis=1)
    robust = direct + weights * (log.reward - log.predicted[rows, log.chosen])
    value = max(float(robust.mean()), 0.0)
    low, high = _interval(log, wanted, value, callers=float(direct.var()) / rows.size)
    total, squares = float(weights.sum()), float((weights**2).sum())
    return Value(value=value, low=low, high=high, effective=total * total / squares if squares > 0.0 else 0.0)


def _interval(log: Log, wanted: Matrix, value: float, *, callers: float) -> tuple[float, float]:
    """All v with (value - v)^2 <= z^2 (callers + chance v / expected). callers: variance because of who called; chance:
    variance because of what was drawn and accepted, in proportion to the value, as that of rare acceptances is."""
    rows = log.reward.size
    squares = np.divide(wanted**2, log.propensities, out=np.zeros_like(wanted), where=wanted > 0.0)
    chance = float((squares * log.noise).sum()) / rows**2
    expected = float((wanted * log.expected).sum()) / rows
    half = _Z**2 * chance / expected / 2.0 if expected > 0.0 else 0.0
    reach = sqrt(2.0 * value * half + half**2 + _Z**2 * callers)
    return max(value + half - reach, 0.0), value + half + reach
