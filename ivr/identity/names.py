"""The names of all customers by sound: whom of ten thousand did the caller name?

Owns the index and the verdict: one, several that must be asked apart, or none. A name alone never says who calls: the
verdict narrows, other facts decide. Refuses to know where customers are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from rapidfuzz import fuzz
from rapidfuzz.process import cdist

from ivr.identity.person_name import Heard, Part, PersonName, heard_name, likeness, person_name
from ivr.identity.spelling import folded, sound

MOST_FOUND = 24
_LOOKED_AT = 48

# Measured by `ivr identity names` on names it did not see here: wrong singles at most one in two hundred.
SURE = 0.93
"""Least likeness of a name that was said."""
NEAR = 0.74
"""Least likeness of a name that may have been said."""
APART = 0.07
"""Names nearer to each other than this in likeness are asked apart."""


class Verdict(StrEnum):
    """How many a search has found."""

    ONE = "one"
    SEVERAL = "several"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A customer and how near the name comes to what was heard, 0..1."""

    customer_id: str
    score: float


def verdict(found: Sequence[Scored]) -> Verdict:
    """What the scores say, best first. One: clearly said, and clearly apart from the next."""
    if not found or found[0].score < NEAR:
        return Verdict.NONE
    if found[0].score < SURE or (len(found) > 1 and found[0].score - found[1].score < APART):
        return Verdict.SEVERAL
    return Verdict.ONE


def ranked(heard: str, people: Mapping[str, Mapping[str, str]]) -> list[Scored]:
    """These people by how near their names (language -> full name) come to what was heard, best first."""
    words = heard_name(heard)
    scored = [
        Scored(customer_id=who, score=max((likeness(words, person_name(n)) for n in names.values()), default=0.0))
        for who, names in people.items()
    ]
    return sorted(scored, key=lambda s: -s.score)


class NameIndex:
    """Names in memory. people: (customer id, language -> full name). Built once; a changed directory builds another."""

    def __init__(self, people: Iterable[tuple[str, Mapping[str, str]]]) -> None:
        self._given, self._family = _Words(), _Words()
        self._ids: list[str] = []
        self._names: list[PersonName] = []
        given: list[int] = []
        family: list[int] = []
        for who, names in people:
            for name in dict.fromkeys(person_name(full) for full in names.values()):
                self._ids.append(who)
                self._names.append(name)
                given.append(self._given.place(name.given))
                family.append(self._family.place(name.family))
        self._given_of, self._family_of = np.array(given, dtype=np.int32), np.array(family, dtype=np.int32)
        self._given.close()
        self._family.close()

    def __len__(self) -> int:
        return len(set(self._ids))

    def search(self, heard: str, limit: int = MOST_FOUND) -> tuple[Scored, ...]:
        """Who sounds like that, best first. Ten thousand customers take a few milliseconds."""
        words = heard_name(heard)
        if not words.words or not self._ids:
            return ()
        rough = self._rough(words)
        count = min(_LOOKED_AT, len(rough))
        nearest = np.argpartition(-rough, count - 1)[:count]
        # Namesakes beyond those looked at are as near as the last of them: let them in.
        at_least = float(rough[nearest].min())
        if float(rough[nearest].max()) - at_least < 1e-6:
            nearest = np.flatnonzero(rough >= at_least - 1e-6)[: 4 * _LOOKED_AT]
        best: dict[str, float] = {}
        for at in nearest.tolist():
            score = likeness(words, self._names[at])
            if score >= NEAR:
                best[self._ids[at]] = max(score, best.get(self._ids[at], 0.0))
        found = sorted((Scored(customer_id=who, score=score) for who, score in best.items()), key=lambda s: -s.score)
        return tuple(found[:limit])

    def _rough(self, heard: Heard) -> np.ndarray:
        """A quick score of everybody: the best two runs of words for given and family name."""
        runs = [unit for unit, _, _ in heard.units]
        given, family = self._given.likeness(runs), self._family.likeness(runs)
        if len(heard.words) == 1:
            alone: np.ndarray = np.maximum(given[0][self._given_of], family[0][self._family_of])
            return alone
        best = np.zeros(len(self._ids), dtype=np.float32)
        for i, (_, first, after) in enumerate(heard.units):
            others = [j for j, (_, begin, end) in enumerate(heard.units) if after <= begin or end <= first]
            if not others:
                continue
            beside = family[others].max(axis=0)[self._family_of]
            mine = given[i][self._given_of]
            np.maximum(best, 0.2 * mine + 0.3 * beside + 0.5 * np.minimum(mine, beside), out=best)
        return best


class _Words:
    """The different words of one part of all names, each with the ways it may be said."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._parts: list[Part] = []

    def place(self, part: Part | None) -> int:
        """The number of a part; 0 is none."""
        if part is None:
            return 0
        key = folded(part.word)
        if key not in self._places:
            self._places[key] = len(self._parts) + 1
            self._parts.append(part)
        return self._places[key]

    def close(self) -> None:
        """No more parts: lay them out for comparing."""
        rows: dict[tuple[str, str], list[tuple[int, float]]] = {}
        for number, part in enumerate(self._parts, start=1):
            for word, share in part.said_as:
                rows.setdefault((folded(word), sound(word)), []).append((number, share))
        self._spelt, self._sounds = [key[0] for key in rows], [key[1] for key in rows]
        flat = sorted((number, row, share) for row, said in enumerate(rows.values()) for number, share in said)
        self._rows = np.array([row for _, row, _ in flat], dtype=np.int32)
        self._shares = np.array([share for _, _, share in flat], dtype=np.float32)
        numbers = np.array([number for number, _, _ in flat], dtype=np.int32)
        self._starts = np.flatnonzero(np.diff(numbers, prepend=0))

    def likeness(self, runs: Sequence[str]) -> np.ndarray:
        """runs x parts: the likeness of each run of words to each part, 0..1; column 0 is nobody's."""
        found = np.zeros((len(runs), len(self._parts) + 1), dtype=np.float32)
        if self._parts:
            spelt = cdist([folded(run) for run in runs], self._spelt, scorer=fuzz.ratio, dtype=np.float32)
            sounds = cdist([sound(run) for run in runs], self._sounds, scorer=fuzz.ratio, dtype=np.float32)
            both = (0.55 * spelt + 0.45 * sounds) / 100
            found[:, 1:] = np.maximum.reduceat(both[:, self._rows] * self._shares, self._starts, axis=1)
        return found
