"""Where in a sentence people say who they are: "my name is Anna Petrova, policy three three one". Owns the words that
come before a name and those that end it, a language's table each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ivr.nlu.spoken.numbers import cardinal
from ivr.nlu.spoken.numerals import numerals
from ivr.nlu.words import spans, words

MOST_WORDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """Where a name stands in a text. announced: words before it said that a name follows."""

    start: int
    end: int
    announced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """before: what announces a name, longest first. skip: words around a name that are no part of it. ends: words that
    are never part of a name, and end it."""

    before: tuple[tuple[str, ...], ...]
    skip: frozenset[str]
    ends: frozenset[str]


def _phrases(listed: str) -> tuple[tuple[str, ...], ...]:
    return tuple(sorted((tuple(phrase.split()) for phrase in listed.split("|")), key=len, reverse=True))


_TABLES: Mapping[str, _Table] = MappingProxyType(
    {
        "en": _Table(
            before=_phrases(
                "my name is|my name's|the name is|name is|the name's|my full name is|full name|i am|i'm|this is|it is"
                "|it's|you're speaking with|you are speaking with|you're talking to|my first name is|first name"
                "|my last name is|last name|surname|name"
            ),
            skip=frozenset(
                words("uh um well yes yeah okay ok so hello hi good morning afternoon evening day mister mr mrs miss ms"
                      " doctor dr please the is my first last name surname here speaking am i it's")
            ),
            ends=frozenset(
                words(
                    """policy number account contract claim card postcode post code zip date birth born birthday and my
                    with from calling about i i'd i'm want would like need have the a is was on in of for to that it
                    you can could please thanks thank here speaking today not no yes but because so who what
                    don't won't can't cannot couldn't tell say said rather refuse private none nothing business know why
                    january february march april may june july august september october november december"""
                )
            ),
        ),
        "ru": _Table(
            before=_phrases(
                "меня зовут|мое имя|мое полное имя|полное имя|моя фамилия|фамилия имя отчество|фамилия|имя|это|я"
                "|говорит|вас беспокоит|зовут"
            ),
            skip=frozenset(
                words("э ну да так здравствуйте добрый день вечер доброе утро алло меня зовут мое имя фамилия это я"
                      " господин госпожа пожалуйста слушаю девушка")
            ),
            ends=frozenset(
                words(
                    """полис полиса полису договор договора номер номером счет счета карта карты индекс дата рождения
                    родился родилась год года и а мой моя мне меня у хочу хотел хотела хотелось нужно надо звоню по
                    вопросу насчет насчёт с на в из от что не нет да но потому зачем скажу говорить
                    называть знаю помню буду отказываюсь пожалуйста спасибо можно скажите
                    здравствуйте января февраля марта апреля мая июня июля августа сентября октября ноября декабря"""
                )
            ),
        ),
    }
)  # fmt: skip


def find_introduction(text: str, language: str) -> Introduction | None:
    """The words of the text that are a name, None when there are none. Without announcing words the name is what the
    text begins with."""
    table = _TABLES.get(language[:2].lower())
    said = list(spans(text))
    if table is None or not said:
        return None
    for at in range(len(said)):
        after = _announced(said, at, table)
        if after is not None:
            found = _name(said, after, text, language)
            if found is not None:
                return Introduction(start=found[0], end=found[1], announced=True)
    at = 0
    while at < len(said) and said[at][0] in table.skip:
        at += 1
    found = _name(said, at, text, language)
    return Introduction(start=found[0], end=found[1], announced=False) if found else None


def _announced(said: list[tuple[str, int, int]], at: int, table: _Table) -> int | None:
    for phrase in table.before:
        if tuple(word for word, _, _ in said[at : at + len(phrase)]) == phrase:
            return at + len(phrase)
    return None


def _name(said: list[tuple[str, int, int]], at: int, text: str, language: str) -> tuple[int, int] | None:
    """(start, end) of the name that begins at this word."""
    table, numbers = _TABLES[language[:2].lower()], numerals(language)
    first = at
    while first < len(said) and said[first][0] in table.skip:
        first += 1
    after = first
    while after < len(said) and after - first < MOST_WORDS:
        word, start, _ = said[after]
        if word in table.ends or word[0].isdigit():
            break
        if numbers is not None and cardinal(said[: after + 1], after, numbers)[1] > after:
            break
        if after > first and re.search(r"[.;!?]", text[said[after - 1][2] : start]):
            break
        after += 1
    return (said[first][1], said[after - 1][2]) if after > first else None
