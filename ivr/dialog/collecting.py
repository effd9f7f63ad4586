"""Collecting: what the caller's words mean while a slot is asked for, read back, or two values are asked apart."""

from __future__ import annotations

from ivr.dialog import corrections
from ivr.dialog import slots as sl
from ivr.dialog import steps as st
from ivr.dialog.amending import amend
from ivr.dialog.asking import accept, fail, fill, put
from ivr.dialog.choosing import picked, take, yes_or_no
from ivr.dialog.run import Run
from ivr.dialog.session import Phase
from ivr.dialog.volunteering import keep_beside, take_aside
from ivr.model.dialog import UtteranceHeard
from ivr.model.understanding import Entity


def collect(run: Run, step: st.CollectStep, event: UtteranceHeard) -> None:
    """Words while a slot is asked for."""
    slot, hypothesis = run.assistant.slots[step.slot], event.recognition.hypothesis
    readings = sl.spoken(slot, event, run.session.language)
    if slot.sensitive:
        run.hide(hypothesis.text, *readings.fitting, *(r for e in event.understanding.entities for r in e.readings))
    choice, sure = picked(run, step, event)
    if choice is not None and sure and (slot.type == "text" or not readings.fitting):
        take(run, step, choice, event)
    elif amend(run, step, event, fitting=_answer(slot, readings, event), named_only=slot.type == "text"):
        return
    elif readings.fitting:
        thin = hypothesis.margin is not None and hypothesis.margin < step.policy.margin
        unsure = thin or readings.unsure or hypothesis.confidence < step.policy.sure or len(readings.fitting) > 1
        keep_beside(run, slot, readings.fitting[0], event)
        fill(run, step, readings.fitting, unsure=unsure, via="speech", tied=readings.tied)
    elif not readings.heard and take_aside(run, slot, event):
        put(run, step)
    else:
        fail(run, step, "outside" if readings.outside else "rejected" if readings.heard else "nomatch")


def _answer(slot: sl.Slot, readings: sl.Readings, event: UtteranceHeard) -> Entity | None:
    """The words that answer the question, None when nothing does."""
    if not readings.fitting:
        return None
    text = event.recognition.hypothesis.text
    whole = Entity(entity=slot.type, value=text, readings=(text,), start=0, end=len(text))
    return next((e for e in event.understanding.entities if e.entity in (slot.type, slot.name)), whole)


def confirm_value(run: Run, step: st.CollectStep, event: UtteranceHeard) -> None:
    """Words while a value is read back."""
    slot, pending = run.assistant.slots[step.slot], run.session.pending
    yes, plain = yes_or_no(event, step.policy.accept)
    choice, sure = picked(run, step, event)
    if yes is not True and amend(run, step, event, named_only=True):
        return
    changed = _changed(run, slot, event) if yes is not True or slot.type == "yes_no" else None
    if changed:
        run.change(pending=changed, others=())
        fail(run, step, "corrected")
    elif yes is not True and not (sure and choice is not None) and amend(run, step, event):
        return
    elif yes is not None and (plain or not sure):
        confirmed(run, step, yes=yes)
    elif choice is not None and sure:
        take(run, step, choice, event)
    elif _outside(run, slot, event):
        run.change(phase=Phase.MAIN, pending="", others=())
        fail(run, step, "outside")
    else:
        run.change(pending=pending)
        fail(run, step, "nomatch")


def _said(slot: sl.Slot, event: UtteranceHeard) -> list[str]:
    types = (slot.type, slot.name, "digits") if slot.type == "phone" else (slot.type, slot.name)
    found = [e for e in event.understanding.entities if e.entity in types]
    return [r for e in found for r in (e.readings or (e.value,))]


def _changed(run: Run, slot: sl.Slot, event: UtteranceHeard) -> str:
    """What the caller says instead of the value read back, "" when nothing."""
    text, language, pending = event.recognition.hypothesis.text, run.session.language, run.session.pending
    begins = corrections.opening(text, language)
    said = _said(slot, event)
    if slot.type == "yes_no" and begins.force is not corrections.Force.SOFT:
        return ""  # a bare yes or no is about the value read back; "sorry, yes" is another value
    if slot.type == "text":
        said = [begins.rest.strip()] if begins.rest and begins.force is not corrections.Force.NONE else []
    allowed = sl.candidates(slot, run.session.slots)
    if slot.type == "name" and allowed:
        said = [r for r in said if r in allowed]
    found = corrections.amended(slot, pending, said, text, language) if said else None
    if slot.sensitive:
        run.hide(text, *said, *([found[0]] if found else []))
    return found[0] if found and found[0] != pending else ""


def _outside(run: Run, slot: sl.Slot, event: UtteranceHeard) -> bool:
    return bool(sl.spoken(slot, event, run.session.language).outside)


def confirmed(run: Run, step: st.CollectStep, *, yes: bool) -> None:
    """The value read back is right, or not: then the next one that the words may have meant is read back."""
    others = run.session.others
    if yes:
        accept(run, step, run.session.pending, "confirmed")
    elif others:
        run.change(pending=others[0], others=others[1:])
        fail(run, step, "denied")
    else:
        run.change(phase=Phase.MAIN, pending="")
        fail(run, step, "denied")


# ---- two that fit -------------------------------------------------------------------------------------------------


def which_value(run: Run, step: st.CollectStep, event: UtteranceHeard) -> None:
    """Words while two values are asked apart."""
    slot, two = run.assistant.slots[step.slot], (run.session.pending, run.session.others[0])
    yes, plain = yes_or_no(event, step.policy.accept)
    choice, sure = picked(run, step, event)
    meant = _meant(slot, two, event)
    if meant:
        chosen(run, step, meant)
    elif yes is False and plain:
        neither(run, step)
    elif choice is not None and sure:
        take(run, step, choice, event)
    else:
        fail(run, step, "nomatch")


def _meant(slot: sl.Slot, two: tuple[str, str], event: UtteranceHeard) -> str:
    """The one of two that was named, or told by its place; "" when it is not clear."""
    value = event.recognition.hypothesis.value
    if value in two:
        return value
    owner = {word: one for one, other in (two, two[::-1]) for word in (*sl.distinctive(one, other), one)}
    for entity in event.understanding.entities:
        found = list(dict.fromkeys(owner[r] for r in entity.readings or (entity.value,) if r in owner))
        clear = len(entity.scores) < 2 or entity.scores[0] > entity.scores[1]
        if entity.entity in ("choice", slot.type, slot.name) and found and (len(found) == 1 or entity.scores) and clear:
            return found[0]
    return ""


def chosen(run: Run, step: st.CollectStep, value: str) -> None:
    """One of two was chosen by the caller."""
    if step.confirm == "always":
        fill(run, step, (value,), unsure=False, via="chosen")
    else:
        accept(run, step, value, "chosen")


def neither(run: Run, step: st.CollectStep) -> None:
    """Neither of the two: the question is asked again."""
    run.change(phase=Phase.MAIN, pending="", others=())
    fail(run, step, "denied")
