"""English: values as people say them on the telephone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from num2words import num2words

from ivr.dialog.tongues.tongue import Tongue, amount, clock, day, decimal, digit_groups, phone_groups

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_OH = ("oh", *_DIGITS[1:])
_CURRENCIES = {
    "EUR": ("euro", "euros", "cent", "cents"),
    "USD": ("dollar", "dollars", "cent", "cents"),
    "GBP": ("pound", "pounds", "penny", "pence"),
    "RUB": ("rouble", "roubles", "kopeck", "kopecks"),
}
_HOME = 1  # calling code of numbers that are read without one


def words(value: Decimal | int) -> str:
    """A number in words, without commas."""
    return str(num2words(value, lang="en")).replace(",", "")


def digits(value: Any, _extra: str) -> str:
    return ", ".join(" ".join(_DIGITS[int(d)] for d in group) for group in digit_groups(value))


def number(value: Any, _extra: str) -> str:
    return words(decimal(value))


def money(value: Any, currency: str) -> str:
    whole, rest, currency = amount(value, currency)
    one, many, cent, cents = _CURRENCIES[currency]
    said = f"{words(whole)} {one if abs(whole) == 1 else many}"
    if not rest:
        return said
    small = f"{words(abs(rest))} {cent if abs(rest) == 1 else cents}"
    return f"minus {said} and {small}" if rest < 0 else f"{said} and {small}"


def date(value: Any, today: str) -> str:
    found = day(value)
    said = f"the {num2words(found.day, lang='en', to='ordinal')} of {found.strftime('%B')}"
    return said if today[:4] == str(found.year) else f"{said} {num2words(found.year, lang='en', to='year')}"


def time(value: Any, _extra: str) -> str:
    found = clock(value)
    if found.minute == 0 and found.hour in (0, 12):
        return "noon" if found.hour else "midnight"
    part = "morning" if found.hour < 12 else "afternoon" if found.hour < 18 else "evening"
    hour = words(found.hour % 12 or 12)
    minutes = f" {'oh ' if found.minute < 10 else ''}{words(found.minute)}" if found.minute else ""
    return f"{hour}{minutes} in the {part}"


def phone(value: Any, _extra: str) -> str:
    code, rest = phone_groups(value, _HOME)
    groups = ([f"plus {_spelled(code)}"] if code else []) + [_spelled(group) for group in rest]
    return ", ".join(groups)


def _spelled(group: str) -> str:
    return " ".join(_OH[int(d)] for d in group)


def name(value: Any, _extra: str) -> str:
    return " ".join(str(value).split())


def count(value: Any, forms: str) -> str:
    found, nouns = decimal(value), [form.strip() for form in forms.split("/")]
    if len(nouns) != 2:
        raise ValueError(f"a counted noun has two forms in English, not {forms!r}")
    return f"{words(found)} {nouns[0] if abs(found) == 1 else nouns[1]}"


def masked(value: Any, _extra: str) -> str:
    """Enough for the caller to recognise a long number, nothing of a short one."""
    text = str(value)
    return f"the number ending in {digits(text[-2:], '')}" if len(text) >= 8 else "the number you gave"


ENGLISH = Tongue(
    yes=("yes", "yeah", "yep", "yes please", "correct", "that's right", "sure", "yes it is", "yes it did"),
    no=("no", "nope", "no thanks", "no thank you", "wrong", "that's wrong", "not correct", "no it isn't"),
    formatters={
        "digits": digits,
        "number": number,
        "money": money,
        "date": date,
        "time": time,
        "phone": phone,
        "name": name,
        "count": count,
        "masked": masked,
    },
    plural_forms=2,
    abbreviations=frozenset({"mr", "mrs", "ms", "dr", "no", "st", "e.g", "i.e"}),
    closing=frozenset({"no"}),
    denials=(
        *("no", "nope", "not", "wrong", "that's wrong", "that was wrong", "that's not right", "that is not right"),
        *("incorrect", "i said", "i meant", "correction", "change", "change it to"),
    ),
    amendments=("sorry", "wait", "actually", "oops", "i mean", "rather", "hold on", "excuse me", "my mistake"),
    tail=frozenset({"last", "end", "ends", "ending", "final"}),
    head=frozenset({"first", "begins", "beginning", "starts", "start"}),
    counted=frozenset({"last", "final", "first"}),
    negations=frozenset({"not"}),
    stated=(
        ("one", "useful", "it was useful", "very useful", "helpful", "it was helpful", "interesting", "good to know"),
        (
            *("two", "i didn't mind", "i did not mind", "didn't mind", "did not mind", "don't mind", "do not mind"),
            *("i didn't mind it", "neutral", "okay", "ok", "it was okay", "fine", "it was fine"),
        ),
        (
            *("three", "annoying", "it was annoying", "very annoying", "annoyed", "it annoyed me", "bothered me"),
            *("disturbing", "intrusive"),
        ),
    ),
)
