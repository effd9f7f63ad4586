"""What other rankings would have been worth, from the log of offers really made: for screening, not for deciding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ivr.model.offers import ExperimentRow, OfferAnswer
from ivr.offers.effects.estimates import Column, Matrix
from ivr.offers.effects.off_policy import Log, Value, value_of

Shares = Mapping[str, float]
Chosen = np.ndarray[tuple[int], np.dtype[np.intp]]
Ranking = Callable[[ExperimentRow], Shares]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyValue:
    """Per spoken offer, in the catalogue's currency. trusted is False below 200 effective offers."""

    policy: str
    value: float
    low: float
    high: float
    effective: float
    trusted: bool


def policy_values(
    rows: Sequence[ExperimentRow], margins: Mapping[str, float], rules: Mapping[str, Sequence[str]]
) -> tuple[PolicyValue, ...]:
    """Of what was done, of chance, of the designer's order, and of each product first. margins: product -> value of an
    acceptance; rows of products no longer in it are left out."""
    made = [r for r in rows if r.arm == "treat" and r.product in margins and set(r.probabilities) <= set(margins)]
    if len(made) < 2:
        return ()
    names = tuple(margins)
    at = {name: index for index, name in enumerate(names)}
    chosen = np.array([at[row.product] for row in made], dtype=np.intp)
    logged = _table([row.probabilities for row in made], at)
    reward = np.array([margins[row.product] * (row.answer == OfferAnswer.ACCEPTED) for row in made], dtype=float)
    log = Log(chosen=chosen, propensities=logged, reward=reward, predicted=_predicted(chosen, reward, len(names)))
    wanted: dict[str, Ranking] = {"as it was": lambda row: row.probabilities, "chance": _chance}
    if rules:
        wanted["designer's order"] = lambda row: _first(row, rules.get(row.group, rules.get("else", ())))
    for name in names:
        wanted[f"{name} first"] = lambda row, name=name: _first(row, (name,))  # type: ignore[misc]
    return tuple(
        _told(name, value_of(log, _table([ranking(row) for row in made], at))) for name, ranking in wanted.items()
    )


def _predicted(chosen: Chosen, reward: Column, products: int) -> Matrix:
    """The mean reward of each product, of the other half of the rows: a row is never predicted from itself."""
    rows = np.arange(reward.size)
    predicted = np.zeros((reward.size, products))
    for half in (0, 1):
        other = rows % 2 != half
        for product in range(products):
            seen = reward[other & (chosen == product)]
            predicted[rows % 2 == half, product] = seen.mean() if seen.size else 0.0
    return predicted


def _table(shares: Sequence[Shares], at: Mapping[str, int]) -> Matrix:
    table = np.zeros((len(shares), len(at)))
    for row, each in enumerate(shares):
        for name, share in each.items():
            table[row, at[name]] = share
    return table


def _chance(row: ExperimentRow) -> Shares:
    return dict.fromkeys(row.probabilities, 1.0 / len(row.probabilities))


def _first(row: ExperimentRow, order: Sequence[str]) -> Shares:
    """The first of the order that was eligible; otherwise as it was."""
    first = next((name for name in order if name in row.probabilities), None)
    return row.probabilities if first is None else {first: 1.0}


def _told(name: str, value: Value) -> PolicyValue:
    return PolicyValue(
        policy=name, value=value.dr, low=value.low, high=value.high, effective=value.effective, trusted=value.trusted
    )
