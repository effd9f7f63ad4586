"""How callers say numbers and days, in words or as a recogniser writes them: by chance, from a seed."""

from __future__ import annotations

from datetime import date
from random import Random

from num2words import num2words

_DIGITS = {
    "en": ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
    "ru": ["ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять"],
}
_MONTHS = {
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    "ru": [
        "января",
        "февраля",
        "марта",
        "апреля",
        "мая",
        "июня",
        "июля",
        "августа",
        "сентября",
        "октября",
        "ноября",
        "декабря",
    ],
}
_NO = {"en": "no, sorry,", "ru": "нет, простите,"}


def said_number(digits: str, language: str, chance: Random, *, slip: bool = False) -> str:
    """Digits one by one, in pairs of double ones, or in figures as a recogniser writes them. slip: a digit is wrong at
    first and the number said again."""
    if slip:
        at = chance.randrange(len(digits))
        wrong = digits[:at] + str((int(digits[at]) + chance.randint(1, 9)) % 10) + digits[at + 1 :]
        return f"{said_number(wrong, language, chance)}, {_NO[language]} {said_number(digits, language, chance)}"
    drawn = chance.random()
    if drawn < 0.35:  # figures in groups
        cut = chance.choice((2, 3, 4))
        return " ".join(digits[at : at + cut] for at in range(0, len(digits), cut))
    words = [_DIGITS[language][int(d)] for d in digits]
    if language == "en" and drawn < 0.6:
        words = ["oh" if word == "zero" else word for word in words]
        for at in range(len(words) - 1):
            if words[at] == words[at + 1] and words[at] != "oh" and "double" not in words[max(0, at - 1) : at]:
                words[at] = "double"
    return " ".join(words)


def wrong_number(digits: str, chance: Random) -> str:
    """Another number of the same length."""
    at = chance.randrange(len(digits))
    return digits[:at] + str((int(digits[at]) + chance.randint(1, 9)) % 10) + digits[at + 1 :]


def said_day(day: str, language: str, chance: Random) -> str:
    """An ISO date as people say it."""
    when = date.fromisoformat(day)
    month = _MONTHS[language][when.month - 1]
    if language == "ru":
        if chance.random() < 0.3:
            return f"{when.day} {month} {when.year} года"
        spoken, year = _ordinal(when.day, "ого"), _ordinal(when.year, "ого")
        return f"{spoken} {month} {year.removeprefix('одна ')}" + (" года" if chance.random() < 0.5 else "")
    drawn = chance.random()
    ordinal, year = num2words(when.day, to="ordinal"), num2words(when.year, to="year")
    if drawn < 0.3:
        return f"{month} {when.day}, {when.year}"
    return f"{month} {ordinal}, {year}" if drawn < 0.6 else f"the {ordinal} of {month} {year}"


def _ordinal(number: int, ending: str) -> str:
    """Russian ordinals in the genitive."""
    words = str(num2words(number, to="ordinal", lang="ru"))
    if words.endswith("третий"):
        return words[:-2] + "ь" + "его"
    return words[:-2] + ending
