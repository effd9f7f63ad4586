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
POOLED = 50.0
STRETCHES = 50
"""Of the log, each predicted from those before it."""


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
    """Of what was done, of chance, of the designer's order, and of each product first. rows: in order of time.
    margins: product -> value of an acceptance, above zero. Left out are rows of products no longer in it, and of a pin:
    where a product could not be drawn, nothing is known of what it would have been worth."""
    made = [r for r in rows if r.arm == "treat" and r.product in margins and _comparable(r.probabilities, margins)]
    if len(made) < 2:
        return ()
    names = tuple(margins)
    at = {name: index for index, name in enumerate(names)}
    log = _log(made, at, np.array([margins[name] for name in names]))
    return tuple(
        _told(name, value_of(log, _table([ranking(row) for row in made], at)))
        for name, ranking in rankings(names, rules).items()
    )


def _comparable(shares: Shares, margins: Mapping[str, float]) -> bool:
    return all(name in margins and share > 0.0 for name, share in shares.items())


def rankings(products: Sequence[str], rules: Mapping[str, Sequence[str]]) -> Mapping[str, Ranking]:
    """What is asked about: name -> product -> probability of being offered, to whoever a row is about."""
    asked: dict[str, Ranking] = {"as it was": lambda row: row.probabilities, "chance": _chance}
    if rules:
        asked["designer's order"] = lambda row: _first(row, rules.get(row.group, rules.get("else", ())))
    for name in products:
        asked[f"{name} first"] = lambda row, name=name: _first(row, (name,))  # type: ignore[misc]
    return asked


def _log(made: Sequence[ExperimentRow], at: Mapping[str, int], margins: Column) -> Log:
    chosen = np.array([at[row.product] for row in made], dtype=np.intp)
    accepted = np.array([row.answer == OfferAnswer.ACCEPTED for row in made], dtype=float)
    groups = np.unique([row.group for row in made], return_inverse=True)[1]
    size = (int(groups.max()) + 1, margins.size)
    everybody, unsure = (each[groups] for each in _rates(chosen, accepted, groups, size))
    likely = everybody + unsure / 2.0  # a variance by rates that are too low by chance covers too little
    return Log(
        chosen=chosen,
        propensities=_table([row.probabilities for row in made], at),
        reward=margins[chosen] * accepted,
        predicted=margins * _by_earlier_rows(chosen, accepted, groups, size),
        expected=margins * everybody,
        noise=margins**2 * likely * (1.0 - likely),
    )


def _by_earlier_rows(chosen: Chosen, accepted: Column, groups: Chosen, size: tuple[int, int]) -> Matrix:
    """Rows x products, a stretch of rows after the other, each by all rows before it. Never by later ones: these were
    drawn by a ranking that had learned from this row, and would tell what was drawn in it and how it ended."""
    predicted = np.empty((chosen.size, size[1]))
    for stretch in np.array_split(np.arange(chosen.size), min(STRETCHES, chosen.size)):
        before = slice(stretch[0])
        rates, _ = _rates(chosen[before], accepted[before], groups[before], size)
        predicted[stretch] = rates[groups[stretch]]
    return predicted


def _rates(chosen: Chosen, accepted: Column, groups: Chosen, size: tuple[int, int]) -> tuple[Matrix, Matrix]:
    """Groups x products: how often each product is accepted, by these rows, and the standard error of that, at most
    the rate itself. A product is taken to be like all of them until it was offered some 50 times, and in a group like
    everywhere until it was offered there as often: what is seldom drawn is so because its first offers failed, and
    looks worse than it is."""
    every = (accepted.sum() + 1.0) / (accepted.size + 20.0)
    offered, taken = np.zeros(size), np.zeros(size)
    np.add.at(offered, (groups, chosen), 1.0)
    np.add.at(taken, (groups, chosen), accepted)
    anywhere = (taken.sum(axis=0) + POOLED * every) / (offered.sum(axis=0) + POOLED)
    rates = (taken + POOLED * anywhere) / (offered + POOLED)
    errors = np.minimum(np.sqrt(rates * (1.0 - rates) / (offered + POOLED)), rates)
    return rates, errors


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
        policy=name, value=value.value, low=value.low, high=value.high, effective=value.effective, trusted=value.trusted
    )
