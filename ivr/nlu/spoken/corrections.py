"""What callers take back: "fifty, no, sixty", "в девять, ой, в десять утра". Owns what a correction replaces.

Digits, choices, yes and no correct themselves word by word; here amounts, days, times and names do, which are read
again from what comes after the correction, completed by what came before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from ivr.model.understanding import Entity, SlotContext
from ivr.nlu.spoken.calendar_words import calendar_words
from ivr.nlu.spoken.numerals import numerals
from ivr.nlu.words import spans, words

Parser = Callable[[str, str, SlotContext], Entity | None]

SURE_NAME = 0.8
"""A name after a correction is one from this likeness on; below it, it is what else the caller said."""

# Words before a correction that belong to it: "I mean", "то есть", "хотя нет".
_LEADING = frozenset(("i", "or", "то", "хотя", "ну"))
_FIXED = re.compile(r"[A-Z]{3}$")


def with_corrections(parser: Parser) -> Parser:
    """The parser, reading what the caller corrected a value to."""

    def find(text: str, language: str, context: SlotContext) -> Entity | None:
        whole = parser(text, language, context)
        if whole is None:
            return None
        for before, at in _corrections(text, language):
            taken_back = parser(before, language, context)
            if taken_back is None:
                continue
            meant = _meant(parser, taken_back, (before, text[at:]), language, context)
            if meant is not None:
                start = min(at + meant.start, len(text) - 1)
                return replace(meant, start=start, end=max(start + 1, min(at + meant.end, len(text))))
        return whole

    return find


def _corrections(text: str, language: str) -> Iterator[tuple[str, int]]:
    """(text before, where the text after begins) of every correction, the last one first."""
    table = numerals(language)
    marks = table.correction if table else frozenset()
    said = list(spans(text))
    found: list[tuple[str, int]] = []
    at = 1
    while at < len(said):
        if said[at][0] not in marks:
            at += 1
            continue
        end = at + 1
        while end < len(said) and (said[end][0] in marks or not words(said[end][0])):
            end += 1
        first = at - 1 if said[at - 1][0] in _LEADING else at
        if end < len(said) and first:
            found.append((text[: said[first][1]], said[end][1]))
        at = end
    yield from reversed(found)


def _meant(
    parser: Parser, taken_back: Entity, texts: tuple[str, str], language: str, context: SlotContext
) -> Entity | None:
    """The value after the correction, completed by the one it replaces; None when nothing was corrected."""
    after = texts[1]
    found = parser(after, language, context)
    if taken_back.entity == "date":
        return _date(parser, found, texts, language, context)
    if found is None:
        return None
    if taken_back.entity == "money" and _currency_of(after, found, parser, language, context) == "":
        return parser(after, language, replace(context, currency=taken_back.value.rpartition(" ")[2]))
    if taken_back.entity == "time" and len(found.readings) > 1 and len(taken_back.readings) == 1:
        near = min(found.readings, key=lambda reading: abs(_minutes(reading) - _minutes(taken_back.value)))
        return replace(found, value=near, readings=(near,), confidence=1.0)
    if taken_back.entity == "name" and found.confidence < SURE_NAME:
        return None
    return found


def _currency_of(text: str, found: Entity, parser: Parser, language: str, context: SlotContext) -> str:
    """The currency said in text, "" when it was the one of the call."""
    unsaid = parser(text, language, replace(context, currency=""))
    return found.value.rpartition(" ")[2] if unsaid is not None and _FIXED.search(unsaid.value) else ""


def _date(
    parser: Parser, found: Entity | None, texts: tuple[str, str], language: str, context: SlotContext
) -> Entity | None:
    """A day said anew, or the end of the first one said anew: "may fifth eighty one, sorry, eighty two"."""
    before, after = texts
    table = calendar_words(language)
    said = [word for word, _, _ in spans(before)]
    anew = [word for word, _, _ in spans(after)]
    months = table.months if table else {}
    counted = table is not None and any(
        word in months
        or word in table.weekdays
        or (word in table.units and word not in table.year)
        or (word,) in table.days
        for word in anew
    )
    if found is not None and (counted or not any(word in months for word in said)):
        return found
    month = next((at for at, word in enumerate(said) if word in months), -1)
    if found is not None and month >= 0:  # another day of the same month
        return parser(" ".join([said[month], *anew, *(said[month + 1 :] if month else [])]), language, context)
    for kept in range(len(said) - len(anew), 0, -1):
        patched = parser(" ".join([*said[:kept], *anew]), language, context)
        if patched is not None:
            return patched
    return None


def _minutes(reading: str) -> int:
    hour, minute = reading.split(":")
    return int(hour) * 60 + int(minute)
