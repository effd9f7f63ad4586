"""What is believed of acceptance, and what is offered because of it: Thompson sampling over one Bayesian ridge.

One model for all products and groups: a product has its own acceptance, a group its own, a product in a group deviates
from both, and so it does with what is known of the caller. The prior variances of these parts decide how much is
borrowed (partial pooling): little data make every group look like the rest, many let it differ. Offers are drawn from
exact propensities, the share of 128 joint draws a product wins in, mixed with a floor for each, so that any log can be
re-weighted to another ranking. Draws are tempered: a posterior spread taken for whole spends, with acceptances of a few
in a hundred, most of the first 2,000 offers on finding out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float64]

VERSION = "pooled/1"
DRAWS = 128
FLOOR = 0.01
TEMPER = 0.25
_SD_PRODUCT, _SD_IN_GROUP, _SD_KNOWN, _SD_GROUP = 0.02, 0.015, 0.01, 0.01
_LEAST_RATE, _MOST_RATE = 0.005, 0.3  # acceptances a variance is computed for
_LEAST_MEAN = 1e-4  # no product is believed to lose by being offered: a tie of zeros would favour the first


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
        self._at = np.cumsum((0, *counts))
        self.covariance: Matrix = np.diag(np.repeat(np.square(spreads), counts))
        self.mean: Vector = np.zeros(int(self._at[-1]))
        self.mean[: len(products)] = list(products.values())
        self.offers = 0

    def features(self, situation: Situation) -> Matrix:
        """A row for each product."""
        n, rows = len(self.products), np.arange(len(self.products))
        made = np.zeros((n, self.mean.size))
        made[rows, rows] = 1.0
        if situation.group in self.groups:
            group = self.groups.index(situation.group)
            made[rows, self._at[1] + rows * len(self.groups) + group] = 1.0
            made[:, self._at[3] + group] = 1.0
        for at, value in enumerate(situation.known[: self.known]):
            made[rows, self._at[2] + rows * self.known + at] = value
        return made

    def learn(self, situation: Situation, product: str, *, accepted: bool) -> None:
        """One offer that was really made (never a ghost): a rank-one update, weighted by the variance of its rate."""
        row = self.features(situation)[self.products.index(product)]
        rate = float(row @ self.mean)
        likely = min(max(rate, _LEAST_RATE), _MOST_RATE)
        spread = self.covariance @ row
        scale = likely * (1.0 - likely) + float(row @ spread)
        self.mean = self.mean + spread * ((float(accepted) - rate) / scale)
        self.covariance = self.covariance - np.outer(spread, spread) / scale
        self.offers += 1

    def propensities(
        self, situation: Situation, margins: Mapping[str, float], rng: np.random.Generator
    ) -> dict[str, float]:
        """Product -> probability of being offered, for the products of margins, the eligible ones. They sum to one."""
        names = list(margins)
        chosen = self.features(situation)[[self.products.index(name) for name in names]]
        covariance = chosen @ self.covariance @ chosen.T
        root = np.linalg.cholesky(covariance + 1e-12 * np.eye(len(names)))
        beliefs = chosen @ self.mean + TEMPER * rng.standard_normal((DRAWS, len(names))) @ root.T
        worth = np.maximum(beliefs, _LEAST_MEAN) * np.array(list(margins.values()))
        wins = np.bincount(worth.argmax(axis=1), minlength=len(names)) / DRAWS
        shares = (1.0 - FLOOR * len(names)) * wins + FLOOR
        return dict(zip(names, (shares / shares.sum()).tolist(), strict=True))

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
