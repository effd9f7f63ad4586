"""Words as the rest of the product reads them: lower case, no punctuation, digits as they were said or written.

Owns the normal form of recognised text and the digits inside it. Refuses to understand: "twenty one" is not a number
here.
"""

from __future__ import annotations

import re

from ivr.speech.digit_words import digit_words

_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_POINT = re.compile(r"(?<![\d.])(\d+)\.(\d+)(?![\d.])")
_DOLLARS = re.compile(r"\$\s?(\d+(?:\.\d+)?)")
_WORD = re.compile(r"\d+(?:\.\d+)?(?:st|nd|rd|th)?|[^\W\d_]+(?:['’][^\W\d_]+)*", re.UNICODE)
_REPEAT = {"double": 2, "triple": 3}
DIGIT_WORDS = {**digit_words("en"), **digit_words("ru")}  # no word stands in both


def normal(raw: str) -> str:
    """Recognised text in normal form: "My number is 457-891." -> "my number is 457 891"."""
    text = _THOUSANDS.sub("", raw.lower())
    text = _DOLLARS.sub(r"\1 dollars", text).replace("%", " percent").replace("’", "'")
    points = {m.start() for m in _POINT.finditer(text)}
    words = []
    for match in _WORD.finditer(text):
        word = match.group()
        whole = match.start() in points or "." not in word
        words.extend([word] if whole else word.split("."))
    return " ".join(words)


_LONG_WORD = 6


def unlooped(text: str) -> str:
    """Normal text without the decoder's repetition: a unit of 1-3 words said 4 times or more is said once.

    A lone long word is written twice already for one utterance; said once it means the same. "no no" stays.
    """
    words = text.split()
    if len(words) > 1 and len(set(words)) == 1 and len(words[0]) >= _LONG_WORD and words[0] not in DIGIT_WORDS:
        return words[0]
    for size in (1, 2, 3):
        unit = words[:size]
        if len(words) >= 4 * size and all(word == unit[i % size] for i, word in enumerate(words)):
            return " ".join(unit)
    return text


def digits_of(words: list[str]) -> str | None:
    """The digit string a run of words spells ("four", "45", "double seven"), or None when a word is no digit."""
    found, times = "", 1
    for word in words:
        if word in _REPEAT and times == 1:
            times = _REPEAT[word]
            continue
        digit = word if word.isdigit() else DIGIT_WORDS.get(word)
        if digit is None or (times > 1 and len(digit) != 1):
            return None
        found, times = found + digit * times, 1
    return found if times == 1 else None


def broken_number(text: str) -> bool:
    """Is this normal text mostly digits, but not in one run? Then a word among them was misread."""
    words = text.split()
    digits = sum(word.isdigit() or word in DIGIT_WORDS for word in words)
    run = split_digits(text)
    return digits * 2 > len(words) and digits > len(words) - len(run[0]) - len(run[2])


def split_digits(text: str) -> tuple[list[str], str, list[str]]:
    """Normal text as (words before, digits, words after) of its longest run of digit words; digits "" when none."""
    words = text.split()
    best: tuple[int, int, str] = (0, 0, "")
    for first in range(len(words)):
        for last in range(len(words), first, -1):
            digits = digits_of(words[first:last])
            if digits is not None:
                if len(digits) > len(best[2]):
                    best = (first, last, digits)
                break
    return words[: best[0]], best[2], words[best[1] :]
