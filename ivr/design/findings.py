"""Everything that is wrong in an assistant's folder, from every room that reads a file of it, at once.

Owns the gathering, and the checks that need two rooms (a queue named in a flow, a phrase that is an example of a
global). Each file's own mistakes are found by the room that reads it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from ivr.call.guarded_assistant import guarded
from ivr.config import NluSettings
from ivr.design import actions, after_yes, selling, staffing, training
from ivr.dialog import levels
from ivr.dialog import steps as st
from ivr.dialog.assistant import Assistant, examine
from ivr.dialog.proof import Walk
from ivr.dialog.script import load as load_conversations
from ivr.dialog.source import Faults, Place, did_you_mean, read
from ivr.identity.policy_file import FILE as IDENTITY
from ivr.identity.policy_file import load_policy
from ivr.model.errors import DesignError, Fault
from ivr.nlu.engines import compared_by
from ivr.offers.catalogue import load_catalogue
from ivr.routing.plan import RoutingPlan, load_routing


class _Anything(Mapping[str, str]):
    """Values for ${NAME} of a machine this folder is not on yet."""

    def __getitem__(self, name: str) -> str:
        return os.environ.get(name) or f"sip:{name.lower()}@agent.invalid"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def get(self, name: str, default: object = None) -> str:
        return self[name]


def validate(folder: Path, nlu: NluSettings, *, sends_texts: bool = True) -> tuple[Fault, ...]:
    """Every error and warning in an assistant's folder, by place. Never raises for what stands in the files.

    nlu: how a call understands; two intents are confused by an engine, not by themselves. sends_texts: is there a
    gateway for messages?"""
    if not folder.is_dir():
        fix = "Name the folder that holds dialog.yml."
        return (Fault(file=str(folder), line=0, column=0, code="folder", what="there is no such folder", fix=fix),)
    assistant, found = examine(folder)
    faults = Faults()
    faults.found += found
    languages = assistant.languages if assistant else tuple(p.suffixes[0][1:] for p in folder.glob("nlu.*.yml"))
    known = {language: training.read(folder, language, faults) for language in languages}
    plan = _routing(folder, faults)
    _offers(folder, assistant, plan, faults, sends_texts=sends_texts)
    _identity(folder, assistant, faults)
    _tests(folder, assistant, faults)
    if assistant is not None:
        training.check(assistant, known, compared_by(nlu), faults)
        actions.check(folder, assistant, faults)
        if plan is not None:
            _queues(assistant, plan, faults)
            staffing.check(assistant, plan, faults)
    return tuple(sorted(set(faults.found)))


def _relative(folder: Path, fault: Fault) -> Fault:
    path = Path(fault.file)
    return replace(fault, file=str(path.relative_to(folder))) if path.is_relative_to(folder) else fault


def _routing(folder: Path, faults: Faults) -> RoutingPlan | None:
    path = folder / "routing.yml"
    if not path.exists():
        faults.add(Place("routing.yml"), "file", "nobody is there to hand a call to", "Write routing.yml.", "warning")
        return None
    if read(path, folder, faults) is None:
        return None
    try:
        return load_routing(path, _Anything())
    except DesignError as error:
        faults.found += [_relative(folder, fault) for fault in error.faults]
        return None


def _offers(
    folder: Path, assistant: Assistant | None, plan: RoutingPlan | None, faults: Faults, *, sends_texts: bool
) -> None:
    path = folder / "offers.yml"
    if not path.exists():
        return
    top = read(path, folder, faults)
    if top is None:
        return
    try:
        catalogue = load_catalogue(path)
    except DesignError as error:
        faults.found += [_relative(folder, fault) for fault in error.faults]
        return
    after_yes.check(top, catalogue, plan, sends_texts=sends_texts)
    if assistant is not None:
        selling.check(top, catalogue, assistant)


def _identity(folder: Path, assistant: Assistant | None, faults: Faults) -> None:
    """What is wrong with identity.yml, and what the flows and services of the assistant make of it."""
    path = folder / IDENTITY
    top = read(path, folder, faults) if path.exists() else None
    try:
        policy = load_policy(folder) if top is not None or not path.exists() else None
    except DesignError as error:
        faults.found += [_relative(folder, fault) for fault in error.faults]
        return
    payouts = top.get("payouts") if top is not None else None
    if assistant is None or policy is None:
        return
    for node in payouts.entries() if payouts is not None and payouts.is_list() else ():
        if node.value not in assistant.flows:
            node.fault("unknown-flow", f"no flow {node.value!r}", did_you_mean(str(node.value), assistant.flows))
    demanding = guarded(assistant, policy)
    levels.check(demanding, faults)
    walk = Walk(demanding, steady=True)
    levels.unreachable(demanding, policy.steps, faults, walk)
    levels.step_ups(demanding, faults, walk, facts_before_code=policy.facts_before_code)


def _tests(folder: Path, assistant: Assistant | None, faults: Faults) -> None:
    paths = sorted((folder / "tests").glob("*.yml"))
    for path in paths:
        try:
            load_conversations(path, folder)
        except DesignError as error:
            faults.found += [_relative(folder, fault) for fault in error.faults]
    if not paths and assistant is not None:
        fix = "Write tests/first.yml with tests: [{name: ..., turns: [...]}]."
        faults.add(Place("tests"), "no-tests", "the assistant has no conversation tests", fix, "warning")


def _queues(assistant: Assistant, plan: RoutingPlan, faults: Faults) -> None:
    for flow in assistant.flows.values():
        for step in flow.steps.values():
            if isinstance(step, st.HandoffStep) and step.queue not in plan.queues:
                what = f"no queue {step.queue!r} in routing.yml"
                faults.add(Place(*step.at(step.queue)), "unknown-queue", what, did_you_mean(step.queue, plan.queues))
