"""A cell of the effect report: a value, its interval, how it is known, and what it rests on.

What is not known is a figure without a value that says what is missing, never a guess. Callers of one household are
alike, so the interval of a share counts households where that is wider than counting calls.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import NormalDist, median

Z = NormalDist().inv_cdf(0.975)


class How(StrEnum):
    """How a figure is known."""

    MEASURED = "measured"
    RANDOMISED = "randomised"
    STATED = "stated"
    NOT_YET = "not measurable yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One cell. value: None when it is not known, and note says why. low, high: 95 %, None where there is no sampling.
    unit: "share" | "calls" | "s" | "money" | "fte" | "points". rows: what it rests on. note: language -> words."""

    name: str
    column: str
    value: float | None
    unit: str
    how: How
    rows: int
    low: float | None = None
    high: float | None = None
    note: Mapping[str, str] = field(default_factory=dict)


def count(name: str, value: int, *, column: str = "direct", note: Mapping[str, str] | None = None) -> Figure:
    """So many calls; all of them were counted, so there is no interval."""
    return Figure(
        name=name, column=column, value=float(value), unit="calls", how=How.MEASURED, rows=value, note=note or {}
    )


def unknown(name: str, unit: str, why: Mapping[str, str], *, column: str = "direct") -> Figure:
    """Not measurable yet."""
    return Figure(name=name, column=column, value=None, unit=unit, how=How.NOT_YET, rows=0, note=why)


def share(
    name: str,
    seen: Iterable[tuple[str, bool]],
    note: Mapping[str, str],
    *,
    nothing: Mapping[str, str],
    column: str = "direct",
) -> Figure:
    """The share of hits with its interval. seen: (household, hit) of every call; "": a household of its own. nothing:
    the words for no calls at all."""
    found = share_of(seen)
    if found is None:
        return unknown(name, "share", nothing, column=column)
    return Figure(
        name=name,
        column=column,
        value=round(found.value, 4),
        unit="share",
        how=How.MEASURED,
        rows=found.rows,
        low=round(found.low, 4),
        high=round(found.high, 4),
        note=note,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share of rows, 0..1, with its 95 % interval."""

    value: float
    low: float
    high: float
    rows: int


def share_of(seen: Iterable[tuple[str, bool]]) -> Share | None:
    """Wilson's interval of a share on as many rows as households make them worth; None without rows.

    The worth is the number of independent rows with the variance the households show (Kish); never more than there are.
    """
    hits: dict[str, float] = {}
    rows: dict[str, int] = {}
    for number, (household, hit) in enumerate(seen):
        whose = household or f"call {number}"
        hits[whose] = hits.get(whose, 0.0) + hit
        rows[whose] = rows.get(whose, 0) + 1
    total, households = sum(rows.values()), len(rows)
    if not total:
        return None
    value = sum(hits.values()) / total
    worth = float(total)
    if value in (0.0, 1.0):
        worth = float(households)
    else:
        spread = sum((hits[whose] - value * rows[whose]) ** 2 for whose in rows)
        worth = min(worth, value * (1.0 - value) * total * total / spread) if spread > 0.0 else worth
    low, high = wilson(value, worth)
    return Share(value=value, low=low, high=high, rows=total)


def wilson(share: float, rows: float) -> tuple[float, float]:
    """95 % interval of a share seen in so many independent rows (Wilson, JASA 22, 1927)."""
    z2 = Z * Z
    middle = (share + z2 / (2 * rows)) / (1 + z2 / rows)
    half = Z / (1 + z2 / rows) * math.sqrt(share * (1 - share) / rows + z2 / (4 * rows * rows))
    return max(0.0, middle - half), min(1.0, middle + half)


def typical(
    name: str, values: Sequence[float], note: Mapping[str, str], *, nothing: Mapping[str, str], column: str
) -> Figure:
    """The median in seconds; the interval lies between two of the values in their order, whatever they are spread
    like. Fewer than six have none."""
    if not values:
        return unknown(name, "s", nothing, column=column)
    ordered, rows = sorted(values), len(values)
    reach = Z * math.sqrt(rows)
    low, high = math.floor((rows - reach) / 2), math.ceil(1 + (rows + reach) / 2)
    within = low >= 1 and high <= rows
    return Figure(
        name=name,
        column=column,
        value=cents(median(ordered)),
        unit="s",
        how=How.MEASURED,
        rows=rows,
        low=cents(ordered[low - 1]) if within else None,
        high=cents(ordered[high - 1]) if within else None,
        note=note,
    )


def student(free: float) -> float:
    """The 97.5 % quantile of Student's distribution, to a hundredth from five degrees of freedom on."""
    return Z + (Z**3 + Z) / (4.0 * free) + (5.0 * Z**5 + 16.0 * Z**3 + 3.0 * Z) / (96.0 * free * free)


def cents(value: float) -> float:
    """Half a cent goes up, whatever the sign of the machine's last bit."""
    return math.floor(round(value * 100.0, 6) + 0.5) / 100.0
