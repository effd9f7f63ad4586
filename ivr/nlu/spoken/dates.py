"""Days as people say them, as ISO 8601: birth dates, "05/03/1982", "last Friday", "three days ago".

Owns the order in which a sentence is tried: a day with its month, figures alone, words that count from today, a
weekday, a bare day. The day of the call comes in the context: no clock here.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from ivr.model import calendar
from ivr.model.understanding import Entity, SlotContext
from ivr.nlu.spoken.calendar_text import CalendarText
from ivr.nlu.spoken.calendar_words import calendar_words
from ivr.nlu.spoken.digits import find_digits
from ivr.nlu.spoken.misheard_months import month_like
from ivr.nlu.spoken.numerals import numerals
from ivr.nlu.spoken.relative_days import relative, weekday

AMBIGUOUS_CONFIDENCE = 0.7
DIGITS_OF_A_DATE = 8
MOST_BETWEEN = 3

_UNKNOWN_DAY = datetime.date(2100, 1, 1)
Found = tuple[list[datetime.date], int, int]
"""(readings, first word, word after); no readings: words of a date that is none."""


def find_date(text: str, language: str, context: SlotContext) -> Entity | None:
    """The day said in text with its readings, or None. Without context.today nothing relative is understood."""
    table, words = numerals(language), calendar_words(language)
    if table is None or words is None:
        return None
    said = CalendarText.of(text, table, words)
    today = calendar.parse_day(context.today)
    order = context.order or ("DMY" if language[:2] == "ru" else "")
    found = _with_month(said, today, past=context.past)
    if found is None and _one_by_one(said):
        found = _in_digits(text, language, said, order, today, past=context.past)
    found = found or _in_figures(said, order, today, past=context.past)
    found = found or _with_misheard_month(said, today, past=context.past)
    if found is None and today is not None:
        found = relative(said, today, past=context.past) or weekday(said, today, past=context.past)
        found = found or _bare_day(said, today, past=context.past)
    found = found or _in_digits(text, language, said, order, today, past=context.past)
    if found is None:
        return None
    days, first, after = found
    possible = [day for day in days if not (context.past and today) or day <= today]
    readings = tuple(dict.fromkeys(day.isoformat() for day in possible))
    if not readings:
        return None
    one, other = said.said[first], said.said[after - 1]  # figures are read in another order than they are written
    return Entity(
        entity="date",
        value=readings[0],
        readings=readings,
        start=min(one[1], other[1]),
        end=max(one[2], other[2]),
        confidence=1.0 if len(readings) == 1 else AMBIGUOUS_CONFIDENCE,
    )


def _with_month(said: CalendarText, today: datetime.date | None, *, past: bool) -> Found | None:
    """ "Fifth of March eighty two", "March fifth"."""
    at = 0
    while at < len(said.said):
        for phrase, (month, day) in said.words.feasts.items():
            if tuple(said.raw[at : at + len(phrase)]) == phrase:
                after = at + len(phrase) + (said.word(at + len(phrase)) == "day")
                return _completed(said, (day, month), (at, after), today, past=past)
        value, after, _ = said.number(at)
        if after > at and said.word(after) in said.words.months:
            month = said.words.months[said.word(after)]
            return _completed(said, (value, month), (at, after + 1), today, past=past)
        if said.word(at) in said.words.months and said.number(at + 1)[1] > at + 1:
            month = said.words.months[said.word(at)]
            for value, end in said.prefixes(at + 1):
                if value <= 31:
                    return _completed(said, (value, month), (at, end), today, past=past)
            year = said.year(at + 1)
            value, end, _ = said.number(year[1]) if year else (0, at, False)
            if year is not None and end > year[1] and 1 <= value <= 31:  # "March 1947 the fourth"
                found = calendar.day(year[0], month, value, today or _UNKNOWN_DAY, past=past)
                return [found] if found else [], at, end
        at = max(after, at + 1)
    return None


def _completed(
    said: CalendarText,
    day_and_month: tuple[int, int],
    span: tuple[int, int],
    today: datetime.date | None,
    *,
    past: bool,
) -> Found:
    """A day and month with the year that follows, or the one that is meant."""
    (day, month), (first, after) = day_and_month, span
    now = today or _UNKNOWN_DAY
    spoken = said.year(after) or _year_before(said, first) or _full_year(said, after + 1)
    if spoken is not None:
        found = calendar.day(spoken[0], month, day, now, past=past)
        return [found] if found else [], first, spoken[1]
    if said.word(after + 1) in said.words.year:
        for beginnings, years in ((said.words.last, -1), (said.words.this, 0), (said.words.next_, 1)):
            if said.word(after).startswith(beginnings):
                found = calendar.day(now.year + years, month, day, now, past=past)
                return [found] if found else [], first, after + 2
    if today is None:
        return [], first, after
    near = range(today.year, today.year - 9, -1) if past else range(today.year, today.year + 9)
    days = (calendar.day(year, month, day, today, past=past) for year in near)
    found = next((d for d in days if d and (past or d >= today)), None)
    return [found] if found else [], first, after


def _year_before(said: CalendarText, first: int) -> tuple[int, int] | None:
    """ "Восемьдесят пятого года, двадцать пятого августа": a year that stands before its day and says so."""
    for at in range(first):
        year = said.year(at)
        if year is not None and year[1] <= first and (year[0] > 99 or said.word(year[1] - 1) in said.words.year):
            return year[0], first
    return None


def _full_year(said: CalendarText, at: int) -> tuple[int, int] | None:
    """A year of four figures that begins here or a word or two further on: "25 июня от 1983 года"."""
    years = (said.year(begin) for begin in range(at, at + MOST_BETWEEN))
    return next((year for year in years if year is not None and year[0] > 99), None)


def _with_misheard_month(said: CalendarText, today: datetime.date | None, *, past: bool) -> Found | None:
    """A day, what was no word to the recogniser, and a full year."""
    for at in range(len(said.said)):
        value, after, _ = said.number(at)
        if after == at or not 1 <= value <= 31:
            continue
        for end in range(after + 1, min(after + MOST_BETWEEN, len(said.said)) + 1):
            year = said.year(end)
            if year is not None and year[0] > 99:
                month = month_like([said.word(between) for between in range(after, end)], said.words.months)
                found = calendar.day(year[0], month, value, today or _UNKNOWN_DAY, past=past) if month else None
                return ([found], at, year[1]) if found else None
    return None


def _in_figures(said: CalendarText, order: str, today: datetime.date | None, *, past: bool) -> Found | None:
    """ "05.03.1982", "1982-03-05", "five three eighty two", "пятое третьего восемьдесят второго"."""
    for at in range(len(said.said)):
        if at and said.said[at - 1][0].isdigit() and not said.said[at][0].isdigit():
            continue
        if re.fullmatch(r"(19|20)\d\d", said.word(at)):
            month, middle, _ = said.number(at + 1)
            day, after, _ = said.number(middle)
            iso = calendar.day(int(said.word(at)), month, day, today or _UNKNOWN_DAY, past=past)
            if middle > at + 1 and after > middle and iso:
                return [iso], at, after
        triples = list(_triples(said, at))
        for first, second, year, after in triples:
            days = _ordered(first, second, year, order, today, past=past)
            if days:
                return days, at, after
    return None


def _triples(said: CalendarText, at: int) -> Iterator[tuple[int, int, int, int]]:
    """(first, second, year, position after) for three numbers in a row, the longest years first."""
    found = []
    for first, middle in said.prefixes(at):
        for second, behind in said.prefixes(middle) if first <= 31 else ():
            year = said.year(behind) if second <= 31 else None
            if year is not None and year[1] - at >= 3 and (year[0] > 99 or _two_figures(said, behind)):
                found.append((first, second, year[0], year[1]))
    yield from sorted(found, key=lambda triple: -triple[3])


def _two_figures(said: CalendarText, at: int) -> bool:
    """A short year is two figures, or said as a number of two: a lone "five" is none."""
    value, after, _ = said.number(at)
    written = said.said[at][0]
    return len(written) == 2 if written.isdigit() else value >= 10 or after - at == 2


def _ordered(
    first: int, second: int, year: int, order: str, today: datetime.date | None, *, past: bool
) -> list[datetime.date]:
    now = today or _UNKNOWN_DAY
    days = {
        "DMY": calendar.day(year, second, first, now, past=past),
        "MDY": calendar.day(year, first, second, now, past=past),
    }
    if order and days[order] is not None:
        return [day for day in (days[order],) if day]
    return [day for day in days.values() if day]


def _one_by_one(said: CalendarText) -> bool:
    """Eight single digits: day, month and year without a doubt where one ends."""
    return sum(said.is_digit(at) for at in range(len(said.said))) == len(said.said) == DIGITS_OF_A_DATE


def _in_digits(
    text: str, language: str, said: CalendarText, order: str, today: datetime.date | None, *, past: bool
) -> Found | None:
    """Eight or six digits said one by one, or written without a break."""
    entity = find_digits(text, language)
    for reading in entity.readings if entity else ():
        if len(reading) in (6, 8):
            year = int(reading[4:])
            days = _ordered(int(reading[:2]), int(reading[2:4]), year, order, today, past=past)
            if days and (len(reading) == 6 or year >= 1800):
                return days, 0, len(said.said)
    return None


def _bare_day(said: CalendarText, today: datetime.date, *, past: bool) -> Found | None:
    """ "On the fifth", "двадцать пятого числа": the nearest such day. Where a full year is said, it is none of them."""
    at = 0
    if any(_full_year(said, begin) for begin in range(1, len(said.said))):
        return None
    while at < len(said.said):
        value, after, ordinal = said.number(at)
        if after > at and 1 <= value <= 31 and (ordinal or said.word(after) in said.words.of_month):
            step = -1 if past else 1
            days = (today + datetime.timedelta(days=step * n) for n in range(63))
            return [next(day for day in days if day.day == value)], at, after
        at = max(after, at + 1)
    return None
