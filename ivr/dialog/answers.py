"""Answering: what the caller's words, keys and silence mean for the question that stands.

Owns the order of readings: a fitting value, a clear yes or no, an option, a global, a doubt asked back, a failure.
"""

from __future__ import annotations

from ivr.dialog import slots as sl
from ivr.dialog import steps as st
from ivr.dialog.asking import YES_NO_KEYS, accept, ended, fail, fill, put
from ivr.dialog.everywhere import do_global
from ivr.dialog.run import Run
from ivr.dialog.session import Phase, Tries, Volunteered, Wait
from ivr.dialog.stack import enter, escape, follow
from ivr.dialog.steps import Global, Option
from ivr.model.dialog import DigitsDialed, UtteranceHeard

Choice = Option | Global


def yes_or_no(event: UtteranceHeard, least: float) -> tuple[bool | None, bool]:
    """(yes, no or neither; is that all that was said?). least: confidence an intent needs. A recognised phrase and an
    understood intent that contradict each other are neither."""
    value, entity = event.recognition.hypothesis.value, event.understanding.entity("yes_no")
    intent = event.understanding.intent
    votes = set()
    if value in ("yes", "no"):
        votes.add(value == "yes")
    if entity is not None and entity.value in ("yes", "no"):
        votes.add(entity.value == "yes")
    if not votes and intent.name in ("affirm", "deny") and intent.confidence >= least:
        votes.add(intent.name == "affirm")
    if len(votes) != 1:
        return None, False
    plain = value in ("yes", "no") or (entity is not None and entity.confidence >= 0.99) or entity is None
    return votes.pop(), plain


def on_utterance(run: Run, step: st.QuestionStep, event: UtteranceHeard) -> None:
    """The caller said something."""
    if event.recognition.hypothesis.confidence < step.policy.confirm:
        fail(run, step, "nomatch")
    elif run.session.phase is Phase.CONFIRM_VALUE and isinstance(step, st.CollectStep):
        _confirm_value(run, step, event)
    elif run.session.phase is Phase.CONFIRM_INTENT:
        _confirm_intent(run, step, event)
    elif isinstance(step, st.CollectStep):
        _collect(run, step, event)
    else:
        _choose(run, step, event)


def on_keys(run: Run, step: st.QuestionStep, event: DigitsDialed) -> None:
    """The caller pressed keys."""
    digits = event.digits.rstrip("#") or event.digits
    if isinstance(step, st.CollectStep) and run.session.phase is Phase.MAIN:
        slot = run.assistant.slots[step.slot]
        readings = sl.keyed(slot, digits, today=run.session.started_at, language=run.session.language)
        if slot.sensitive:
            run.hide(digits)
        if readings.fitting:
            fill(run, step, readings.fitting[0], unsure=False, via="dtmf")
        elif not _global_key(run, step, digits):
            fail(run, step, "rejected")
        return
    answer = YES_NO_KEYS.get(digits)
    if run.session.phase is Phase.CONFIRM_VALUE and isinstance(step, st.CollectStep) and answer is not None:
        _confirmed(run, step, yes=answer)
    elif run.session.phase is Phase.CONFIRM_INTENT and answer is not None:
        _intent_confirmed(run, step, yes=answer)
    elif (option := next((o for o in step.options if o.dtmf and o.dtmf == digits), None)) is not None:
        take(run, step, option)
    elif isinstance(step, st.AskStep) and answer is not None:
        _answered(run, step, yes=answer)
    elif not _global_key(run, step, digits):
        fail(run, step, "nomatch")


def on_silence(run: Run, step: st.QuestionStep) -> None:
    """The caller said and pressed nothing."""
    fail(run, step, "noinput")


def _global_key(run: Run, step: st.QuestionStep, digits: str) -> bool:
    found = next((g for g in run.assistant.globals if g.dtmf and g.dtmf == digits), None) if step.globals else None
    if found is not None:
        do_global(run, step, found)
    return found is not None


# ---- collect ------------------------------------------------------------------------------------------------------


def _collect(run: Run, step: st.CollectStep, event: UtteranceHeard) -> None:
    slot, hypothesis = run.assistant.slots[step.slot], event.recognition.hypothesis
    readings = sl.spoken(slot, event, run.session.language)
    if slot.sensitive:
        run.hide(hypothesis.text, *readings.fitting, *(r for e in event.understanding.entities for r in e.readings))
    choice, sure = _picked(run, step, event)
    if choice is not None and sure and (slot.type == "text" or not readings.fitting):
        take(run, step, choice, event)
    elif readings.fitting:
        thin = hypothesis.margin is not None and hypothesis.margin < step.policy.margin
        unsure = thin or readings.unsure or hypothesis.confidence < step.policy.sure or len(readings.fitting) > 1
        _keep_the_rest(run, slot, event)
        fill(run, step, readings.fitting[0], unsure=unsure, via="speech")
    else:
        fail(run, step, "rejected" if readings.heard else "nomatch")


def _confirm_value(run: Run, step: st.CollectStep, event: UtteranceHeard) -> None:
    slot, pending = run.assistant.slots[step.slot], run.session.pending
    yes, plain = yes_or_no(event, step.policy.accept)
    said = [r for e in event.understanding.entities if e.entity in (slot.type, slot.name) for r in e.readings]
    changed = next((c for c in (sl.corrected(slot, pending, r) for r in said) if c), None)
    choice, sure = _picked(run, step, event)
    if slot.sensitive:
        run.hide(*said, *([changed] if changed else []))
    if changed and changed != pending and yes is not True:
        run.change(pending=changed)
        fail(run, step, "corrected")
    elif yes is not None and (plain or not sure):
        _confirmed(run, step, yes=yes)
    elif choice is not None and sure:
        take(run, step, choice, event)
    else:
        fail(run, step, "nomatch")


def _confirmed(run: Run, step: st.CollectStep, *, yes: bool) -> None:
    if yes:
        accept(run, step, run.session.pending, "confirmed")
    else:
        run.change(phase=Phase.MAIN, pending="")
        fail(run, step, "denied")


# ---- ask and choose -----------------------------------------------------------------------------------------------


def _choose(run: Run, step: st.QuestionStep, event: UtteranceHeard) -> None:
    choice, sure = _picked(run, step, event)
    yes, plain = yes_or_no(event, step.policy.accept) if isinstance(step, st.AskStep) else (None, False)
    if isinstance(step, st.AskStep) and yes is not None and (plain or not sure):
        _answered(run, step, yes=yes)
    elif choice is not None and sure:
        take(run, step, choice, event)
    elif choice is not None and run.has(f"utter_confirm_{choice.intent}"):
        _volunteer(run, event)
        run.change(phase=Phase.CONFIRM_INTENT, pending=choice.intent, words=event.recognition.hypothesis.text)
        put(run, step)
    else:
        fail(run, step, "nomatch")


def _picked(run: Run, step: st.QuestionStep, event: UtteranceHeard) -> tuple[Choice | None, bool]:
    """(the option or global meant, is it sure?). A phrase of an option is sure; an intent by its confidence."""
    hypothesis, intent = event.recognition.hypothesis, event.understanding.intent
    for option in step.options:
        phrases = option.phrases.get(run.session.language, ())
        if phrases and (hypothesis.value == option.intent or hypothesis.text.lower() in {p.lower() for p in phrases}):
            return option, True
    choices: tuple[Choice, ...] = (*step.options, *(run.assistant.globals if step.globals else ()))
    found = next((c for c in choices if c.intent == intent.name), None)
    if found is None or intent.confidence < step.policy.confirm:
        return None, False
    return found, intent.confidence >= step.policy.accept


def _answered(run: Run, step: st.AskStep, *, yes: bool) -> None:
    """A yes/no question was answered; one that resolves closes the request being done."""
    run.change(tries=Tries())
    if not step.resolves:
        follow(run, step.affirm if yes or step.deny is None else step.deny)
        return
    request = _request(run)
    if yes:
        run.set_request(request, "resolved")
        follow(run, step.affirm)
        return
    run.set_request(request, "failed")
    if step.deny is None:
        escape(run, "not solved")
    else:
        run.change(handoff_reason="not solved")
        follow(run, step.deny)


def informed(run: Run) -> None:
    """The caller was asked to the end whether the answer helped: the request is served, if nothing else is said."""
    request = _request(run)
    if request >= 0 and run.session.requests[request]["result"] == "open":
        run.set_request(request, "informed")


def _request(run: Run) -> int:
    """The request being done, -1 when there was none."""
    return next((f.request for f in reversed(run.session.stack) if f.request >= 0), len(run.session.requests) - 1)


def _confirm_intent(run: Run, step: st.QuestionStep, event: UtteranceHeard) -> None:
    yes, plain = yes_or_no(event, step.policy.accept)
    choice, sure = _picked(run, step, event)
    if yes is not None and (plain or not sure):
        _intent_confirmed(run, step, yes=yes)
    elif choice is not None and sure:
        take(run, step, choice, event)
    else:
        fail(run, step, "nomatch")


def _intent_confirmed(run: Run, step: st.QuestionStep, *, yes: bool) -> None:
    pending = run.session.pending
    run.change(phase=Phase.MAIN, pending="")
    choices: tuple[Choice, ...] = (*step.options, *run.assistant.globals)
    choice = next((c for c in choices if c.intent == pending), None)
    if yes and choice is not None:
        take(run, step, choice)
    else:
        run.change(volunteered=())
        fail(run, step, "nomatch")


# ---- where an answer leads ----------------------------------------------------------------------------------------


def take(run: Run, step: st.QuestionStep, choice: Choice, event: UtteranceHeard | None = None) -> None:
    """The caller chose an option or a global."""
    if isinstance(choice, Global):
        do_global(run, step, choice)
        return
    if event is not None:
        _volunteer(run, event)
        run.change(words=event.recognition.hypothesis.text)
    ended(run, step, f"left for {choice.intent}")
    run.change(phase=Phase.MAIN, tries=Tries(), pending="", wait=Wait.RUNNING)
    if choice.call:
        run.move(step.next)
        enter(run, choice.call)
    else:
        follow(run, choice.go)


def _keep_the_rest(run: Run, slot: sl.Slot, event: UtteranceHeard) -> None:
    """Values said beside the one that was asked for, in other words of the sentence, are kept for their questions."""
    entities = event.understanding.entities
    taken = [(e.start, e.end) for e in entities if e.entity in (slot.type, slot.name)]
    if slot.sensitive or not taken:
        return
    beside = [
        Volunteered(
            type=e.entity, readings=e.readings or (e.value,), confidence=event.recognition.hypothesis.confidence
        )
        for e in entities
        if e.entity not in ("yes_no", slot.type, slot.name)
        and all(e.end <= start or end <= e.start for start, end in taken)
    ]
    if beside:
        run.change(volunteered=(*run.session.volunteered, *beside))


def _volunteer(run: Run, event: UtteranceHeard) -> None:
    """Keep the values said along with an intent for the slots that will want them."""
    confidence = event.recognition.hypothesis.confidence
    kept = tuple(
        Volunteered(type=e.entity, readings=e.readings or (e.value,), confidence=confidence)
        for e in event.understanding.entities
        if e.entity != "yes_no"
    )
    run.change(volunteered=kept)
