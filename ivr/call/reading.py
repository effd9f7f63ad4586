"""What the caller's words mean: the recogniser's text read by the NLU engine, or another of its readings.

Owns the choice between readings where a date or an amount is asked for: one that is a date goes before a likelier one
that is none ("the force of March", "the fourth of March"). Everywhere else the likeliest text is the text.
"""

from __future__ import annotations

from dataclasses import replace

from ivr.model.dialog import Hear, UtteranceHeard
from ivr.model.hearing import ExpectationKind, Recognition
from ivr.model.ids import monotonic_ms
from ivr.model.ports import NluEngine
from ivr.model.understanding import Understanding

PARSED = frozenset({ExpectationKind.DATE, ExpectationKind.MONEY})  # kinds named like the slot type they ask for
MOST_READINGS = 3  # besides the likeliest


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
    return UtteranceHeard(at_ms=monotonic_ms(), recognition=recognition, understanding=understanding)


async def _parse(nlu: NluEngine, text: str, recognition: Recognition, hear: Hear) -> Understanding:
    return await nlu.parse(
        text,
        language=recognition.language,
        expected=hear.intents or None,
        slot_types=hear.slot_types,
        slot_context=hear.slot_context,
    )
