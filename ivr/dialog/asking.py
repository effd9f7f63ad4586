"""Asking: puts a question, waits for the answer in the right way, asks again when it failed, gives up with a reason."""

from __future__ import annotations

from dataclasses import replace

from ivr.dialog import slots as sl
from ivr.dialog import steps as st
from ivr.dialog.run import Run
from ivr.dialog.session import Phase, Tries, Wait
from ivr.dialog.stack import escape, follow
from ivr.dialog.steps import NEXT
from ivr.dialog.tongues import TONGUES
from ivr.model.dialog import BargeIn, Hear, Keys
from ivr.model.hearing import EndpointProfile, Expectation, ExpectationKind, Phrase
from ivr.model.understanding import SlotContext

YES_NO_KEYS = {"1": True, "2": False}
_YES_NO_INTENTS = ("affirm", "deny")
_CONFIRMING = frozenset({Phase.CONFIRM_VALUE, Phase.CONFIRM_INTENT})
# What a caller may say before being asked. Secrets are never taken that way, nor what any sentence would fill.
_VOLUNTEERED = frozenset({"digits", "number", "money", "date", "time", "phone", "choice"})


def begin(run: Run, step: st.QuestionStep) -> None:
    """Come to a question: skip it when it is answered already, else ask."""
    run.change(phase=Phase.MAIN, tries=Tries(), pending="")
    if isinstance(step, st.CollectStep):
        if run.session.slots.get(step.slot) is not None:
            follow(run, NEXT)
            return
        if _take_volunteered(run, step):
            return
    put(run, step)


def _take_volunteered(run: Run, step: st.CollectStep) -> bool:
    """Fill the slot with what the caller said before it was asked for, if anything fits."""
    slot = run.assistant.slots[step.slot]
    for value in run.session.volunteered:
        fitting = tuple(v for v in value.readings if slot.accepts(v)) if value.type in (slot.type, slot.name) else ()
        if fitting and not slot.sensitive:
            run.change(volunteered=tuple(v for v in run.session.volunteered if v is not value))
            unsure = len(fitting) > 1 or value.confidence < step.policy.sure
            fill(run, step, fitting[0], unsure=unsure, via="volunteered")
            return True
    return False


def fill(run: Run, step: st.CollectStep, value: str, *, unsure: bool, via: str) -> None:
    """A value was given: read it back where the step or doubt asks for it, else take it."""
    if step.confirm == "always" or (unsure and step.confirm == "when_unsure"):
        run.change(phase=Phase.CONFIRM_VALUE, pending=value)
        put(run, step)
    else:
        accept(run, step, value, via)


def accept(run: Run, step: st.CollectStep, value: str, via: str) -> None:
    """The slot has its value."""
    slot = run.assistant.slots[step.slot]
    tries = run.session.tries.total
    run.set_slot(step.slot, slot.typed(value))
    ended(run, step, "filled", value=run.shown(step.slot, value), via=via, tries=tries)
    run.change(phase=Phase.MAIN, tries=Tries(), pending="")
    follow(run, NEXT)


def ended(run: Run, step: st.Step, reason: str, **data: object) -> None:
    """Every collection ends with a named reason."""
    if isinstance(step, st.CollectStep):
        run.note("dialog.slot", slot=step.slot, reason=reason, **data)


def fail(run: Run, step: st.QuestionStep, kind: str) -> None:
    """noinput, nomatch, rejected (no such value), denied (a read-back) or corrected: ask again or give up."""
    session, policy = run.session, step.policy
    counter = kind if kind in ("noinput", "nomatch") else "rejected"
    tries = replace(session.tries, **{counter: getattr(session.tries, counter) + 1})
    run.change(tries=tries, repairs=session.repairs + 1, quiet_turns=0)
    if tries.noinput > policy.noinput_max or tries.nomatch > policy.nomatch_max or tries.total >= policy.max_tries:
        reason = kind if tries.total < policy.max_tries else "max_tries"
        ended(run, step, reason, tries=tries.total)
        escape(run, reason)
        return
    if kind == "rejected" and isinstance(step, st.CollectStep) and run.session.phase is Phase.MAIN:
        run.say(step.invalid, policy.barge_in)
    put(run, step, failed=kind)


def put(run: Run, step: st.QuestionStep, *, failed: str = "") -> None:
    """Say the question that stands and wait for the caller. failed: why it is asked again."""
    if not run.session.hearing and not _by_keypad(run, step):
        return
    barge_in = step.policy.barge_in
    if run.session.phase in _CONFIRMING:
        _say_confirmation(run, step, failed)
    else:
        _say_question(run, step, failed)
    hear(run, step, barge_in)


def _by_keypad(run: Run, step: st.QuestionStep) -> bool:
    """Nothing can be heard: say so once; False when this question has no keys and the caller was sent on."""
    if run.session.hearing_excuse:
        run.change(hearing_excuse=False)
        run.say_own("no_hearing")
    if _keys(run, step) is not None and _answerable_by_key(run, step):
        return True
    ended(run, step, "no_hearing")
    escape(run, "no_hearing")
    return False


def _answerable_by_key(run: Run, step: st.QuestionStep) -> bool:
    if run.session.phase in _CONFIRMING or isinstance(step, st.AskStep):
        return True
    if isinstance(step, st.CollectStep):
        return run.assistant.slots[step.slot].keyed
    return any(option.dtmf for option in step.options)


def _say_question(run: Run, step: st.QuestionStep, failed: str) -> None:
    if not run.session.hearing and run.say(f"{step.utter}_keys", step.policy.barge_in):
        return
    tries = run.session.tries.total
    for attempt in range(tries + 1, 1, -1):
        if failed and run.has(f"{step.utter}_{attempt}"):
            run.say(f"{step.utter}_{attempt}", step.policy.barge_in)
            return
    if failed in ("noinput", "nomatch"):
        run.say_own(failed)
    if not run.say(step.utter, step.policy.barge_in):
        run.say_own("nomatch")


def _say_confirmation(run: Run, step: st.QuestionStep, failed: str) -> None:
    if failed in ("noinput", "nomatch"):
        run.say_own(failed)
    if run.session.phase is Phase.CONFIRM_INTENT:
        run.say(f"utter_confirm_{run.session.pending}", step.policy.barge_in)
    elif isinstance(step, st.CollectStep):
        run.say(step.confirm_utter, step.policy.barge_in, {step.slot: run.session.pending})


def hear(run: Run, step: st.Step, barge_in: BargeIn) -> None:
    """Wait for the caller's answer to the question that stands."""
    question = isinstance(step, st.QuestionStep)
    policy = step.policy if isinstance(step, st.QuestionStep | st.OfferStep) else run.assistant.policy
    alive = not isinstance(step, st.QuestionStep) or step.globals
    intents = [g.intent for g in run.assistant.globals] if alive else []
    if isinstance(step, st.QuestionStep):
        intents += [option.intent for option in step.options]
    slot = run.assistant.slots[step.slot] if isinstance(step, st.CollectStep) else None
    yes_no = not question or isinstance(step, st.AskStep) or run.session.phase in _CONFIRMING
    run.emit(
        Hear(
            step=run.place,
            expectation=_expectation(run, step, slot, yes_no=yes_no),
            keys=_keys(run, step),
            noinput_ms=policy.noinput_ms,
            intents=tuple(dict.fromkeys(intents + (list(_YES_NO_INTENTS) if yes_no else []))),
            slot_types=_slot_types(run, step, slot, yes_no=yes_no),
            slot_context=_slot_context(run, step, slot),
            sensitive=slot is not None and slot.sensitive,
            speech=run.session.hearing,
        )
    )
    run.change(wait=Wait.CALLER)


def _keys(run: Run, step: st.Step) -> Keys | None:
    policy = step.policy if isinstance(step, st.QuestionStep | st.OfferStep) else run.assistant.policy
    if isinstance(step, st.CollectStep) and run.session.phase is Phase.MAIN:
        slot = run.assistant.slots[step.slot]
        if slot.most_keys:
            return Keys(
                max_digits=slot.most_keys,
                terminator=policy.terminator,
                inter_digit_ms=policy.inter_digit_ms,
            )
    globally = any(g.dtmf for g in run.assistant.globals)
    one_key = not isinstance(step, st.QuestionStep) or _answerable_by_key(run, step) or globally
    return Keys(max_digits=1, terminator="", inter_digit_ms=policy.inter_digit_ms) if one_key else None


def _expectation(run: Run, step: st.Step, slot: sl.Slot | None, *, yes_no: bool) -> Expectation:
    language = run.session.language
    if yes_no or (slot is not None and slot.type == "yes_no"):
        tongue = TONGUES.get(language)
        pairs = [(p, "yes") for p in tongue.yes] + [(p, "no") for p in tongue.no] if tongue else []
        phrases = tuple(Phrase(text=text, value=value) for text, value in pairs)
        return Expectation(kind=ExpectationKind.YES_NO, profile=EndpointProfile.SHORT, phrases=phrases)
    if slot is not None and slot.type == "digits":
        return Expectation(
            kind=ExpectationKind.DIGITS,
            profile=EndpointProfile.LONG,
            min_length=slot.min_length,
            max_length=slot.max_length,
        )
    if slot is not None and slot.type == "choice":
        said = tuple(Phrase(text=p, value=c.value) for c in slot.choices for p in c.phrases.get(language, ()))
        return Expectation(kind=ExpectationKind.CHOICE, profile=EndpointProfile.SHORT, phrases=said)
    if slot is not None and slot.type in ("number", "text", "phone", "date"):
        return Expectation(kind=ExpectationKind.OPEN, profile=EndpointProfile.LONG)
    options = step.options if isinstance(step, st.QuestionStep) else ()
    said = tuple(Phrase(text=p, value=o.intent) for o in options for p in o.phrases.get(language, ()))
    return Expectation(kind=ExpectationKind.OPEN, profile=EndpointProfile.NORMAL, phrases=said)


def _slot_types(run: Run, step: st.Step, slot: sl.Slot | None, *, yes_no: bool) -> tuple[str, ...]:
    types = ["yes_no"] if yes_no else []
    if slot is not None and slot.type not in ("text", "any"):
        types.append(slot.type)
    if isinstance(step, st.QuestionStep) and step.options:
        types += sorted(s.type for s in run.assistant.slots.values() if s.type in _VOLUNTEERED and not s.sensitive)
    elif slot is not None and not yes_no and not slot.sensitive and slot.type != "text":
        types += sorted(s.type for s in _still_open(run, slot))
    return tuple(dict.fromkeys(types))


def _still_open(run: Run, slot: sl.Slot) -> list[sl.Slot]:
    """Slots of other types that this flow is going to ask for: a caller may name them at once."""
    asked = (s.slot for s in run.flow.steps.values() if isinstance(s, st.CollectStep))
    slots = [run.assistant.slots[name] for name in asked if run.session.slots.get(name) is None]
    return [s for s in slots if s.type in _VOLUNTEERED and s.type != slot.type and not s.sensitive]


def _slot_context(run: Run, step: st.Step, slot: sl.Slot | None) -> SlotContext:
    """What the parsers need to know of the slot asked for, and of all that the caller may fill unasked."""
    open_slots = [s for s in run.assistant.slots.values() if s.type in _VOLUNTEERED and not s.sensitive]
    if slot is not None and isinstance(step, st.QuestionStep) and not step.options:
        open_slots = [] if slot.sensitive else _still_open(run, slot)
    return sl.context(
        [slot, *open_slots] if slot else open_slots,
        language=run.session.language,
        names=run.session.slots,
        today=run.session.started_at,
        currency=run.assistant.currency,
    )
