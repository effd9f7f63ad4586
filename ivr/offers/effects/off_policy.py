"""What if we had always said something else? Values of other rankings from the log, for screening, not for deciding.

The logged propensities make the estimates honest; where the other ranking rarely agrees with what was offered, the
effective sample is small and the interval wide. The decision is taken on the holdout.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ivr.offers.effects.estimates import Column, Matrix

LEAST_EFFECTIVE = 200.0
_Z = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """Offers really made, a row each. chosen: index of the product. propensities: rows x products, 0 where not
    eligible. reward: value of what came of it. predicted: rows x products, the expected reward by a model fitted on
    other rows (zeros will do)."""

    chosen: np.ndarray[tuple[int], np.dtype[np.intp]]
    propensities: Matrix
    reward: Column
    predicted: Matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """Per opportunity. effective: Kish's effective sample size of the weights; below 200 it is a guess and says so."""

    ips: float
    snips: float
    dr: float
    dr_se: float
    effective: float

    @property
    def low(self) -> float:
        return self.dr - _Z * self.dr_se

    @property
    def high(self) -> float:
        return self.dr + _Z * self.dr_se

    @property
    def trusted(self) -> bool:
        return self.effective >= LEAST_EFFECTIVE


def value_of(log: Log, wanted: Matrix) -> Value:
    """The value of offering with the probabilities wanted (rows x products) instead of the logged ones.

    Inverse propensity scores, their self-normalised form, and the doubly robust estimate (Dudik, Langford & Li, 2011).
    """
    rows = np.arange(log.reward.size)
    weights = wanted[rows, log.chosen] / log.propensities[rows, log.chosen]
    direct = (wanted * log.predicted).sum(axis=1)
    robust = direct + weights * (log.reward - log.predicted[rows, log.chosen])
    total = float(weights.sum())
    squares = float((weights**2).sum())
    return Value(
        ips=float((weights * log.reward).mean()),
        snips=float((weights * log.reward).sum() / total) if total > 0.0 else 0.0,
        dr=float(robust.mean()),
        dr_se=float(robust.std(ddof=1) / np.sqrt(rows.size)),
        effective=total * total / squares if squares > 0.0 else 0.0,
    )
