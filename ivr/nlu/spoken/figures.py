"""Words and written figures of a text as one list: "$1,250.50", "1 250,50 руб.", "10k" and "two and a half" alike.

Owns how figures are written in either language; the value of words belongs to numbers.
"""

from __future__ import annotations

import re

from ivr.nlu.spoken.numbers import Word

_TOKEN = re.compile(
    r"\d{1,3}(?:\.\d{3})+,\d{1,2}(?!\d)"  # 1.250,50
    r"|\d{1,3}(?:[, \u00a0]\d{3})+(?:[.,]\d{1,2})?(?!\d)"  # 1,250.50  1 250,50
    r"|\d+(?:[.,]\d+)?"
    r"|[$€£₽]"
    r"|[^\W\d_]+(?:['’][^\W\d_]+)*"
)


# Where a comma stands before the decimals (Unicode CLDR 45); elsewhere it is a point.
_DECIMAL_COMMA = frozenset(
    {"AT", "BE", "BG", "BR", "BY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IT", "KZ", "LT", "LV",
     "NL", "NO", "PL", "PT", "RO", "RS", "RU", "SE", "SI", "SK", "TR", "UA"}
)  # fmt: skip
_DOUBTFUL = re.compile(r"(?<![\d.,])(\d{1,3})([.,])(\d{3})(?![.,]?\d)")
_EXCHANGED = {".": ",", ",": "."}


def as_written(text: str, region: str) -> str:
    """text with figures such as "1.250" as they are meant in that country (ISO 3166): more than a thousand in Germany,
    one and a quarter in Ireland. Of the same length; figures that can be read one way only are left alone."""
    if region not in _DECIMAL_COMMA:
        return text
    return _DOUBTFUL.sub(lambda m: m[1] + _EXCHANGED[m[2]] + m[3], text)


def tokens(text: str) -> list[Word]:
    """(word, start, end): words in lower case with ё as е; figures as "1250.50"; currency signs by themselves."""
    return [(_plain(match[0]), match.start(), match.end()) for match in _TOKEN.finditer(text)]


def _plain(token: str) -> str:
    if not token[0].isdigit():
        return token.lower().replace("’", "'").replace("ё", "е")
    squeezed = re.sub(r"[ \u00a0]", "", token)
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d+", squeezed):
        return squeezed.replace(".", "").replace(",", ".")
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", squeezed):
        return squeezed.replace(",", "")
    return squeezed.replace(",", ".")


def is_figure(word: str) -> bool:
    """A number in figures, whole or decimal."""
    return word[:1].isascii() and word[:1].isdigit()
