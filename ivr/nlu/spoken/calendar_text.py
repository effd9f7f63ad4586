"""A sentence as numbers, months and other words: what dates are put together from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ivr.nlu.spoken.calendar_words import ROUND_YEARS, CalendarWords
from ivr.nlu.spoken.numbers import Word, cardinal
from ivr.nlu.spoken.numerals import Numerals
from ivr.nlu.words import spans

_FIGURE_ENDING = re.compile(r"(\d+)([^\W\d]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarText:
    """said: words with ordinals as cardinals; ordered: which of them were ordinals; raw: as they were said."""

    said: Sequence[Word]
    ordered: Sequence[bool]
    raw: Sequence[str]
    table: Numerals
    words: CalendarWords

    @classmethod
    def of(cls, text: str, table: Numerals, words: CalendarWords) -> CalendarText:
        """The text without the words that mean nothing in a date."""
        said: list[Word] = []
        ordered: list[bool] = []
        raw: list[str] = []
        for word, start, end in spans(text):
            figure = _FIGURE_ENDING.fullmatch(word)
            if word in words.figure_endings and raw and raw[-1].isdigit() and said[-1][2] >= start - 1:
                ordered[-1] = True
                continue
            if word in words.skip and word not in words.ahead_before:
                continue
            is_figure = figure is not None and figure[2] in words.figure_endings
            plain = figure[1] if figure is not None and is_figure else words.ordinals.get(word, word)
            said.append((plain, start, end))
            ordered.append(is_figure or word in words.ordinals)
            raw.append(word)
        return cls(said=said, ordered=ordered, raw=raw, table=table, words=words)

    def word(self, at: int) -> str:
        """The word there as it was said, "" behind the end."""
        return self.raw[at] if 0 <= at < len(self.raw) else ""

    def number(self, at: int) -> tuple[int, int, bool]:
        """(value, position after it, is it ordinal?) of the whole number there; position is at when there is none."""
        if at >= len(self.said):
            return 0, at, False
        end = next((i + 1 for i in range(at, len(self.said)) if self.ordered[i]), len(self.said))
        value, after = cardinal(self.said[:end], at, self.table)
        if (after == at + 1 and value == 0) or (after == at and self._zero(at)):
            unit, behind = cardinal(self.said[: at + 2], at + 1, self.table)
            if behind == at + 2 and 1 <= unit <= 9 and not self.said[at][0].isdigit():
                return unit, behind, self.ordered[at + 1]
        return value, after, after > at and self.ordered[after - 1]

    def prefixes(self, at: int) -> list[tuple[int, int]]:
        """Every (value, position after it) that can begin there, longest first: "двадцать пять" is 25, or 20."""
        value, after, _ = self.number(at)
        found = [(value, after)] if after > at else []
        for end in range(after - 1, at, -1):
            shorter, behind = cardinal(self.said[:end], at, self.table)
            if behind == end and (shorter, behind) not in found:
                found.append((shorter, behind))
        return found

    def year(self, at: int) -> tuple[int, int] | None:
        """(year, position after it), below 100 when said with two figures; None when no year begins there."""
        if self.word(at) in ROUND_YEARS:
            return self._closed(ROUND_YEARS[self.word(at)], at + 1)
        by_digits = [self._digit(i) for i in range(at, at + 4)]
        if all(d is not None for d in by_digits) and by_digits[0] in (1, 2):
            return self._closed(int("".join(str(d) for d in by_digits)), at + 4)
        value, after, _ = self.number(at)
        if after == at:
            return None
        if value in (18, 19, 20) and after == at + 1 and not self.ordered[at]:
            rest, end, _ = self.number(after)
            if end > after and (rest >= 10 or self._zero(after)) and rest <= 99 and not self.said[at][0].isdigit():
                return self._closed(value * 100 + rest, end)
        if 900 <= value <= 999:
            value += 1000
        if value <= 99 or 1800 <= value <= 2200:
            return self._closed(value, after)
        return None

    def _closed(self, year: int, after: int) -> tuple[int, int]:
        return year, after + (self.word(after) in self.words.year)

    def is_digit(self, at: int) -> bool:
        """Is a single digit said there?"""
        return self._digit(at) is not None

    def _zero(self, at: int) -> bool:
        word = self.word(at)
        return self.table.small.get(word, self.table.homophones.get(word)) == 0

    def _digit(self, at: int) -> int | None:
        word = self.said[at][0] if at < len(self.said) else ""
        if len(word) == 1 and word in "0123456789":
            return int(word)
        value = self.table.small.get(word)
        return value if value is not None and value <= 9 else 0 if word in ("o", "oh") else None
