"""Numbers that need not be whole: "two and a half thousand", "три целых пять десятых", "minus seven", "1.5 million"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ivr.model.understanding import Entity
from ivr.nlu.spoken.amounts import Amounts, amounts
from ivr.nlu.spoken.figures import is_figure, tokens
from ivr.nlu.spoken.numbers import Word, below_thousand, cardinal
from ivr.nlu.spoken.numerals import Numerals, numerals

MOST_FIGURES = 15
"""More figures than these are a code, not a number of anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number said in words first..after."""

    value: Decimal
    first: int
    after: int


def find_number(text: str, language: str) -> Entity | None:
    """The longest number in text, as "42" or "2.5", or None."""
    tables = numerals(language), amounts(language)
    if tables[0] is None or tables[1] is None:
        return None
    said = tokens(text)
    found = quantities(said, tables[0], tables[1])
    if not found:
        return None
    best = max(found, key=lambda q: q.after - q.first)
    value = plain(best.value)
    start, end = said[best.first][1], said[best.after - 1][2]
    return Entity(entity="number", value=value, readings=(value,), start=start, end=end)


def plain(value: Decimal) -> str:
    """ "2.5", "1250": no exponent, no zeros behind the point."""
    return f"{value:f}".rstrip("0").rstrip(".") if value % 1 else f"{int(value)}"


def quantities(said: Sequence[Word], table: Numerals, extra: Amounts) -> list[Quantity]:
    """Every number in the words, in order; none overlaps another."""
    found: list[Quantity] = []
    at = 0
    while at < len(said):
        start = at + 1 if said[at][0] in extra.minus else at
        quantity = _quantity(said, start, table, extra) if start < len(said) else None
        if quantity is None:
            at += 1
            continue
        if start > at:
            quantity = Quantity(value=-quantity.value, first=at, after=quantity.after)
        found.append(quantity)
        at = quantity.after
    return found


def _quantity(said: Sequence[Word], at: int, table: Numerals, extra: Amounts) -> Quantity | None:
    value, after = _head(said, at, table, extra)
    if after == at:
        return None
    for half in extra.halves:
        if tuple(word for word, _, _ in said[after : after + len(half)]) == half:
            value, after = value + Decimal("0.5"), after + len(half)
    value, after = _decimals(said, after, value, table, extra)
    whole = value
    while (
        after < len(said) and value < 10**MOST_FIGURES and (scale := extra.scales.get(_past(said, after, ("of",))[0]))
    ):
        value, after = value * scale, _past(said, after, ("of",))[1]
    if value != whole and whole == int(whole) and after < len(said):
        rest = _quantity(said, after, table, extra)
        if rest is not None and rest.value < value / whole and not is_figure(said[after][0]):
            value, after = value + rest.value, rest.after
    return Quantity(value=value, first=at, after=after)


def _past(said: Sequence[Word], at: int, skipped: tuple[str, ...]) -> tuple[str, int]:
    """(word, position after it), one of the skipped words before it left out."""
    if said[at][0] in skipped and at + 1 < len(said):
        at += 1
    return said[at][0], at + 1


def _head(said: Sequence[Word], at: int, table: Numerals, extra: Amounts) -> tuple[Decimal, int]:
    """What stands before halves, points and scales; (0, at) when no number begins here."""
    word = said[at][0]
    following = said[at + 1][0] if at + 1 < len(said) else ""
    if is_figure(word) and len(word) > MOST_FIGURES:
        return Decimal(0), at
    if is_figure(word) and "." in word:
        return Decimal(word), at + 1
    if word in ("a", "an") and (following in extra.counts or following in extra.scales or following in extra.units):
        return (Decimal(extra.counts[following]), at + 2) if following in extra.counts else (Decimal(1), at + 1)
    if word in extra.half and following == "a" and at + 2 < len(said) and said[at + 2][0] in extra.scales:
        return Decimal("0.5"), at + 2
    if word in extra.counts:
        return Decimal(extra.counts[word]), at + 1
    if word in extra.scaled:
        return extra.scaled[word], at + 1
    value, after = cardinal(said, at, table)
    return Decimal(value), after


def _decimals(said: Sequence[Word], at: int, value: Decimal, table: Numerals, extra: Amounts) -> tuple[Decimal, int]:
    """ "point one four", "целых пять десятых" behind a whole number."""
    if at + 1 >= len(said) or said[at][0] not in extra.point:
        return value, at
    figures, after = "", at + 1
    while after < len(said):
        part, end = below_thousand(said, after, table)
        if end == after:
            break
        figures, after = figures + str(part), end
        if len(figures) > MOST_FIGURES:
            return value, at
        if after < len(said) and said[after][0] in extra.fractions:
            return value + Decimal(int(figures)) / extra.fractions[said[after][0]], after + 1
    return (value + Decimal(f"0.{figures}"), after) if figures else (value, at)
