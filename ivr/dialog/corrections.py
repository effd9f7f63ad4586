"""Corrections: what "no, seven two" changes, and which of the values given so far it is about.

Owns the words that begin a correction, the names callers give to slots, and where a part of a number belongs. Knows
nothing of steps and sessions; whether a value may still be changed is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from ivr.dialog.slots import Slot
from ivr.dialog.tongues import TONGUES, Tongue, groups

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_FILLERS = frozenset({"um", "uh", "er", "oh", "but", "and", "well", "э", "эм", "ну", "а", "но", "и"})
_LONGEST_PHRASE = 4
_STEM = 4
"""Letters from which two words count as forms of one when only their endings differ."""
_ENDING = 3


class Force(IntEnum):
    """How plainly an utterance begins as a correction: not, softly ("sorry"), by denying what was understood ("no")."""

    NONE = 0
    SOFT = 1
    DENIAL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How an utterance begins. rest: what comes after the words of correction. answered: is a bare "no" all that
    denies?"""

    force: Force
    rest: str
    answered: bool = False


def opening(text: str, language: str) -> Opening:
    """The words of correction an utterance begins with; one hesitation before them is passed over."""
    tongue, said = TONGUES.get(language[:2]), _words(text)
    if tongue is None:
        return Opening(force=Force.NONE, rest=text)
    known = dict.fromkeys(tongue.amendments, Force.SOFT) | dict.fromkeys(tongue.denials, Force.DENIAL)
    at = start = 1 if said and said[0][0] in _FILLERS else 0
    found: list[tuple[str, Force]] = []
    while at < len(said):
        for size in range(min(_LONGEST_PHRASE, len(said) - at), 0, -1):
            phrase = " ".join(word for word, _, _ in said[at : at + size])
            if phrase in known:
                found.append((phrase, known[phrase]))
                at += size
                break
        else:
            break
    if not found:
        return Opening(force=Force.NONE, rest=text)
    rest = text[said[at][1] :] if at < len(said) else ""
    answered = at == start + 1 and found[0][0] in (tongue.no[0], "nope", "неа")
    return Opening(force=max(force for _, force in found), rest=rest, answered=answered)


def named(text: str, slots: Iterable[Slot], language: str) -> tuple[Slot, ...]:
    """The slots a caller calls by name ("the policy number was ..."): their `called` words, else their own name."""
    said = [word for word, _, _ in _words(text)]
    return tuple(s for s in slots if any(_stands_in(said, _split(p)) for p in _names(s, language)))


def _names(slot: Slot, language: str) -> tuple[str, ...]:
    return slot.called.get(language[:2], ()) or (slot.name.replace("_", " "),)


def _split(phrase: str) -> list[str]:
    return [word for word, _, _ in _words(phrase)]


def _words(text: str) -> list[tuple[str, int, int]]:
    return [(m[0].lower().replace("ё", "е").replace("’", "'"), m.start(), m.end()) for m in _WORD.finditer(text)]


def _stands_in(said: Sequence[str], phrase: Sequence[str]) -> bool:
    spans = range(len(said) - len(phrase) + 1)
    return bool(phrase) and any(all(map(_alike, said[at : at + len(phrase)], phrase)) for at in spans)


def _alike(one: str, other: str) -> bool:
    """The same word, or another form of it: "полис", "полиса"."""
    stem = max(_STEM, min(len(one), len(other)) - 1)
    return one == other or (abs(len(one) - len(other)) <= _ENDING and len(one) >= _STEM and one[:stem] == other[:stem])


# ---- the value meant ----------------------------------------------------------------------------------------------


def corrected(slot: Slot, before: str, said: str) -> str | None:
    """The value after "no, seven two": said whole when it fits, else put where it changes least (the later place when
    equal). None when it makes no acceptable, different value."""
    found = amended(slot, before, (said,), "", "en")
    return found[0] if found else None


def amended(slot: Slot, before: str, said: Sequence[str], text: str, language: str) -> tuple[str, bool] | None:
    """(value, is there no other way to mean it?) after a correction, or None. said: readings of what was said,
    likeliest first; text: the words, which may tell the place ("the last two are ...")."""
    tongue, spoken = TONGUES.get(language[:2]), {word for word, _, _ in _words(text)}
    denied = tongue is not None and slot.type in ("digits", "phone") and bool(spoken & tongue.negations)
    swapped = next((found for found in (_swapped(slot, before, part) for part in said) if found), None)
    if denied and swapped:
        return swapped
    whole = next((value for value in said if slot.accepts(value)), None)
    if whole is not None:
        return whole, True
    if slot.type not in ("digits", "phone"):
        return None
    for part in (reading for reading in said if reading.isascii() and reading.isdigit()):
        found = _at_an_end(slot, before, part, tongue, spoken) if tongue else None
        found = found or _swapped(slot, before, part) or _somewhere(slot, before, part)
        if found:
            return found
    return None


def _swapped(slot: Slot, before: str, said: str) -> tuple[str, bool] | None:
    """ "Not five one eight, five one nine": the first half is denied, the second stands for it."""
    half = len(said) // 2
    wrong, right = said[:half], said[half:]
    if len(wrong) != len(right) or not wrong or wrong == right or before.count(wrong) != 1:
        return None
    value = before.replace(wrong, right)
    return (value, True) if slot.accepts(value) else None


def _at_an_end(slot: Slot, before: str, said: str, tongue: Tongue, spoken: set[str]) -> tuple[str, bool] | None:
    """ "The last two are seven two". A count of figures said before them is no figure."""
    if not spoken & (tongue.tail | tongue.head):
        return None
    if len(said) > 1 and int(said[0]) == len(said) - 1 and spoken & tongue.counted:
        said = said[1:]
    at_end = bool(spoken & tongue.tail)
    value = before[: -len(said)] + said if at_end else said + before[len(said) :]
    return (value, True) if len(said) < len(before) and slot.accepts(value) and value != before else None


def _somewhere(slot: Slot, before: str, said: str) -> tuple[str, bool] | None:
    """In the place that changes least; of equal ones that of a group as it is read aloud, then the later."""
    edges = {0}
    for group in groups(before):
        edges.add(max(edges) + len(group))
    found: list[tuple[int, bool, int, str]] = []
    for start in range(len(before) - len(said) + 1) if len(said) < len(before) else ():
        value = before[:start] + said + before[start + len(said) :]
        changed = sum(a != b for a, b in zip(value, before, strict=True))
        if changed and slot.accepts(value):
            found.append((changed, start + len(said) not in edges, -start, value))
    if not found:
        return None
    found.sort()
    least = [one for one in found if one[0] == found[0][0]]
    return found[0][3], len(least) == 1
