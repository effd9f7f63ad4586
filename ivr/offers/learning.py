"""What is believed of acceptance, and what is offered because of it: Thompson sampling over a Bayesian logistic ridge.

One model for all products and groups: a product has its own acceptance, a group its own, a product in a group deviates
from both, and so it does with what is known of the caller. The parts add up in log odds: they multiply rates of a few
in a hundred, and never make one negative. The prior variances of these parts decide how much is borrowed (partial
pooling): little data make every group look like the rest, many let it differ. Offers are drawn from exact propensities,
the share of 128 joint draws a product wins in, mixed with a floor for each, so that any log can be re-weighted to
another ranking. The 128 are the same normal points every time, so that propensities follow from the belief alone and
can be computed again. Draws are tempered: a posterior spread taken for whole spends, with acceptances of a few in a
hundred, most of the first 2,000 offers on finding out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float64]

VERSION = "pooled/2"
DRAWS = 128
FLOOR = 0.01
TEMPER = 0.2
_SD_PRODUCT, _SD_IN_GROUP, _SD_KNOWN, _SD_GROUP = 0.4, 0.5, 0.35, 0.25
_LEAST_GUESS = 1e-3  # log odds of a designer's 0 would be endless
_FAR = 30.0  # log odds: further out, a rate is 0 or 1 to the last digit


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known of the caller before the offer: the group ("" for none) and numbers around 0, about one wide."""

    group: str
    known: tuple[float, ...] = ()


class PooledRidge:
    """The belief. products and groups in a fixed order; means: prior acceptance of each product, 0..1, of the strength
    a designer's guess of ten or twenty offers has."""

    def __init__(self, products: Mapping[str, float], groups: Sequence[str], known: int) -> None:
        self.products, self.groups, self.known = tuple(products), tuple(groups), known
        counts = (len(products), len(products) * len(groups), len(products) * known, len(groups))
        spreads = (_SD_PRODUCT, _SD_IN_GROUP, _SD_KNOWN, _SD_GROUP)
        ends = np.cumsum((0, *counts))
        self._index = {name: at for at, name in enumerate(self.products)}
        self._ones = {"": _ones(ends, len(products), len(groups), None)}
        self._ones |= {name: _ones(ends, len(products), len(groups), at) for at, name in enumerate(groups)}
        self._rows = np.arange(len(products))[:, None]
        self._columns = ends[2] + np.arange(len(products) * known).reshape(len(products), known)
        self._points = TEMPER * _normal_points(len(products))
        self.covariance: Matrix = np.diag(np.repeat(np.square(spreads), counts))
        self.mean: Vector = np.zeros(int(ends[-1]))
        guesses = np.clip(list(products.values()), _LEAST_GUESS, 1.0 - _LEAST_GUESS)
        self.mean[: len(products)] = np.log(guesses / (1.0 - guesses))
        self.offers = 0

    def features(self, situation: Situation) -> Matrix:
        """A row for each product."""
        made = self._ones.get(situation.group, self._ones[""]).copy()
        if self.known:
            made[self._rows, self._columns] = (situation.known + (0.0,) * self.known)[: self.known]
        return made

    def learn(self, situation: Situation, product: str, *, accepted: bool) -> None:
        """One offer that was really made (never a ghost): one Newton step, a rank-one update."""
        row = self.features(situation)[self._index[product]]
        rate = float(_rates(row @ self.mean))
        likely = rate * (1.0 - rate)
        spread = self.covariance @ row
        scale = 1.0 + likely * float(row @ spread)
        self.mean += spread * ((float(accepted) - rate) / scale)
        self.covariance -= spread[:, None] * (spread * (likely / scale))
        self.offers += 1

    def propensities(self, situation: Situation, margins: Mapping[str, float]) -> dict[str, float]:
        """Product -> probability of being offered, for the products of margins, the eligible ones. They sum to one."""
        count = len(margins)
        chosen = self.features(situation).take([self._index[name] for name in margins], 0)
        covariance = chosen @ self.covariance @ chosen.T
        covariance.flat[:: count + 1] += 1e-12  # rounding must not make it singular
        beliefs = chosen @ self.mean + self._points[:, :count] @ np.linalg.cholesky(covariance).T
        worth = _rates(beliefs) * np.array(list(margins.values()))
        wins = np.bincount(worth.argmax(axis=1), minlength=count).tolist()
        rest = (1.0 - FLOOR * count) / DRAWS
        return {name: FLOOR + rest * won for name, won in zip(margins, wins, strict=True)}

    def saved(self) -> dict[str, Any]:
        """As JSON, to be stored with its version."""
        return {
            "version": VERSION,
            "products": list(self.products),
            "groups": list(self.groups),
            "known": self.known,
            "offers": self.offers,
            "mean": self.mean.tolist(),
            "covariance": self.covariance.tolist(),
        }

    @classmethod
    def restored(cls, saved: Mapping[str, Any]) -> PooledRidge | None:
        """What saved() gave; None when it is of another version."""
        if saved.get("version") != VERSION:
            return None
        ridge = cls(dict.fromkeys(saved["products"], 0.0), saved["groups"], int(saved["known"]))
        ridge.mean, ridge.covariance = np.array(saved["mean"]), np.array(saved["covariance"])
        ridge.offers = int(saved["offers"])
        return ridge


def _ones(ends: npt.NDArray[np.intp], products: int, groups: int, group: int | None) -> Matrix:
    """The features of a caller of this group of whom nothing is known: a row for each product."""
    made, rows = np.zeros((products, int(ends[-1]))), np.arange(products)
    made[rows, rows] = 1.0
    if group is not None:
        made[rows, ends[1] + rows * groups + group] = 1.0
        made[:, ends[3] + group] = 1.0
    return made


def _rates(log_odds: npt.ArrayLike) -> Vector:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(log_odds, -_FAR, _FAR))))


def _normal_points(products: int) -> Matrix:
    """DRAWS x products, the same every time: each point with its mirror image, so that no product is favoured."""
    half = np.random.default_rng(DRAWS).standard_normal((DRAWS // 2, products))
    return np.concatenate([half, -half])
