"""Words around numbers: halves, decimal points, dozens, units of money. One table a language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """How a language says what is not whole. All words lower case, without ё.

    counts: words for a number of things ("dozen", "двое"). scaled: words that are amounts by themselves (полмиллиона).
    halves: phrases that add a half. half: the word for it alone. scales: what multiplies ("k", "million"). point: the
    decimal point. fractions: what the figures after the point are parts of (десятых: 10). units: word -> (currency,
    hundredths in it); nothing: small words before a number.
    """

    counts: Mapping[str, int]
    scaled: Mapping[str, Decimal] = field(default_factory=dict)
    halves: tuple[tuple[str, ...], ...] = ()
    half: frozenset[str] = frozenset()
    scales: Mapping[str, int] = field(default_factory=dict)
    point: frozenset[str] = frozenset()
    fractions: Mapping[str, int] = field(default_factory=dict)
    minus: frozenset[str] = frozenset()
    units: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    between: frozenset[str] = frozenset()


def _units(**currencies: tuple[str, str]) -> Mapping[str, tuple[str, int]]:
    """EUR=("whole units", "hundredths") -> word -> (currency, hundredths)."""
    return {
        word: (currency, size)
        for currency, kinds in currencies.items()
        for words, size in zip(kinds, (100, 1), strict=True)
        for word in words.split()
    }


_SIGNS = {"$": ("USD", 100), "€": ("EUR", 100), "£": ("GBP", 100), "₽": ("RUB", 100)}
_CODES = {code.lower(): (code, 100) for code in ("USD", "EUR", "GBP", "RUB")}

_ENGLISH = Amounts(
    counts={"couple": 2, "dozen": 12, "pair": 2},
    halves=(("and", "a", "half"),),
    half=frozenset(("half",)),
    scales={"k": 1000, "grand": 1000, "thousand": 1000, "million": 1000000, "m": 1000000, "hundred": 100},
    point=frozenset(("point", "dot")),
    minus=frozenset(("minus", "negative")),
    units={
        **_SIGNS,
        **_CODES,
        **_units(
            USD=("dollar dollars buck bucks", "cent cents"),
            GBP=("pound pounds quid sterling", "p pence penny pennies"),
            EUR=("euro euros", "eurocent eurocents"),
            RUB=("rouble roubles ruble rubles", "kopeck kopecks kopek kopeks copeck copecks"),
        ),
    },
    between=frozenset(("and", "of", "a")),
)

_RUSSIAN = Amounts(
    counts={
        "пара": 2, "пару": 2, "двое": 2, "двоих": 2, "трое": 3, "троих": 3, "четверо": 4, "четверых": 4, "пятеро": 5,
        "десяток": 10, "дюжина": 12,
    },
    scaled={
        "полтора": Decimal("1.5"), "полторы": Decimal("1.5"), "полутора": Decimal("1.5"),
        "полмиллиона": Decimal(500000), "полтысячи": Decimal(500), "косарь": Decimal(1000), "полтинник": Decimal(50),
        "пол": Decimal("0.5"), "половина": Decimal("0.5"), "полторашка": Decimal(1500),
    },
    halves=(("с", "половиной"),),
    scales={
        "тысяча": 1000, "тысячи": 1000, "тысяч": 1000, "тысячу": 1000, "тыс": 1000, "тыща": 1000, "тыщи": 1000,
        "тыщ": 1000, "тыщу": 1000, "миллион": 1000000, "миллиона": 1000000, "миллионов": 1000000, "млн": 1000000,
        "сотни": 100, "сотен": 100, "косарей": 1000, "косаря": 1000, "штук": 1000,
    },
    point=frozenset(("целых", "целая", "запятая", "точка")),
    fractions={
        "десятых": 10, "десятая": 10, "десятые": 10, "сотых": 100, "сотая": 100, "сотые": 100, "тысячных": 1000,
        "тысячная": 1000,
    },
    minus=frozenset(("минус",)),
    units={
        **_SIGNS,
        **_CODES,
        **_units(
            RUB=("рубль рубля рублей рублям рублями руб рублях", "копейка копейки копеек копейку коп"),
            USD=("доллар доллара долларов долларах бакс бакса баксов", "цент цента центов"),
            EUR=("евро", "евроцент евроцентов евроцента"),
            GBP=("фунт фунта фунтов", "пенс пенса пенсов"),
        ),
    },
    between=frozenset(("и",)),
)  # fmt: skip

LANGUAGES: Mapping[str, Amounts] = MappingProxyType({"en": _ENGLISH, "ru": _RUSSIAN})


def amounts(language: str) -> Amounts | None:
    """The table of a language ("en", "en-GB"), or None."""
    return LANGUAGES.get(language.lower().partition("-")[0])
