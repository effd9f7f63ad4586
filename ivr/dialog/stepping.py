"""Doing steps: runs the flow on until the caller, a service, the offer desk or a human is waited for.

A table of what each kind of step does; where it leads is the stack's matter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ivr.dialog import asking, conditions, stated, survey
from ivr.dialog import steps as st
from ivr.dialog.everywhere import switch_language
from ivr.dialog.handing_over import hand_over
from ivr.dialog.offering import facts_so_far
from ivr.dialog.run import Run
from ivr.dialog.session import Wait
from ivr.dialog.stack import enter, follow, lacking, leave, say_goodbye, step_up
from ivr.dialog.steps import NEXT
from ivr.dialog.stepup_limit import too_many_proofs
from ivr.model.call import Outcome
from ivr.model.dialog import CallService, DecideOffer, PromiseCallback
from ivr.model.identity import IdentityStep

# A flow that does this many steps without asking anything goes round in circles.
MAX_STEPS = 100

_COMPARING = (IdentityStep.SPOKEN_ID, IdentityStep.MATCH_FACTS)  # a secret is what was heard, and nothing else


def go_on(run: Run) -> None:
    """Do steps until something must be waited for."""
    run.change(wait=Wait.RUNNING)
    for _ in range(MAX_STEPS):
        if run.session.wait is not Wait.RUNNING:
            return
        if not run.session.stack:
            say_goodbye(run, "end of dialog")
        elif not run.frame.step:
            leave(run)
        else:
            step = run.step
            if needs := lacking(run, step):
                step_up(run, needs)
                continue
            if too_many_proofs(run, step):
                continue
            run.note("dialog.step", step=run.place)
            _DO[type(step)](run, step)
    if run.session.wait is Wait.RUNNING:
        run.note("trouble", where="dialog", what=f"endless loop at {run.place}")
        run.say_own("trouble")
        say_goodbye(run, "endless loop")


# ---- the steps ----------------------------------------------------------------------------------------------------


def _say(run: Run, step: st.SayStep) -> None:
    for name in step.responses:
        run.say(name, step.barge_in)
    follow(run, NEXT)


def _branch(run: Run, step: st.BranchStep) -> None:
    names = run.names()
    for condition, target in step.arms:
        if not condition or conditions.holds(condition, names):
            follow(run, target)
            return
    follow(run, NEXT)


def _action(run: Run, step: st.ActionStep) -> None:
    service = run.assistant.services[step.service]
    given = run.readings if service.identity in _COMPARING else run.fill
    args = {name: given(template) for name, template in step.args.items()}
    if not service.repeatable:
        run.settle()
    run.emit(CallService(service=step.service, args=args, timeout_ms=step.timeout_ms, hold_after_ms=step.hold_after_ms))
    run.change(wait=Wait.SERVICE, service=step.service)


def _offer(run: Run, step: st.OfferStep) -> None:
    if run.session.no_offers:
        follow(run, NEXT)
        return
    run.settle()
    run.emit(DecideOffer(facts=facts_so_far(run.session)))
    run.change(wait=Wait.OFFER_DESK)


def _handoff(run: Run, step: st.HandoffStep) -> None:
    reason = run.session.handoff_reason or step.reason or "caller asked"
    run.say(step.utter)
    hand_over(run, step.queue, reason, slots=step.data, required=step.required)


def _callback(run: Run, step: st.CallbackStep) -> None:
    number = str(run.fill(step.number) or "") if step.number else run.session.caller.ani
    if not number:
        follow(run, step.no_number)
        return
    reason = step.reason or (run.session.requests[-1]["intent"] if run.session.requests else "asked for a person")
    run.emit(PromiseCallback(number=number, reason=reason, within_ms=step.within_ms))
    run.change(outcome=Outcome.CALLBACK, disposition="callback promised")
    run.say(step.utter)
    follow(run, NEXT)


def _call(run: Run, step: st.CallStep) -> None:
    run.move(step.next)
    enter(run, step.flow)


def _go(run: Run, step: st.GoStep) -> None:
    follow(run, step.target)


def _set(run: Run, step: st.SetStep) -> None:
    for name, template in step.values.items():
        run.set_slot(name, run.fill(template))
    follow(run, NEXT)


def _language(run: Run, step: st.LanguageStep) -> None:
    switch_language(run, step.language)
    follow(run, NEXT)


def _retry(run: Run, step: st.RetryStep) -> None:
    done = run.session.retried.get(run.place, 0)
    run.change(retried={**run.session.retried, run.place: done + 1})
    if done >= step.max:
        follow(run, step.otherwise)
        return
    for name in step.clear:
        run.set_slot(name, None)
    follow(run, step.go)


def _hangup(run: Run, step: st.HangupStep) -> None:
    if survey.ask(run):
        return
    said = run.say(step.utter) or run.say_own("goodbye")
    if said and stated.wait_for_goodbye(run):
        return
    run.end(step.reason or "goodbye")


_DO: dict[type[st.Step], Callable[[Run, Any], None]] = {
    st.SayStep: _say,
    st.AskStep: asking.begin,
    st.CollectStep: asking.begin,
    st.ChooseStep: asking.begin,
    st.BranchStep: _branch,
    st.ActionStep: _action,
    st.OfferStep: _offer,
    st.HandoffStep: _handoff,
    st.CallbackStep: _callback,
    st.CallStep: _call,
    st.GoStep: _go,
    st.SetStep: _set,
    st.LanguageStep: _language,
    st.RetryStep: _retry,
    st.HangupStep: _hangup,
}
