"""Volunteering: values a caller gives before they are asked for, kept for the questions that will want them.

Owns which values may be given that way. Secrets are never taken unasked, nor what any sentence would fill; a value that
was named ("the policy number is ...") fills the slot of that name alone, and the same words fill one slot only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ivr.dialog import corrections
from ivr.dialog import slots as sl
from ivr.dialog import steps as st
from ivr.dialog.run import Run
from ivr.dialog.session import Volunteered
from ivr.model.dialog import UtteranceHeard
from ivr.model.understanding import Entity

VOLUNTEERED = frozenset({"digits", "number", "money", "date", "time", "phone", "choice", "name"})
ANNOUNCED = 0.8
"""Least confidence of a name given unasked: nearly any words would make one, "my name is" makes it sure."""


def still_open(run: Run) -> list[sl.Slot]:
    """Slots that the flow being done is going to ask for and that a caller may fill at once."""
    asked = dict.fromkeys(s.slot for s in run.flow.steps.values() if isinstance(s, st.CollectStep))
    slots = [run.assistant.slots[name] for name in asked if run.session.slots.get(name) is None]
    return [s for s in slots if s.type in VOLUNTEERED and not s.sensitive]


def keep(run: Run, event: UtteranceHeard) -> None:
    """Keep the values said along with a request for the slots that will want them; older ones are forgotten."""
    run.change(volunteered=_values(run, event, event.understanding.entities))


def forget(run: Run) -> None:
    """What was said with an earlier request fills nothing of another."""
    run.change(volunteered=())


def keep_beside(run: Run, slot: sl.Slot | None, taken: str, event: UtteranceHeard) -> None:
    """Keep what was said beside the value that answers the question, in other words of the sentence. slot and taken:
    what was asked for and given, None and "" when it was a yes or no."""
    if slot is not None and slot.sensitive:
        return
    entities = event.understanding.entities
    mine = [e for e in entities if slot is not None and e.entity in (slot.type, slot.name)]
    beside = [
        e
        for e in entities
        if e not in mine and (slot is None or all(e.end <= m.start or m.end <= e.start for m in mine))
    ]
    if slot is not None and slot.type == "choice":
        beside += [replace(e, readings=rest) for e in mine if (rest := tuple(r for r in e.readings if r != taken))]
        beside += [e for e in entities if e not in mine and e not in beside]
    _add(run, _values(run, event, beside))


def take_aside(run: Run, slot: sl.Slot, event: UtteranceHeard) -> bool:
    """Nothing said answers the question, but it may answer one that comes later. False when it does not, or when it
    was said already."""
    if slot.sensitive or slot.type == "text":
        return False
    others = [s for s in still_open(run) if s.name != slot.name]
    known = {(v.type, v.readings) for v in run.session.volunteered}
    found = [
        v
        for v in _values(run, event, event.understanding.entities)
        if (v.type, v.readings) not in known and any(_fits(s, v) for s in others)
    ]
    _add(run, tuple(found))
    for value in found:
        run.note("dialog.slot", slot=next(s.name for s in others if _fits(s, value)), reason="volunteered")
    return bool(found)


def _add(run: Run, values: tuple[Volunteered, ...]) -> None:
    if values:
        run.change(volunteered=(*run.session.volunteered, *values))


def _values(run: Run, event: UtteranceHeard, entities: Iterable[Entity]) -> tuple[Volunteered, ...]:
    text, language = event.recognition.hypothesis.text, run.session.language
    slots = [s for s in run.assistant.slots.values() if s.type != "any"]
    named = corrections.named(text, slots, language)
    found: list[Volunteered] = []
    for entity in entities:
        readings = entity.readings or (entity.value,)
        owners = [s for s in named if s.type == entity.entity]
        if any(s.sensitive for s in owners):
            run.hide(text, *readings)
        elif entity.entity != "yes_no" and (entity.entity != "name" or entity.confidence >= ANNOUNCED):
            found.append(
                Volunteered(
                    type=entity.entity,
                    readings=readings,
                    confidence=event.recognition.hypothesis.confidence,
                    slot=owners[0].name if owners else "",
                    turn=run.session.turns,
                    start=entity.start,
                    end=entity.end,
                )
            )
    return tuple(found)


def _fits(slot: sl.Slot, value: Volunteered) -> bool:
    meant = value.slot == slot.name if value.slot else value.type in (slot.type, slot.name)
    return meant and any(map(slot.accepts, value.readings))


def taken_for(run: Run, slot: sl.Slot) -> tuple[Volunteered, tuple[str, ...]] | None:
    """(value, its readings that fit) of what was said for this slot before, or None. It is used up, and so is whatever
    else the same words might have meant."""
    if slot.sensitive:
        return None
    value = next((v for v in run.session.volunteered if _fits(slot, v)), None)
    if value is None:
        return None
    kept = [v for v in run.session.volunteered if v is not value and not _same_words(v, value)]
    rest = tuple(r for r in value.readings if not slot.accepts(r))
    if value.type == "choice" and rest:
        kept.append(replace(value, readings=rest))
    run.change(volunteered=tuple(kept))
    return value, tuple(filter(slot.accepts, value.readings))


def _same_words(one: Volunteered, other: Volunteered) -> bool:
    if "choice" in (one.type, other.type) or one.turn != other.turn:
        return False
    return one.start < other.end and other.start < one.end
