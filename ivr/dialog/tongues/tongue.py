"""What a language must bring along, and the figures every language starts from."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import phonenumbers

Formatter = Callable[[Any, str], str]
"""(value, extra) -> words. Raises ValueError when the value cannot be read aloud. extra: currency, today's date (ISO
8601), or the forms of a counted noun."""

FORMATTERS = frozenset({"digits", "number", "money", "date", "time", "phone", "name", "count", "masked"})
CURRENCIES = ("EUR", "USD", "GBP", "RUB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """yes, no: phrases the recogniser is constrained to. stated: the same of how an offer is called useful, not minded,
    annoying (ivr.model.offers.Stated), each with the figure of its key first. formatters: name -> Formatter.
    plural_forms: how many forms a counted noun has.

    abbreviations: words whose full stop ends no sentence. closing: those of them that may end one all the same, so that
    what follows decides. before_names: those that a capital letter follows ("г. Москва"), unless after a figure.

    denials, amendments: phrases that begin a correction, by denying what was understood ("no", "I said") or softly
    ("sorry", "wait"). tail, head: words for the end and the beginning of a number;
    counted: those that a count of figures may follow ("the last two are"). negations: what follows is denied.
    """

    yes: tuple[str, ...]
    no: tuple[str, ...]
    formatters: Mapping[str, Formatter]
    plural_forms: int
    abbreviations: frozenset[str] = frozenset()
    closing: frozenset[str] = frozenset()
    before_names: frozenset[str] = frozenset()
    denials: tuple[str, ...] = ()
    amendments: tuple[str, ...] = ()
    tail: frozenset[str] = frozenset()
    head: frozenset[str] = frozenset()
    counted: frozenset[str] = frozenset()
    negations: frozenset[str] = frozenset()
    stated: tuple[tuple[str, ...], ...] = ()


def groups(digits: str) -> tuple[str, ...]:
    """Digits as people say them: by threes, by fours when that comes out even, a last single one never alone."""
    size = 4 if len(digits) % 4 == 0 and len(digits) % 3 != 0 and len(digits) > 4 else 3
    if len(digits) <= 4:
        return (digits,)
    parts = [digits[i : i + size] for i in range(0, len(digits), size)]
    if len(parts[-1]) == 1:
        last = parts.pop()
        parts[-1] += last
    return tuple(parts)


def digit_groups(value: Any) -> tuple[str, ...]:
    """The figures in a value, grouped. Raises ValueError when there are none."""
    digits = "".join(c for c in str(value) if c.isascii() and c.isdigit())
    if not digits:
        raise ValueError(f"no digits in {value!r}")
    return groups(digits)


def decimal(value: Any) -> Decimal:
    """A number. Raises ValueError when value is none, or is no finite one."""
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation as error:
        raise ValueError(f"{value!r} is no number") from error
    if not number.is_finite():
        raise ValueError(f"{value!r} is no number")
    return number.to_integral_value() if number == number.to_integral_value() else number.normalize()


def amount(value: Any, currency: str) -> tuple[int, int, str]:
    """(whole units, hundredths, currency) of 12.5, "12.50 EUR" or {amount, currency}; its own currency goes before the
    given one. The sign is with the units, or with the hundredths when there are no units."""
    if isinstance(value, Mapping):
        value, currency = value.get("amount"), str(value.get("currency") or currency)
    elif isinstance(value, str) and " " in value.strip():
        value, _, currency = value.strip().partition(" ")
    if currency not in CURRENCIES:
        raise ValueError(f"no words for the currency {currency!r}")
    hundredths = int((decimal(value) * 100).to_integral_value())
    sign = -1 if hundredths < 0 else 1
    whole, rest = divmod(abs(hundredths), 100)
    return sign * whole, rest if whole else sign * rest, currency


def day(value: Any) -> datetime.date:
    """An ISO 8601 date. Raises ValueError."""
    return datetime.date.fromisoformat(str(value)[:10])


def clock(value: Any) -> datetime.time:
    """An ISO 8601 time, alone or after a date. Raises ValueError."""
    return datetime.time.fromisoformat(str(value).partition("T")[2] or str(value))


def phone_groups(value: Any, home: int) -> tuple[str, tuple[str, ...]]:
    """(country code, "" when it is home's; groups of the rest as that country writes them). Raises ValueError."""
    text = str(value)
    try:
        parsed = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return "", digit_groups(text)
    shown = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    parts = tuple(p for p in "".join(c if c.isdigit() else " " for c in shown).split() if p)
    code = str(parsed.country_code)
    rest = parts[1:] if parts[0] == code else parts
    if len(rest) < 2:
        rest = groups("".join(rest))
    return "" if parsed.country_code == home else code, rest
