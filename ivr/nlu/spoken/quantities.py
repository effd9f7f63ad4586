"""Numbers that need not be whole: "two and a half thousand", "три целых пять десятых", "minus seven", "1.5 million"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    if said and tuple(word for word, _, _ in said) in tables[1].none:
        return Entity(entity="number", value="0", readings=("0",), start=said[0][1], end=said[-1][2])
    found = _together(said, quantities(said, tables[0], tables[1]), tables[1])
    if not found:
        return None
    best = max(found, key=lambda q: q.after - q.first)
    value = plain(best.value)
    start, end = said[best.first][1], said[best.after - 1][2]
    return Entity(entity="number", value=value, readings=(value,), start=start, end=end)


def _together(said: Sequence[Word], found: Sequence[Quantity], extra: Amounts) -> list[Quantity]:
    """The numbers with "one twenty" as 120 and "три шестьсот" as 3600."""
    joined: list[Quantity] = []
    for number in found:
        before = joined[-1] if joined else None
        if before is not None and before.after == number.first and (size := _size_apart(said, before, number, extra)):
            value = before.value * size + number.value
            joined[-1] = Quantity(value=value, first=before.first, after=number.after)
        else:
            joined.append(number)
    return joined


def _size_apart(said: Sequence[Word], before: Quantity, number: Quantity, extra: Amounts) -> int:
    """100 or 1000 when two numbers close together mean one, else 0."""
    if not 1 <= before.value <= 99 or before.value % 1 or is_figure(said[before.first][0]):
        return 0
    if extra.hundreds_apart and 10 <= number.value <= 99 and not number.value % 1:
        return 100
    if extra.thousands_apart and 100 <= number.value <= 900 and not number.value % 100:
        return 1000
    return 0


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
    for phrase, part in extra.parts.items():
        if tuple(word for word, _, _ in said[after : after + len(phrase)]) == phrase:
            value, after = value + part, after + len(phrase)
            break
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
    if word in ("a", "an") and following in table.hundred | table.thousand | table.million:
        whole, after = cardinal(said, at + 1, table)
        return Decimal(whole), after
    if word in ("a", "an") and (following in extra.counts or following in extra.scales or following in extra.units):
        return (Decimal(extra.counts[following]), at + 2) if following in extra.counts else (Decimal(1), at + 1)
    if (portion := _portion(said, at, extra)) is not None:
        return portion
    if word in extra.inverted and at + 1 < len(said):
        value, after = _head(said, at + 1, table, replace(extra, inverted=frozenset()))
        if after > at + 1 and 0 < value < extra.scales[word]:
            return value * extra.scales[word], after
    if word in extra.counts:
        return Decimal(extra.counts[word]), at + 1
    if word in extra.scaled:
        return extra.scaled[word], at + 1
    whole, after = cardinal(said, at, table)
    return Decimal(whole), after


def _portion(said: Sequence[Word], at: int, extra: Amounts) -> tuple[Decimal, int] | None:
    """ "Half a dozen", "half a million", "three quarters", "a quarter of a million": the part, and where it ends."""
    said_words = [word for word, _, _ in said[at : at + 5]] + [""] * 5
    first = int(said_words[0] in ("a", "an"))
    for phrase, part in extra.portions.items():
        after = first + len(phrase)
        if tuple(said_words[first:after]) != phrase:
            continue
        whole = after + (said_words[after] == "of")
        whole += said_words[whole] == "a"
        if said_words[whole] in extra.counts:
            return part * extra.counts[said_words[whole]], at + whole + 1
        if said_words[whole] in extra.scales:
            return part, at + whole
        return (part, at + after) if phrase != ("half",) else None
    return None


def _figure(said: Sequence[Word], at: int, table: Numerals) -> tuple[int, int]:
    """What stands behind a point: a number, or "oh"."""
    zero = table.homophones.get(said[at][0]) == 0
    return (0, at + 1) if zero else below_thousand(said, at, table)


def _decimals(said: Sequence[Word], at: int, value: Decimal, table: Numerals, extra: Amounts) -> tuple[Decimal, int]:
    """ "point one four", "целых пять десятых" behind a whole number."""
    if at + 1 >= len(said) or said[at][0] not in extra.point | extra.joined:
        return value, at
    joined = said[at][0] in extra.joined
    figures, after = "", at + 1
    while after < len(said):
        part, end = _figure(said, after, table)
        if end == after:
            break
        figures, after = figures + str(part), end
        if len(figures) > MOST_FIGURES:
            return value, at
        if after < len(said) and said[after][0] in extra.fractions:
            return value + Decimal(int(figures)) / extra.fractions[said[after][0]], after + 1
    return (value + Decimal(f"0.{figures}"), after) if figures and not joined else (value, at)
