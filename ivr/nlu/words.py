"""Words and characters of a spoken sentence. Owns how text is flattened before any engine looks at it."""

from __future__ import annotations

import re
from collections.abc import Iterator

_WORD = re.compile(r"\d{1,3}(?:,\d{3})+(?!\d)|[^\W_]+(?:['’][^\W_]+)*")
_FILLERS = frozenset(("uh", "um", "uhm", "er", "erm", "hmm", "hm", "ah", "э", "эм", "ммм", "гм"))


def words(text: str) -> list[str]:
    """Lower-case words of text: no punctuation, no hesitations, straight apostrophes, ё as е."""
    flat = text.lower().replace("’", "'").replace("ё", "е")
    return [w for w in _WORD.findall(flat) if w not in _FILLERS]


def spans(text: str) -> Iterator[tuple[str, int, int]]:
    """(word, start, end) of every word, hesitations too; lower case, straight apostrophes, ё as е, 1,250 as 1250."""
    for match in _WORD.finditer(text):
        word = match[0].lower().replace("’", "'").replace("ё", "е").replace(",", "")
        yield word, match.start(), match.end()
