"""Which of the eligible products is offered: exact propensities, and the draw from them.

Every ranking gives each eligible product at least the floor, so that a log can be re-weighted to another ranking
(weights of at most 1 / floor). A pin is the one exception, and says so in the logged policy name.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from ivr.offers.catalogue import Product

FLOOR = 0.04
MAX_EXPLORATION = 0.20


def floor_of(eligible: int) -> float:
    """The least probability of each of so many eligible products: 4 %, in total at most 20 %."""
    return min(FLOOR, MAX_EXPLORATION / eligible)


def fixed(eligible: Sequence[Product]) -> Mapping[str, float]:
    """The highest margin x prior acceptance wins; the others keep the floor. Ties: the catalogue's order."""
    floor = floor_of(len(eligible))
    best = max(eligible, key=lambda product: product.margin * product.prior.mean)
    return {p.product_id: 1.0 - floor * (len(eligible) - 1) if p is best else floor for p in eligible}


def ruled(eligible: Sequence[Product], order: Sequence[str]) -> Mapping[str, float]:
    """The first eligible product of the designer's order wins; the others keep the floor. An order that names none of
    them leaves it to margin x prior acceptance."""
    floor = floor_of(len(eligible))
    names = [product.product_id for product in eligible]
    best = next((name for name in order if name in names), None)
    if best is None:
        return fixed(eligible)
    return {name: 1.0 - floor * (len(eligible) - 1) if name == best else floor for name in names}


def pinned(eligible: Sequence[Product], pin: str) -> Mapping[str, float] | None:
    """Probability one for the pinned product, when it is eligible."""
    if all(product.product_id != pin for product in eligible):
        return None
    return {product.product_id: float(product.product_id == pin) for product in eligible}


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
