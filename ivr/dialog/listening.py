"""Listening: what is expected, by voice and by key, while a question stands.

Owns what the recogniser and the parsers are told of the answer, of values a caller may give unasked, and of values
that may still be corrected.
"""

from __future__ import annotations

from dataclasses import replace

from ivr.dialog import slots as sl
from ivr.dialog import steps as st
from ivr.dialog.run import Run
from ivr.dialog.session import Phase, Wait
from ivr.dialog.taking_up import nameable
from ivr.dialog.tongues import TONGUES
from ivr.dialog.volunteering import VOLUNTEERED, still_open
from ivr.model.dialog import BargeIn, Hear, Keys
from ivr.model.hearing import EndpointProfile, Expectation, ExpectationKind, Phrase
from ivr.model.understanding import SlotContext

CONFIRMING = frozenset({Phase.CONFIRM_VALUE, Phase.CONFIRM_INTENT})
CHOOSING = CONFIRMING | {Phase.WHICH_VALUE}
_YES_NO_INTENTS = ("affirm", "deny")

_LONG_ANSWERS = {
    "number": ExpectationKind.OPEN,
    "text": ExpectationKind.OPEN,
    "phone": ExpectationKind.OPEN,
    "date": ExpectationKind.DATE,
    "time": ExpectationKind.OPEN,
    "money": ExpectationKind.MONEY,
}


def answerable_by_key(run: Run, step: st.QuestionStep) -> bool:
    """Has the question that stands a key that answers it?"""
    if run.session.phase in CHOOSING or isinstance(step, st.AskStep):
        return True
    if isinstance(step, st.CollectStep):
        return run.assistant.slots[step.slot].keyed
    return any(option.dtmf for option in step.options)


def hear(run: Run, step: st.Step, barge_in: BargeIn) -> None:
    """Wait for the caller's answer to the question that stands."""
    question = isinstance(step, st.QuestionStep)
    policy = step.policy if isinstance(step, st.QuestionStep | st.OfferStep) else run.assistant.policy
    alive = not isinstance(step, st.QuestionStep) or step.globals
    intents = [g.intent for g in run.assistant.globals] if alive else []
    if isinstance(step, st.QuestionStep):
        intents += [option.intent for option in step.options]
    if isinstance(step, st.OfferStep) or (isinstance(step, st.AskStep) and step.resolves):
        intents += [option.intent for option in nameable(run)]
    slot = run.assistant.slots[step.slot] if isinstance(step, st.CollectStep) else None
    yes_no = not question or isinstance(step, st.AskStep) or run.session.phase in CHOOSING
    run.emit(
        Hear(
            step=run.place,
            expectation=replace(_expectation(run, step, slot, yes_no=yes_no), languages=_languages(run)),
            keys=keys_of(run, step),
            noinput_ms=policy.noinput_ms,
            intents=tuple(dict.fromkeys(intents + (list(_YES_NO_INTENTS) if yes_no else []))),
            slot_types=_slot_types(run, step, slot, yes_no=yes_no),
            slot_context=_slot_context(run, step, slot),
            sensitive=slot is not None and slot.sensitive,
            speech=run.session.hearing,
        )
    )
    run.change(wait=Wait.CALLER)


def keys_of(run: Run, step: st.Step) -> Keys | None:
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
    one_key = not isinstance(step, st.QuestionStep) or answerable_by_key(run, step) or globally
    return Keys(max_digits=1, terminator="", inter_digit_ms=policy.inter_digit_ms) if one_key else None


def _languages(run: Run) -> tuple[str, ...]:
    """The languages to tell apart: on the caller's first words, where the assistant speaks more than one."""
    return run.assistant.languages if run.session.turns == 0 and len(run.assistant.languages) > 1 else ()


def _expectation(run: Run, step: st.Step, slot: sl.Slot | None, *, yes_no: bool) -> Expectation:
    language = run.session.language
    if run.session.phase is Phase.WHICH_VALUE:
        two = (run.session.pending, *run.session.others[:1])
        said = tuple(Phrase(text=run.worded(slot, v), value=v) for v in two) if slot is not None else ()
        return Expectation(kind=ExpectationKind.CHOICE, profile=EndpointProfile.SHORT, phrases=said)
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
    if slot is not None and slot.type == "name":
        names = tuple(Phrase(text=n, value=n) for n in sl.candidates(slot, run.session.slots))
        return Expectation(kind=ExpectationKind.NAME, profile=EndpointProfile.NORMAL, phrases=names)
    if slot is not None and slot.type in _LONG_ANSWERS:
        return Expectation(kind=_LONG_ANSWERS[slot.type], profile=EndpointProfile.LONG)
    options = step.options if isinstance(step, st.QuestionStep) else ()
    said = tuple(Phrase(text=p, value=o.intent) for o in options for p in o.phrases.get(language, ()))
    return Expectation(kind=ExpectationKind.OPEN, profile=EndpointProfile.NORMAL, phrases=said)


def _slot_types(run: Run, step: st.Step, slot: sl.Slot | None, *, yes_no: bool) -> tuple[str, ...]:
    """Types of values to look for, the one asked for first."""
    types = ["offer_reply"] if isinstance(step, st.OfferStep) else []
    types += ["yes_no"] if yes_no else []
    if slot is not None and slot.type not in ("text", "any"):
        types.append(slot.type)
        if run.session.phase is Phase.CONFIRM_VALUE and slot.type == "phone":
            types.append("digits")  # "no, seven two" is no telephone number
        if run.session.phase is Phase.WHICH_VALUE:
            types.append("choice")  # "the second one"
    types += sorted(s.type for s in _unasked(run, step, slot, yes_no=yes_no))
    changeable = [run.assistant.slots[t.slot].type for t in run.correctable()]
    types += [*changeable, *(["digits"] if "phone" in changeable else [])]
    return tuple(dict.fromkeys(t for t in types if t != "text"))


def _unasked(run: Run, step: st.Step, slot: sl.Slot | None, *, yes_no: bool) -> list[sl.Slot]:
    """Slots a caller may fill here besides the one asked for."""
    if isinstance(step, st.OfferStep) or (isinstance(step, st.QuestionStep) and step.options):
        return [s for s in run.assistant.slots.values() if s.type in VOLUNTEERED and not s.sensitive]
    if isinstance(step, st.AskStep):
        return still_open(run)
    if slot is None or yes_no or slot.sensitive or slot.type == "text" or run.session.phase in CHOOSING:
        return []
    return [s for s in still_open(run) if s.name != slot.name and (s.type != slot.type or s.type == "choice")]


def _slot_context(run: Run, step: st.Step, slot: sl.Slot | None) -> SlotContext:
    """What the parsers need to know of the slot asked for, and of all that the caller may fill or correct unasked."""
    wanted = [slot] if slot else []
    wanted += _unasked(run, step, slot, yes_no=run.session.phase in CONFIRMING)
    wanted += [run.assistant.slots[t.slot] for t in run.correctable()]
    context = sl.context(
        _distinct(wanted),
        language=run.session.language,
        names=run.session.slots,
        today=run.session.started_at,
        currency=run.assistant.currency,
    )
    if run.session.phase is not Phase.WHICH_VALUE or slot is None:
        return context
    two = (run.session.pending, *run.session.others[:1])
    phrases = tuple((p, v) for p, v in context.choices if v in two) if slot.type == "choice" else ()
    words = (*sl.distinctive(two[0], two[-1]), *sl.distinctive(two[-1], two[0]))
    return replace(context, candidates=(*two, *words), choices=phrases or tuple((name, name) for name in two))


def _distinct(slots: list[sl.Slot]) -> list[sl.Slot]:
    return list({s.name: s for s in slots}.values())
