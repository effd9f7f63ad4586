"""What the caller's words mean: the recogniser's text read by the NLU engine, or another of its readings.

Owns the choice between readings. Where a date or an amount is asked for, one that is a date goes before a likelier one
that is none ("the force of March", "the fourth of March"). Where a number, a date or a name is asked for, what is about
as likely goes along as another reading of the value: whoever compares it may. Everywhere else the likeliest text is the
text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from ivr.model.dialog import Hear, UtteranceHeard
from ivr.model.hearing import ExpectationKind, Recognition
from ivr.model.ids import monotonic_ms
from ivr.model.ports import NluEngine
from ivr.model.understanding import Understanding
from ivr.nlu.spoken import find

PARSED = frozenset({ExpectationKind.DATE, ExpectationKind.MONEY})  # kinds named like the slot type they ask for
MOST_READINGS = 3  # besides the likeliest
ALSO_HEARD: Mapping[ExpectationKind, tuple[float, int]] = MappingProxyType(
    {ExpectationKind.DIGITS: (2.0, 1), ExpectationKind.DATE: (3.0, 1), ExpectationKind.NAME: (4.0, 3)}
)
"""Kind of answer -> (nats, how many): other values no less likely than that go along. A number or a day is half a
proof: one more, and only where the ear is in doubt. A name finds and proves little: its spelling is anybody's guess."""


async def read(nlu: NluEngine, recognition: Recognition, hear: Hear) -> UtteranceHeard:
    """The turn with its meaning; its text is that of the reading taken."""
    understanding = await _parse(nlu, recognition.hypothesis.text, recognition, hear)
    wanted = hear.expectation.kind
    if wanted in PARSED and understanding.entity(wanted.value) is None and not understanding.intent.name:
        for other in recognition.hypothesis.alternatives[:MOST_READINGS]:
            meaning = await _parse(nlu, other.text, recognition, hear)
            if meaning.entity(wanted.value) is not None:
                hypothesis = replace(recognition.hypothesis, text=other.text)
                recognition, understanding = replace(recognition, hypothesis=hypothesis), meaning
                break
    elif wanted in ALSO_HEARD:
        understanding = _also_heard(understanding, recognition, hear)
    return UtteranceHeard(at_ms=monotonic_ms(), recognition=recognition, understanding=understanding)


def _also_heard(understanding: Understanding, recognition: Recognition, hear: Hear) -> Understanding:
    """With the values of readings that are about as likely."""
    kind, hypothesis = hear.expectation.kind, recognition.hypothesis
    mine = understanding.entity(kind.value)
    if mine is None or mine.scores or hypothesis.log_probability is None:
        return understanding
    nats, most = ALSO_HEARD[kind]
    least = hypothesis.log_probability - nats
    near = (other.text for other in hypothesis.alternatives if other.log_probability >= least)
    found = (find(kind.value, text, recognition.language, hear.slot_context) for text in near)
    known = mine.readings or (mine.value,)
    others = tuple(dict.fromkeys(e.value for e in found if e is not None and e.value not in known))[:most]
    if not others:
        return understanding
    heard = replace(mine, readings=(*known, *others))
    return replace(understanding, entities=tuple(heard if e is mine else e for e in understanding.entities))


async def _parse(nlu: NluEngine, text: str, recognition: Recognition, hear: Hear) -> Understanding:
    return await nlu.parse(
        text,
        language=recognition.language,
        expected=hear.intents or None,
        slot_types=hear.slot_types,
        slot_context=hear.slot_context,
    )
