"""Amounts of money as "1250.50 EUR": with the currency said, or the one of the call. "Twelve fifty" is two amounts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from ivr.model.understanding import Entity, SlotContext
from ivr.nlu.spoken.amounts import Amounts, amounts
from ivr.nlu.spoken.figures import is_figure, tokens
from ivr.nlu.spoken.numbers import Word
from ivr.nlu.spoken.numerals import Numerals, numerals
from ivr.nlu.spoken.quantities import Quantity, quantities

AMBIGUOUS_CONFIDENCE = 0.7


def find_money(text: str, language: str, context: SlotContext) -> Entity | None:
    """The amount said in text with its readings, or None. An amount with a currency goes before one without."""
    table, extra = numerals(language), amounts(language)
    if table is None or extra is None:
        return None
    extra = extra.of_money()
    said = _counted(tokens(text), table, extra)
    found = [*_amounts(said, quantities(said, table, extra), extra), *_sums(said, extra)]
    if not found:
        return None
    values, currency, first, after = max(found, key=lambda a: (bool(a[1]), a[3] - a[2]))
    readings = tuple(f"{_shown(value)} {currency or context.currency}".strip() for value in values)
    return Entity(
        entity="money",
        value=readings[0],
        readings=readings,
        start=said[first][1],
        end=said[after - 1][2],
        confidence=1.0 if len(readings) == 1 else AMBIGUOUS_CONFIDENCE,
    )


def _shown(value: Decimal) -> str:
    return f"{value:.2f}" if value % 1 else f"{int(value)}"


def _amounts(
    said: Sequence[Word], numbers: Sequence[Quantity], extra: Amounts
) -> Iterator[tuple[list[Decimal], str, int, int]]:
    """(readings, currency or "", first word, word after) of every amount."""
    at = 0
    while at < len(numbers):
        number = numbers[at]
        following = numbers[at + 1] if at + 1 < len(numbers) else None
        unit = _unit(said, number.after, extra)
        before = extra.units.get(said[number.first - 1][0]) if number.first else None
        if unit is None and before is not None and before[1] == 100:
            yield [_grouped(number.value)], before[0], number.first - 1, number.after
        elif following is not None and extra.thousands_apart and _thousands(said, number, following):
            total = number.value * 1000 + following.value
            closing = _unit(said, following.after, extra)
            currency, after = (closing[0], following.after + 1) if closing else ("", following.after)
            yield [total], currency, number.first, after
            at += 1
        elif unit is None and following is not None and (triple := _triple(numbers[at : at + 3], extra)):
            closing = _unit(said, triple[1], extra)
            yield [triple[0]], closing[0] if closing else "", number.first, triple[1] + (closing is not None)
            at += 2
        elif unit is None and following is not None and (pair := _pair(number, following)):
            closing = _unit(said, following.after, extra)
            currency, after = (closing[0], following.after + 1) if closing else ("", following.after)
            yield pair, currency, number.first, after
            at += 1
        elif extra.thousands_apart and number.value >= 10**6 and (bold := _bold(number.value)):
            yield [bold, number.value], unit[0] if unit else "", number.first, number.after + (unit is not None)
        elif unit is None:
            yield [number.value], "", number.first, number.after
        elif unit[1] == 1:
            yield [number.value / 100], unit[0], number.first, number.after + 1
        else:
            rest, after = _hundredths(said, number.after + 1, following, extra)
            at += after > number.after + 1
            yield [_grouped(number.value) + rest], unit[0], number.first, after
        at += 1


def _counted(said: Sequence[Word], table: Numerals, extra: Amounts) -> list[Word]:
    """The words with the one put in that "рубль пятьдесят" and "dollar fifty" leave out."""
    one = next(word for word, value in table.small.items() if value == 1)
    found: list[Word] = []
    for at, (word, start, end) in enumerate(said):
        if word in extra.single and (at == 0 or not _ends_number(said[at - 1][0], table, extra)):
            found.append((one, start, start))
        found.append((word, start, end))
    return found


def _ends_number(word: str, table: Numerals, extra: Amounts) -> bool:
    known = (table.small, table.tens, table.hundreds, table.hundred, table.thousand, table.million, extra.scales)
    return is_figure(word) or word in ("a", "half", "$") or any(word in words for words in known)


def _sums(said: Sequence[Word], extra: Amounts) -> Iterator[tuple[list[Decimal], str, int, int]]:
    """ "A tenner", "штуку": an amount in one word."""
    for at, (word, _, _) in enumerate(said):
        if word in extra.sums:
            yield [Decimal(extra.sums[word][0])], extra.sums[word][1], at, at + 1


def _grouped(value: Decimal) -> Decimal:
    """ "2.000 euros" are two thousand: nobody counts thousandths of money."""
    return value * 1000 if value.as_tuple().exponent == -3 else value


def _thousands(said: Sequence[Word], number: Quantity, following: Quantity) -> bool:
    """ "Две пятьсот": hundreds close behind a small number, both in words."""
    words_only = not is_figure(said[number.first][0]) and not is_figure(said[following.first][0])
    hundreds = following.value % 100 == 0 and 100 <= following.value <= 900
    return words_only and following.first == number.after and hundreds and 1 <= number.value <= 99


def _unit(said: Sequence[Word], at: int, extra: Amounts) -> tuple[str, int] | None:
    return extra.units.get(said[at][0]) if at < len(said) else None


def _pair(number: Quantity, following: Quantity) -> list[Decimal] | None:
    """ "Twelve fifty": 12.50, or 1250; "nineteen ninety five": 19.95 or 1995."""
    close = following.first == number.after and 10 <= following.value <= 99
    if not close or number.value % 1 or following.value % 1 or not 1 <= number.value <= 9999:
        return None
    if number.value > 99:
        return [number.value + following.value / 100]
    return [number.value + following.value / 100, number.value * 100 + following.value]


def _triple(numbers: Sequence[Quantity], extra: Amounts) -> tuple[Decimal, int] | None:
    """ "One eighteen forty": 118.40, and where it ends."""
    if len(numbers) < 3 or not extra.hundreds_apart:
        return None
    first, second, third = numbers
    close = first.after == second.first and second.after == third.first
    whole = not (first.value % 1 or second.value % 1 or third.value % 1)
    if close and whole and 1 <= first.value <= 9 and 10 <= second.value <= 99 and 10 <= third.value <= 99:
        return first.value * 100 + second.value + third.value / 100, third.after
    return None


def _bold(value: Decimal) -> Decimal | None:
    """ "Миллион двести" rather means 1 200 000."""
    millions, rest = divmod(value, 10**6)
    return (millions * 1000 + rest) * 1000 if rest in range(100, 1000, 100) else None


def _hundredths(said: Sequence[Word], at: int, following: Quantity | None, extra: Amounts) -> tuple[Decimal, int]:
    """(what "fifty cents", "and fifty cents" or a bare "fifty" behind the units adds, position after it)."""
    joined = at + 1 if at < len(said) and said[at][0] in extra.between else at
    if following is None or following.first != joined or not 0 < following.value < 100 or following.value % 1:
        return Decimal(0), at
    unit = _unit(said, following.after, extra)
    if unit is not None:
        return (following.value / 100, following.after + 1) if unit[1] == 1 else (Decimal(0), at)
    bare = joined == at and following.value >= 10 and (not is_figure(said[at][0]) or at + 1 == len(said))
    return (following.value / 100, following.after) if bare else (Decimal(0), at)
