"""What is done, told or decided below its level on some path, and services that identify more surely than they can.

Owns the findings; the walk over the paths is the proof's matter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from ivr.dialog import clearance, foresight
from ivr.dialog import steps as st
from ivr.dialog.activations import ENTRY, State
from ivr.dialog.proof import Walk
from ivr.dialog.source import Faults, Place
from ivr.dialog.stepup import PROOF_OF, callback_flow, proofs_between
from ivr.dialog.texts import PLACEHOLDER
from ivr.model.identity import IdentityStep, Level, OnFail

if TYPE_CHECKING:
    from ivr.dialog.assistant import Assistant

SHOWN = 8
"""Places of a path that are shown; of a longer one the beginning is left out."""

RUNGS: Mapping[IdentityStep, tuple[str, ...]] = MappingProxyType(
    {
        IdentityStep.RECOGNISE: ("ani",),
        IdentityStep.SPOKEN_ID: ("spoken_id",),
        IdentityStep.MATCH_FACTS: ("two_facts",),
        IdentityStep.SEND_CODE: ("otp",),
        IdentityStep.CHECK_CODE: ("otp",),
        IdentityStep.CHECK_PIN: ("pin",),
        IdentityStep.CHECK_PASSPHRASE: ("passphrase",),
    }
)
"""What each step of identification counts as under steps: of identity.yml."""

FACTS = 2
"""Things a caller has to know of an account to be matched with it."""

Need = tuple[Level, str, st.Where, str]
"""(level, what is done, where, code)."""


def check(assistant: Assistant, faults: Faults) -> None:
    """Add every finding about levels to faults."""
    if not _anything(assistant):
        return
    walk, needs = Walk(assistant), {}
    found: set[tuple[st.Where, str, str]] = set()
    for state in walk.origin:
        step = assistant.flows[state.doing.flow].steps.get(state.step) if state.step != ENTRY else None
        if step is None or walk.guard(state):
            continue
        at = (state.doing.flow, state.step)
        if at not in needs:
            needs[at] = tuple(_needs(assistant, step))
        for level, what, where, code in needs[at]:
            if level > state.level and (where, code, what) not in found:
                found.add((where, code, what))
                said = f"{what} takes {level.name} and is reached at {Level(state.level).name}: {_shown(walk, state)}"
                faults.add(Place(*where), code, said, _FIXES[code].format(level=level.name))
    _identifying(assistant, faults)


_FIXES = {
    "level-service": "Give the flow level: {level}, or name it under requests: in identity.yml.",
    "level-told": "Say it where the caller has reached {level}.",
    "level-decided": "Branch on it where the caller has reached {level}.",
}


def _anything(assistant: Assistant) -> bool:
    """Is there anything to be kept from anybody?"""
    return any(s.needs or any(o.identifies for o in s.outcomes) for s in assistant.services.values()) or any(
        clearance.of_names((path,), assistant.protected)
        for texts in assistant.responses.values()
        for text in texts.values()
        for path, _, _ in text.placeholders
    )


def _shown(walk: Walk, state: State) -> str:
    places = walk.path(state)
    return " > ".join(["..."] * (len(places) > SHOWN) + places[-SHOWN:])


def _needs(assistant: Assistant, step: st.Step) -> Iterator[Need]:
    """Everything about a step that takes a level."""
    protected = assistant.protected
    if needs := clearance.of_service(assistant.services, step):
        service = step.service if isinstance(step, st.ActionStep) else ""
        yield needs, f"service {service}", step.at(service), "level-service"
    for name, own in foresight.texts_of(step):
        texts = [t[name] for t in assistant.responses.values() if name in t]
        told = {path.split(".")[0] for text in texts for path, _, _ in text.placeholders} - own
        for value in sorted(told & protected.keys()):
            yield protected[value], f"{value}, told by {name},", step.at(name), "level-told"
    for condition, _ in step.arms if isinstance(step, st.BranchStep) else ():
        for value in sorted(clearance.names_in(condition) & protected.keys() - {"customer"}):
            yield protected[value], f"{value}, decided by here,", step.at(condition), "level-decided"


def _identifying(assistant: Assistant, faults: Faults) -> None:
    """Customers' own services that say they identify must have been given what that takes."""
    asked = {s.slot for f in assistant.flows.values() for s in f.steps.values() if isinstance(s, st.CollectStep)}
    secret = {slot.name for slot in assistant.slots.values() if slot.sensitive}
    walk, found = Walk(assistant, steady=True), set()
    for state in walk.origin:
        step = assistant.flows[state.doing.flow].steps.get(state.step)
        spec = assistant.services.get(step.service) if isinstance(step, st.ActionStep) else None
        if spec is None or not isinstance(step, st.ActionStep):
            continue
        given = {m[1].split(".")[0] for t in step.args.values() for m in PLACEHOLDER.finditer(t)} & asked
        for outcome in spec.outcomes:
            where, level = step.at(step.service), outcome.identifies or Level.L0
            lacks = _lacks(level, len(given), state.level, secret=bool(given & secret))
            if lacks and (where, outcome.name) not in found:
                found.add((where, outcome.name))
                what = f"{step.service} identifies {level.name} on {outcome.name}, {lacks}: {_shown(walk, state)}"
                fix = "Let it identify less surely, or prove more before."
                faults.add(Place(*where), "identifies-too-high", what, fix, "warning")


def unreachable(assistant: Assistant, steps: Collection[str], faults: Faults, walk: Walk) -> None:
    """Flows whose level no path leads to, and steps of identification the policy counts for nothing. steps: those it
    uses. walk: a steady one."""
    begun = {state.doing.flow for state in walk.origin if state.step != ENTRY}
    tried = {state.doing.flow for state in walk.origin}
    for flow in assistant.flows.values():
        if Level.L0 < flow.level < Level.HUMAN and flow.name in tried - begun:
            what = f"flow {flow.name!r} takes {flow.level.name}, which nothing on the way to it can prove"
            fix = "Let the identifying flow prove it, or lower the level."
            faults.add(Place(*flow.where), "level-unreachable", what, fix, "warning")
    for flow in assistant.flows.values():
        for step in flow.steps.values():
            spec = assistant.services.get(step.service) if isinstance(step, st.ActionStep) else None
            rungs = RUNGS.get(spec.identity, ()) if spec and spec.identity else ()
            if rungs and not set(rungs) & set(steps):
                what = (
                    f"{spec.name if spec else ''} counts for nothing: identity.yml does not list {' or '.join(rungs)}"
                )
                faults.add(Place(*step.where), "step-unused", what, f"Add {rungs[0]} to steps:.", "warning")


def step_ups(assistant: Assistant, faults: Faults, walk: Walk, *, facts_before_code: bool) -> None:
    """Flows that callers come to so little known that stepup: of identity.yml allows too few proofs for them, and a
    callback nobody promises. walk: a steady one."""
    if assistant.stepup and assistant.stepup.on_fail is OnFail.CALLBACK and not callback_flow(assistant):
        what, fix = "on_fail: callback, and no flow promises one", "Write a flow with a callback: step."
        faults.add(Place("identity.yml"), "no-callback", what, fix)
    most, found = assistant.stepup.max_steps if assistant.stepup else len(PROOF_OF), set()
    for state in walk.origin:
        flow = assistant.flows[state.doing.flow]
        takes = proofs_between(Level(state.level), flow.level, facts_before_code=facts_before_code)
        if state.step == ENTRY and flow.level < Level.HUMAN and takes > most and flow.name not in found:
            found.add(flow.name)
            way = f"{takes} proofs from {Level(state.level).name}"
            what = f"{flow.name} takes {flow.level.name}, {way}; max_steps allows {most}"
            fix = f"Write stepup: {{max_steps: {takes}}} in identity.yml, or have more proven on the way to it."
            faults.add(Place(*flow.where), "stepup-short", what, fix, "warning")


def _lacks(level: Level, given: int, known: int, *, secret: bool) -> str:
    """What an own service has not been given for the level it says it proves, "" when nothing."""
    if level >= Level.L2 and given < FACTS and not (secret and known >= Level.L1):
        return "and is given less than two facts"
    if level >= Level.L3 and not secret:
        return "and is given nothing secret"
    if level >= Level.L3 and known < level - FACTS:
        return f"but can be reached at {Level(known).name}"
    return ""
