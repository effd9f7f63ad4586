"""Whole numbers as people say them: "twelve hundred and fifty" is 1250. Sums and counts; codes are digits."""

from __future__ import annotations

from collections.abc import Sequence

from ivr.nlu.spoken.numerals import Numerals

Word = tuple[str, int, int]


def cardinal(said: Sequence[Word], at: int, table: Numerals) -> tuple[int, int]:
    """(value, position after it) of the number that begins at this word; position is at when there is none."""
    head, after = below_million(said, at, table)
    if after < len(said) and said[after][0] in table.million:
        joined = past_joiner(said, after + 1, table)
        rest, end = below_million(said, joined, table)
        return (head if after > at else 1) * 1_000_000 + rest, end if end > joined else after + 1
    return head, after


def below_million(said: Sequence[Word], at: int, table: Numerals) -> tuple[int, int]:
    """(value, position after it): "two thousand and five", "тысяча двести"."""
    head, after = below_thousand(said, at, table)
    if after < len(said) and said[after][0] in table.thousand:
        joined = past_joiner(said, after + 1, table)
        rest, end = below_thousand(said, joined, table)
        return (head if after > at else 1) * 1000 + rest, end if end > joined else after + 1
    return head, after


def below_thousand(said: Sequence[Word], at: int, table: Numerals) -> tuple[int, int]:
    """(value, position after it): "two hundred and five", "двести пять", "twenty five", "a hundred", "12 hundred"."""
    word = said[at][0] if at < len(said) else ""
    if word in table.hundreds:
        rest, after = below_hundred(said, at + 1, table)
        return table.hundreds[word] + rest, after
    head, after = below_hundred(said, at, table)
    if after < len(said) and said[after][0] in table.hundred:
        joined = past_joiner(said, after + 1, table)
        rest, end = below_hundred(said, joined, table)
        return (head if after > at else 1) * 100 + rest, end if end > joined else after + 1
    return head, after


def below_hundred(said: Sequence[Word], at: int, table: Numerals) -> tuple[int, int]:
    """(value, position after it): figures as they stand, units, teens, tens with a unit."""
    word = said[at][0] if at < len(said) else ""
    if word.isascii() and word.isdigit():
        return int(word), at + 1
    if word in table.small:
        return table.small[word], at + 1
    if word in table.tens:
        unit = table.small.get(said[at + 1][0], 0) if at + 1 < len(said) else 0
        return (table.tens[word] + unit, at + 2) if 1 <= unit <= 9 else (table.tens[word], at + 1)
    return 0, at


def past_joiner(said: Sequence[Word], at: int, table: Numerals) -> int:
    """The position after an "and", or this one."""
    return at + 1 if at < len(said) and said[at][0] in table.joiners else at
