"""Candidates for what a caller said of themselves: asked of the directory, compared elsewhere; what to ask next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ivr.identity.candidates import Matching, Said, plain
from ivr.model.identity import FACT_ARGUMENTS, Candidate, EvidenceKind
from ivr.model.ports import Directory

_NUMBERS = (EvidenceKind.POLICY_NUMBER, EvidenceKind.ACCOUNT_NUMBER)
STRONG = frozenset(_NUMBERS)


def readings_of(args: Mapping[str, Any], before: Said) -> Said:
    """The facts among a step's arguments, each with its readings; said before and not told apart then, they stand
    beside. A list is one fact with several readings."""
    said: dict[EvidenceKind, tuple[str, ...]] = {kind: tuple(readings) for kind, readings in before.items()}
    for name in FACT_ARGUMENTS:
        value = args.get(name)
        readings = [str(v).strip() for v in (value if isinstance(value, list | tuple) else [value]) if v is not None]
        if any(readings):
            said[EvidenceKind(name)] = tuple(r for r in readings if r)
    return said


async def candidates_for(directory: Directory, said: Said) -> tuple[Candidate, ...]:
    """Whom the numbers said find, else whom the name sounds like, in all of their readings. Raises ServiceError."""
    for kind in _NUMBERS:
        found = [await directory.by_fact(kind, plain(kind, reading)) for reading in said.get(kind, ())]
        if any(found):
            return _distinct(found)
    if any(said.get(kind) for kind in _NUMBERS):
        return ()
    return _distinct([await directory.by_name(reading) for reading in said.get(EvidenceKind.NAME, ())])


def _distinct(found: Iterable[Sequence[Candidate]]) -> tuple[Candidate, ...]:
    return tuple({candidate.customer_id: candidate for each in found for candidate in each}.values())


def finds(matching: Matching) -> bool:
    """Whether the facts find an account: a number of it, or two facts. A name alone, however rare, is not enough."""
    return bool(STRONG & set(matching.matched)) or len(matching.matched) > 1


def asked(matching: Matching, said: Said | None = None) -> dict[str, Any]:
    """What to ask next, for a slot identity_ask."""
    kinds = matching.apart_by or (EvidenceKind.BIRTH_DATE,)
    return {"identity_ask": next((k.value for k in kinds if not (said or {}).get(k)), kinds[0].value)}
