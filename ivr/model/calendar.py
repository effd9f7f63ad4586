"""Years said or keyed with two figures, days that exist. What voice and keys must agree on."""

from __future__ import annotations

import datetime

OLDEST_YEARS = 125
_AHEAD_YEARS = 20


def full_year(year: int, today: datetime.date, *, past: bool) -> int:
    """A year of two figures (0..99) as four: the latest that is not ahead of today (past), else of -80..+20 years.

    past: 82 is 1982 and 05 is 2005 for someone born; nobody is a hundred years old in two figures.
    """
    latest = today.year if past else today.year + _AHEAD_YEARS
    return latest - (latest - year) % 100


def day(year: int, month: int, day_of_month: int, today: datetime.date, *, past: bool) -> datetime.date | None:
    """The date, a year below 100 made full; None when there is no such day, or it is ahead of today (past)."""
    try:
        if year >= 100:
            found = datetime.date(year, month, day_of_month)
        else:
            found = datetime.date(full_year(year, today, past=past), month, day_of_month)
            if past and found > today:
                found = datetime.date(found.year - 100, month, day_of_month)
    except (ValueError, OverflowError):
        return None
    if past and not (found <= today and today.year - found.year <= OLDEST_YEARS):
        return None
    return found


def parse_day(iso: str) -> datetime.date | None:
    """An ISO 8601 date or time stamp as a date; None when it is none."""
    try:
        return datetime.date.fromisoformat(iso[:10])
    except ValueError:
        return None
