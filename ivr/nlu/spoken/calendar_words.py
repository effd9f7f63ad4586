"""Words of days: months, weekdays, ordinals, "yesterday", "ago". One table a language; lower case, without ё."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarWords:
    """How a language says days.

    months: word -> 1..12. weekdays: word -> 0 (Monday)..6. ordinals: word -> the cardinal word that it orders
    ("fifth": "five"). figure_endings: what stands behind figures ("5th", "5-го"). skip: words that mean nothing inside
    a date. days: phrase -> days from today. units: word -> (days, months) it lasts. one: words for a count of one; two:
    of two. ago, ahead_before, ahead_behind: where a span lies. last/this/next_: beginnings of words before a weekday
    or year. year: words behind a year. of_month: words that make the number before them a day. feasts: phrase ->
    (month, day). month_ends: phrases before a month that mean its last day. week: words for it. coming: beginnings of
    words for the next such weekday.
    """

    months: Mapping[str, int]
    weekdays: Mapping[str, int]
    ordinals: Mapping[str, str]
    figure_endings: frozenset[str]
    skip: frozenset[str]
    days: Mapping[tuple[str, ...], int]
    units: Mapping[str, tuple[int, int]]
    one: frozenset[str]
    two: frozenset[str]
    ago: frozenset[str]
    ahead_before: frozenset[str]
    ahead_behind: tuple[tuple[str, ...], ...]
    last: tuple[str, ...]
    this: tuple[str, ...]
    next_: tuple[str, ...]
    year: frozenset[str]
    of_month: frozenset[str] = frozenset()
    feasts: Mapping[tuple[str, ...], tuple[int, int]] = field(default_factory=dict)
    month_ends: frozenset[tuple[str, ...]] = frozenset()
    week: frozenset[str] = frozenset()
    coming: tuple[str, ...] = ()


def _numbered(listed: str, first: int) -> Mapping[str, int]:
    """ "a b, c" -> {"a": first, "b": first, "c": first + 1}."""
    return {word: at for at, words in enumerate(listed.split(","), first) for word in words.split()}


def _ordinals(**cardinals: str) -> Mapping[str, str]:
    return {word: cardinal for cardinal, words in cardinals.items() for word in words.split()}


def _inflected(**stems: str) -> Mapping[str, str]:
    """один="перв" -> {"первое": "один", "первого": "один", ...}: every form of a Russian ordinal."""
    hard = ("ый", "ой", "ое", "ого", "ому", "ым", "ом", "ая", "ую")
    soft = ("е", "его", "ему", "им", "ем", "я", "ю")
    forms = {stem + end: word for word, stem in stems.items() for end in (soft if stem.endswith("ь") else hard)}
    return {**forms, "третий": "три"}


def _days(phrases: Mapping[str, int]) -> Mapping[tuple[str, ...], int]:
    return {tuple(phrase.split()): offset for phrase, offset in phrases.items()}


_ENGLISH = CalendarWords(
    months=_numbered(
        """january jan, february feb, march mar, april apr, may, june jun, july jul, august aug,
        september sept sep, october oct, november nov, december dec""", 1,
    ),
    weekdays=_numbered(
        "monday mon, tuesday tue tues, wednesday wed, thursday thu thurs, friday fri, saturday sat, sunday sun", 0
    ),
    ordinals=_ordinals(
        one="first", two="second", three="third", four="fourth forth", five="fifth", six="sixth", seven="seventh",
        eight="eighth", nine="ninth", ten="tenth", eleven="eleventh", twelve="twelfth", thirteen="thirteenth",
        fourteen="fourteenth", fifteen="fifteenth", sixteen="sixteenth", seventeen="seventeenth",
        eighteen="eighteenth", nineteen="nineteenth", twenty="twentieth", thirty="thirtieth",
    ),
    figure_endings=frozenset(("st", "nd", "rd", "th")),
    skip=frozenset(("the", "of", "on", "uh", "um", "er", "in")),
    days=_days({
        "today": 0, "tonight": 0, "this morning": 0, "this afternoon": 0, "this evening": 0,
        "yesterday": -1, "last night": -1, "tomorrow": 1,
        "day before yesterday": -2, "day after tomorrow": 2, "just now": 0,
    }),
    units={
        "day": (1, 0), "days": (1, 0), "week": (7, 0), "weeks": (7, 0), "fortnight": (14, 0), "month": (0, 1),
        "months": (0, 1), "year": (0, 12), "years": (0, 12),
    },
    one=frozenset(("a", "an")), two=frozenset(("couple",)), ago=frozenset(("ago", "back")),
    ahead_before=frozenset(("in",)), ahead_behind=(("from", "now"), ("from", "today")),
    last=("last", "previous", "past"), this=("this",), next_=("next", "following"),
    year=frozenset(("year",)),
    feasts={
        ("christmas", "eve"): (12, 24), ("christmas",): (12, 25), ("boxing", "day"): (12, 26),
        ("new", "year's", "eve"): (12, 31), ("new", "years", "eve"): (12, 31), ("new", "year's"): (1, 1),
        ("new", "years"): (1, 1), ("valentine's", "day"): (2, 14), ("valentines", "day"): (2, 14),
        ("halloween",): (10, 31),
    },
    month_ends=frozenset((("end",), ("last", "day"))), week=frozenset(("week", "weeks")), coming=("coming",),
)  # fmt: skip

_RUSSIAN = CalendarWords(
    months=_numbered(
        """января январь январе янв, февраля февраль феврале фев, марта март марте мар, апреля апрель апреле апр,
        мая май мае, июня июнь июне, июля июль июле, августа август августе авг, сентября сентябрь сентябре сен,
        октября октябрь октябре окт, ноября ноябрь ноябре ноя, декабря декабрь декабре дек""", 1,
    ),
    weekdays=_numbered(
        """понедельник понедельника понедельнику, вторник вторника вторнику, среду среда среды среде,
        четверг четверга четвергу, пятницу пятница пятницы пятнице, субботу суббота субботы субботе,
        воскресенье воскресенья воскресенью""", 0,
    ),
    ordinals=_inflected(
        один="перв", два="втор", три="треть", четыре="четверт", пять="пят", шесть="шест", семь="седьм", восемь="восьм",
        девять="девят", десять="десят", одиннадцать="одиннадцат", двенадцать="двенадцат", тринадцать="тринадцат",
        четырнадцать="четырнадцат", пятнадцать="пятнадцат", шестнадцать="шестнадцат", семнадцать="семнадцат",
        восемнадцать="восемнадцат", девятнадцать="девятнадцат", двадцать="двадцат", тридцать="тридцат",
        сорок="сороков", пятьдесят="пятидесят", шестьдесят="шестидесят", семьдесят="семидесят",
        восемьдесят="восьмидесят", девяносто="девяност", девятьсот="девятисот",
    ),
    figure_endings=frozenset(("го", "ого", "его", "е", "ое", "ье", "й", "ый", "му", "ому", "м", "ым", "ом")),
    skip=frozenset(("в", "во", "на", "э", "эм", "это", "с", "к", "ко", "до", "тому", "после")),
    days=_days({
        "сегодня": 0, "вчера": -1, "завтра": 1, "позавчера": -2, "послезавтра": 2, "позапозавчера": -3,
        "послепослезавтра": 3, "только что": 0, "сейчас": 0,
    }),
    units={
        "день": (1, 0), "дня": (1, 0), "дней": (1, 0), "неделю": (7, 0), "недели": (7, 0), "недель": (7, 0),
        "неделе": (7, 0),
        "месяц": (0, 1), "месяца": (0, 1), "месяцев": (0, 1), "год": (0, 12), "года": (0, 12), "лет": (0, 12),
        "полгода": (0, 6),
    },
    one=frozenset(), two=frozenset(("пару", "пара")), ago=frozenset(("назад",)),
    ahead_before=frozenset(("через",)), ahead_behind=(),
    last=("прошл", "предыдущ"), this=("эт", "нынешн"), next_=("следующ", "будущ"),
    year=frozenset(("года", "год", "г", "году")), of_month=frozenset(("числа", "число", "числу", "числе")),
    feasts={("новый", "год"): (1, 1), ("рождество",): (1, 7), ("рождества",): (1, 7)},
    month_ends=frozenset(
        (("конце",), ("конец",), ("концу",), ("конца",), ("последний", "день"), ("последнего", "дня"))
    ),
    week=frozenset(("неделя", "неделю", "неделе", "недели")), coming=("ближайш",),
)  # fmt: skip

LANGUAGES: Mapping[str, CalendarWords] = MappingProxyType({"en": _ENGLISH, "ru": _RUSSIAN})

ROUND_YEARS: Mapping[str, int] = MappingProxyType(
    {"двухтысячного": 2000, "двухтысячный": 2000, "двухтысячном": 2000, "тысячного": 1000}
)
"""Years that are one word."""


def calendar_words(language: str) -> CalendarWords | None:
    """The table of a language ("en", "en-GB"), or None."""
    return LANGUAGES.get(language.lower().partition("-")[0])
