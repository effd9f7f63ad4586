"""Which of the offered values was meant: by its phrases, nearly its phrases, or its place ("the second one")."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz

from ivr.model.understanding import Entity, SlotContext
from ivr.nlu.spoken.calendar_words import calendar_words
from ivr.nlu.spoken.numbers import Word, cardinal
from ivr.nlu.spoken.numerals import numerals
from ivr.nlu.words import spans, words

AMONG_CONFIDENCE = 0.7
NEAR = 80.0  # rapidfuzz ratio of two words, 0..100, from which they count as the same

_LONG_WORD = 4
_LAST = frozenset(words("last final последний последняя последнее последнюю"))
_COUNTED = frozenset(
    words(
        """number option one choice variant the номер номером вариант пункт выбор please пожалуйста это мне в под
        самый самая самое самую"""
    )
)

_COUNTERS = frozenset(words("number option choice variant"))


def find_choice(text: str, language: str, context: SlotContext) -> Entity | None:
    """The value meant with every other that may be, or None. Of values corrected ("car, no, flat") the last one."""
    said = list(spans(text))
    hits = _phrases(said, context, language)
    if not hits:
        placed = _by_place(said, context, language)
        hits = [placed] if placed else []
    if not hits:
        return None
    readings = tuple(dict.fromkeys(value for value, _, _ in hits))
    return Entity(
        entity="choice",
        value=readings[0],
        readings=readings,
        start=said[hits[0][1]][1],
        end=said[hits[-1][2] - 1][2],
        confidence=1.0 if len(readings) == 1 else AMONG_CONFIDENCE,
    )


def _phrases(said: Sequence[Word], context: SlotContext, language: str) -> list[tuple[str, int, int]]:
    """(value, first word, word after) of every phrase said, without those denied or corrected."""
    table = numerals(language)
    negation, correction = (table.negation, table.correction) if table else (frozenset(), frozenset())
    known = sorted(((words(p), v) for p, v in context.choices), key=lambda c: -len(c[0]))
    found: list[tuple[str, int, int]] = []
    at = after = 0
    while at < len(said):
        hit = next((h for h in (_match(said, at, p, v) for p, v in known) if h), None)
        if hit is None:
            if said[at][0] in correction and found:
                found.clear()
            at += 1
            continue
        if not any(said[i][0] in negation for i in range(max(after, at - 2), at)):
            found.append(hit)
        at = after = hit[2]
    return found


def _match(said: Sequence[Word], at: int, phrase: Sequence[str], value: str) -> tuple[str, int, int] | None:
    """The phrase at this word: each of its words, or one that is nearly it (an inflected form, a mishearing)."""
    if not phrase:
        return None
    end = at + len(phrase)
    if end <= len(said) and all(_same(said[at + i][0], word) for i, word in enumerate(phrase)):
        return value, at, end
    together = "".join(phrase)
    return (value, at, at + 1) if len(phrase) > 1 and fuzz.ratio(said[at][0], together) >= 90 else None


def _same(heard: str, word: str) -> bool:
    if heard == word:
        return True
    if min(len(heard), len(word)) < _LONG_WORD or heard[:2] != word[:2]:
        return len(word) == 3 and heard == f"{word}s"
    return fuzz.ratio(heard, word) >= NEAR or _stem(heard) == _stem(word)


def _stem(word: str) -> str:
    """The word without a Russian ending of case or number."""
    return word.rstrip("аеиоуыэюяйь") if len(word) >= _LONG_WORD else word


def _by_place(said: Sequence[Word], context: SlotContext, language: str) -> tuple[str, int, int] | None:
    """ "The second one", "number two", "последний": nothing else may be said."""
    values = list(dict.fromkeys(value for _, value in context.choices))
    table, calendar = numerals(language), calendar_words(language)
    if table is None or calendar is None or not values:
        return None
    for at, (word, _, _) in enumerate(said):
        others = [w for i, (w, _, _) in enumerate(said) if i != at]
        pronoun = word in _COUNTED and others and not _COUNTERS.issuperset(others)
        if pronoun or any(w not in _COUNTED for w in others):
            continue
        if word in _LAST:
            return values[-1], at, at + 1
        ordinal = calendar.ordinals.get(word, word)
        place, after = cardinal([(ordinal, 0, 0)], 0, table)
        if after and 1 <= place <= len(values):
            return values[place - 1], at, at + 1
    return None
