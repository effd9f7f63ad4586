"""Days counted from the day of the call: "yesterday", "two weeks ago", "через три дня", "next Friday"."""

from __future__ import annotations

import datetime

from ivr.nlu.spoken.calendar_text import CalendarText

Found = tuple[list[datetime.date], int, int]


def relative(said: CalendarText, today: datetime.date, *, past: bool) -> Found | None:
    """A day named or counted from today, or None."""
    for at in range(len(said.said)):
        counted = _of_month(said, at, today, past=past) or _after_weekday(said, at, today) or _about(said, at, today)
        if counted is not None:
            return counted
        for size in (3, 2, 1):
            offset = said.words.days.get(tuple(said.raw[at : at + size]))
            if offset is not None and len(said.raw) >= at + size:
                return [today + datetime.timedelta(days=offset)], at, at + size
        span = _span(said, at, today)
        if span is not None:
            return span
    return None


def month_meant(said: CalendarText, at: int, today: datetime.date) -> tuple[int, int] | None:
    """(months from now, position after) of "last month", "следующего месяца", "the month" that begins here."""
    words, months = said.words, [word for word, unit in said.words.units.items() if unit == (0, 1)]
    for beginnings, offset in ((words.last, -1), (words.this, 0), (words.next_, 1)):
        if said.word(at).startswith(beginnings) and said.word(at + 1) in months:
            return offset, at + 2
    return (0, at + 1) if said.word(at) in months else None


def month_away(today: datetime.date, months: int, day: int) -> datetime.date | None:
    """That day of the month so many months away; None when the month has no such day."""
    year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
    try:
        return datetime.date(year, month + 1, day)
    except ValueError:
        return None


def _month_end(year: int, month: int) -> datetime.date:
    """The last day of a month."""
    return datetime.date(year + (month == 12), month % 12 + 1, 1) - datetime.timedelta(days=1)


def _of_month(said: CalendarText, at: int, today: datetime.date, *, past: bool) -> Found | None:
    """ "The tenth of last month", "в конце месяца"."""
    for phrase in said.words.month_ends:
        named = said.words.months.get(said.word(at + len(phrase)))
        if named is not None and tuple(said.raw[at : at + len(phrase)]) == phrase:
            ends = [_month_end(today.year + years, named) for years in (-1, 0, 1)]
            near = (d for d in reversed(ends) if d <= today) if past else (d for d in ends if d >= today)
            return [next(near)], at, at + len(phrase) + 1
        meant = month_meant(said, at + len(phrase), today) if tuple(said.raw[at : at + len(phrase)]) == phrase else None
        first = month_away(today, meant[0] + 1, 1) if meant else None
        if meant is not None and first is not None:
            return [first - datetime.timedelta(days=1)], at, meant[1]
    value, after, ordinal = said.number(at)
    numbered = said.word(after) in said.words.of_month
    if after == at or not (ordinal or numbered):
        return None
    behind = after + numbered
    meant = month_meant(said, behind, today)
    if meant is None or meant[1] == behind + 1:  # "the third month" is no day
        return None
    day = month_away(today, meant[0], value)
    return ([day] if day else [], at, meant[1])


def _after_weekday(said: CalendarText, at: int, today: datetime.date) -> Found | None:
    """ "A week from Friday", "a week on Monday", "Monday week"."""
    counted = said.word(at) in said.words.week
    behind = at + 1 + (counted and said.word(at + 1) in ("from", "after"))
    number = said.words.weekdays.get(said.word(behind) if counted else said.word(at))
    if number is None or not (counted or said.word(at + 1) == "week"):
        return None
    if said.word(at - 1).startswith((*said.words.last, *said.words.next_, *said.words.this)):
        return None
    ahead = (number - today.weekday()) % 7
    return [today + datetime.timedelta(days=ahead + 7)], at, behind + 1


def _about(said: CalendarText, at: int, today: datetime.date) -> Found | None:
    """ "Дня два назад", "недели через три": the unit before the count says "about"."""
    unit = said.words.units.get(said.word(at))
    ahead = said.word(at + 1) in said.words.ahead_before
    start = at + 1 + ahead
    count, after, _ = said.number(start)
    if unit is None or after == start or said.words.one:
        return None
    if ahead:
        return [_moved(today, count, unit)], at, after
    return ([_moved(today, -count, unit)], at, after + 1) if said.word(after) in said.words.ago else None


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
    if said.word(after) == "from" and (start := said.words.days.get((said.word(after + 1),))) is not None:
        return [_moved(today, count, unit) + datetime.timedelta(days=start)], at, after + 2
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


def _week_meant(said: CalendarText) -> int | None:
    """Weeks from now when one is named: "Tuesday last week", "на следующей неделе в понедельник"."""
    words = said.words
    for at in range(len(said.said)):
        for beginnings, offset in ((words.last, -1), (words.this, 0), (words.next_, 1)):
            if said.word(at).startswith(beginnings) and said.word(at + 1) in words.week:
                return offset
    return None


def _numbered(
    said: CalendarText, at: int, weekday_number: int, today: datetime.date, *, past: bool
) -> tuple[list[datetime.date], int] | None:
    """ "Thursday the 26th": the nearest such day that is that weekday, or else the nearest of that number."""
    value, after, ordinal = said.number(at)
    if after == at or not ordinal or not 1 <= value <= 31:
        return None
    step = -1 if past else 1
    days = [today + datetime.timedelta(days=step * n) for n in range(366)]
    same = [day for day in days if day.day == value]
    return [next((d for d in same if d.weekday() == weekday_number), same[0])], after


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
        numbered = _numbered(said, at + 1, number, today, past=past)
        if numbered is not None:
            return numbered[0], at, numbered[1]
        week = _week_meant(said)
        if week is not None:
            return [days[1 + week]], at, at + 1
        before, first = said.word(at - 1), at - (at > 0)
        if before.startswith(words.coming) and words.coming:
            return [next(d for d in days if d > today)], first, at + 1
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
