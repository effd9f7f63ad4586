"""Which of the eligible products is offered: exact propensities, and the draw from them.

Every ranking gives each eligible product at least the floor, so that a log can be re-weighted to another ranking
(weights of at most 1 / floor). A pin is the one exception, and says so in the logged policy name.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence

from ivr.offers.catalogue import Product

FLOOR = 0.04
MAX_EXPLORATION = 0.20

Ranking = Callable[[Sequence[Product]], Mapping[str, float]]


def floor_of(eligible: int) -> float:
    """The least probability of each of so many eligible products: 4 %, in total at most 20 %."""
    return min(FLOOR, MAX_EXPLORATION / eligible)


def fixed(eligible: Sequence[Product]) -> Mapping[str, float]:
    """The highest margin x prior acceptance wins; the others keep the floor. Ties: the catalogue's order."""
    floor = floor_of(len(eligible))
    best = max(eligible, key=lambda product: product.margin * product.prior.mean)
    return {p.product_id: 1.0 - floor * (len(eligible) - 1) if p is best else floor for p in eligible}


RANKINGS: Mapping[str, tuple[str, Ranking]] = {"fixed": ("fixed/1", fixed)}
"""Name in the catalogue -> name and version in the log, and the ranking."""


def propensities(ranking: str, pin: str, eligible: Sequence[Product]) -> tuple[str, Mapping[str, float]]:
    """The logged policy name, and product -> probability; eligible must not be empty."""
    name, rank = RANKINGS[ranking]
    if any(product.product_id == pin for product in eligible):
        return f"pin:{pin}", {p.product_id: float(p.product_id == pin) for p in eligible}
    return name, rank(eligible)


def pick(probabilities: Mapping[str, float], draw: random.Random) -> str:
    """One product, drawn with exactly these probabilities from one uniform number."""
    at, chosen = draw.random(), ""
    for product, probability in probabilities.items():
        if probability > 0.0:
            chosen = product
            at -= probability
            if at < 0.0:
                break
    return chosen
