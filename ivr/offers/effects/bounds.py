"""What a survey can say when the arms do not answer it equally often: Lee bounds (Review of Economic Studies 76, 2009).

Annoyed callers skip the survey, so a comparison of those who answered can show the wrong sign. The bounds trim the arm
that answers more often by the surplus, once from the top and once from the bottom: the effect on those who answer in
either arm lies between, if an offer moves everybody's willingness to answer in one direction.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from ivr.offers.effects.estimates import Column, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyBounds:
    """lower and upper effect, the standard error of the lower, and the p-value of the difference of answering rates."""

    lower: float
    upper: float
    lower_se: float
    p_value: float

    @property
    def differ(self) -> bool:
        """Do the arms answer unequally often, as far as anybody can tell (5 %)?"""
        return self.p_value < 0.05


def lee_bounds(sample: Sample, outcome: str) -> SurveyBounds | None:
    """Of the effect on those who would answer in both arms; None with fewer than ten answers in an arm."""
    values, treated = sample.outcomes[outcome], sample.treated
    seen = ~np.isnan(values)
    arms = {True: values[seen & treated], False: values[seen & ~treated]}
    asked = {True: int(treated.sum()), False: int((~treated).sum())}
    if min(arm.size for arm in arms.values()) < 10:
        return None
    rates = {arm: arms[arm].size / asked[arm] for arm in (True, False)}
    more = rates[True] >= rates[False]
    surplus = 1.0 - rates[not more] / rates[more]
    low, low_se = _trimmed(arms[more], surplus, keep_low=True)
    high, high_se = _trimmed(arms[more], surplus, keep_low=False)
    other = float(arms[not more].mean())
    other_se = float(arms[not more].std(ddof=1)) / float(np.sqrt(arms[not more].size))
    ends = (
        [(low - other, low_se), (high - other, high_se)] if more else [(other - high, high_se), (other - low, low_se)]
    )
    return SurveyBounds(
        lower=ends[0][0],
        upper=ends[1][0],
        lower_se=float(np.hypot(ends[0][1], other_se)),
        p_value=_difference(rates, asked),
    )


def _trimmed(values: Column, share: float, *, keep_low: bool) -> tuple[float, float]:
    """Mean without the top (or bottom) share, and its standard error with the part that trimming adds (Lee, eq. 6)."""
    ordered = np.sort(values)
    kept = max(2, round(values.size * (1.0 - share)))
    part = ordered[:kept] if keep_low else ordered[-kept:]
    mean, edge = float(part.mean()), float(part[-1] if keep_low else part[0])
    variance = float(part.var(ddof=1)) / kept + share * (edge - mean) ** 2 / kept
    return mean, float(np.sqrt(variance))


def _difference(rates: dict[bool, float], asked: dict[bool, int]) -> float:
    """Two-sided p-value of unequal answering rates (normal approximation, pooled)."""
    pooled = sum(rates[arm] * asked[arm] for arm in rates) / sum(asked.values())
    spread = np.sqrt(max(pooled * (1.0 - pooled), 1e-12) * sum(1.0 / n for n in asked.values()))
    return 2.0 * (1.0 - NormalDist().cdf(abs(rates[True] - rates[False]) / float(spread)))
