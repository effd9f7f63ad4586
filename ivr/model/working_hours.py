"""When people sit at their desks: spans of a week, in one time zone. Owns how they are written and what is inside."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OFFICE = ("mon-fri 09:00-18:00",)
"""What is assumed when nobody states working hours."""
_DAY = "|".join(DAYS)
_SPAN = re.compile(rf"({_DAY})(?:-({_DAY}))? (\d\d):(\d\d)-(\d\d):(\d\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingHours:
    """spans: (days of the week, 0 = Monday; first minute of the day; minute after the last). stated: False when these
    hours are only assumed."""

    spans: tuple[tuple[frozenset[int], int, int], ...]
    zone: ZoneInfo
    stated: bool

    def open_at(self, at_ms: int) -> bool:
        """Is somebody there at this moment (Unix milliseconds)?"""
        local = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        return any(local.weekday() in days and begin <= minute < end for days, begin, end in self.spans)


def working_hours(lines: Sequence[str], zone: str) -> WorkingHours:
    """Of lines like "mon-fri 09:00-18:00" or "sat 10:00-14:00"; none: OFFICE is assumed. zone: as in the IANA database.

    Raises ValueError for what cannot be understood; a span ends on the day it began, at 24:00 at the latest.
    """
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {zone!r}: write it like Europe/Berlin") from error
    return WorkingHours(spans=tuple(_span(line) for line in lines or OFFICE), zone=place, stated=bool(lines))


def _span(line: str) -> tuple[frozenset[int], int, int]:
    found = _SPAN.fullmatch(line.strip().lower())
    if found is None:
        raise ValueError(f"working hours are written like 'mon-fri 09:00-18:00', not {line!r}")
    first, last = DAYS.index(found[1]), DAYS.index(found[2] or found[1])
    begin, end = (int(found[at]) * 60 + int(found[at + 1]) for at in (3, 5))
    if not begin < end <= 24 * 60 or int(found[4]) > 59 or int(found[6]) > 59:
        raise ValueError(f"working hours end on the day they began: {line!r}")
    return frozenset((first + n) % 7 for n in range((last - first) % 7 + 1)), begin, end
