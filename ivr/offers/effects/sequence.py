"""How wide an interval must be so that it may be looked at whenever one likes.

A fixed 95 % interval is right once, on the planned day; looked at every week it alarms for nothing in three experiments
of ten. Here the standardised effect is held inside the boundary C t^(s - 1/2), t = share of the planned sample,
s = 0.4 (Wang & Tsiatis, Biometrics 43, 1987; s = 0.5 is Pocock's, s = 0 O'Brien and Fleming's), C chosen so that a
Brownian motion without drift crosses it with probability alpha anywhere from the first 2 % of the plan to its end. It
costs 1.33 times the fixed width on the planned day; the normal mixture of Waudby-Smith et al. (Annals of Statistics,
2024) costs 1.55 and is wider at every earlier look, too. Who goes on after the planned end pays with the tenth of
alpha kept for it (Robbins, Annals of Mathematical Statistics 41, 1970).

All of this is asymptotic: rare events need the burn-in, see MIN_EVENTS.
"""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import NormalDist

SHAPE = 0.4
FIRST_SHARE = 0.02  # of the planned sample: before, there is no interval
KEPT_FOR_AFTER = 0.1  # of alpha
MIN_EVENTS = 20  # in each arm, before a rate may have an interval: without it rare events alarm in 26 to 31 % of cases

# alpha -> C, by the recursion of Armitage, McPherson & Rowe (JRSS A 132, 1969) over 800 looks; a test recomputes them.
_CRITICAL: tuple[tuple[float, float], ...] = (
    (0.0005, 3.892),
    (0.001, 3.721),
    (0.0025, 3.483),
    (0.005, 3.293),
    (0.01, 3.093),
    (0.02, 2.881),
    (0.025, 2.809),
    (0.045, 2.612),
    (0.05, 2.576),
)
_NORMAL = NormalDist()


def fixed_half_width(standard_error: float, alpha: float) -> float:
    """Of the interval that is right only once, at the planned end."""
    return _NORMAL.inv_cdf(1.0 - alpha / 2.0) * standard_error


def always_valid_half_width(standard_error: float, *, rows: int, planned: int, alpha: float) -> float:
    """Of the interval that may be looked at any time; infinite before FIRST_SHARE of the planned rows.

    alpha: 0.0005..0.05, over all looks. standard_error: of the estimate from these rows. Raises ValueError outside.
    """
    share = rows / planned
    if share < FIRST_SHARE:
        return math.inf
    if share <= 1.0:
        widening = math.pow(share, SHAPE - 0.5)
        return critical(alpha * (1.0 - KEPT_FOR_AFTER)) * widening * standard_error
    return math.sqrt(_delayed_start(alpha * KEPT_FOR_AFTER) ** 2 + math.log(share)) * standard_error


def critical(alpha: float) -> float:
    """C of the boundary crossed with probability alpha within the plan. Interpolated in the logarithm of alpha."""
    first, last = _CRITICAL[0][0], _CRITICAL[-1][0]
    if not first * (1.0 - KEPT_FOR_AFTER) <= alpha <= last:
        raise ValueError(f"alpha is between {first} and {last}, not {alpha}")
    for (low, c_low), (high, c_high) in pairwise(_CRITICAL):
        if alpha <= high:
            weight = (math.log(alpha) - math.log(low)) / (math.log(high) - math.log(low))
            return c_low + weight * (c_high - c_low)
    raise AssertionError("the table ends with its last alpha")


def _delayed_start(alpha: float) -> float:
    """a of Robbins: |S_n| / sqrt(n) ever beyond sqrt(a^2 + log(n / m)) for an n >= m with probability alpha."""
    low, high = 1.0, 8.0
    for _ in range(50):
        middle = (low + high) / 2.0
        if 2.0 * (1.0 - _NORMAL.cdf(middle) + middle * _NORMAL.pdf(middle)) > alpha:
            low = middle
        else:
            high = middle
    return high
