"""English: figures and signs of fixed texts as people say them on the telephone."""

from __future__ import annotations

import re

from num2words import num2words

from ivr.speech.verbalization.rule import Rule, bare, figure_groups, only_figures, pairs, rule

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_SHORT = {name[:3].lower(): name for name in _MONTHS} | {"sept": "September"}
_MONTH = "|".join((*_MONTHS, *(rf"{short}\.?" for short in _SHORT if short != "may")))
_MONEY = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "€": ("euro", "euros", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
}
_CODES = {"usd": "$", "eur": "€", "gbp": "£"}
_FRACTIONS = {"1/2": "one half", "1/3": "one third", "2/3": "two thirds", "1/4": "a quarter", "3/4": "three quarters"}
_UNITS = pairs(
    "km kilometres kg kilograms cm centimetres mm millimetres kb kilobytes mb megabytes gb gigabytes tb terabytes "
    "mbps megabits_a_second gbps gigabits_a_second °c degrees_Celsius °f degrees_Fahrenheit ghz gigahertz mhz megahertz"
)
_NUMBER = r"\d{1,3}(?:,\d{3})+(?!\d)|\d+"


def _words(number: str) -> str:
    whole, _, fraction = bare(number).partition(".")
    said = str(num2words(int(whole))).replace(",", "")
    return f"{said} point {' '.join(_DIGITS[int(d)] for d in fraction)}" if fraction else said


def _unit(number: str, unit: str) -> str:
    words = _UNITS[unit]
    return re.sub(r"(?<=\w\w)s\b(?!.*Cel)", "", words, count=1) if bare(number) == "1" else words


def _figures(text: str) -> str:
    return ", ".join(" ".join(_DIGITS[int(d)] for d in group) for group in figure_groups(only_figures(text)))


def _phone(match: re.Match[str]) -> str:
    groups = [only_figures(g) for g in re.split(r"[\s().-]+", match[0].lstrip("+")) if only_figures(g)]
    said = ", ".join(" ".join("oh" if d == "0" else _DIGITS[int(d)] for d in group) for group in groups)
    said = said.replace("eight oh oh", "eight hundred", 1)
    return f"plus {said}" if match[0].startswith("+") else said


def _money(match: re.Match[str]) -> str:
    sign = match["sign"] or _CODES[(match["code"] or "").lower()]
    one, many, cent, cents = _MONEY[sign]
    number, scale = bare(match["number"]), match["scale"]
    whole, _, rest = number.partition(".")
    if scale:
        return f"{_words(number)} {scale.lower()} {many}"
    said = f"{_words(whole)} {one if int(whole) == 1 else many}"
    small = int(rest.ljust(2, "0")[:2]) if rest else 0
    return f"{said} and {_words(str(small))} {cent if small == 1 else cents}" if small else said


def _clock(match: re.Match[str]) -> str | None:
    hour, minute, half = int(match["hour"]), int(match["minute"] or 0), match["half"]
    if hour > 24 or minute > 59:
        return None
    said = _words(str(hour if not half and hour <= 12 else (hour - 1) % 12 + 1 if hour else 12))
    if minute:
        said += f" oh {_words(str(minute))}" if minute < 10 else f" {_words(str(minute))}"
    elif not half and hour <= 12:
        said += " o'clock"
    if not half and (hour > 12 or not hour):
        half = "p" if 12 < hour < 24 else "a"
    return f"{said} {half[0].upper()}M" if half else said


def _ordinal(number: int) -> str:
    return str(num2words(number, to="ordinal"))


def _year(number: int) -> str:
    return str(num2words(number, to="year")).replace("-", " ")


def _day(year: str, month: int, day: int) -> str | None:
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    said = f"{_MONTHS[month - 1]} {_ordinal(day)}"
    return f"{said}, {_year(int(year))}" if year else said


def _slashed(match: re.Match[str]) -> str | None:
    month, day = int(match[1]), int(match[2])
    return _day(match[3], *((day, month) if month > 12 else (month, day)))


def _named_month(match: re.Match[str]) -> str:
    word = match["month"].rstrip(".").lower()
    month = next(name for name in _MONTHS if name.lower() == word or name.lower().startswith(word[:3]))
    said = f"{month} {_ordinal(int(match['day']))}" if match["day"] else month
    return f"{said}{',' if match['day'] else ''} {_year(int(match['year']))}" if match["year"] else said


def _long_figures(match: re.Match[str]) -> str | None:
    number = match[0]
    return _figures(number) if number[0] == "0" or (len(number) > 4 and not number.endswith("000")) else None


def _plain_year(match: re.Match[str]) -> str:
    return match["before"] + _year(int(match["year"]))


def _address(match: re.Match[str]) -> str:
    said = re.sub(r"^(https?://)?(www\.)?", lambda m: "w w w dot " if m[2] else "", match[0].rstrip("/").lower())
    for sign, word in (("@", "at"), (".", "dot"), ("/", "slash"), ("-", "dash"), ("_", "underscore")):
        said = said.replace(sign, f" {word} ")
    return said


ENGLISH: tuple[Rule, ...] = (
    rule(r"[\u2010-\u2012\u2212]", "-"),
    rule(r"(?<![\w.-])-(?=\d)", "minus "),
    rule(r"(\d{1,2}:\d\d)\s?[-–]\s?(?=\d{1,2}:\d\d)", r"\1 to "),
    rule(r"(?:https?://|www\.)[\w./-]+\w|[\w.+-]+@[\w-]+\.[\w.-]*\w", _address),
    rule(r"\b24\s?/\s?7(?:\s?/\s?365)?\b", "twenty four seven"),
    rule(r"(?:№|\bno\.|#)\s?(?=\d)", "number "),
    rule(
        rf"(?P<sign>[$€£])\s?(?P<number>(?:{_NUMBER})(?:\.\d{{1,2}})?)(?:\s?(?P<scale>thousand|million|billion)\b)?(?P<code>)",
        _money,
    ),
    rule(
        rf"(?<![\d.,])(?P<number>(?:{_NUMBER})(?:\.\d{{1,2}})?)\s?(?:(?P<scale>thousand|million|billion)\s)?"
        r"(?:(?P<sign>[$€£])|(?P<code>usd|eur|gbp)\b)",
        _money,
    ),
    rule(r"\+\d[\d\s().-]{7,}\d|\b1-\d{3}-\d{3}-\d{4}\b|\(?\b\d{3}\)?[\s.-]\d{3}[\s.-]\d{4}\b|\b\d{3}-\d{4}\b", _phone),
    rule(r"\b(\d{4})-(\d\d)-(\d\d)\b", lambda m: _day(m[1], int(m[2]), int(m[3]))),
    rule(r"\b(\d{1,2})/(\d{1,2})/(\d{4})\b", _slashed),
    rule(rf"\b(?P<month>{_MONTH})\s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s(?P<year>\d{{4}})\b)?", _named_month),
    rule(rf"\b(?P<month>{_MONTH})(?P<day>)\s(?P<year>\d{{4}})\b", _named_month),
    rule(r"\b(?P<hour>\d{1,2}):(?P<minute>\d\d)(?:\s?(?P<half>[ap]\.?\s?m\b\.?))?", _clock),
    rule(r"\b(?P<hour>\d{1,2})(?P<minute>)\s?(?P<half>[ap]\.?\s?m\b\.?)", _clock),
    rule(r"\b[1-3]/[234]\b", lambda m: _FRACTIONS.get(m[0])),
    rule(rf"(?<![\d.,])((?:{_NUMBER})(?:\.\d+)?)\s?%", lambda m: f"{_words(m[1])} percent"),
    rule(
        rf"(?<![\d.,])((?:{_NUMBER})(?:\.\d+)?)\s?({'|'.join(_UNITS)})(?![\w])",
        lambda m: f"{_words(m[1])} {_unit(m[1], m[2].lower())}",
    ),
    rule(r"\b(\d+)(?:st|nd|rd|th)\b", lambda m: _ordinal(int(m[1]))),
    rule(
        r"(?P<before>\b(?:in|since|of|from|until|till|to|by|before|after|year|spring|summer|autumn|fall|winter)\s|^)"
        r"(?P<year>1[1-9]\d\d|20\d\d)(?=[.,;:!?]*(?:\s|$))(?!\s(?:dollars|euros|pounds|points|times|people|days))",
        _plain_year,
    ),
    rule(r"(?<=\d)\s?[-–]\s?(?=\d+(?:\D|$))(?<!\d\d\d\d\d)", " to "),
    rule(r"(?<![\w.,])(?:\d{4,}|0\d+)(?![\w]|[.,]\d)", _long_figures),
    rule(rf"(?<![\w])((?:{_NUMBER})(?:\.\d+)?)(?![\w])", lambda m: _words(m[1])),
    rule(r"\d+", lambda m: f" {_figures(m[0])} "),
    rule(r"\s*&\s*", " and "),
    rule(r"\s\+\s", " plus "),
    rule(r"\s=\s", " equals "),
    rule(r"(?<=\w)/(?=\w)", " or "),
    rule(r"\be\.\s?g\.,?", "for example,"),
    rule(r"\bi\.\s?e\.,?", "that is,"),
    rule(r"\betc\.", "and so on."),
    rule(r"\s*[–—]\s*", ", "),
    rule(r"[*_#<>\[\]{}|~^\\]", " "),
)
