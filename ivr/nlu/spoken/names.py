"""Names of people, matched by sound with those that exist: a recogniser spells names as it likes, in either alphabet.

No score separates right from wrong (measured: the worst right match scores as the best wrong one). So every near
candidate is returned with its score, best first, and whoever asks must read the name back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from rapidfuzz import fuzz

from ivr.model.understanding import Entity, SlotContext
from ivr.nlu.spoken.introductions import find_introduction
from ivr.nlu.spoken.spelled import find_spelled
from ivr.nlu.words import spans, words

MAX_CANDIDATES = 5
LEAST_SCORE = 0.55
ANNOUNCED = 0.9
"""Confidence of a name of somebody unlisted, after "my name is"."""
MAX_WORDS = 10

_LATIN = {
    **dict(zip("абвгдезийклмнопрстуфыэ", "abvgdeziiklmnoprstufye", strict=True)),
    "ж": "zh",
    "х": "kh",
    "ц": "ts",
    "ч": "ch",
    "ш": "sh",
    "щ": "sch",
    "ъ": "",
    "ь": "",
    "ю": "yu",
    "я": "ya",
}
# Spellings of one sound, in order: later rules see what earlier ones left.
_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("dzh", "j"), ("tsch|tch", "c"), ("sch|sh|sz", "s"), ("ph", "f"), ("th", "t"), ("ck|kh|q", "k"),
        ("gh", ""), ("x", "ks"), ("c(?=[eiy])", "s"), ("ch", "c"), ("c(?![eiy])", "k"), ("ts|tz", "s"),
        ("zh|j|dj", "i"), ("w", "v"), ("z", "s"), ("au", "av"), ("ev", "iv"), ("y", "i"), ("h", ""), ("dt", "t"),
    )
)  # fmt: skip
_INTRODUCTIONS = frozenset(
    words(
        """my name is the this it's it i am i'm speaking here mister mr mrs miss ms doctor dr please hello hi
        surname first last меня зовут мое имя это я фамилия слушаю пожалуйста господин госпожа здравствуйте"""
    )
)


def find_name(text: str, language: str, context: SlotContext) -> Entity | None:
    """The candidates that sound like what was said, with scores; without candidates the words themselves. Or None."""
    said = [word for word in spans(text) if word[0] not in _INTRODUCTIONS and words(word[0])]
    if not said:
        return None
    start, end = said[0][1], said[-1][2]
    if not context.candidates:
        return _unlisted(text, language)
    heard = [word for word, _, _ in said[:MAX_WORDS]]
    ranked = sorted(((likeness(heard, c), c) for c in context.candidates), key=lambda s: -s[0])
    near = [(score, name) for score, name in ranked if score >= LEAST_SCORE][:MAX_CANDIDATES]
    if not near:
        return None
    return Entity(
        entity="name",
        value=near[0][1],
        readings=tuple(name for _, name in near),
        start=start,
        end=end,
        confidence=near[0][0],
        scores=tuple(score for score, _ in near),
    )


def _unlisted(text: str, language: str) -> Entity | None:
    """A name of nobody knows whom: the words that introduce somebody, or what the text begins with. What was spelled
    is a reading before what was heard: "Anna Petrowa, P E T R O V A"."""
    found = find_introduction(text, language)
    spelled = find_spelled(text, language)
    if found is None and spelled is None:
        return None
    heard: list[str] = []
    if found is not None:
        # Letters are no part of the name before them.
        end = min(found.end, spelled.start) if spelled and spelled.end > found.start else found.end
        heard = text[found.start : end].rstrip(" ,.").split() if end > found.start else []
    readings = [" ".join(heard)] if heard else []
    if spelled is not None:
        readings.insert(0, " ".join([*heard[:-1], spelled.word]) if len(heard) > 1 else spelled.word)
    starts = [part.start for part in (found, spelled) if part]
    ends = [part.end for part in (found, spelled) if part]
    return Entity(
        entity="name",
        value=readings[0],
        readings=tuple(dict.fromkeys(readings)),
        start=min(starts),
        end=max(ends),
        confidence=ANNOUNCED if found is not None and found.announced else LEAST_SCORE,
    )


def likeness(heard: Sequence[str], candidate: str) -> float:
    """0..1: how well the best word for each part of the name matches it, long parts counting more. Order is free."""
    parts = [word for word, _, _ in spans(candidate)]
    joined = [*heard, *(a + b for a, b in pairwise(heard))]
    total = sum(len(part) for part in parts)
    if not total:
        return 0.0
    score = sum(len(part) * max(_alike(word, part) for word in joined) for part in parts)
    return round(score / total / 100, 4)


def _alike(word: str, part: str) -> float:
    """0..100: spelling and sound, in equal shares."""
    left, right = latin(word), latin(part)
    return (fuzz.ratio(left, right) + fuzz.ratio(sound(left), sound(right))) / 2


def latin(word: str) -> str:
    """Cyrillic as a passport would write it; only letters are left."""
    return "".join(_LATIN.get(letter, letter) for letter in word.lower().replace("ё", "е") if letter.isalpha())


def sound(word: str) -> str:
    """A key that spellings of one sound share: "Schmidt" and "Shmit". Of vowels only the first letter counts."""
    for pattern, replacement in _SOUNDS:
        word = pattern.sub(replacement, word)
    skeleton = word[:1] + re.sub("[aeiou]", "", word[1:])
    return re.sub(r"(.)\1+", r"\1", skeleton)
