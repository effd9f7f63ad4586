"""How many households an answer takes, shown before the start: whoever has too few should know it then.

N = (z_{1-alpha/2} + z_{0.8})^2 s^2 / d^2 (1/h + 1/(1-h)), s the standard deviation of the outcome, d the difference
to be found, h the holdout; for looking at any time it is multiplied by the square of the price of the boundary.
"""

from __future__ import annotations

import math
from statistics import NormalDist

from ivr.offers.effects.sequence import KEPT_FOR_AFTER, critical

POWER = 0.8
_NORMAL = NormalDist()


def households(
    difference: float,
    deviation: float,
    holdout: float,
    *,
    alpha: float = 0.05,
    answering: float = 1.0,
) -> int:
    """Eligible households in total for one look at the planned end. answering: share that answers a survey, 0..1."""
    z = _NORMAL.inv_cdf(1.0 - alpha / 2.0) + _NORMAL.inv_cdf(POWER)
    arms = 1.0 / holdout + 1.0 / (1.0 - holdout)
    return math.ceil(z * z * deviation * deviation / (difference * difference) * arms / answering)


def households_any_time(
    difference: float,
    deviation: float,
    holdout: float,
    *,
    alpha: float = 0.05,
    answering: float = 1.0,
) -> int:
    """The same when it may be looked at every day."""
    fixed = _NORMAL.inv_cdf(1.0 - alpha / 2.0) + _NORMAL.inv_cdf(POWER)
    safe = critical(alpha * (1.0 - KEPT_FOR_AFTER)) + _NORMAL.inv_cdf(POWER)
    once = households(difference, deviation, holdout, alpha=alpha, answering=answering)
    return math.ceil(once * (safe / fixed) ** 2)


def deviation_of_rate(rate: float) -> float:
    """Standard deviation of a yes/no outcome."""
    return math.sqrt(rate * (1.0 - rate))
