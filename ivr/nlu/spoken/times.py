"""Times of day as "16:30": "half past four", "в половине пятого", "3:30 p.m.". An hour without its half of the day has
two readings, the one in which people are awake first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ivr.model.understanding import Entity
from ivr.nlu.spoken.clock_words import AFTERNOON, MORNING, NIGHT, ClockWords, clock_words
from ivr.nlu.spoken.numbers import Word, cardinal
from ivr.nlu.spoken.numerals import Numerals, numerals
from ivr.nlu.words import spans

AMBIGUOUS_CONFIDENCE = 0.7

_EARLIEST = 7  # an hour from here on is rather in the morning, before it in the afternoon


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clock:
    """Hour and minute as said in words ..after. exact: the 24 hour clock was used, or a word for the whole."""

    hour: int
    minute: int
    after: int
    exact: bool = False


def find_time(text: str, language: str) -> Entity | None:
    """The time said in text with its readings, or None."""
    table, words = numerals(language), clock_words(language)
    if table is None or words is None:
        return None
    said = _glued(spans(text))
    at = 0
    while at < len(said):
        clock = _clock(said, at, table, words)
        if clock is None:
            # A number that is no hour is passed as a whole: "twenty five o'clock" holds no five o'clock.
            at = max(at + 1, cardinal(said, at, table)[1])
            continue
        part, after = _part(said, clock.after, words)
        readings = _readings(clock, part)
        if readings:
            return Entity(
                entity="time",
                value=readings[0],
                readings=readings,
                start=said[at][1],
                end=said[after - 1][2],
                confidence=1.0 if len(readings) == 1 else AMBIGUOUS_CONFIDENCE,
            )
        return None
    return None


def _glued(said: Iterable[Word]) -> list[Word]:
    """ "3pm" as "3" and "pm", "полпятого" as "пол" and "пятого"."""
    found: list[Word] = []
    for word, start, end in said:
        figures = len(word) - len(word.lstrip("0123456789"))
        if figures and word[figures:] == "ish":
            found.append((word[:figures], start, end))
        elif figures and word[figures:] in ("am", "pm"):
            found += [(word[:figures], start, start + figures), (word[figures:], start + figures, end)]
        elif word.startswith("пол") and word[3:].endswith(("ого", "его")):
            found += [("пол", start, start + 3), (word[3:], start + 3, end)]
        else:
            found.append((word, start, end))
    return found


def _clock(said: Sequence[Word], at: int, table: Numerals, words: ClockWords) -> _Clock | None:
    word = said[at][0]
    if word in words.named:
        hour, minute = words.named[word].split(":")
        return _Clock(hour=int(hour), minute=int(minute), after=at + 1, exact=True)
    return _fraction(said, at, table, words) or _before(said, at, table, words) or _hour(said, at, table, words)


def _fraction(said: Sequence[Word], at: int, table: Numerals, words: ClockWords) -> _Clock | None:
    """ "Half past four", "quarter to five", "ten to six", "половина пятого", "пять минут третьего"."""
    word = said[at][0]
    minutes, after = (30, at + 1) if word in words.half else (15, at + 1) if word in words.quarter else (0, at)
    if not minutes:
        minutes, after = cardinal(said, at, table)
        if after == at or not 1 <= minutes <= 59:
            return None
        after += _is(said, after, words.minute)
    if _is(said, after, frozenset(words.orders)):
        return _Clock(hour=words.orders[said[after][0]] - 1 or 12, minute=minutes, after=after + 1)
    between = said[after][0] if after < len(said) else ""
    half_hour = word in words.half and between not in words.past
    if not half_hour and between not in words.past | words.to:
        return None
    start = after if half_hour else after + 1
    hour, end = cardinal(said, start, table)
    if end == start or not 1 <= hour <= 12:
        return None
    end += _is(said, end, words.hour)
    if between in words.to and not half_hour:
        hour, minutes = hour - 1 or 12, 60 - minutes
    return _Clock(hour=hour, minute=minutes, after=end)


def _before(said: Sequence[Word], at: int, table: Numerals, words: ClockWords) -> _Clock | None:
    """ "Без четверти пять": the word for "to" stands first."""
    if said[at][0] not in words.to or at + 1 >= len(said):
        return None
    quarter = said[at + 1][0] in words.quarter
    minutes, after = (15, at + 2) if quarter else cardinal(said, at + 1, table)
    for size in range(after, at + 1, -1) if not quarter else (after,):
        minutes, end = (15, after) if quarter else cardinal(said[:size], at + 1, table)
        end += _is(said, end, words.minute)
        hour, behind = _named_hour(said, end, table, words)
        if behind > end and 1 <= hour <= 12 and 1 <= minutes <= 59:
            return _Clock(hour=hour - 1 or 12, minute=60 - minutes, after=behind)
    return None


def _named_hour(said: Sequence[Word], at: int, table: Numerals, words: ClockWords) -> tuple[int, int]:
    if _is(said, at, frozenset(words.one)):
        return words.one[said[at][0]], at + 1
    hour, after = cardinal(said, at, table)
    return hour, after + (after > at and _is(said, after, words.hour))


def _hour(said: Sequence[Word], at: int, table: Numerals, words: ClockWords) -> _Clock | None:
    """ "Three thirty", "15:30", "три ноль пять", "1530", "eighteen hundred hours", "ten o'clock"."""
    word = said[at][0]
    if len(word) == 4 and word.isascii() and word.isdigit() and int(word[:2]) < 24:
        return _Clock(hour=int(word[:2]), minute=int(word[2:]), after=at + 1, exact=True)
    zero = _zero(word, table)
    hour, after = cardinal(said[: at + 2], at + 1, table) if zero else cardinal(said, at, table)
    if zero and (after == at + 1 or hour > 9):
        hour, after = 0, at + 1
    if after > at and hour % 100 == 0 and 0 < hour <= 2400 and after - at == 2:
        return _Clock(hour=hour // 100, minute=0, after=after + _is(said, after, words.hour), exact=True)
    if after == at and _is(said, at, frozenset(words.one)):
        hour, after = words.one[word], at + 1
    if after == at or (hour > 24 and not zero):
        return None
    exact = zero or (word.isdigit() and len(word) == 2 and word[0] == "0")
    while _is(said, after, words.hour):
        after += 1
    minute, end = _minutes(said, after, table)
    end += end > after and _is(said, end, words.minute)
    return _Clock(hour=hour, minute=minute, after=end, exact=exact)


def _minutes(said: Sequence[Word], at: int, table: Numerals) -> tuple[int, int]:
    """Two figures of minutes: "thirty", "oh five", "ноль ноль"."""
    if at < len(said) and _zero(said[at][0], table) and at + 1 < len(said):
        if _zero(said[at + 1][0], table):
            return 0, at + 2
        unit, after = cardinal(said[: at + 2], at + 1, table)
        return (unit, after) if after > at + 1 and unit <= 9 else (0, at)
    minute, after = cardinal(said, at, table)
    two_figures = after > at and (minute >= 10 or len(said[at][0]) == 2) and minute <= 59
    return (minute, after) if two_figures else (0, at)


def _zero(word: str, table: Numerals) -> bool:
    return table.small.get(word, table.homophones.get(word)) == 0


def _is(said: Sequence[Word], at: int, words: frozenset[str]) -> int:
    """1 when the word there is one of these, else 0."""
    return int(at < len(said) and said[at][0] in words)


def _part(said: Sequence[Word], at: int, words: ClockWords) -> tuple[str, int]:
    """(part of the day that follows, or "", position after it)."""
    for size in (3, 2, 1):
        found = words.parts.get(tuple(word for word, _, _ in said[at : at + size]))
        if found:
            return found, min(at + size, len(said))
    return "", at


def _readings(clock: _Clock, part: str) -> tuple[str, ...]:
    hour = clock.hour
    if hour > 24 or clock.minute > 59:
        return ()
    if part == NIGHT:
        part = AFTERNOON if 6 <= hour <= 11 else MORNING
    if part and 1 <= hour <= 12:
        return (_shown(hour % 12 + (12 if part == AFTERNOON else 0), clock.minute),)
    if clock.exact or hour > 12 or hour == 0:
        return (_shown(hour % 24, clock.minute),)
    early, late = _shown(hour % 12, clock.minute), _shown(hour % 12 + 12, clock.minute)
    return (early, late) if _EARLIEST <= hour <= 11 else (late, early)


def _shown(hour: int, minute: int) -> str:
    return f"{hour:02d}:{minute:02d}"
