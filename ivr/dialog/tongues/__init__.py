"""What a language adds to a dialog: how values are read aloud, how yes and no are said, where sentences end.

One Tongue per language, in a table; a language without one can be used for texts without formatters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from ivr.dialog.tongues.english import ENGLISH
from ivr.dialog.tongues.russian import RUSSIAN
from ivr.dialog.tongues.tongue import CURRENCIES, FORMATTERS, Formatter, Tongue, groups

__all__ = ["CURRENCIES", "FORMATTERS", "TONGUES", "Formatter", "Tongue", "groups", "sentences"]

TONGUES: Mapping[str, Tongue] = MappingProxyType({"en": ENGLISH, "ru": RUSSIAN})

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")
_INITIAL = re.compile(r"(?:^|\s)(?!I\.)[^\W\d_]\.$")


def sentences(text: str, language: str) -> tuple[str, ...]:
    """text cut where sentences end; placeholders are never cut."""
    tongue = TONGUES.get(language)
    parts: list[str] = []
    for piece in _SENTENCE_END.split(" ".join(text.split())):
        before = parts[-1] if parts else ""
        inside = before.count("{") > before.count("}")
        if parts and (inside or (tongue is not None and before.endswith(".") and _goes_on(before, piece, tongue))):
            parts[-1] = f"{before} {piece}"
        elif piece:
            parts.append(piece)
    return tuple(parts)


def _goes_on(before: str, piece: str, tongue: Tongue) -> bool:
    """Whether the full stop that before ends with belongs to an abbreviation or an initial."""
    *earlier, last = before.rstrip(".").rsplit(" ", 2)[-2:] or [""]
    word, follows = last.lower().lstrip("("), piece[:1]
    if word not in tongue.abbreviations:
        return bool(_INITIAL.search(before)) and last.isupper() and follows.isupper()
    after_figure = bool(earlier) and (earlier[-1][-1:].isdigit() or earlier[-1].endswith("}"))
    if word in tongue.closing or (word in tongue.before_names and after_figure):
        # "no." ends a sentence far more often than it abbreviates "number": only a digit after it tells.
        return follows.isdigit() or follows == "{" or (follows.islower() and word != "no")
    return True
