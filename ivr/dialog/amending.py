"""Amending: "no, seven two", "sorry, the policy number was ...": a value taken earlier in this flow is put right.

Owns when an utterance is such a correction and what follows: the flow goes on from the question whose answer changed,
so branches and lookups that hung on the old value are done again. What cannot be done twice ends the time for them.
"""

from __future__ import annotations

from dataclasses import dataclass

from ivr.dialog import corrections
from ivr.dialog import slots as sl
from ivr.dialog import steps as st
from ivr.dialog.asking import ended, fill
from ivr.dialog.corrections import Force, Opening
from ivr.dialog.run import Run
from ivr.dialog.session import Phase, Taken, Tries, Volunteered, Wait
from ivr.model.dialog import UtteranceHeard
from ivr.model.understanding import Entity

MOST_CORRECTIONS = 4
"""Of one slot in a call: whoever corrects more often is not understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """A correction. certain: was the place of a part beyond doubt, and the slot?"""

    taken: Taken
    value: str
    certain: bool
    named: bool
    length: int


def amend(
    run: Run, step: st.QuestionStep, event: UtteranceHeard, *, fitting: Entity | None = None, named_only: bool = False
) -> bool:
    """Put an earlier value right if the caller does so. fitting: what answers the question that stands. named_only:
    only when the slot is called by name. False when this was no correction."""
    found = _amendment(run, step, event, fitting, named_only=named_only)
    if found is None:
        return False
    taken, session = found.taken, run.session
    key = f"correct {taken.flow}/{taken.slot}"
    run.change(retried={**session.retried, key: session.retried.get(key, 0) + 1})
    ended(run, step, "left for a correction")
    origin = run.flow.steps[taken.step]
    if not isinstance(origin, st.CollectStep):
        return False
    ended(run, origin, "corrected", value=run.shown(taken.slot, found.value))
    _keep_pending(run, step)
    run.change(phase=Phase.MAIN, tries=Tries(), repairs=session.repairs + 1, quiet_turns=0, wait=Wait.RUNNING)
    run.move(taken.step)
    doubtful = event.recognition.hypothesis.confidence < origin.policy.sure
    unsure = doubtful or taken.confirmed or not found.certain or run.assistant.slots[taken.slot].type == "name"
    fill(run, origin, (found.value,), unsure=unsure, via="corrected")
    return True


def _keep_pending(run: Run, step: st.QuestionStep) -> None:
    """The value being read back meanwhile is read back once more later."""
    if isinstance(step, st.CollectStep) and run.session.phase is Phase.CONFIRM_VALUE and run.session.pending:
        slot = run.assistant.slots[step.slot]
        kept = Volunteered(type=slot.type, readings=(run.session.pending,), confidence=0.0, slot=slot.name)
        run.change(volunteered=(*run.session.volunteered, kept))


def _amendment(
    run: Run, step: st.QuestionStep, event: UtteranceHeard, fitting: Entity | None, *, named_only: bool
) -> Amendment | None:
    text, language = event.recognition.hypothesis.text, run.session.language
    begins = corrections.opening(text, language)
    known = run.correctable()
    slots = [s for s in run.assistant.slots.values() if s.type != "any"]
    named = {s.name for s in corrections.named(text, slots, language)}
    if not known or (begins.force is Force.NONE and not named):
        return None
    found: list[Amendment] = []
    for order, taken in enumerate(known):
        by_name = taken.slot in named
        if not by_name and (named_only or named or not _plausible(run, step, begins, order, fitting)):
            continue
        amendment = _changed(run, taken, event, begins, by_name=by_name)
        if amendment is None or (not by_name and fitting is not None and _covers(fitting, amendment, event)):
            continue
        if run.session.retried.get(f"correct {taken.flow}/{taken.slot}", 0) < MOST_CORRECTIONS:
            found.append(amendment)
    return max(found, key=lambda a: (a.named, a.length), default=None)


def _plausible(run: Run, step: st.QuestionStep, begins: Opening, order: int, fitting: Entity | None) -> bool:
    """May words that name no slot be about this earlier one (order 0: the latest)? A secret said after "no" never is,
    and what answers the question is a correction only when it begins as one beyond doubt."""
    if begins.force is Force.NONE:
        return False
    if isinstance(step, st.CollectStep) and run.assistant.slots[step.slot].sensitive:
        return False
    return fitting is None or (begins.force is Force.DENIAL and order == 0)


def _covers(fitting: Entity, amendment: Amendment, event: UtteranceHeard) -> bool:
    """The answer to the question takes more of the words than the correction: "no, fifteen hundred euros"."""
    return fitting.end - fitting.start > amendment.length


def _changed(run: Run, taken: Taken, event: UtteranceHeard, begins: Opening, *, by_name: bool) -> Amendment | None:
    """What the utterance makes of a value taken before, None when nothing else than it was."""
    slot, entities = run.assistant.slots[taken.slot], event.understanding.entities
    text = event.recognition.hypothesis.text
    if slot.type == "text":
        rest = begins.rest.strip()
        usable = begins.force is Force.DENIAL and rest and slot.accepts(rest) and taken == run.session.taken[-1]
        return Amendment(taken=taken, value=rest, certain=False, named=by_name, length=0) if usable else None
    types = (slot.type, slot.name, "digits") if slot.type == "phone" else (slot.type, slot.name)
    mine = [e for e in entities if e.entity in types]
    if slot.type == "yes_no":
        # A bare "no" answers the question that stands; it corrects nothing.
        mine = [e for e in mine if by_name or e.value == "yes" or not begins.answered]
        mine = mine if by_name or begins.rest else []
    readings = [r for e in mine for r in (e.readings or (e.value,))]
    allowed = sl.candidates(slot, run.session.slots)
    if slot.type == "name" and allowed:
        readings = [r for r in readings if r in allowed]
    found = corrections.amended(slot, taken.value, readings, text, run.session.language)
    if found is None or found[0] == taken.value:
        return None
    length = max(e.end - e.start for e in mine)
    certain = found[1] and (begins.force is not Force.NONE)
    return Amendment(taken=taken, value=found[0], certain=certain, named=by_name, length=length)
