"""Months a recogniser did not know: "29 артабря 1941" is October. Only between a day and a full year, where nothing
but a month can stand.

Owns what sounds alike. Which day is meant is the matter of dates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rapidfuzz.distance import Levenshtein

LEAST_LETTERS = 4
NEAR = 0.6
"""Least likeness of what was heard to a month, 0..1."""
APART = 0.1
"""So much nearer than the next month it must be."""

_LIKE = str.maketrans({"о": "а", "я": "и", "е": "и", "э": "и", "ы": "и", "ё": "и", "д": "т", "г": "к", "в": "ф",
                       "з": "с", "б": "п", "ж": "ш", "ь": None, "ъ": None})  # fmt: skip
"""Russian sounds a telephone line makes one: voiced and unvoiced, unstressed vowels. Other letters are themselves."""


def month_like(heard: Sequence[str], months: Mapping[str, int]) -> int | None:
    """The month these words come near to, together or the last of them, None when none or several. months: name ->
    1..12."""
    readings = {"".join(heard), heard[-1]} if heard else set()
    best: dict[int, float] = {}
    for reading in (r for r in readings if len(r) >= LEAST_LETTERS):
        for name, month in months.items():
            score = Levenshtein.normalized_similarity(reading.translate(_LIKE), name.translate(_LIKE))
            best[month] = max(score, best.get(month, 0.0))
    ranked = sorted(best.items(), key=lambda found: -found[1])
    if not ranked or ranked[0][1] < NEAR or (len(ranked) > 1 and ranked[0][1] - ranked[1][1] < APART):
        return None
    return ranked[0][0]
