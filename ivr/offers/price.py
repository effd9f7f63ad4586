"""A price as it is spoken: "three euros ninety a month". The one place where an amount becomes words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from num2words import num2words


class Period(StrEnum):
    """How often the price is due."""

    ONCE = "once"
    DAY = "day"
    TRIP = "trip"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What the caller would pay. amount: in units of currency (ISO 4217), at most two decimals."""

    amount: Decimal
    currency: str
    period: Period

    @property
    def minor(self) -> int:
        """The amount in hundredths."""
        return int(self.amount * 100)


_PERIODS = {
    "en": {
        Period.ONCE: "once",
        Period.DAY: "a day",
        Period.TRIP: "a trip",
        Period.MONTH: "a month",
        Period.YEAR: "a year",
    },
    "ru": {
        Period.ONCE: "один раз",
        Period.DAY: "в день",
        Period.TRIP: "за поездку",
        Period.MONTH: "в месяц",
        Period.YEAR: "в год",
    },
}
# currency -> (one, many) of the unit, then of its hundredth
_ENGLISH = {
    "EUR": (("euro", "euros"), ("cent", "cents")),
    "USD": (("dollar", "dollars"), ("cent", "cents")),
    "GBP": (("pound", "pounds"), ("penny", "pence")),
    "RUB": (("rouble", "roubles"), ("kopeck", "kopecks")),
}
# currency -> gender and the forms after 1, 2-4, 5-0 of the unit, then of its hundredth
_RUSSIAN = {
    "EUR": (("n", "евро", "евро", "евро"), ("m", "цент", "цента", "центов")),
    "USD": (("m", "доллар", "доллара", "долларов"), ("m", "цент", "цента", "центов")),
    "GBP": (("m", "фунт", "фунта", "фунтов"), ("m", "пенс", "пенса", "пенсов")),
    "RUB": (("m", "рубль", "рубля", "рублей"), ("f", "копейка", "копейки", "копеек")),
}
_MONEY = re.compile(
    r"€|\$|£|₽|\d[.,]\d\d\b|\b(eur|usd|gbp|rub|euros?|dollars?|pounds?|pence|cents?|roubles?|rubles?|kopecks?"
    r"|евро|доллар\w*|фунт\w*|цент(а|ов)?|рубл\w+|копе\w+)\b",
    re.IGNORECASE,
)


def currencies(language: str) -> frozenset[str]:
    """The currencies that can be spoken in a language; empty for a language without number words here."""
    return {"en": frozenset(_ENGLISH), "ru": frozenset(_RUSSIAN)}.get(language, frozenset())


def speak(price: Price, language: str) -> str:
    """The price in words. Raises KeyError for a language or currency not in currencies()."""
    return f"{_SPEAKERS[language](price)} {_PERIODS[language][price.period]}"


def mentions_money(text: str) -> bool:
    """Whether text names an amount or a currency; script texts leave that to the {price} placeholder."""
    return _MONEY.search(text) is not None


def _english(price: Price) -> str:
    (one, many), (cent, cents) = _ENGLISH[price.currency]
    units, hundredths = divmod(price.minor, 100)
    unit_words = f"{_english_number(units)} {one if units == 1 else many}"
    if not hundredths:
        return unit_words
    if not units:
        return f"{_english_number(hundredths)} {cent if hundredths == 1 else cents}"
    if hundredths < 10:  # "three euros five" is heard as three fifty
        return f"{unit_words} and {_english_number(hundredths)} {cent if hundredths == 1 else cents}"
    return f"{unit_words} {_english_number(hundredths)}"


def _english_number(number: int) -> str:
    return str(num2words(number, lang="en")).replace(",", "")


def _russian(price: Price) -> str:
    unit, hundredth = _RUSSIAN[price.currency]
    units, hundredths = divmod(price.minor, 100)
    parts = [_russian_count(units, unit)] if units or not hundredths else []
    return " ".join(parts + ([_russian_count(hundredths, hundredth)] if hundredths else []))


def _russian_count(number: int, noun: tuple[str, str, str, str]) -> str:
    gender, one, few, many = noun
    if number % 100 in range(11, 15) or number % 10 in (0, 5, 6, 7, 8, 9):
        form = many
    else:
        form = one if number % 10 == 1 else few
    return f"{num2words(number, lang='ru', gender=gender)} {form}"


_SPEAKERS: dict[str, Callable[[Price], str]] = {"en": _english, "ru": _russian}
