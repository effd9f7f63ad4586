"""How many households an answer takes, shown before the start: whoever has too few should know it then.

N = (z_{1-alpha/2} + z_{0.8})^2 s^2 / d^2 (1/h + 1/(1-h)), s the standard deviation of the outcome, d the difference
to be found, h the holdout; for looking at any time it is multiplied by the square of the price of the boundary.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

from ivr.offers.effects.notes import note
from ivr.offers.effects.plan import ANNOYED, CSAT, Plan
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


def guidance(plan: Plan, holdout: float) -> list[dict[str, Any]]:
    """What the planned experiment can detect, to be shown before it starts: detect in words, once and any_time in
    households. The usual rates and spreads of a service line are assumed; domain.md 1.5 has the same table."""
    csat, annoyed = (next(abs(m.limit) for m in plan.margins if m.outcome == name) for name in (CSAT, ANNOYED))
    wanted = [
        (note("detect_csat", margin=csat), csat, 1.1, 0.4),
        (note("detect_annoyed", margin=annoyed), annoyed, deviation_of_rate(0.12), 1.0),
        (note("detect_repeat"), 0.02, deviation_of_rate(0.10), 1.0),
        (note("detect_hangup"), 0.01, deviation_of_rate(0.02), 1.0),
        (note("detect_complaint"), 0.002, deviation_of_rate(0.005), 1.0),
        (note("detect_aht"), 10.0, 70.0, 1.0),
    ]
    return [
        {
            "detect": words["en"],
            "words": dict(words),
            "once": households(difference, deviation, holdout, answering=answering),
            "any_time": households_any_time(difference, deviation, holdout, answering=answering),
        }
        for words, difference, deviation, answering in wanted
    ]
