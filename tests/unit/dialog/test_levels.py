"""Nothing is done, told or decided below its level: the walk over all paths, beside it the engine, broken dialogs."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.dialog import clearance
from ivr.dialog import steps as st
from ivr.dialog.assistant import Assistant
from ivr.dialog.proof import Walk
from ivr.dialog.session import Frame, Session, Wait
from ivr.model import dialog as ev
from ivr.model.identity import Customer, Identity, Level
from tests.unit.dialog.test_every_state import FOLDERS, Call, assistant_of

ANNA = Customer(customer_id="C1", household="H1", name="Anna")
Place = tuple[str, str, int, int, int]


def places(walk: Walk) -> set[Place]:
    """(flow, step, wanted, needs, level) of everything the walk came to."""
    return {(s.doing.flow, s.step, s.doing.wanted, s.doing.needs, s.level) for s in walk.origin}


def place(assistant: Assistant, session: Session) -> Place:
    """The same of a call that stands somewhere."""
    identify, levels = assistant.identify_flow, {f.name: int(f.level) for f in assistant.flows.values()}
    below: list[Frame] = []
    for frame in reversed(session.stack[:-1]):
        if frame.flow == identify:
            break
        below.append(frame)
    needs = [int(frame.needs) for frame in session.stack if frame.flow == identify]
    wanted = max((levels[frame.flow] for frame in below), default=0)
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
        if self.session.wait is Wait.SERVICE and before is not self.session:
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
        wander(assistant_of(folder), 200, random.Random(1))
