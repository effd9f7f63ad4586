"""Where a sentence may be cut so that a voice can begin before it has all of it, and how long it rests there.

Owns borders of phrases. A cut stands where a speaker takes a breath: at punctuation, else before a word that begins a
clause. Light on purpose: the control process cuts what callers wait for. Markup is never cut.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ivr.model.markup import marked, plain

LEAST_CHARACTERS = 12  # of a part: shorter ones sound clipped
FIRST_CHARACTERS = 36  # of the part a caller waits for: about two and a half seconds of speech
_PAUSES_MS = {".": 120, "!": 120, "?": 120, "…": 120, ";": 100, ":": 80, ",": 60, "—": 60, "–": 60}
_PHRASE_END = re.compile(r"(?<=[,;:])\s+|\s+(?=[—–]\s)")
# Words a long phrase may be cut before: those that begin a clause, else prepositions.
_BEGINNINGS = {
    "en": (
        "and|but|or|because|if|when|which|that|who|so|until|before|after|please",
        "by|on|at|in|for|from|with|about|to",
    ),
    "ru": (
        "и|но|а|или|если|когда|который|которая|которое|чтобы|потому|пока|пожалуйста",
        "на|в|во|по|от|для|из|с|со|до",
    ),
}


def pause_ms(text: str) -> int:
    """The rest behind a text, by its last sign; the quiet edges of a prompt come on top (ivr.speech.mastering)."""
    return _PAUSES_MS.get(plain(text).rstrip(" \"'»”")[-1:], 0)


def phrases(text: str, language: str) -> tuple[str, ...]:
    """The text in parts of which the first is soon spoken; one part when there is nothing to gain."""
    if marked(text) or len(text) <= FIRST_CHARACTERS:
        return (text,)
    parts = _joined(_PHRASE_END.split(text))
    if len(parts[0]) > FIRST_CHARACTERS:
        parts = [*_clauses(parts[0], language), *parts[1:]]
    return tuple(parts)


def _joined(pieces: Sequence[str]) -> list[str]:
    """Pieces, short ones together with what follows."""
    parts: list[str] = []
    for piece in pieces:
        if parts and (len(parts[-1]) < LEAST_CHARACTERS or len(piece) < LEAST_CHARACTERS):
            parts[-1] = f"{parts[-1]} {piece}"
        elif piece:
            parts.append(piece)
    return parts


def _clauses(text: str, language: str) -> list[str]:
    """A long phrase in two, as late as the first part may end. The voice does not fall there as at a full stop."""
    for words in _BEGINNINGS.get(language, ()):
        cuts = [m.start() for m in re.finditer(rf"\s(?=(?:{words})\s)", text, re.IGNORECASE)]
        fitting = [
            at for at in cuts if LEAST_CHARACTERS <= at <= FIRST_CHARACTERS and len(text) - at > LEAST_CHARACTERS
        ]
        if fitting:
            return [f"{text[: fitting[-1]]},", text[fitting[-1] + 1 :]]
    return [text]
