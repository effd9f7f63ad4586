"""What will go wrong on some path through the flows: values said before they are known, circles without an exit.

Owns the walk over all paths of all flows at once. Warnings, except for a circle nobody can leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ivr.dialog import conditions, paths
from ivr.dialog import steps as st
from ivr.dialog.source import Faults, Place
from ivr.dialog.texts import PLACEHOLDER
from ivr.model.identity import Level

if TYPE_CHECKING:
    from ivr.dialog.assistant import Assistant

At = tuple[str, str]
"""(flow, step); the step "" is the end of the flow."""

Known = frozenset[str]
"""Slots that surely have a value."""

# These wait for somebody, or count how often they were passed: no circle through them is endless.
_WAITING = (st.AskStep, st.ChooseStep, st.HandoffStep, st.RetryStep, st.HangupStep)


def check(assistant: Assistant, faults: Faults) -> None:
    """Add every finding about paths to faults."""
    walk = Walk(assistant)
    _unknown_values(walk, faults)
    _circles(walk, faults)
    _stacking(assistant, faults)


class Walk:
    """The steps of all flows as one graph. steps: (flow, step) -> step. brought: what flows bring back, as found so
    far."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self.steps: dict[At, st.Step] = {
            (flow.name, name): step for flow in assistant.flows.values() for name, step in flow.steps.items()
        }
        self.brought: dict[tuple[str, Known], Known | None] = {}

    def first(self, flow: str) -> At:
        found = self.assistant.flows.get(flow)
        return (flow, found.first if found else "")

    def ways(self, at: At) -> list[tuple[str, At]]:
        """(label, where to) of every way on within a flow or into another; the end of a flow leads nowhere."""
        flow, step = at[0], self.steps[at]
        found: list[tuple[str, At]] = []
        for label, target in paths.exits(step):
            if target.flow:
                found.append((label, self.first(target.flow)))
            else:
                found.append((label, (flow, "" if target.back else target.step or step.next)))
        return found

    def called(self, at: At) -> tuple[str, ...]:
        """Flows a step calls and comes back from."""
        step = self.steps[at]
        if isinstance(step, st.CallStep):
            return (step.flow,)
        return tuple(o.call for o in step.options if o.call) if isinstance(step, st.QuestionStep) else ()


# ---- values said before they are known ----------------------------------------------------------------------------


def _unknown_values(walk: Walk, faults: Faults) -> None:
    known = _surely_known(walk)
    for at, before in sorted(known.items()):
        step = walk.steps.get(at)
        if step is None:
            continue
        for place, used, how in _uses(walk.assistant, step):
            for name in sorted(used - before):
                what = f"slot {name!r} may have no value yet when {how}"
                fix = "Collect it before on every path, or branch on it."
                faults.add(Place(*place), "slot-unset", what, fix, "warning")


def _surely_known(walk: Walk) -> Mapping[At, Known]:
    """Slots with a value at each reachable step, whichever way it was reached. Least over all paths, by iteration."""
    assistant = walk.assistant
    known: dict[At, Known] = {}
    # Flows the engine enters by itself, or a global leads to, may begin with nothing known.
    by_itself = {assistant.escape, assistant.identify_flow, *(g.go for g in assistant.globals)}
    entries = [walk.first(name) for name in assistant.flows if name in by_itself]
    todo: list[tuple[At, Known]] = [(at, frozenset()) for at in (walk.first(assistant.start), *entries)]
    while todo:
        at, value = todo.pop()
        merged = known.get(at, value) & value
        if at in known and merged == known[at]:
            continue
        known[at] = merged
        if at in walk.steps:
            todo += _after(walk, at, merged, frozenset())
    return known


def _after(walk: Walk, at: At, before: Known, doing: frozenset[str]) -> list[tuple[At, Known]]:
    """Where a step leads and what is known there. doing: flows being looked through for what they bring back."""
    step, found, before_arm = walk.steps[at], [], before
    for label, to in (*walk.ways(at), *_escapes(walk, at)):
        value: Known | None = (before_arm | _gained(walk.assistant, step, label)) - _lost(step, label)
        if isinstance(step, st.BranchStep) and label != "else":
            value = before_arm | conditions.proves(label)
            before_arm |= conditions.disproves(label)
        called = _called(step, label) if to[0] == at[0] else ""
        if value is not None and called:
            value = _back_from(walk, called, value, doing)
        elif value is not None and to[0] != at[0]:
            value = _entering(walk, to[0], value)
        if value is not None:
            found.append((to, value))
    return found


def _escapes(walk: Walk, at: At) -> list[tuple[str, At]]:
    """The way to the flow's own escape, for steps that can fail and name none."""
    flow, step = walk.assistant.flows[at[0]], walk.steps[at]
    fails = (isinstance(step, st.QuestionStep) and step.escape is None) or isinstance(step, st.ActionStep)
    if flow.escape is None or not fails or not flow.escape.step:
        return []
    return [("escape", (at[0], flow.escape.step))]


def _called(step: st.Step, label: str) -> str:
    """The flow that is done between this step and the next, "" when none."""
    if isinstance(step, st.CallStep):
        return step.flow if not label else ""
    options = step.options if isinstance(step, st.QuestionStep) else ()
    return next((o.call for o in options if o.call and o.intent == label), "")


def _entering(walk: Walk, name: str, value: Known) -> Known:
    """What is known at the beginning of a flow: a new request forgets what an earlier one asked, and the flow that
    identifies the caller, which may come first, empties what it empties."""
    flow = walk.assistant.flows.get(name)
    if flow is None:
        return value
    if flow.request:
        value -= {s.slot for s in flow.steps.values() if isinstance(s, st.CollectStep)}
    first = walk.assistant.flows.get(walk.assistant.identify_flow)
    if first is None or flow.level <= Level.L0 or first is flow:
        return value
    emptied = {n for s in first.steps.values() if isinstance(s, st.SetStep) for n, v in s.values.items() if v is None}
    return value - emptied - {n for s in first.steps.values() if isinstance(s, st.RetryStep) for n in s.clear}


def _back_from(walk: Walk, name: str, value: Known, doing: frozenset[str]) -> Known | None:
    """What is known when a flow comes back that was called with these values; None when it never does."""
    if name in doing or name not in walk.assistant.flows:
        return frozenset()
    key = (name, value)
    if key not in walk.brought:
        known: dict[At, Known] = {}
        todo = [(walk.first(name), _entering(walk, name, value))]
        while todo:
            at, here = todo.pop()
            merged = known.get(at, here) & here
            if at[0] != name or (at in known and merged == known[at]):
                continue
            known[at] = merged
            if at in walk.steps:
                todo += _after(walk, at, merged, doing | {name})
        walk.brought[key] = known.get((name, ""))
    return walk.brought[key]


def _gained(assistant: Assistant, step: st.Step, label: str) -> Known:
    if isinstance(step, st.CollectStep) and label == "":
        return frozenset({step.slot})
    if isinstance(step, st.SetStep):
        return frozenset(n for n, v in step.values.items() if v is not None)
    if isinstance(step, st.ActionStep) and step.service in assistant.services:
        spec = assistant.services[step.service]
        outcome = next((o for o in spec.outcomes if o.name == (label or "ok")), None)
        return frozenset(outcome.slots) if outcome else frozenset()
    return frozenset()


def _lost(step: st.Step, label: str) -> Known:
    if isinstance(step, st.SetStep):
        return frozenset(n for n, v in step.values.items() if v is None)
    if isinstance(step, st.RetryStep) and label == "retry":
        return frozenset(step.clear)
    return frozenset()


def _uses(assistant: Assistant, step: st.Step) -> Iterable[tuple[st.Where, Known, str]]:
    """(place, slots, how) of every value a step says, sends or chooses from."""
    for name, own in texts_of(step):
        texts = [t[name] for t in assistant.responses.values() if name in t]
        used = {path.split(".")[0] for text in texts for path, _, _ in text.placeholders}
        yield step.at(name), frozenset((used & assistant.slots.keys()) - own), f"{name} says it"
    sent = step.args if isinstance(step, st.ActionStep) else step.values if isinstance(step, st.SetStep) else {}
    for name, template in sent.items():
        text = template if isinstance(template, str) else ""
        used = {m[1].split(".")[0] for m in PLACEHOLDER.finditer(text)}
        yield step.at(text), frozenset(used & assistant.slots.keys()), f"{name} takes it"
    slot = assistant.slots.get(step.slot) if isinstance(step, st.CollectStep) else None
    if slot is not None and slot.candidates_from in assistant.slots:
        yield step.at(slot.name), frozenset({slot.candidates_from}), f"a name for {slot.name} is looked for in it"


def texts_of(step: st.Step) -> list[tuple[str, Known]]:
    """(response, slots it may say all the same) of everything a step says: a value read back is the one just heard."""
    nothing: Known = frozenset()
    if isinstance(step, st.SayStep):
        return [(name, nothing) for name in step.responses]
    if isinstance(step, st.HandoffStep | st.CallbackStep | st.HangupStep):
        return [(step.utter, nothing)]
    if isinstance(step, st.ActionStep):
        return [(step.hold_utter, nothing)]
    if not isinstance(step, st.QuestionStep):
        return []
    ways = ("", "_2", "_3", "_keys", "_noinput", "_nomatch", "_rejected")
    found = [(f"{step.utter}{way}", nothing) for way in ways] + [(step.help, nothing)]
    if isinstance(step, st.CollectStep):
        found += [(step.confirm_utter, frozenset({step.slot})), (step.invalid, nothing), (step.outside, nothing)]
    return found


# ---- circles ------------------------------------------------------------------------------------------------------


def _circles(walk: Walk, faults: Faults) -> None:
    """Circles in which nobody is asked anything. A collect that has its value is no question the second time."""
    asked = [at for at, step in walk.steps.items() if isinstance(step, _WAITING)]
    graph: dict[At, list[At]] = {}
    for at in walk.steps.keys() - set(asked):
        graph[at] = [to for _, to in walk.ways(at) if to in walk.steps and to not in asked]
    for circle in _components(graph):
        members = set(circle)
        cleared = {
            n for at in circle if isinstance(s := walk.steps[at], st.SetStep) for n, v in s.values.items() if not v
        }
        if any(isinstance(s := walk.steps[at], st.CollectStep) and s.slot in cleared for at in circle):
            continue
        at = min(circle, key=lambda a: walk.steps[a].where)
        free = any(to not in members for one in circle for _, to in walk.ways(one))
        waits = any(isinstance(walk.steps[one], st.CollectStep | st.ActionStep | st.OfferStep) for one in circle)
        what = f"steps {', '.join(sorted(step for _, step in circle))} go round without asking anything"
        fix = "Use retry: with max, or ask before going back."
        severity = "warning" if free or waits else "error"
        faults.add(Place(*walk.steps[at].where), "endless-loop", what, fix, severity)


def _components(graph: Mapping[At, list[At]]) -> list[list[At]]:
    """Groups of steps that can all reach each other, of two or more, or of one that leads to itself."""
    ahead = {node: _reach(graph, node) for node in graph}
    groups: dict[frozenset[At], list[At]] = {}
    for node, found in ahead.items():
        if node in found:
            together = frozenset(other for other in found if node in ahead[other])
            groups[together] = sorted(together)
    return list(groups.values())


def _reach(graph: Mapping[At, list[At]], start: At) -> set[At]:
    seen: set[At] = set()
    todo = list(graph[start])
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo += graph.get(node, [])
    return seen


def _stacking(assistant: Assistant, faults: Faults) -> None:
    """A flow that calls itself, directly or by others, never comes back to its beginning and grows for ever."""
    walk = Walk(assistant)
    calls: dict[At, list[At]] = {(name, ""): [] for name in assistant.flows}
    for at in walk.steps:
        calls[at[0], ""] += [(name, "") for name in walk.called(at) if name in assistant.flows]
    for circle in _components(calls):
        names = [name for name, _ in circle]
        flow = assistant.flows[names[0]]
        what = f"flow {names[0]!r} calls itself" + (f" by {', '.join(names[1:])}" if names[1:] else "")
        faults.add(Place(*flow.where), "call-circle", what, "Use go: to begin again, or return: true.", "warning")
