"""How a name may be spelled: one plain form for all transliterations of it, and a key for those that sound alike.

Owns the letters: Cyrillic and Latin, the passport's, the library's and the German way of writing Russian names, and
what English recognisers make of them (Petroff, Petrowa, Shcherbakov, Scherbakow, Yury, Jurij). Forms are for comparing
only, they are never shown or spoken. Refuses to know people.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from jellyfish import metaphone

REMEMBERED = 32_768

_CYRILLIC = str.maketrans(
    {
        **dict(zip("абвгдеёзийклмнопрстуфхыэ", "abvgdeeziiklmnoprstufhie", strict=True)),
        "ж": "j", "ц": "c", "ч": "y", "ш": "w", "щ": "w", "ъ": "", "ь": "", "ю": "iu", "я": "ia",
        "і": "i", "ї": "i", "є": "e", "ґ": "g", "ў": "u",
    }
)  # fmt: skip
"""One letter for one sound. Taken for sounds Latin has no letter of: c = ц, j = ж, w = ш and щ, y = ч."""

_SINGLE = str.maketrans({"š": "sh", "č": "ch", "ž": "zh", "ß": "ss", "ł": "l", "ø": "o", "æ": "e"})
_AFTER_CYRILLIC = (("dj", "j"), ("ks", "x"))
_LATIN = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        # Consonants of several letters, longest first; marks in capitals are not read again.
        ("shch|schtsch|szcz|stsch|chtch", "W"), ("tsch|tch|cz|(?<!s)ch(?=[aeiouy])|(?<=[irn])ch$", "Y"),
        ("sch|sh|sz", "W"), ("ch", "H"),
        ("dzh|dj|zh", "J"), ("ts|tz", "C"), ("kh", "H"), ("ph", "f"), ("th", "t"), ("ck|q", "k"), ("gh(?=t|$)", ""),
        ("wr", "r"), ("kn", "n"), ("c(?=[eiy])", "s"), ("c", "k"), ("ks", "x"), ("w", "v"), ("(?<=[oe])ff?$", "v"),
        ("(?<=[oe])h(?=n|l|r|m)", ""),
        # y and j: consonants before a vowel, vowels elsewhere; an English j at the start is дж.
        ("^[yj](?=e)", ""), ("^[yi]o", "E"), ("(?<=[bdfgklmnprstvzWYJHC])[yji]+o(?=[a-z])", "E"),
        ("[yj](?=[ae])", "i"), ("[yj](?=u)", "i"), ("^j", "J"), ("ey$", "ei"), ("i?[yj]$|ie$", "i"), ("[yj]", "i"),
        ("ee|ea", "i"), ("oo|ou", "u"), ("iie|ie", "e"),
    )
)  # fmt: skip
_MARKS = str.maketrans({"W": "w", "Y": "y", "J": "j", "H": "h", "C": "c", "E": "e"})
_RUN = re.compile(r"(.)\1+")

_LIKE = str.maketrans(
    {"b": "p", "d": "t", "g": "k", "v": "f", "z": "s", "j": "w", "c": "s", "o": "a", "i": "e", "u": "o"}
)
"""Sounds a telephone line makes one: voiced and unvoiced, unstressed vowels."""


@lru_cache(maxsize=REMEMBERED)
def folded(word: str) -> str:
    """One spelling for all of a name's: "Щербаков", "Shcherbakov", "Scherbakow" and "Sherbakoff" are one."""
    flat = "".join(c for c in unicodedata.normalize("NFKC", word).lower() if c.isalpha())
    if not flat:
        return ""
    if any("а" <= c <= "ё" or c in "іїєґў" for c in flat):
        plain = flat.translate(_CYRILLIC)
        for before, after in _AFTER_CYRILLIC:
            plain = plain.replace(before, after)
        plain = re.sub("(?<=[oe])[fv]$", "v", plain)
        return _RUN.sub(r"\1", plain)
    plain = "".join(c for c in unicodedata.normalize("NFKD", flat.translate(_SINGLE)) if not unicodedata.combining(c))
    for pattern, replacement in _LATIN:
        plain = pattern.sub(replacement, plain)
    return _RUN.sub(r"\1", plain.translate(_MARKS))


@lru_cache(maxsize=REMEMBERED)
def sound(word: str) -> str:
    """A rougher key than folded: what a telephone line leaves of it. "Петров" and "Bedrof" share one."""
    rough = folded(word).translate(_LIKE)
    return _RUN.sub(r"\1", rough[:1] + rough[1:].replace("h", ""))


@lru_cache(maxsize=REMEMBERED)
def english_key(word: str) -> str:
    """The metaphone of a Latin name, "" of another: English spelling has rules of its own (Knight, Nite)."""
    letters = "".join(c for c in unicodedata.normalize("NFKD", word) if c.isascii() and c.isalpha())
    return metaphone(letters) if letters else ""
