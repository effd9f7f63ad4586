"""Values entered by keypad, as the same typed values that speech gives: a date as ddmmyyyy, money with * for the point.

Keys are exact: each function gives one value or none. Refuses to know slots.
"""

from __future__ import annotations

import datetime
import re

import phonenumbers

from ivr.model import calendar

MOST_KEYS = {"digits": 20, "number": 12, "money": 12, "date": 8, "time": 4, "phone": 16}
"""Slot type -> how many keys are waited for, where the slot has no length of its own."""

_DATE_ORDERS = {"DMY": (0, 1, 2), "MDY": (1, 0, 2)}


def number(keys: str) -> str:
    """ "12*5" -> "12.5"; "" when it is no number."""
    match = re.fullmatch(r"(\d+)(?:\*(\d+))?", keys)
    if not match:
        return ""
    rest = (match[2] or "").rstrip("0")
    return f"{int(match[1])}.{rest}" if rest else str(int(match[1]))


def money(keys: str, currency: str) -> str:
    """ "1250*5" -> "1250.50 EUR"; "" when it is no amount."""
    match = re.fullmatch(r"(\d+)(?:\*(\d{0,2}))?", keys)
    if not match:
        return ""
    cents = (match[2] or "").ljust(2, "0")
    amount = str(int(match[1])) + ("" if cents == "00" else f".{cents}")
    return f"{amount} {currency}".strip()


def date(keys: str, order: str, today: str, *, past: bool) -> str:
    """Eight figures, or six, in the order "DMY" | "MDY" -> ISO 8601; "" when there is no such day."""
    match = re.fullmatch(r"(\d\d)\*?(\d\d)\*?(\d{4}|\d\d)", keys)
    if not match:
        return ""
    parts = [int(part) for part in match.groups()]
    day, month, year = (parts[at] for at in _DATE_ORDERS[order])
    now = calendar.parse_day(today) or datetime.date.max.replace(year=2099)
    found = calendar.day(year, month, day, now, past=past) if len(match[3]) == 2 or year >= 1000 else None
    return found.isoformat() if found else ""


def time(keys: str) -> str:
    """ "0930", "930" or "9" -> "09:30" ("09:00"), 24 hours; "" when there is no such time."""
    match = re.fullmatch(r"(\d{1,2})\*?(\d\d)?", keys) if len(keys) != 3 else re.fullmatch(r"(\d)(\d\d)", keys)
    if not match or int(match[1]) > 24 or int(match[2] or 0) > 59:
        return ""
    return f"{int(match[1]) % 24:02d}:{match[2] or '00'}"


def phone(keys: str, region: str) -> str:
    """A number as dialled in that country -> E.164; "" when it is none there."""
    try:
        parsed = phonenumbers.parse(keys, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(parsed):
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
