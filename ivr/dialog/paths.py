"""Where steps lead: the edges of a flow, for the checks and for drawing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ivr.dialog import steps as st
from ivr.dialog.steps import NEXT, Flow, Target

Exits = list[tuple[str, Target]]


def exits(step: st.Step) -> tuple[tuple[str, Target], ...]:
    """(label, target) of every way out of a step, escapes included. A called flow is a target of its own; after it the
    next step follows."""
    found: Exits = [("", NEXT)]
    for kind, leads in _EXITS.items():
        if isinstance(step, kind):
            found = leads(step)
    if isinstance(step, st.QuestionStep):
        for option in step.options:
            called: Exits = [(option.intent, Target(flow=option.call)), (option.intent, NEXT)]
            found += called if option.call else [(option.intent, option.go)]
        if step.escape is not None:
            found += [("escape", step.escape)]
    return tuple(found)


def _ask(step: st.AskStep) -> Exits:
    denied = [("deny", step.deny)] if step.deny is not None else [("deny", NEXT)] if not step.resolves else []
    return [("affirm", step.affirm), *denied]


def _branch(step: st.BranchStep) -> Exits:
    arms = [(condition or "else", target) for condition, target in step.arms]
    return arms + ([("else", NEXT)] if all(condition for condition, _ in step.arms) else [])


def _outcomes(step: st.ActionStep | st.HandoffStep) -> Exits:
    rest = "ok" if isinstance(step, st.ActionStep) else ""
    mapped = [(name or "else", target) for name, target in step.outcomes.items()]
    return mapped + ([(rest or "else", NEXT)] if rest not in step.outcomes else [])


_EXITS: dict[type[st.Step], Callable[[Any], Exits]] = {
    st.AskStep: _ask,
    st.ChooseStep: lambda step: [],
    st.BranchStep: _branch,
    st.ActionStep: _outcomes,
    st.HandoffStep: _outcomes,
    st.CallbackStep: lambda step: [("promised", NEXT), ("no_number", step.no_number)],
    st.CallStep: lambda step: [("call", Target(flow=step.flow)), ("", NEXT)],
    st.GoStep: lambda step: [("", step.target)],
    st.RetryStep: lambda step: [("retry", step.go), ("else", step.otherwise)],
    st.HangupStep: lambda step: [],
}


def next_steps(step: st.Step) -> frozenset[str]:
    """Ids of the steps of the same flow a step can lead to."""
    targets = [target for _, target in exits(step)]
    return frozenset(found for t in targets if not t.flow and not t.back for found in ((t.step or step.next),) if found)


def reachable(flow: Flow, *, stop_at: frozenset[str] = frozenset()) -> frozenset[str]:
    """Steps that can be reached from the flow's first; steps in stop_at are reached but not gone through."""
    seen: set[str] = set()
    todo = [flow.first] + ([flow.escape.step] if flow.escape and flow.escape.step else [])
    while todo:
        name = todo.pop()
        if name in seen or name not in flow.steps:
            continue
        seen.add(name)
        if name not in stop_at:
            todo += next_steps(flow.steps[name])
    return frozenset(seen)


def flows_from(flow: Flow) -> frozenset[str]:
    """Flows this one calls or leaves for."""
    targets = [t for step in flow.steps.values() for _, t in exits(step)]
    return frozenset(t.flow for t in (*targets, flow.escape or NEXT) if t.flow)
