"""Words around numbers: halves, decimal points, dozens, units of money. One table a language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """How a language says what is not whole. All words lower case, without ё.

    counts: words for a number of things ("dozen", "двое"). scaled: words that are amounts by themselves (полмиллиона).
    parts: phrases that add a part ("and a half"). portions: parts of what follows ("half a dozen"), half never alone.
    scales: what multiplies ("k", "million"). slang: what multiplies money only. inverted: scales that may stand before
    their number ("тысяч двадцать" is 20 000). point: the decimal point. fractions: what the figures after the point are
    parts of (десятых: 10). none: what says nought when nothing else is said. units: word -> (currency, hundredths in
    it). sums: words that are money by themselves ("tenner"). single: units that mean one of them without a number
    ("рубль пятьдесят"). between: small words before a number. thousands_apart: "две пятьсот" is
    2500. hundreds_apart: "one twenty" is 120. joined: "and" between a whole number and its tenths.
    """

    counts: Mapping[str, int]
    scaled: Mapping[str, Decimal] = field(default_factory=dict)
    parts: Mapping[tuple[str, ...], Decimal] = field(default_factory=dict)
    portions: Mapping[tuple[str, ...], Decimal] = field(default_factory=dict)
    scales: Mapping[str, int] = field(default_factory=dict)
    slang: Mapping[str, int] = field(default_factory=dict)
    inverted: frozenset[str] = frozenset()
    point: frozenset[str] = frozenset()
    fractions: Mapping[str, int] = field(default_factory=dict)
    joined: frozenset[str] = frozenset()
    minus: frozenset[str] = frozenset()
    none: frozenset[tuple[str, ...]] = frozenset()
    units: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    sums: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    single: frozenset[str] = frozenset()
    between: frozenset[str] = frozenset()
    thousands_apart: bool = False
    hundreds_apart: bool = False

    def of_money(self) -> Amounts:
        """The same table for money, slang included."""
        return replace(self, scales={**self.scales, **self.slang})


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
    parts={
        ("and", "a", "half"): Decimal("0.5"),
        ("and", "a", "quarter"): Decimal("0.25"),
        ("and", "three", "quarters"): Decimal("0.75"),
        ("and", "half"): Decimal("0.5"),
    },
    portions={("three", "quarters"): Decimal("0.75"), ("quarter",): Decimal("0.25"), ("half",): Decimal("0.5")},
    scales={"dozen": 12, "k": 1000, "grand": 1000, "thousand": 1000, "million": 1000000, "m": 1000000, "hundred": 100},
    point=frozenset(("point", "dot")),
    minus=frozenset(("minus", "negative")),
    none=frozenset((("none",), ("none", "at", "all"), ("not", "any"), ("nothing",), ("nil",))),
    sums={"fiver": (5, "GBP"), "tenner": (10, "GBP")},
    single=frozenset(("dollar", "pound", "euro", "buck")),
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
    hundreds_apart=True,
)

_RUSSIAN = Amounts(
    counts={
        "пара": 2, "пару": 2, "двое": 2, "двоих": 2, "трое": 3, "троих": 3, "четверо": 4, "четверых": 4, "пятеро": 5,
        "пятерых": 5, "шестеро": 6, "шестерых": 6, "семеро": 7, "семерых": 7, "восьмеро": 8, "вдвоем": 2, "втроем": 3,
        "вчетвером": 4, "впятером": 5, "вшестером": 6, "десяток": 10, "дюжина": 12, "дюжину": 12,
    },
    scaled={
        "полтора": Decimal("1.5"), "полторы": Decimal("1.5"), "полутора": Decimal("1.5"),
        "полмиллиона": Decimal(500000), "полтысячи": Decimal(500), "полтыщи": Decimal(500), "полтинник": Decimal(50),
        "полсотни": Decimal(50),
        "полста": Decimal(50), "четверть": Decimal("0.25"), "полторашку": Decimal(1500), "сотня": Decimal(100),
        "сотню": Decimal(100),
        "пол": Decimal("0.5"), "половина": Decimal("0.5"), "полторашка": Decimal(1500),
    },
    parts={("с", "половиной"): Decimal("0.5"), ("с", "четвертью"): Decimal("0.25")},
    scales={
        "тысяча": 1000, "тысячи": 1000, "тысяч": 1000, "тысячу": 1000, "тысячами": 1000, "тысячам": 1000, "тыс": 1000,
        "десятка": 10, "десятков": 10, "дюжины": 12, "тыща": 1000, "тыщи": 1000,
        "тыщ": 1000, "тыщу": 1000, "миллион": 1000000, "миллиона": 1000000, "миллионов": 1000000, "млн": 1000000,
        "сотни": 100, "сотен": 100, "сотню": 100, "лимонов": 1000000,
    },
    slang={
        "косарей": 1000, "косаря": 1000, "косарь": 1000, "штук": 1000, "штуки": 1000, "штуку": 1000, "штука": 1000,
        "кусков": 1000, "куска": 1000, "лимон": 1000000, "лимона": 1000000,
    },
    inverted=frozenset(("тысяч", "тысячи", "тыщ", "тыщи", "миллионов", "миллиона", "сотни", "сотен")),
    point=frozenset(("целых", "целая", "запятая", "точка")),
    fractions={
        "десятых": 10, "десятая": 10, "десятые": 10, "сотых": 100, "сотая": 100, "сотые": 100, "тысячных": 1000,
        "тысячная": 1000,
    },
    joined=frozenset(("и",)),
    minus=frozenset(("минус",)),
    none=frozenset((("нисколько",), ("ни", "одной"), ("ни", "одного"), ("ни", "одна"), ("ничего",), ("нету",))),
    sums={
        "стольник": (100, "RUB"), "сотку": (100, "RUB"), "сотка": (100, "RUB"), "пятихатка": (500, "RUB"),
        "пятихатку": (500, "RUB"), "косарь": (1000, "RUB"), "штука": (1000, "RUB"), "штуку": (1000, "RUB"),
        "червонец": (10, "RUB"),
    },
    single=frozenset(("рубль", "доллар", "бакс", "фунт")),
    units={
        **_SIGNS,
        **_CODES,
        **_units(
            RUB=("рубль рубля рублей рублю рублям рублем рублями руб рублях р", "копейка копейки копеек копейку коп"),
            USD=("доллар доллара долларов долларам долларами долларах бакс бакса баксов", "цент цента центов"),
            EUR=("евро", "евроцент евроцентов евроцента"),
            GBP=("фунт фунта фунтов", "пенс пенса пенсов"),
        ),
    },
    between=frozenset(("и",)), thousands_apart=True,
)  # fmt: skip

LANGUAGES: Mapping[str, Amounts] = MappingProxyType({"en": _ENGLISH, "ru": _RUSSIAN})


def amounts(language: str) -> Amounts | None:
    """The table of a language ("en", "en-GB"), or None."""
    return LANGUAGES.get(language.lower().partition("-")[0])
