"""Days counted from the day of the call: "yesterday", "two weeks ago", "через три дня", "next Friday"."""

from __future__ import annotations

import datetime

from ivr.nlu.spoken.calendar_text import CalendarText

Found = tuple[list[datetime.date], int, int]


def relative(said: CalendarText, today: datetime.date) -> Found | None:
    """A day named or counted from today, or None."""
    for at in range(len(said.said)):
        for size in (3, 2, 1):
            offset = said.words.days.get(tuple(said.raw[at : at + size]))
            if offset is not None and len(said.raw) >= at + size:
                return [today + datetime.timedelta(days=offset)], at, at + size
        span = _span(said, at, today)
        if span is not None:
            return span
    return None


def _span(said: CalendarText, at: int, today: datetime.date) -> Found | None:
    """ "[in] three weeks [ago]" that begins at this word."""
    words = said.words
    ahead = said.word(at) in words.ahead_before
    count, unit_at = _count(said, at + 1 if ahead else at)
    unit = words.units.get(said.word(unit_at))
    if unit is None:
        return None
    after = unit_at + 1
    if said.word(after) in words.ago:
        return [_moved(today, -count, unit)], at, after + 1
    if ahead:
        return [_moved(today, count, unit)], at, after
    for behind in words.ahead_behind:
        if tuple(said.raw[after : after + len(behind)]) == behind:
            return [_moved(today, count, unit)], at, after + len(behind)
    return None


def _count(said: CalendarText, at: int) -> tuple[int, int]:
    """(how many, position of the unit); one when nothing is said."""
    words = said.words
    if said.word(at) in words.one:
        at += 1
        if said.word(at) not in words.two:
            return 1, at
    if said.word(at) in words.two:
        return 2, at + 1
    value, after, _ = said.number(at)
    return (value, after) if after > at else (1, at)


def _moved(today: datetime.date, count: int, unit: tuple[int, int]) -> datetime.date:
    """So many units away; the last day of the month where that month is shorter. Never out of the calendar."""
    days, months = unit
    months = max(-1200, min(1200, months * count))
    total = today.year * 12 + today.month - 1 + months
    year, month = divmod(total, 12)
    next_month = datetime.date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (next_month - datetime.timedelta(days=1)).day
    moved = datetime.date(year, month + 1, min(today.day, last))
    return moved + datetime.timedelta(days=max(-36500, min(36500, days * count)))


def weekday(said: CalendarText, today: datetime.date, *, past: bool) -> Found | None:
    """ "Friday", "last Friday", "в следующую пятницу". "Next" and "last" are of the next and the last week; where this
    week has such a day on that side of today, that is the second reading."""
    words = said.words
    for at in range(len(said.said)):
        number = words.weekdays.get(said.word(at))
        if number is None:
            continue
        monday = today - datetime.timedelta(days=today.weekday())
        days = [monday + datetime.timedelta(days=number + 7 * week) for week in (-1, 0, 1)]
        before, first = said.word(at - 1), at - (at > 0)
        if before.startswith(words.last):
            return [days[0], *([days[1]] if days[1] < today else [])], first, at + 1
        if before.startswith(words.next_):
            return [days[2], *([days[1]] if days[1] > today else [])], first, at + 1
        if before.startswith(words.this):
            return [days[1]], first, at + 1
        if past:
            return [next(d for d in reversed(days) if d < today)], at, at + 1
        coming = [d for d in days if d >= today]
        return coming[:2] if coming[0] == today else coming[:1], at, at + 1
    return None
