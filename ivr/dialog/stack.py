"""Where the dialog goes: the stack of flows, the level a flow takes, and the one way out when nothing helps."""

from __future__ import annotations

from ivr.dialog import steps as st
from ivr.dialog.run import Run
from ivr.dialog.session import Frame, Phase, Tries, Wait
from ivr.dialog.steps import NEXT, Target
from ivr.dialog.volunteering import forget
from ivr.model.identity import Level


def follow(run: Run, target: Target) -> None:
    """Go where a step leads."""
    if target.flow:
        jump(run, target.flow)
    elif target.back:
        run.move("")
    else:
        run.move(target.step or run.step.next)
    run.change(wait=Wait.RUNNING)


def enter(run: Run, name: str) -> None:
    """Begin a flow on top of the one being done. A service request clears what an earlier one of its kind collected;
    a flow above the caller's level begins with the flow that identifies the caller."""
    flow = run.assistant.flows[name]
    index = -1
    if flow.request:
        index = len(run.session.requests)
        run.change(requests=(*run.session.requests, {"intent": flow.request, "result": "open"}))
        run.note("dialog.request", intent=flow.request, result="open")
        for step in flow.steps.values():
            if isinstance(step, st.CollectStep):
                run.set_slot(step.slot, None)
    run.change(
        stack=(*run.session.stack, Frame(flow=name, step=flow.first, request=index)),
        taken=tuple(t for t in run.session.taken if t.flow != name),
    )
    if flow.level > run.session.level:
        if flow.level is Level.HUMAN or not run.assistant.identify_flow:
            escape(run, "level")
        else:
            run.note("dialog.step", step=run.place, needs=flow.level.name)
            enter(run, run.assistant.identify_flow)


def leave(run: Run) -> None:
    """A flow reached its end: its request was served, the flow below goes on - if the caller is known well enough."""
    frame = run.frame
    if _is_open(run, frame):
        run.set_request(frame.request, "informed")
    if frame.request >= 0:
        forget(run)
    run.change(stack=run.session.stack[:-1])
    if frame.flow == run.assistant.identify_flow and run.session.stack and run.flow.level > run.session.level:
        escape(run, "not identified")


def _is_open(run: Run, frame: Frame) -> bool:
    return frame.request >= 0 and run.session.requests[frame.request]["result"] == "open"


def jump(run: Run, name: str) -> None:
    """Leave every flow being done and begin this one. Requests that were open stay open."""
    run.change(stack=(), phase=Phase.MAIN, tries=Tries(), pending="")
    enter(run, name)


def escape(run: Run, reason: str) -> None:
    """The way out when the dialog cannot go on here: the step's, else the flow's, else the assistant's escape; from
    within the assistant's escape only goodbye is left."""
    for frame in run.session.stack:
        if _is_open(run, frame):
            run.set_request(frame.request, "failed")
    run.note("dialog.step", step=run.place, escape=reason)
    run.change(handoff_reason=reason, phase=Phase.MAIN, wait=Wait.RUNNING)
    last_resort = run.assistant.escape
    if any(frame.flow == last_resort for frame in run.session.stack) or not run.session.stack:
        run.say_own("trouble")
        say_goodbye(run, reason)
        return
    step = run.step if run.frame.step else None
    own = step.escape if isinstance(step, st.QuestionStep) else None
    target = own or run.flow.escape or Target(flow=last_resort)
    if target == NEXT or (target.step and step and target.step == step.id):
        target = Target(flow=last_resort)
    follow(run, target)


def say_goodbye(run: Run, reason: str) -> None:
    """The last words when no hangup step says them."""
    run.say_own("goodbye")
    run.end(reason)
