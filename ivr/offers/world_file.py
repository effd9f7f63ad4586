"""The world file: its shape, and what cannot be in it. Owns the complaints; what a world means is world's."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from pydantic import BaseModel, ConfigDict

from ivr.document import Location
from ivr.offers.effects.plan import MAX_GROUPS

Problem = tuple[Location, str, str, str]
"""Where, code, what is wrong, how to mend it."""

MEASURED = frozenset({"csat", "aht"})  # the other outcomes are yes or no
OUTCOMES = ("csat", "repeat", "hangup", "aht")
PRICES = ("csat_point", "repeat_call", "second", "hangup")
ROUNDING = 0.01  # a third is written as 0.33
_GRADES = (1.0, 5.0)


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SegmentShape(_Shape):
    share: float
    accept: tuple[float, ...]


class RateShape(_Shape):
    base: tuple[float, ...]
    effect: tuple[float, ...]


class OutcomeShape(RateShape):
    sd: float = 0.0
    covariate: dict[str, float] = {}


class WorldShape(_Shape):
    name: str
    products: tuple[str, ...]
    margin: dict[str, float]
    not_eligible_share: float = 0.0
    segments: dict[str, SegmentShape]
    accept_shift: dict[str, tuple[float, ...]] = {}
    outcomes: dict[str, OutcomeShape]
    survey_response: RateShape | None = None
    stated_prices: dict[str, float] = {}
    designer_order: dict[str, tuple[int, ...]] = {}


def problems(shape: WorldShape) -> Iterator[Problem]:
    """Everything that is wrong with a file of the right shape."""
    yield from _names(shape)
    lengths = tuple(_lengths(shape))
    yield from lengths
    yield from _numbers(shape)
    if not lengths:
        yield from _ranges(shape)
    for name, order in shape.designer_order.items():
        if sorted(order) != list(range(len(shape.products))):
            fix = "Name every product once, by its number from 0."
            yield ("designer_order", name), "world-order", "not an order of all products", fix


def _names(shape: WorldShape) -> Iterator[Problem]:
    if not shape.products or len(set(shape.products)) < len(shape.products):
        yield ("products",), "world-products", "products are missing, or named twice", "Name each product once."
    if not 1 <= len(shape.segments) <= MAX_GROUPS:
        what = f"{len(shape.segments)} segments"
        yield ("segments",), "world-segments", what, f"Name between 1 and {MAX_GROUPS}: each gets its own verdict."
    shares = math.fsum(segment.share for segment in shape.segments.values())
    if abs(shares - 1.0) > ROUNDING:
        what = f"the shares come to {shares:g}"
        yield ("segments",), "world-segments", what, "Write shares that come to 1 together."
    for product in shape.products:
        if product not in shape.margin:
            yield ("margin",), "world-margin", f"no margin of {product}", f"Add {product}: to margin."
    known = (
        ("margin", shape.margin, shape.products),
        ("outcomes", shape.outcomes, OUTCOMES),
        ("stated_prices", shape.stated_prices, PRICES),
        ("designer_order", shape.designer_order, tuple(shape.segments)),
    )
    for where, named, names in known:
        for name in named:
            if name not in names:
                yield (where, name), "world-name", f"unknown name {name}", f"Use one of {', '.join(names)}."


def _lengths(shape: WorldShape) -> Iterator[Problem]:
    products, segments = len(shape.products), len(shape.segments)
    lists: list[tuple[Location, int, int]] = [
        (("segments", name, "accept"), len(segment.accept), products) for name, segment in shape.segments.items()
    ]
    lists += [(("accept_shift", name), len(values), products) for name, values in shape.accept_shift.items()]
    for where, rates in _rates(shape):
        lists += [((*where, "base"), len(rates.base), segments), ((*where, "effect"), len(rates.effect), segments)]
    for place, has, wants in lists:
        if has != wants:
            what = f"{has} numbers, and {wants} are needed"
            yield place, "world-length", what, "Give one for each product or segment, in their order."


def _numbers(shape: WorldShape) -> Iterator[Problem]:
    """Numbers that stand alone."""
    yield from _outside(("not_eligible_share",), [shape.not_eligible_share], 0.0, 1.0, at=False)
    for product, margin in shape.margin.items():
        yield from _outside(("margin", product), [margin], 0.0, math.inf, at=False)
    for price, value in shape.stated_prices.items():
        yield from _outside(("stated_prices", price), [value], -math.inf, math.inf, at=False)
    for name, segment in shape.segments.items():
        yield from _outside(("segments", name, "accept"), segment.accept, 0.0, 1.0)
        if not (math.isfinite(segment.share) and segment.share > 0.0):
            fix = "Write a number above 0, or leave the segment out."
            yield ("segments", name, "share"), "world-number", f"a share of {segment.share:g}", fix
    for name, values in shape.accept_shift.items():
        yield from _outside(("accept_shift", name), values, -math.inf, math.inf)
    for name, outcome in shape.outcomes.items():
        slopes = math.hypot(*outcome.covariate.values())
        if name not in MEASURED and (outcome.covariate or outcome.sd):
            fix = f"Leave sd and covariate to {' and '.join(sorted(MEASURED))}."
            yield ("outcomes", name), "world-number", f"{name} is yes or no and has no spread", fix
        elif not math.isfinite(slopes) or not math.isfinite(outcome.sd) or outcome.sd < slopes:
            what = f"sd {outcome.sd:g} is less than the {slopes:g} the covariates make"
            yield ("outcomes", name, "sd"), "world-number", what, "Write a larger sd: it includes their part."


def _ranges(shape: WorldShape) -> Iterator[Problem]:
    """What happens to callers, without an offer and with one."""
    for where, rates in _rates(shape):
        low, high = _GRADES if where[-1] == "csat" else (0.0, math.inf if where[-1] in MEASURED else 1.0)
        yield from _outside((*where, "base"), rates.base, low, high)
        with_offer = [base + effect for base, effect in zip(rates.base, rates.effect, strict=True)]
        yield from _outside((*where, "effect"), with_offer, low, high, what="with an offer it is ")


def _rates(shape: WorldShape) -> Iterator[tuple[tuple[str, ...], RateShape]]:
    for name, outcome in shape.outcomes.items():
        yield ("outcomes", name), outcome
    if shape.survey_response is not None:
        yield ("survey_response",), shape.survey_response


def _outside(
    where: Location, values: Iterable[float], low: float, high: float, *, at: bool = True, what: str = ""
) -> Iterator[Problem]:
    """at: the values are a list, and the place is that of the one that is wrong."""
    for number, value in enumerate(values):
        if not math.isfinite(value) or not low - 1e-9 <= value <= high + 1e-9:
            bounds = f"between {low:g} and {high:g}" if math.isfinite(high) else f"of at least {low:g}"
            fix = f"Write a number{f' {bounds}' if math.isfinite(low) else ''}."
            yield (*where, number) if at else where, "world-number", f"{what}{value:g}", fix
