"""Asking: puts a question, waits for the answer in the right way, asks again when it failed, gives up with a reason."""

from __future__ import annotations

from dataclasses import replace

from ivr.dialog import steps as st
from ivr.dialog.listening import CONFIRMING, answerable_by_key, hear, keys_of
from ivr.dialog.run import Run
from ivr.dialog.session import Phase, Taken, Tries
from ivr.dialog.stack import escape, follow
from ivr.dialog.steps import NEXT
from ivr.dialog.volunteering import taken_for

YES_NO_KEYS = {"1": True, "2": False}
_UNASKED = ("speech", "volunteered")  # ways to fill a slot in which nobody was asked what was meant


def begin(run: Run, step: st.QuestionStep) -> None:
    """Come to a question: skip it when it is answered already, else ask."""
    run.change(phase=Phase.MAIN, tries=Tries(), pending="", others=())
    if isinstance(step, st.CollectStep):
        if run.session.slots.get(step.slot) is not None:
            follow(run, NEXT)
            return
        if _take_volunteered(run, step):
            return
    put(run, step)


def _take_volunteered(run: Run, step: st.CollectStep) -> bool:
    """Fill the slot with what the caller said before it was asked for, if anything fits."""
    found = taken_for(run, run.assistant.slots[step.slot])
    if found is None:
        return False
    value, fitting = found
    unsure = len(fitting) > 1 or value.confidence < step.policy.sure
    fill(run, step, fitting, unsure=unsure, via="volunteered")
    return True


def fill(
    run: Run, step: st.CollectStep, values: tuple[str, ...], *, unsure: bool, via: str, tied: bool = False
) -> None:
    """A value was given: read it back where the step or doubt asks for it, else take it. values: what it may be,
    likeliest first; tied: the first two fit equally well and are asked apart."""
    run.change(pending=values[0], others=values[1:])
    if tied and len(values) > 1 and run.has(step.which):
        run.change(phase=Phase.WHICH_VALUE)
        put(run, step)
    elif step.confirm == "always" or (unsure and step.confirm == "when_unsure"):
        run.change(phase=Phase.CONFIRM_VALUE)
        put(run, step)
    else:
        accept(run, step, values[0], via)


def accept(run: Run, step: st.CollectStep, value: str, via: str) -> None:
    """The slot has its value. via: speech | dtmf | volunteered | corrected | chosen | confirmed."""
    slot = run.assistant.slots[step.slot]
    tries = run.session.tries.total
    others = run.session.others if via in _UNASKED else ()
    run.set_slot(step.slot, slot.typed(value))
    if others:
        run.change(heard_as={**run.session.heard_as, step.slot: others})
    ended(run, step, "filled", value=run.shown(step.slot, value), via=via, tries=tries)
    flow = run.frame.flow
    taken = Taken(flow=flow, step=step.id, slot=step.slot, value=value, confirmed=via == "confirmed")
    earlier = tuple(t for t in run.session.taken if (t.flow, t.slot) != (flow, step.slot))
    run.change(phase=Phase.MAIN, tries=Tries(), pending="", others=(), taken=(*earlier, taken))
    follow(run, NEXT)


def ended(run: Run, step: st.Step, reason: str, **data: object) -> None:
    """Every collection ends with a named reason."""
    if isinstance(step, st.CollectStep):
        run.note("dialog.slot", slot=step.slot, reason=reason, **data)


def fail(run: Run, step: st.QuestionStep, kind: str) -> None:
    """noinput, nomatch, rejected (no such value), outside (its bounds), denied (a read-back) or corrected: ask again or
    give up."""
    session, policy = run.session, step.policy
    counter = kind if kind in ("noinput", "nomatch") else "rejected"
    tries = replace(session.tries, **{counter: getattr(session.tries, counter) + 1})
    run.change(tries=tries, repairs=session.repairs + 1, quiet_turns=0)
    most = {"noinput": policy.noinput_max, "nomatch": policy.nomatch_max, "rejected": policy.rejected_max}
    if getattr(tries, counter) > most[counter] or tries.total >= policy.max_tries:
        reason = kind if tries.total < policy.max_tries else "max_tries"
        ended(run, step, reason, tries=tries.total)
        escape(run, reason)
        return
    if counter == "rejected" and isinstance(step, st.CollectStep) and run.session.phase is Phase.MAIN:
        _say_refusal(run, step, kind)
    put(run, step, failed=kind)


def _say_refusal(run: Run, step: st.CollectStep, kind: str) -> None:
    """Why a value was not taken: beyond its bounds, or none of this slot. A denied read-back needs no reason."""
    slot = run.assistant.slots[step.slot]
    currency = f" {slot.currency}" if slot.type == "money" else ""
    bounds = {name: f"{end}{currency}" for name, end in (("least", slot.least), ("most", slot.most)) if end}
    if kind == "outside" and run.has(step.outside):
        run.say(step.outside, step.policy.barge_in, bounds)
    elif kind in ("outside", "rejected"):
        run.say(step.invalid, step.policy.barge_in)


def put(run: Run, step: st.QuestionStep, *, failed: str = "") -> None:
    """Say the question that stands and wait for the caller. failed: why it is asked again."""
    if not run.session.hearing and not _by_keypad(run, step):
        return
    barge_in = step.policy.barge_in
    if run.session.phase in CONFIRMING:
        _say_confirmation(run, step, failed)
    elif run.session.phase is Phase.WHICH_VALUE and isinstance(step, st.CollectStep):
        _say_which(run, step, failed)
    else:
        _say_question(run, step, failed)
    hear(run, step, barge_in)


def _by_keypad(run: Run, step: st.QuestionStep) -> bool:
    """Nothing can be heard: say so once; False when this question has no keys and the caller was sent on."""
    if run.session.hearing_excuse:
        run.change(hearing_excuse=False)
        run.say_own("no_hearing")
    if keys_of(run, step) is not None and answerable_by_key(run, step):
        return True
    ended(run, step, "no_hearing")
    escape(run, "no_hearing")
    return False


def _say_question(run: Run, step: st.QuestionStep, failed: str) -> None:
    if not run.session.hearing and run.say(f"{step.utter}_keys", step.policy.barge_in):
        return
    if failed and run.say(f"{step.utter}_{failed}", step.policy.barge_in):
        return
    again = _asked_anew(run, step)
    for attempt in range(run.session.tries.total + 1 + again, 1, -1):
        if (failed or again) and run.has(f"{step.utter}_{attempt}"):
            run.say(f"{step.utter}_{attempt}", step.policy.barge_in)
            return
    if failed in ("noinput", "nomatch"):
        run.say_own(failed)
    if not run.say(step.utter, step.policy.barge_in):
        run.say_own("nomatch")


def _asked_anew(run: Run, step: st.QuestionStep) -> bool:
    """Did what was answered here prove nothing? Whoever is asked for proof once more is asked in other words: they
    gave the right one and were misheard, most likely."""
    if not isinstance(step, st.CollectStep) or run.frame.flow != run.assistant.identify_flow:
        return False
    retries = (s for s in run.flow.steps.values() if isinstance(s, st.RetryStep) and step.slot in s.clear)
    return any(run.session.retried.get(f"{run.frame.flow}/{retry.id}") for retry in retries)


def _say_confirmation(run: Run, step: st.QuestionStep, failed: str) -> None:
    if failed in ("noinput", "nomatch"):
        run.say_own(failed)
    if run.session.phase is Phase.CONFIRM_INTENT:
        run.say(f"utter_confirm_{run.session.pending}", step.policy.barge_in)
    elif isinstance(step, st.CollectStep):
        run.say(step.confirm_utter, step.policy.barge_in, {step.slot: run.session.pending})


def _say_which(run: Run, step: st.CollectStep, failed: str) -> None:
    slot, session = run.assistant.slots[step.slot], run.session
    if failed in ("noinput", "nomatch"):
        run.say_own(failed)
    two = {"first": run.worded(slot, session.pending), "second": run.worded(slot, session.others[0])}
    run.say(step.which, step.policy.barge_in, two)
