"""What a language adds to a dialog: how values are read aloud, how yes and no are said, where sentences end.

One Tongue per language, in a table; a language without one can be used for texts without formatters.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from num2words import num2words

Formatter = Callable[[Any, str], str]
"""(value, extra) -> words. Raises ValueError when the value cannot be read aloud. extra: currency or today's date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """yes, no: phrases the recogniser is constrained to. formatters: name -> Formatter. abbreviations: words whose
    full stop ends no sentence."""

    yes: tuple[str, ...]
    no: tuple[str, ...]
    formatters: Mapping[str, Formatter]
    abbreviations: frozenset[str] = frozenset()


FORMATTERS = frozenset({"digits", "money", "date", "number", "masked"})

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_CURRENCIES = {
    "EUR": ("euro", "euros", "cent", "cents"),
    "USD": ("dollar", "dollars", "cent", "cents"),
    "GBP": ("pound", "pounds", "penny", "pence"),
    "RUB": ("rouble", "roubles", "kopeck", "kopecks"),
}


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


def _digits_en(value: Any, _extra: str) -> str:
    digits = [c for c in str(value) if c.isdigit()]
    if not digits:
        raise ValueError(f"no digits in {value!r}")
    return ", ".join(" ".join(_DIGITS[int(d)] for d in group) for group in groups("".join(digits)))


def _words_en(value: Decimal | int) -> str:
    return str(num2words(value, lang="en")).replace(",", "")


def _number_en(value: Any, _extra: str) -> str:
    return _words_en(_decimal(value))


def _money_en(value: Any, currency: str) -> str:
    if currency not in _CURRENCIES:
        raise ValueError(f"no words for the currency {currency!r}")
    one, many, cent, cents = _CURRENCIES[currency]
    amount = _decimal(value).quantize(Decimal("0.01"))
    whole, rest = int(amount), int(abs(amount) % 1 * 100)
    said = f"{_words_en(whole)} {one if abs(whole) == 1 else many}"
    if rest:
        said += f" and {_words_en(rest)} {cent if rest == 1 else cents}"
    return said


def _date_en(value: Any, today: str) -> str:
    date = datetime.date.fromisoformat(str(value)[:10])
    said = f"the {num2words(date.day, lang='en', to='ordinal')} of {date.strftime('%B')}"
    return said if today[:4] == str(date.year) else f"{said} {num2words(date.year, lang='en', to='year')}"


def _masked_en(value: Any, _extra: str) -> str:
    """Enough for the caller to recognise a long number, nothing of a short one."""
    text = str(value)
    return f"the number ending in {_digits_en(text[-2:], '')}" if len(text) >= 8 else "the number you gave"


def _decimal(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError(f"{value!r} is no number") from error


TONGUES: Mapping[str, Tongue] = {
    "en": Tongue(
        yes=("yes", "yeah", "yep", "yes please", "correct", "that's right", "sure", "yes it is", "yes it did"),
        no=("no", "nope", "no thanks", "no thank you", "wrong", "that's wrong", "not correct", "no it isn't"),
        formatters={
            "digits": _digits_en,
            "money": _money_en,
            "date": _date_en,
            "number": _number_en,
            "masked": _masked_en,
        },
        abbreviations=frozenset({"mr", "mrs", "ms", "dr", "no", "st", "e.g", "i.e"}),
    ),
}

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")


def sentences(text: str, language: str) -> tuple[str, ...]:
    """text cut where sentences end; placeholders are never cut."""
    shortened = TONGUES[language].abbreviations if language in TONGUES else frozenset()
    parts: list[str] = []
    for piece in _SENTENCE_END.split(" ".join(text.split())):
        before = parts[-1] if parts else ""
        last_word = before.rstrip(".").rsplit(" ", 1)[-1].lower()
        # "no." ends a sentence far more often than it abbreviates "number": only a digit after it tells.
        joins = last_word in shortened and (last_word != "no" or piece[:1].isdigit() or piece[:1] == "{")
        if parts and (before.count("{") > before.count("}") or (before.endswith(".") and joins)):
            parts[-1] = f"{before} {piece}"
        elif piece:
            parts.append(piece)
    return tuple(parts)
