"""How callers say numbers and days, in words or as a recogniser writes them: by chance, from a seed.

Said aloud there are no figures: a number comes digit by digit, with a pause between groups or without, now and then in
pairs, in Russian also in threes.
"""

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
_IN_GROUPS = {"en": (0.12, (2,)), "ru": (0.3, (2, 3))}
"""Share of numbers said in tens or hundreds, and how many digits then go together."""
_WITH_PAUSES = 0.35


def said_number(digits: str, language: str, chance: Random, *, slip: bool = False, aloud: bool = False) -> str:
    """Digits one by one, in pairs of double ones, or in figures as a recogniser writes them (aloud: in words only).
    slip: a digit is wrong at first and the number said again."""
    if slip:
        at = chance.randrange(len(digits))
        wrong = digits[:at] + str((int(digits[at]) + chance.randint(1, 9)) % 10) + digits[at + 1 :]
        first, then = (said_number(each, language, chance, aloud=aloud) for each in (wrong, digits))
        return f"{first}, {_NO[language]} {then}"
    drawn = chance.random()
    if aloud:
        return _said_aloud(digits, language, chance, drawn)
    if drawn < 0.35:  # figures in groups
        cut = chance.choice((2, 3, 4))
        return " ".join(digits[at : at + cut] for at in range(0, len(digits), cut))
    if language == "en" and drawn < 0.6:
        return " ".join(_doubled(digits))
    return " ".join(_DIGITS[language][int(d)] for d in digits)


def _doubled(digits: str) -> list[str]:
    """ "Double three oh": English only."""
    words = ["oh" if d == "0" else _DIGITS["en"][int(d)] for d in digits]
    for at in range(len(words) - 1):
        if words[at] == words[at + 1] and words[at] != "oh" and "double" not in words[max(0, at - 1) : at]:
            words[at] = "double"
    return words


def _said_aloud(digits: str, language: str, chance: Random, drawn: float) -> str:
    share, cuts = _IN_GROUPS[language]
    if drawn < share:
        cut = chance.choice(cuts)
        groups = [digits[at : at + cut] for at in range(0, len(digits), cut)]
        return ", ".join(_as_number(group, language) for group in groups)
    if language == "en" and drawn > 0.75:
        return " ".join(_doubled(digits))
    words = [_DIGITS[language][int(d)] for d in digits]
    if drawn < share + _WITH_PAUSES:
        cut = chance.choice((2, 3, 4))
        return ", ".join(" ".join(words[at : at + cut]) for at in range(0, len(words), cut))
    return " ".join(words)


def _as_number(group: str, language: str) -> str:
    """ "Thirty three", "сто пять"; zeros before it are said."""
    zeros = len(group) - len(group.lstrip("0"))
    number = (
        [str(num2words(int(group), lang=language)).replace("-", " ").replace(" and ", " ")] if group.strip("0") else []
    )
    return " ".join([_DIGITS[language][0]] * zeros + number)


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
