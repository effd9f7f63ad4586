"""Facts a caller said, matched within the customers they may belong to. Pure: candidates in, a matching out.

Owns how a fact is written plainly, when it fits, and what would tell several candidates apart. A fact that does not fit
leaves nobody: which one it was is known to nobody outside this file, so that nothing can leak it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase

from ivr.identity.names import APART, NEAR, SURE, Verdict
from ivr.identity.person_name import given_likeness, heard_name, likeness, person_name
from ivr.identity.spelling import folded
from ivr.model.identity import FACT_KINDS, Candidate, EvidenceKind

MOST_OF_A_HOUSEHOLD = 5
"""More customers on one number than this make it an office's: it speaks for nobody."""
LEAST_ENDING = 4
"""An account's last digits must be at least so many."""
WITHIN = NEAR
"""Least likeness of a name within a few candidates found by another fact."""

Said = Mapping[EvidenceKind, Sequence[str]]
"""What the caller said: kind -> every reading of it, likeliest first."""

_NOT_PLAIN = re.compile(r"[^0-9a-z]+")
_CYRILLIC_TWINS = str.maketrans("авекмнорстух", "abekmhopctyx")
_APART_BY = (
    EvidenceKind.BIRTH_DATE, EvidenceKind.POLICY_NUMBER, EvidenceKind.ACCOUNT_NUMBER, EvidenceKind.POSTCODE,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Whom the facts fit. candidates: nearest name first. matched: the kinds that fit every one of them, () for nobody.
    score: likeness of the nearest name, 0..1 (1 when no name was said). apart_by: what to ask next to tell several
    apart, best first: NAME means the first name."""

    verdict: Verdict
    candidates: tuple[Candidate, ...] = ()
    matched: tuple[EvidenceKind, ...] = ()
    score: float = 0.0
    apart_by: tuple[EvidenceKind, ...] = ()

    @property
    def candidate(self) -> Candidate | None:
        """The one it is, None when it is nobody or not yet decided."""
        return self.candidates[0] if self.verdict is Verdict.ONE else None


NOBODY = Matching(verdict=Verdict.NONE)


def match(candidates: Iterable[Candidate], said: Said) -> Matching:
    """Who of the candidates fits everything that was said. Kinds that are no facts, and facts a candidate has nothing
    of on file, prove nothing and refute nobody; a fact that is on file and differs refutes."""
    facts = {kind: [r for r in readings if r.strip()] for kind, readings in said.items() if kind in FACT_KINDS}
    facts = {kind: readings for kind, readings in facts.items() if readings}
    fitting: list[tuple[float, Candidate, frozenset[EvidenceKind]]] = []
    for candidate in candidates:
        kinds = _fits(candidate, facts)
        if kinds:
            names = facts.get(EvidenceKind.NAME)
            score = name_likeness(candidate, names) if names and EvidenceKind.NAME in kinds else 1.0
            fitting.append((score, candidate, kinds))
    if not fitting:
        return NOBODY
    fitting.sort(key=lambda found: -found[0])
    best = fitting[0][0]
    near = [found for found in fitting if best - found[0] < APART or found[2] - fitting[0][2]]
    matched = frozenset.intersection(*(kinds for _, _, kinds in near))
    people = tuple(candidate for _, candidate, _ in near)
    # A name alone that was not clearly said is none yet: somebody else may be meant who is not among these.
    unclear = matched == {EvidenceKind.NAME} and best < SURE
    return Matching(
        verdict=Verdict.ONE if len(people) == 1 and not unclear else Verdict.SEVERAL,
        candidates=people,
        matched=tuple(kind for kind in EvidenceKind if kind in matched),
        score=best,
        apart_by=apart_by(people, said),
    )


def recognised(on_number: Sequence[Candidate], *, shared: bool = False) -> Matching:
    """What a number alone says. shared: the number is listed as an office's, a hotel's, a payphone's. One customer is
    recognised; of a household the first name and the birth date are asked; more than a household is nobody."""
    if not on_number or shared or len(on_number) > MOST_OF_A_HOUSEHOLD:
        return NOBODY
    one = len(on_number) == 1
    return Matching(
        verdict=Verdict.ONE if one else Verdict.SEVERAL,
        candidates=tuple(on_number),
        score=1.0,
        apart_by=() if one else (EvidenceKind.NAME, EvidenceKind.BIRTH_DATE),
    )


def apart_by(people: Sequence[Candidate], said: Said) -> tuple[EvidenceKind, ...]:
    """Which facts not yet said would leave fewest of these people, best first; () for one."""
    if len(people) < 2:
        return ()
    spread: list[tuple[int, int, EvidenceKind]] = []
    if not said.get(EvidenceKind.NAME):
        spread.append((-len({_first_name(person) for person in people}), 0, EvidenceKind.NAME))
    for place, kind in enumerate(_APART_BY, start=1):
        if not said.get(kind) and any(on_file(person, kind) for person in people):
            spread.append((-len({on_file(person, kind) for person in people}), place, kind))
    return tuple(kind for count, _, kind in sorted(spread) if count < -1)


def common_language(people: Iterable[Candidate]) -> str:
    """The language all of them prefer, "" when they differ or nobody says."""
    found = {person.language or (person.customer.language if person.customer else "") for person in people}
    return found.pop() if len(found) == 1 else ""


def _first_name(person: Candidate) -> str:
    given = next((person_name(name).given for name in person.names.values()), None)
    return folded(given.word) if given else ""


def on_file(candidate: Candidate, kind: EvidenceKind) -> tuple[str, ...]:
    """The plain values of a kind on file."""
    if kind is EvidenceKind.BIRTH_DATE:
        return (candidate.birth_date,) if candidate.birth_date else ()
    if kind is EvidenceKind.NAME:
        return tuple(candidate.names.values())
    return tuple(plain(kind, value) for value in candidate.facts.get(kind, ()))


def plain(kind: EvidenceKind, value: str) -> str:
    """A fact as it is compared and looked up: numbers without blanks, dashes and case ("D-77" is "d77"; Cyrillic
    letters that look like Latin ones are those), dates and names as they are."""
    if kind in (EvidenceKind.BIRTH_DATE, EvidenceKind.NAME):
        return value.strip()
    return _NOT_PLAIN.sub("", value.lower().translate(_CYRILLIC_TWINS))


def _fits(candidate: Candidate, facts: Mapping[EvidenceKind, Sequence[str]]) -> frozenset[EvidenceKind]:
    """The kinds that fit; empty when one does not."""
    kinds: set[EvidenceKind] = set()
    for kind, readings in facts.items():
        known = on_file(candidate, kind)
        if not known:
            continue
        if kind is EvidenceKind.NAME:
            fits = name_likeness(candidate, readings) >= WITHIN
        else:
            fits = any(_same(kind, plain(kind, reading), value) for reading in readings for value in known)
        if not fits:
            return frozenset()
        kinds.add(kind)
    return frozenset(kinds)


def _same(kind: EvidenceKind, said: str, known: str) -> bool:
    """Digit-exact. The letters before a policy number may be left unsaid; of an account the ending is enough."""
    if said == known:
        return bool(said)
    if kind is EvidenceKind.ACCOUNT_NUMBER and said.isdigit() and len(said) >= LEAST_ENDING:
        return known.endswith(said)
    return kind is EvidenceKind.POLICY_NUMBER and said.isdigit() and known.lstrip(ascii_lowercase) == said


def name_likeness(candidate: Candidate, readings: Iterable[str]) -> float:
    """How near the nearest reading comes to a candidate's name; the given name alone is enough."""
    best = 0.0
    for reading in readings:
        heard = heard_name(reading)
        for full in candidate.names.values():
            name = person_name(full)
            best = max(best, given_likeness(heard, name))
            if len(heard.words) > 1:
                best = max(best, likeness(heard, name))
    return best
