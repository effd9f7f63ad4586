"""Where the dialog goes: the stack of flows, the level a flow takes, and the one way out when nothing helps."""

from __future__ import annotations

from ivr.dialog import clearance
from ivr.dialog import steps as st
from ivr.dialog.clearance import GUARDED
from ivr.dialog.run import Run
from ivr.dialog.session import Frame, Phase, Tries, Wait
from ivr.dialog.steps import NEXT, Target
from ivr.dialog.stepup import callback_flow
from ivr.dialog.volunteering import forget
from ivr.model.identity import Level, OnFail


def follow(run: Run, target: Target) -> None:
    """Go where a step leads."""
    if target.flow:
        jump(run, target.flow)
    elif target.back:
        run.move("")
    else:
        run.move(target.step or run.step.next)
    run.change(wait=Wait.RUNNING)


def enter(run: Run, name: str, *, needs: Level = Level.L0) -> None:
    """Begin a flow on top of the one being done. A service request clears what an earlier one of its kind collected;
    a flow above the caller's level begins with the flow that identifies the caller. needs: see Frame."""
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
        stack=(*run.session.stack, Frame(flow=name, step=flow.first, request=index, needs=needs)),
        taken=tuple(t for t in run.session.taken if t.flow != name),
    )
    if run.session.level < flow.level < Level.HUMAN:
        step_up(run, flow.level)


def wanted(run: Run) -> Level:
    """The level that the flows being done take together; while the caller is being identified, those begun for it."""
    levels = [Level.L0]
    for frame in reversed(run.session.stack):
        if frame.flow == run.assistant.identify_flow:
            break
        levels.append(run.assistant.flows[frame.flow].level)
    return max(levels)


def lacking(run: Run, step: st.Step) -> Level:
    """The level that has to be reached before this step is done, L0 when the caller has it."""
    if not isinstance(step, GUARDED):
        return Level.L0
    needs = max(wanted(run), clearance.of_service(run.assistant.services, step))
    return needs if needs > run.session.level else Level.L0


def step_up(run: Run, needs: Level) -> None:
    """Let the caller be identified for what is to be done next, and come back to it; where that cannot be, leave."""
    identifying = any(frame.flow == run.assistant.identify_flow for frame in run.session.stack)
    if needs is Level.HUMAN or identifying or not run.assistant.identify_flow:
        escape(run, "level", leaving=True)
        return
    run.note("dialog.step", step=run.place, needs=needs.name)
    enter(run, run.assistant.identify_flow, needs=needs)


def leave(run: Run) -> None:
    """A flow reached its end: its request was served, the flow below goes on - if the caller is known well enough."""
    frame = run.frame
    if _is_open(run, frame):
        run.set_request(frame.request, "informed")
    if frame.request >= 0:
        forget(run)
    run.change(stack=run.session.stack[:-1])
    if frame.needs > run.session.level and run.session.stack:
        not_identified(run)


def not_identified(run: Run) -> None:
    """A step-up came to nothing: the request is left by its own way out, or with a promise to call back."""
    callback = callback_flow(run.assistant)
    if run.assistant.stepup is None or run.assistant.stepup.on_fail is not OnFail.CALLBACK or not callback:
        escape(run, "not identified", leaving=True)
        return
    fail_requests(run)
    run.note("dialog.step", step=run.place, escape="not identified")
    run.change(handoff_reason="not identified")
    jump(run, callback)


def fail_requests(run: Run) -> None:
    """What is being done for the caller comes to nothing."""
    for frame in run.session.stack:
        if _is_open(run, frame):
            run.set_request(frame.request, "failed")


def _is_open(run: Run, frame: Frame) -> bool:
    return frame.request >= 0 and run.session.requests[frame.request]["result"] == "open"


def jump(run: Run, name: str) -> None:
    """Leave every flow being done and begin this one. Requests that were open stay open."""
    run.change(stack=(), phase=Phase.MAIN, tries=Tries(), pending="")
    enter(run, name)


def escape(run: Run, reason: str, *, leaving: bool = False) -> None:
    """The way out when the dialog cannot go on here: the step's, else the flow's, else the assistant's escape; from
    within the assistant's escape only goodbye is left. leaving: ways that stay in the flow are none."""
    fail_requests(run)
    run.note("dialog.step", step=run.place, escape=reason)
    run.change(handoff_reason=reason, phase=Phase.MAIN, wait=Wait.RUNNING)
    last_resort = run.assistant.escape
    if any(frame.flow == last_resort for frame in run.session.stack) or not run.session.stack:
        run.say_own("trouble")
        say_goodbye(run, reason)
        return
    step = run.step if run.frame.step else None
    own = step.escape if isinstance(step, st.QuestionStep) else None
    ways = [way for way in (own, run.flow.escape) if way is not None and (way.flow or not leaving)]
    target = ways[0] if ways else Target(flow=last_resort)
    if target == NEXT or (target.step and step and target.step == step.id):
        target = Target(flow=last_resort)
    follow(run, target)


def say_goodbye(run: Run, reason: str) -> None:
    """The last words when no hangup step says them."""
    run.say_own("goodbye")
    run.end(reason)
