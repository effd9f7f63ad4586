"""The effect of being offered something: augmented inverse-probability weighting with the probability that was logged.

    psi = m1 - m0 + A/e (Y - m1) - (1-A)/(1-e) (Y - m0);   effect = mean psi, standard error = sd psi / sqrt n

m1 and m0 are regressions on what was known before the call, each row predicted by a fit that has not seen it (cross
fitting). e is known exactly, so the estimate is right whatever the regressions are worth; they only make it narrower.
An outcome not everybody gave (a survey) is also weighted by the probability to answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ivr.offers.effects.plan import ONLY_OFFERED

Column = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

FOLDS = 4
_RIDGE = 3.0  # pseudo-rows that pull a slope to zero: a holdout of 50 rows has few degrees of freedom to give
_LEAST_ANSWERING = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Rows of an experiment, one a household. treated: was in the arm that hears offers (ghosts are not). p_treat: its
    logged probability. covariates: rows x k, known before the call. outcomes: name -> values, nan where not observed.
    groups: name of the pre-registered group of each row, "" for none."""

    treated: Mask
    p_treat: Column
    covariates: Matrix
    outcomes: Mapping[str, Column] = field(default_factory=dict)
    groups: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return int(self.treated.size)

    def only(self, rows: Mask | slice) -> Sample:
        """The rows chosen. A slice copies nothing."""
        return Sample(
            treated=self.treated[rows],
            p_treat=self.p_treat[rows],
            covariates=self.covariates[rows],
            outcomes={name: values[rows] for name, values in self.outcomes.items()},
            groups=self.groups[rows],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Treated minus holdout. sd: of one row's psi, so that standard_error = sd / sqrt(rows). events: the smaller
    number, over the arms, of values other than the commonest, or of sales to the treated; answered likewise of rows
    with a value."""

    outcome: str
    effect: float
    sd: float
    rows: int
    treated_mean: float
    holdout_mean: float
    events: int
    answered: int

    @property
    def standard_error(self) -> float:
        return self.sd / float(np.sqrt(self.rows))


def effect_of(sample: Sample, outcome: str) -> Estimate | None:
    """The effect on one outcome; None when an arm has fewer than two values to learn from."""
    values = sample.outcomes[outcome]
    seen = ~np.isnan(values)
    arms = (seen & ~sample.treated, seen & sample.treated)
    if min(int(arm.sum()) for arm in arms) < 2:
        return None
    complete = bool(seen.all())
    psi = _psi(sample, np.where(seen, values, 0.0), seen, complete=complete)
    means = [float(values[arm].mean()) for arm in arms]
    return Estimate(
        outcome=outcome,
        effect=float(psi.mean()),
        sd=float(psi.std(ddof=1)),
        rows=len(sample),
        treated_mean=means[1],
        holdout_mean=means[0],
        events=_sold(values[arms[1]]) if outcome in ONLY_OFFERED else min(_events(values[arm]) for arm in arms),
        answered=min(int(arm.sum()) for arm in arms),
    )


def _psi(sample: Sample, values: Column, seen: Mask, *, complete: bool) -> Column:
    design = _design(sample)
    folds = [np.ascontiguousarray(design[at::FOLDS]) for at in range(FOLDS)]
    means, answering = np.zeros((2, len(sample))), np.ones((2, len(sample)))
    for arm in (0, 1):
        in_arm = sample.treated == bool(arm)
        means[arm] = _predicted(folds, values, in_arm & seen)
        if not complete:
            answering[arm] = _predicted(folds, seen.astype(float), in_arm)
    answering = np.clip(answering, _LEAST_ANSWERING, 1.0)
    treated = sample.treated & seen
    held = ~sample.treated & seen
    psi: Column = means[1] - means[0]
    psi = psi + treated / (sample.p_treat * answering[1]) * (values - means[1])
    return np.asarray(psi - held / ((1.0 - sample.p_treat) * answering[0]) * (values - means[0]))


def _design(sample: Sample) -> Matrix:
    """Intercept, groups, covariates; all but the intercept centred and scaled to one."""
    columns = [members.astype(float) for _, members in sorted(_members(sample.groups).items())[1:]]
    if sample.covariates.size:
        columns += list(sample.covariates.T)
    kept = []
    for column in columns:
        spread = float(column.std())
        if spread > 0.0:
            kept.append((column - column.mean()) / spread)
    return np.column_stack([np.ones(len(sample)), *kept])


def _members(groups: npt.NDArray[np.str_]) -> dict[str, Mask]:
    """Group -> its rows. There are few groups and many rows: sorting the names would cost more than the regressions."""
    found: dict[str, Mask] = {}
    left = np.ones(groups.size, dtype=bool)
    while left.any():
        name = str(groups[left.argmax()])
        found[name] = groups == name
        left &= ~found[name]
    return found


def _predicted(folds: Sequence[Matrix], values: Column, train: Mask) -> Column:
    """Ridge regression on the rows to train on; each row is predicted by the rows of the other folds. With nothing to
    train on, the prediction is 0 (psi stays right, only wider)."""
    trained = [x * train[at::FOLDS, None] for at, x in enumerate(folds)]
    squares = np.array([own.T @ x for own, x in zip(trained, folds, strict=True)])
    products = np.array([own.T @ values[at::FOLDS] for at, own in enumerate(trained)])
    squares, products = squares.sum(axis=0) - squares, products.sum(axis=0) - products  # of all folds but this
    predicted = np.zeros(values.size)
    penalty = np.diag([1e-9] + [_RIDGE] * (squares.shape[1] - 1))
    for at, (square, product) in enumerate(zip(squares, products, strict=True)):
        rows = float(square[0, 0])  # the first column is all ones
        if rows < 0.5:
            continue
        mean = float(product[0]) / rows
        beta = np.linalg.solve(square + penalty, product - mean * square[0])
        predicted[at::FOLDS] = mean + folds[at] @ beta
    return predicted


def _events(values: Column) -> int:
    """Values other than the commonest: the rarer of a yes/no outcome, nearly all of a measured one; where everybody
    gave the same grade none, because nothing is known of how grades differ."""
    if bool(((values == 0.0) | (values == 1.0)).all()):
        ones = int(values.sum())
        return min(ones, int(values.size) - ones)
    return int(values.size - np.unique(values, return_counts=True)[1].max())


def _sold(values: Column) -> int:
    """Of what only an offer can bring: how often it did."""
    return int((values != 0.0).sum())
