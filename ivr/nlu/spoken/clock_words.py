"""Words of the time of day. One table a language; lower case, without ё."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

MORNING, AFTERNOON, NIGHT = "morning", "afternoon", "night"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockWords:
    """How a language says times.

    named: word -> "HH:MM". parts: phrase -> part of the day; afternoon is every hour from noon on. hour, minute: words
    behind those numbers. half: words of the half; of a half the hour named is the next one when half_of_next. quarter:
    likewise fifteen minutes. past, to: words between minutes and hour (Russian puts its own before the minutes). skip:
    words that mean nothing in a time. orders: the hour of "пять минут третьего" (third = the third hour under way).
    """

    named: Mapping[str, str]
    parts: Mapping[tuple[str, ...], str]
    hour: frozenset[str]
    minute: frozenset[str]
    half: frozenset[str]
    quarter: frozenset[str]
    past: frozenset[str]
    to: frozenset[str]
    skip: frozenset[str]
    hundred: frozenset[str] = frozenset()
    orders: Mapping[str, int] = field(default_factory=dict)
    one: Mapping[str, int] = field(default_factory=dict)


def _parts(phrases: Mapping[str, str]) -> Mapping[tuple[str, ...], str]:
    return {tuple(p.split()): part for listed, part in phrases.items() for p in listed.split(",")}


_ENGLISH = ClockWords(
    named={"noon": "12:00", "midday": "12:00", "midnight": "00:00"},
    parts=_parts({
        "am,a m,in the morning,this morning,morning,midnight": MORNING,
        "pm,p m,in the afternoon,in the evening,this evening,tonight,this afternoon": AFTERNOON,
        "evening,afternoon,noon,midday": AFTERNOON,
        "at night": NIGHT,
    }),
    hour=frozenset(("o'clock", "oclock", "clock", "hours", "sharp")),
    minute=frozenset(("minutes", "minute")),
    half=frozenset(("half",)), quarter=frozenset(("quarter",)), past=frozenset(("past", "after")),
    to=frozenset(("to", "till", "before", "of")),
    skip=frozenset(("a", "at", "around", "about", "by")), hundred=frozenset(("hundred",)),
)  # fmt: skip

_RUSSIAN = ClockWords(
    named={"полдень": "12:00", "полудня": "12:00", "полночь": "00:00", "полдня": "12:00"},
    parts=_parts({"утра,утром": MORNING, "дня,вечера,вечером,днем,пополудни,после обеда,после полудня": AFTERNOON,
        "ночи,ночью": NIGHT}),
    hour=frozenset(("час", "часа", "часов", "часам", "ч")),
    minute=frozenset(("минут", "минуты", "минута", "минуту", "мин")),
    half=frozenset(("половина", "половине", "половину", "пол")), quarter=frozenset(("четверть", "четверти")),
    past=frozenset(), to=frozenset(("без",)),
    skip=frozenset(("в", "к", "около", "после", "где-то", "примерно", "на", "ровно", "часиков")),
    orders={
        "первого": 1, "второго": 2, "третьего": 3, "четвертого": 4, "пятого": 5, "шестого": 6, "седьмого": 7,
        "восьмого": 8, "девятого": 9, "десятого": 10, "одиннадцатого": 11, "двенадцатого": 12,
    },
    one={"час": 1},
)  # fmt: skip

LANGUAGES: Mapping[str, ClockWords] = MappingProxyType({"en": _ENGLISH, "ru": _RUSSIAN})


def clock_words(language: str) -> ClockWords | None:
    """The table of a language ("en", "en-GB"), or None."""
    return LANGUAGES.get(language.lower().partition("-")[0])
