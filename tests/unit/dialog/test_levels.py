"""Nothing is done, told or decided below its level: the walk over all paths, beside it the engine, broken dialogs."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.dialog import clearance, levels
from ivr.dialog import steps as st
from ivr.dialog.assistant import Assistant
from ivr.dialog.decided import decided
from ivr.dialog.proof import Walk
from ivr.dialog.services import OutcomeSpec, ServiceSpec
from ivr.dialog.session import Frame, Session, Wait
from ivr.dialog.source import Faults
from ivr.dialog.texts import Response
from ivr.model import dialog as ev
from ivr.model.errors import Fault
from ivr.model.identity import Customer, Identity, Level
from tests.unit.dialog.test_every_state import FOLDERS, Call, assistant_of

ANNA = Customer(customer_id="C1", household="H1", name="Anna")
Place = tuple[str, str, int, int, int]


def places(walk: Walk) -> set[Place]:
    """(flow, step, wanted, needs, level) of everything the walk came to."""
    return {(s.doing.flow, s.step, s.doing.wanted, s.doing.needs, s.level) for s in walk.origin}


def place(assistant: Assistant, session: Session) -> Place:
    """The same of a call that stands somewhere."""
    identify, takes = assistant.identify_flow, {f.name: int(f.level) for f in assistant.flows.values()}
    below: list[Frame] = []
    for frame in reversed(session.stack[:-1]):
        if frame.flow == identify:
            break
        below.append(frame)
    needs = [int(frame.needs) for frame in session.stack if frame.flow == identify]
    wanted = max((takes[frame.flow] for frame in below), default=0)
    here = session.stack[-1]
    wanted = 0 if here.flow == identify else wanted
    return (here.flow, here.step, wanted, needs[-1] if needs else -1, int(session.level))


class Wandering(Call):
    """A call of random events, identification and its loss among them, compared with the walk at every stop."""

    def __init__(self, assistant: Assistant, rng: random.Random, known: set[Place]) -> None:
        self.known, self.seen, self.served = known, set[Place](), 0
        super().__init__(assistant, rng)

    def give(self, event: ev.Event) -> None:
        before = self.session
        super().give(event)
        stays = self.session.stack == before.stack and self.session.wait is before.wait
        asks = self.session.stack and isinstance(self.step, st.QuestionStep)
        if self.session.stack and self.session.wait not in (Wait.OVER, Wait.HUMAN) and (asks or not stays):
            here = place(self.assistant, self.session)
            assert here in self.known, f"the walk never came to {here}, the call did by {event} from {before.stack}"
            self.seen.add(here)
        if self.session.wait is Wait.SERVICE and not stays:
            needs = self.assistant.services[self.session.service].needs
            assert needs <= self.session.level, f"{self.session.service} at {self.session.level.name}"
            self.served += needs > Level.L0

    @property
    def step(self) -> st.Step | None:
        here = self.session.stack[-1]
        return self.assistant.flows[here.flow].steps.get(here.step)

    def awaited(self) -> ev.Event:
        event = super().awaited()
        if not isinstance(event, ev.ServiceEnded):
            return event
        spec = self.assistant.services[event.service]
        if "ok" in spec.outcome_names and self.rng.random() < 0.6:
            event = replace(event, outcome="ok", values={**event.values, "customer": {"customer_id": "C1"}})
        if spec.identity is None:
            return event
        most = max(clearance.GIVES.get(spec.identity, Level.L0), self.session.level)
        level = most if event.outcome == "ok" and self.rng.random() < 0.7 else Level(self.rng.randint(0, most))
        return replace(event, identity=Identity(level=level, customer=ANNA) if self.rng.random() < 0.8 else None)

    def beside(self) -> ev.Event:
        """The caller becomes known, or risk takes a level."""
        least = Level.L0 if self.rng.random() < 0.3 else max(self.session.level, Level.L1)
        level = Level(self.rng.randint(least, max(self.session.level, Level.L1)))
        return ev.CallerIdentified(at_ms=0, identity=Identity(level=level, customer=ANNA))


def wander(assistant: Assistant, events: int, rng: random.Random) -> tuple[set[Place], set[Place], int]:
    """(places of the walk, places the calls came to, services called that need a level) of so many random events."""
    known = places(Walk(assistant))
    given, seen, served = 0, set[Place](), 0
    while given < events:
        call = Wandering(assistant, rng, known)
        for _ in range(rng.randint(5, 60)):
            if call.over:
                break
            dice = rng.random()
            call.give(call.beside() if dice < 0.05 else call.unexpected() if dice < 0.15 else call.awaited())
        given, seen, served = given + call.events, seen | call.seen, served + call.served
    return known, seen, served


@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_engine_comes_to_no_place_the_walk_over_all_paths_does_not_know(folder: Path) -> None:
    whole, rng, called = assistant_of(folder), random.Random(folder.name), 0
    starts = [whole.start, *(flow.name for flow in whole.flows.values() if flow.level)]
    for start in starts:
        assistant = replace(whole, start=start)
        known, seen, served = wander(assistant, 12_000 // len(starts), rng)
        waits = (st.QuestionStep, st.ActionStep, st.OfferStep)
        able = {p for p in known if isinstance(assistant.flows[p[0]].steps.get(p[1]), waits)}
        called += served
        assert len(seen & able) > len(able) / 12, "the random calls hardly saw anything of what the walk came to"
    assert called > 30, "hardly a service that needs a level was called"


def test_the_engine_and_the_walk_agree_on_a_few_hundred_events_too() -> None:
    for folder in FOLDERS:
        wander(assistant_of(folder), 60, random.Random(1))


@pytest.mark.parametrize(
    ("condition", "can"),
    [
        ("level >= L2", {False}),
        ("level >= needed", {True}),
        ("not level >= L2 and needed == 1", {True}),
        ("policy and level < 1", {False}),
        ("policy and level >= 1", {True, False}),
        ("policy or level >= L2", {True, False}),
        ("level >= L2 or policy", {True, False}),
        ("level >= 1 or policy.x > 1", {True}),
        ("policy.x > 1 or level >= 1", {True, False}),  # without a policy it cannot be computed, and does not hold
        ("not policy", {True, False}),
    ],
)
def test_a_condition_can_come_to_what_its_known_names_leave_open(condition: str, can: set[bool]) -> None:
    known = {"level": 1, "needed": 1, **{level.name: int(level) for level in Level}}
    assert decided(condition, known) == can


# ---- dialogs with a hole in them -----------------------------------------------------------------------------------

LEVELS = ("level-service", "level-told", "level-decided")


def found(assistant: Assistant) -> list[Fault]:
    faults = Faults()
    levels.check(assistant, faults)
    return faults.found


def with_step(assistant: Assistant, flow: str, step: st.Step) -> Assistant:
    """The assistant with a step before all others of a flow."""
    whole = assistant.flows[flow]
    first = replace(step, id="hole", next=whole.first)
    changed = replace(whole, first="hole", steps={"hole": first, **whole.steps})
    return replace(assistant, flows={**assistant.flows, flow: changed})


def guarded_calls(assistant: Assistant) -> list[tuple[str, st.ActionStep, Level]]:
    """(flow, step, what its service needs) of every call of a service that needs a level."""
    steps = [(flow.name, step) for flow in assistant.flows.values() for step in flow.steps.values()]
    calls = [(name, step) for name, step in steps if isinstance(step, st.ActionStep)]
    needs = [(name, step, assistant.services[step.service].needs) for name, step in calls]
    return [one for one in needs if one[2] > Level.L0]


def lowered(assistant: Assistant) -> Iterator[tuple[str, Assistant]]:
    """Each flow that takes a level and serves by it, with every lower one."""
    calls = guarded_calls(assistant)
    most = {name: max(needs for flow, _, needs in calls if flow == name) for name, _, _ in calls}
    for name, needs in most.items():
        for level in range(Level.L0, needs):
            flow = replace(assistant.flows[name], level=Level(level))
            yield f"{name} at L{level}", replace(assistant, flows={**assistant.flows, name: flow})


def jumped(assistant: Assistant) -> Iterator[tuple[str, Assistant]]:
    """Each service that needs a level, called from each flow that is entered without it: past identification."""
    for _, step, needs in guarded_calls(assistant):
        for flow in assistant.flows.values():
            if flow.level < needs and flow.name in reached(assistant, needs):
                yield f"{step.service} in {flow.name}", with_step(assistant, flow.name, step)


def reached(assistant: Assistant, below: Level) -> set[str]:
    """Flows that are begun by somebody below a level."""
    flows = assistant.flows
    return {s.doing.flow for s in Walk(assistant).origin if s.level < below and s.step == flows[s.doing.flow].first}


def told(assistant: Assistant) -> Iterator[tuple[str, Assistant]]:
    """What each such service brings, and the customer, said or decided by at the greeting."""
    barge_in = assistant.policy.barge_in
    for value in assistant.protected:
        said = f"{{{value}.x}}"
        texts = {
            language: {
                **known,
                "utter_hole": Response(name="utter_hole", language=language, sentences=(said,)),
            }
            for language, known in assistant.responses.items()
        }
        say = st.SayStep(id="", next="", where=("flows/main.yml", 6, 7), responses=("utter_hole",), barge_in=barge_in)
        yield f"{value} told", with_step(replace(assistant, responses=texts), assistant.start, say)
        if value != "customer":
            arms = ((f"{value}.x > 1", st.NEXT),)
            branch = st.BranchStep(id="", next="", where=("flows/main.yml", 6, 7), arms=arms)
            yield f"{value} decided by", with_step(assistant, assistant.start, branch)


@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_hole_cut_into_a_shipped_assistant_is_found(folder: Path) -> None:
    whole = assistant_of(folder)
    assert found(whole) == []
    holes = [*lowered(whole), *jumped(whole), *told(whole)]
    assert len(holes) > 10
    missed = [name for name, assistant in holes if not {f.code for f in found(assistant)} & set(LEVELS)]
    assert missed == []


@pytest.mark.parametrize(
    ("service", "level", "args"),
    [
        ("find", Level.L2, ("ani",)),
        ("verify", Level.L3, ("number", "secret")),
        ("verify", Level.L4, ("number", "secret")),
    ],
)
def test_an_own_service_that_identifies_more_than_it_was_given_is_found(
    service: str, level: Level, args: tuple[str, ...]
) -> None:
    whole = assistant_of(FOLDERS[-1])
    number, secret = "policy_number", next(s.name for s in whole.slots.values() if s.sensitive)
    templates = {"ani": "{caller.ani}", "number": f"{{{number}}}", "secret": f"{{{secret}}}"}
    outcome = OutcomeSpec(name="ok", when="status == 200", slots={"customer": "body"}, identifies=level)
    spec = ServiceSpec(name=service, method="POST", url="http://crm", timeout_ms=1000, outcomes=(outcome,))
    step = st.ActionStep(
        id="", next="", where=("flows/main.yml", 6, 7), service=service, args={a: templates[a] for a in args},
        timeout_ms=1000, hold_after_ms=0, hold_utter="", outcomes={},
    )  # fmt: skip
    assistant = with_step(replace(whole, services={**whole.services, service: spec}), whole.identify_flow, step)
    assert "identifies-too-high" in {f.code for f in found(assistant)}


def test_the_finding_says_where_and_how_the_caller_comes_there() -> None:
    whole = assistant_of(FOLDERS[-1])
    flow = replace(whole.flows["payment"], level=Level.L1)
    fault = next(f for f in found(replace(whole, flows={**whole.flows, "payment": flow})) if f.code == "level-service")
    assert fault.file == "flows/payments.yml" and fault.line > 1
    assert re.search(r"main/\w+ > payment/", fault.what) and "takes L2 and is reached at L1" in fault.what
