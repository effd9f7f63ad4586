"""A step-up asks for as many proofs as identity.yml allows, then leaves as it says; the walk over all paths knows."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.dialog import levels
from ivr.dialog.assistant import Assistant
from ivr.dialog.engine import advance, new_session
from ivr.dialog.proof import Walk
from ivr.dialog.session import Session, Wait
from ivr.dialog.source import Faults
from ivr.dialog.stepup import callback_flow, proofs_between
from ivr.model import dialog as ev
from ivr.model.identity import Caller, Customer, Identity, Level, OnFail, StepUp
from tests.unit.dialog.test_every_state import assistant_of
from tests.unit.dialog.test_levels import wander

INSURANCE = Path(__file__).parents[3] / "dialogs" / "insurance"
ANNA = Customer(customer_id="C1", household="H1", name="Anna")


def under(most: int, on_fail: OnFail, start: str = "new_address") -> Assistant:
    return replace(assistant_of(INSURANCE), start=start, stepup=StepUp(max_steps=most, on_fail=on_fail))


class Call:
    """A call whose caller is known by the number and proves whatever is asked."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant, self.asked = assistant, list[str]()
        self.session: Session = new_session(assistant, "en")
        caller = Caller(ani="+15550100", dnis="1", claimed=False)
        self.give(ev.CallStarted(at_ms=0, call_id="c", caller=caller, language="en", started_at="2026-11-20T09:00:00Z"))

    def give(self, event: ev.Event) -> None:
        turn = advance(self.assistant, self.session, event)
        self.session = turn.session
        self.asked += [c.service for c in turn.commands if isinstance(c, ev.CallService)]

    def proves(self, level: Level) -> None:
        """The service that is waited for says ok, and the ladder this level."""
        identity = Identity(level=level, customer=ANNA)
        self.give(ev.ServiceEnded(at_ms=0, service=self.session.service, outcome="ok", values={}, identity=identity))

    def keys(self, digits: str) -> None:
        self.give(ev.DigitsDialed(at_ms=0, digits=digits))

    def up_to_the_code(self) -> None:
        """By number to L1, by what they know to L2, by code to L3."""
        self.proves(Level.L1)
        self.keys("33104417")
        self.keys("05031979")
        self.proves(Level.L2)
        self.proves(Level.L2)
        if self.session.wait is Wait.CALLER and self.session.stack[-1].step == "code":
            self.keys("123456")
            self.proves(Level.L3)

    @property
    def flows(self) -> list[str]:
        return [frame.flow for frame in self.session.stack]


def test_three_proofs_are_asked_for_where_three_are_allowed() -> None:
    call = Call(under(3, OnFail.WARM_TRANSFER))
    call.up_to_the_code()
    assert call.session.stack[-1].step == "by_pin"
    assert call.session.stack[-1].proofs == ("facts", "code", "secret")
    call.keys("4711")
    call.proves(Level.L4)
    assert "identify" not in call.flows and call.flows[0] == "new_address"


@pytest.mark.parametrize(
    ("on_fail", "left_for"), [(OnFail.WARM_TRANSFER, "to_operator"), (OnFail.CALLBACK, "no_agent"), (OnFail.STAY, "")]
)
def test_the_third_proof_is_not_asked_for_where_two_are_allowed(on_fail: OnFail, left_for: str) -> None:
    assistant = under(2, on_fail)
    call = Call(assistant)
    call.up_to_the_code()
    assert "check_pin" not in call.asked and "identify" not in call.flows
    assert call.session.level is Level.L3
    flow = assistant.flows["new_address"].escape
    assert call.flows[0] == (left_for or (flow.flow if flow and flow.flow else assistant.escape))
    assert callback_flow(assistant) == "no_agent"


def test_a_wrong_answer_asked_again_is_the_same_proof() -> None:
    call = Call(under(1, OnFail.WARM_TRANSFER, start="payment"))
    while call.session.wait is Wait.CALLER and call.session.stack[-1].step != "policy_number":
        call.keys("1")
    call.proves(Level.L1)
    for _ in range(2):
        call.keys("33104417")
        call.keys("05031979")
        assert call.session.service == "spoken_id"
        call.give(ev.ServiceEnded(at_ms=0, service="spoken_id", outcome="refused", values={}))


def test_the_walk_knows_every_place_a_short_step_up_leads_to() -> None:
    wander(under(1, OnFail.STAY), 70, random.Random("short"))


@pytest.mark.slow
@pytest.mark.parametrize("on_fail", OnFail)
def test_nor_does_anybody_come_to_another_place_in_many_calls(on_fail: OnFail) -> None:
    wander(under(2, on_fail), 800, random.Random(f"two {on_fail}"))
    _, seen, _ = wander(under(1, on_fail), 2000, random.Random(on_fail.value))
    ends = {"to_operator", "no_agent", "bye"}
    assert {place[0] for place in seen} & ends


def test_a_flow_nobody_can_prove_enough_for_is_found_before_a_caller_does() -> None:
    def warned(assistant: Assistant) -> dict[str, str]:
        faults = Faults()
        levels.step_ups(assistant, faults, Walk(assistant, steady=True), facts_before_code=True)
        return {fault.code: fault.what for fault in faults.found}

    assert warned(under(3, OnFail.CALLBACK)) == {}
    assert "new_address takes L4, 3 proofs from L" in warned(under(2, OnFail.STAY))["stepup-short"]
    whole = under(3, OnFail.CALLBACK)
    flows = {name: flow for name, flow in whole.flows.items() if name in {"new_address", "identify", "unproven"}}
    silent = replace(whole, flows=flows, escape="unproven", globals=())
    assert "no-callback" in warned(silent)


@pytest.mark.parametrize(
    ("known", "needed", "strict", "lax"),
    [
        (Level.L0, Level.L1, 1, 1),
        (Level.L0, Level.L2, 1, 1),
        (Level.L1, Level.L2, 1, 1),
        (Level.L1, Level.L3, 2, 1),
        (Level.L0, Level.L4, 3, 3),
        (Level.L2, Level.L4, 2, 2),
        (Level.L3, Level.L4, 1, 1),
        (Level.L3, Level.L2, 0, 0),
    ],
)
def test_proofs_between_levels_are_counted(known: Level, needed: Level, strict: int, lax: int) -> None:
    assert proofs_between(known, needed, facts_before_code=True) == strict
    assert proofs_between(known, needed, facts_before_code=False) == lax
