"""The words digits are dictated with, by language.

Owns the table; a digit may have several words.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

_WORDS = {
    "en": ("zero oh o", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    "ru": ("ноль нуль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять"),
    "ko": ("영 공", "일 하나", "이 둘", "삼 셋", "사 넷", "오", "육", "칠", "팔", "구"),
}
_REPEATS = {"en": {"double": 2, "triple": 3}}


@functools.cache
def digit_words(language: str) -> Mapping[str, str]:
    """Word -> digit; {} for a language without a table."""
    listed = _WORDS.get(language, ())
    return {word: str(digit) for digit, words in enumerate(listed) for word in words.split()}


@functools.cache
def repeats(language: str) -> Mapping[str, int]:
    """Word -> how often the next digit is meant."""
    return _REPEATS.get(language, {})


@functools.cache
def first_words(language: str) -> tuple[str, ...]:
    """The commonest word of each digit, 0 to 9."""
    return tuple(words.split()[0] for words in _WORDS.get(language, ()))
