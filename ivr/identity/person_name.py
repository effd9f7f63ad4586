"""The name of a person in its parts, and how near words that were heard come to it.

Owns what is a given name, a patronymic and a family name, and the score. A score is nearness, not proof: namesakes and
neighbours in sound are told apart by other facts. Refuses to know who else there is (see names.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from ivr.identity.given_names import also_called, is_given
from ivr.identity.spelling import english_key, folded, sound

MOST_WORDS = 6
ALSO_CALLED = 0.96
"""Likeness of a name somebody goes by to the one on file."""
HALF_OF_DOUBLE = 0.93
"""Likeness of one half of "Smith-Jones" to the whole."""
SILENT_H = 0.97
"""Likeness of Anna to Hanna: a telephone does not tell them apart."""
GIVEN_SHARE = 0.4
OTHER_PATRONYMIC = 0.3
"""Share of the score that a wholly different patronymic takes; one left out takes nothing."""
MIDDLE_NEAR = 0.8
"""Likeness from which a second name or a patronymic is the one on file."""
SPARE_WORD = 0.03
"""What a heard word costs that is no part of the name."""
PARTIAL = 0.9
"""Share of the score left when only a given or only a family name was said."""

_WORD = re.compile(r"[^\W\d_]+(?:['’`-][^\W\d_]+)*")
_PATRONYMIC = re.compile(r"(?:[oe]viy|(?:il|kit|kuzm|luk|fom)iy|[oe]vna|iyna)$")
"""Of folded forms: y is ч."""
_PARTICLES = frozenset(
    ("de", "del", "della", "di", "da", "dos", "du", "la", "le", "van", "von", "der", "den", "ten", "ter", "al", "el",
     "ibn", "bin", "ben", "st", "saint")
)  # fmt: skip
_FILLERS = frozenset(
    ("uh", "um", "uhm", "er", "erm", "hmm", "hm", "ah", "well", "yes", "yeah", "hello", "hi", "please", "mister", "mr",
     "mrs", "ms", "miss", "doctor", "dr", "sir", "madam", "э", "эм", "ну", "да", "алло", "здравствуйте", "пожалуйста",
     "господин", "госпожа")
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a name as it may be said: (spelling, its likeness to the name on file), the one on file first."""

    said_as: tuple[tuple[str, float], ...]

    @property
    def word(self) -> str:
        return self.said_as[0][0]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonName:
    """A name on file. given is None in "Petrov", family in "Anna"; middle: second names and the patronymic."""

    given: Part | None
    family: Part | None
    middle: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Words that were heard, and runs of them as one word ("Petrov a"). units: (word, first, after)."""

    words: tuple[str, ...]
    units: tuple[tuple[str, int, int], ...]


def heard_name(text: str) -> Heard:
    """The words of a name in a recogniser's text; hesitations and titles are no part of it."""
    words = [w for w in (m.replace("’", "").replace("'", "") for m in _WORD.findall(text)) if w.lower() not in _FILLERS]
    parts = [part for word in words for part in word.split("-") if part]
    # A recogniser that is in doubt writes a lone word twice.
    parts = [part for at, part in enumerate(parts) if not at or folded(part) != folded(parts[at - 1])][:MOST_WORDS]
    runs = [
        ("".join(parts[at : at + length]), at, at + length)
        for length in (1, 2, 3)
        for at in range(len(parts) - length + 1)
        # Pieces of one word; what is a name by itself is no piece.
        if length == 1 or not any(is_given(part) or is_patronymic(part) for part in parts[at : at + length])
    ]
    return Heard(words=tuple(parts), units=tuple(runs))


@lru_cache(maxsize=65_536)
def person_name(full: str) -> PersonName:
    """A name as it stands on file, given name first or family name first."""
    words = _with_particles(_WORD.findall(full))
    if not words:
        return PersonName(given=None, family=None)
    if len(words) == 1:
        alone = _part(words[0])
        given = is_given(words[0])
        return PersonName(given=alone if given else None, family=None if given else alone)
    patronymic = next((at for at, w in enumerate(words) if at and len(words) > 2 and is_patronymic(w)), None)
    if patronymic is not None:
        given_at, family_at = patronymic - 1, len(words) - 1 if patronymic < len(words) - 1 else 0
    else:
        family_first = is_given(words[-1]) and not is_given(words[0])
        given_at, family_at = (len(words) - 1, 0) if family_first else (0, len(words) - 1)
    middle = tuple(_part(w) for at, w in enumerate(words) if at not in (given_at, family_at))
    return PersonName(given=_part(words[given_at]), family=_part(words[family_at]), middle=middle)


def is_patronymic(word: str) -> bool:
    """Петровна, Ilyich."""
    return _PATRONYMIC.search(folded(word)) is not None


def _father(patronymic: str) -> str:
    """What a patronymic has of the father's name, folded."""
    return re.sub(r"(?:v?iy|vna|i?iyna)$", "", folded(patronymic))


def _with_particles(words: Sequence[str]) -> list[str]:
    """ "de la Cruz" is one word, hyphens tell its halves."""
    joined: list[str] = []
    held: list[str] = []
    for word in words:
        if word.lower() in _PARTICLES and joined:
            held.append(word)
            continue
        joined.append("-".join((*held, word)))
        held = []
    return joined


def _part(word: str) -> Part:
    said = {word.replace("-", "").replace("'", "").replace("’", ""): 1.0}
    for half in word.split("-") if "-" in word else ():
        if half.lower() not in _PARTICLES:
            said.setdefault(half, HALF_OF_DOUBLE)
            for other in also_called(half):
                said.setdefault(other, HALF_OF_DOUBLE * ALSO_CALLED)
    for other in also_called(word):
        said.setdefault(other, ALSO_CALLED)
    return Part(said_as=tuple(said.items()))


@lru_cache(maxsize=16_384)
def alike(heard: str, word: str) -> float:
    """0..1: two words by spelling and by sound; 1 only when they are written alike or transliterate each other."""
    left, right = folded(heard), folded(word)
    if left == right:
        return 1.0
    if left.lstrip("h") == right.lstrip("h"):
        return SILENT_H
    score = 0.55 * fuzz.ratio(left, right) + 0.45 * fuzz.ratio(sound(heard), sound(word))
    one, other = english_key(heard), english_key(word)
    if one and other:
        score = max(score, 0.5 * score + 0.5 * fuzz.ratio(one, other))
    return min(0.99, score / 100)


def _best(unit: str, part: Part) -> float:
    return max(likeness * alike(unit, word) for word, likeness in part.said_as)


def likeness(heard: Heard, name: PersonName) -> float:
    """0..1: how near what was heard comes to a name, in any order, with or without patronymic."""
    if not heard.words:
        return 0.0
    if len(heard.words) == 1 or name.given is None or name.family is None:
        known = [part for part in (name.given, name.family) if part]
        best = max((_best(unit, part) for unit, _, _ in heard.units for part in known), default=0.0)
        return round(PARTIAL * best, 4)
    given = [_best(unit, name.given) for unit, _, _ in heard.units]
    family = [_best(unit, name.family) for unit, _, _ in heard.units]
    best = 0.0
    for i, j in _pairs(heard):
        pair = pair_score(given[i], family[j])
        if pair > best:
            best = max(best, _with_rest(pair, heard, (i, j), name))
    return round(best, 4)


def pair_score(given: float, family: float) -> float:
    """Both parts count, the worse one most."""
    return 0.5 * (GIVEN_SHARE * given + (1 - GIVEN_SHARE) * family) + 0.5 * min(given, family)


def _pairs(heard: Heard) -> Iterator[tuple[int, int]]:
    """Every two runs of words without a word in common."""
    units = heard.units
    for i, (_, first, after) in enumerate(units):
        for j, (_, begin, end) in enumerate(units):
            if after <= begin or end <= first:
                yield i, j


def _with_rest(pair: float, heard: Heard, taken: tuple[int, int], name: PersonName) -> float:
    """The score of given and family name, and what the words beside them say of middle names."""
    used = {at for unit in taken for at in range(heard.units[unit][1], heard.units[unit][2])}
    rest = [word for at, word in enumerate(heard.words) if at not in used]
    for word in rest:
        near = max((_best(word, part) for part in name.middle), default=0.0)
        fathers = [_father(part.word) for part in name.middle if is_patronymic(part.word)]
        if is_patronymic(word) and fathers:
            near = max(fuzz.ratio(_father(word), father) / 100 for father in fathers)
            pair *= 1 - OTHER_PATRONYMIC * min(1.0, max(0.0, (MIDDLE_NEAR - near) / 0.25))
        elif near < MIDDLE_NEAR:
            pair -= SPARE_WORD
    return pair


def given_likeness(heard: Heard, name: PersonName) -> float:
    """0..1: how near what was heard, all of it as one word, comes to the given name, for a question that asks for no
    more: "Scott George" may be Scott-George."""
    if name.given is None or not heard.words:
        return 0.0
    return round(_best("".join(heard.words), name.given), 4)
