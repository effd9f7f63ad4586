"""Texts compared as they are said: case, punctuation and figures do not count, words do.

Owns the form in which recognised and written texts are set against each other. A figure can be read in two ways, "four
hundred and seventy one" or "four seven one"; both are forms of "471".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

import num2words
from rapidfuzz import fuzz

from ivr.speech.text import digits_of, normal

_LONG_NUMBER = 7  # digits: longer ones are no amounts, nobody says them as one number
_ORDINAL = re.compile(r"^(\d+)(st|nd|rd|th)$")
_NUMBER = re.compile(r"^\d+(\.\d+)?$")
_SIGNS = {
    "en": {"%": " percent ", "#": " pound ", "&": " and ", "+": " plus ", "@": " at "},
    "ru": {"%": " процентов ", "№": " номер ", "+": " плюс "},
}
_BEFORE_AND = ("hundred", "thousand", "million")  # "two hundred and five" and "two hundred five" are the same
_POINT = {"en": "point", "ru": "и"}
_ALIKE = {
    "en": {"okay": "ok", "cannot": "can not", "oh": "zero", "o": "zero"},
    "ru": {"нуль": "ноль"},
}


def forms(text: str, language: str) -> tuple[tuple[str, ...], ...]:
    """The words of a text, with its figures as numbers, and with its figures one by one; one form when they agree."""
    plain = _plain(text, language)
    whole = _expand(plain, language, _number)
    single = _expand(plain, language, _one_by_one)
    return (whole,) if whole == single else (whole, single)


def errors(heard: str, said: str, language: str) -> tuple[int, int]:
    """Word errors (substituted, left out, put in) and words said, by the readings of figures that agree best.

    Words written together or apart ("voice mail", "что бы") are the same words: nobody hears a space.
    """
    pairs = [(_distance(h, s), len(s)) for s in forms(said, language) for h in forms(heard, language)]
    return min(pairs, key=lambda pair: (pair[0] / max(pair[1], 1), pair[0]))


def likeness(heard: str, said: str, language: str) -> float:
    """How alike the letters of two texts are, spaces aside, 0..1: "сидиниясь с трудником" is "соединяю с сотрудником"
    misspelt, though no word of it is right."""
    pairs = [("".join(h), "".join(s)) for s in forms(said, language) for h in forms(heard, language)]
    return max(fuzz.ratio(one, other) for one, other in pairs) / 100


def _distance(heard: Sequence[str], said: Sequence[str]) -> int:
    """Levenshtein's distance over words, where two words in a row may match one."""
    rows = [list(range(len(said) + 1))]
    for i, word in enumerate(heard, start=1):
        row = [i]
        for j, wanted in enumerate(said, start=1):
            best = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (word != wanted))
            if i > 1 and heard[i - 2] + word == wanted:
                best = min(best, rows[i - 2][j - 1])
            if j > 1 and said[j - 2] + wanted == word:
                best = min(best, rows[i - 1][j - 2])
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def same(heard: str, said: str, language: str) -> bool:
    """Do two texts say the same?"""
    return errors(heard, said, language)[0] == 0


def digit_string(text: str, language: str) -> str:
    """ "4 7 1", "471", "four seven one", "double seven": the digits, or "" when it is no digit string."""
    words = normal(text).split()
    if language in ("en", ""):
        return digits_of(words) or ""
    names = {word: str(i) for i in range(10) for word in (_say(i, language), *(["нуль"] if i == 0 else []))}
    return digits_of([names.get(word, word) for word in words]) or ""


def _plain(text: str, language: str) -> list[str]:
    text = unicodedata.normalize("NFC", text).lower()
    if language == "ru":
        text = text.replace("ё", "е")
    for sign, word in _SIGNS.get(language, {}).items():
        text = text.replace(sign, word)
    alike = _ALIKE.get(language, {})
    return [each for word in normal(text).split() for each in alike.get(word, word).split()]


def _expand(words: Sequence[str], language: str, number: Callable[[str, str], str]) -> tuple[str, ...]:
    found: list[str] = []
    for word in words:
        ordinal = _ORDINAL.match(word)
        if ordinal:
            found += _words(_say(int(ordinal[1]), language, to="ordinal"))
        elif _NUMBER.match(word):
            found += _words(number(word, language))
        elif word != "and" or not found or found[-1] not in _BEFORE_AND:
            found.append(word.replace("'", ""))
    return tuple(found)


def _number(word: str, language: str) -> str:
    whole, _, part = word.partition(".")
    if len(whole) > _LONG_NUMBER or (len(whole) > 1 and whole.startswith("0")):
        return _one_by_one(word, language)
    said = _say(int(whole), language)
    return said if not part else f"{said} {_POINT.get(language, '')} {_one_by_one(part, language)}"


def _one_by_one(word: str, language: str) -> str:
    return " ".join(_say(int(c), language) for c in word if c.isdigit())


def _say(value: int, language: str, to: str = "cardinal") -> str:
    return str(num2words.num2words(value, lang=language, to=to))


def _words(said: str) -> list[str]:
    """num2words writes "one hundred and twenty-one"; callers leave the "and" out as often as not."""
    return [word for word in re.findall(r"[^\W\d_]+", said.replace("ё", "е")) if word != "and"]
