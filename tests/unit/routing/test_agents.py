from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.model.errors import ImpossibleTransitionError
from ivr.model.routing import Agent, AgentState
from ivr.routing.agents import TRANSITIONS, AgentDirectory, AgentEvent, UnknownAgentError
from ivr.routing.plan import Queue, RoutingPlan

PLAN = RoutingPlan(
    queues={"q": Queue(name="q", title="q", required={})},
    agents={a: Agent(agent_id=a, name=a, sip_uri=f"sip:{a}@h", skills={"lang:en": 5}, queues=("q",)) for a in "ab"},
    weights={},
    steps=(),
    ring_timeout_ms=15_000,
    wrap_up_ms=30_000,
    whisper_max_ms=8_000,
)


def at_work() -> AgentDirectory:
    directory = AgentDirectory(PLAN)
    directory.login("a", now_ms=0)
    directory.ready("a", now_ms=1_000)
    return directory


def state(directory: AgentDirectory, now_ms: int = 0) -> AgentState:
    return directory.presence("a", now_ms).state


def test_everybody_is_offline_until_login_and_not_ready_until_said() -> None:
    directory = AgentDirectory(PLAN)
    assert state(directory) is AgentState.OFFLINE
    directory.login("a", now_ms=5)
    assert state(directory) is AgentState.NOT_READY
    directory.ready("a", now_ms=6)
    assert state(directory) is AgentState.AVAILABLE


def test_an_agent_is_reserved_once() -> None:
    directory = at_work()
    assert directory.reserve("a", now_ms=2_000) is True
    assert directory.reserve("a", now_ms=2_000) is False
    assert directory.reserve("b", now_ms=2_000) is False  # offline


def test_a_call_leads_through_talking_and_wrap_up_back_to_available_without_a_timer() -> None:
    directory = at_work()
    directory.reserve("a", now_ms=2_000)
    directory.answered("a", now_ms=5_000)
    directory.ended("a", now_ms=65_000)
    assert state(directory, 94_999) is AgentState.WRAP_UP
    assert directory.reserve("a", now_ms=94_999) is False
    assert state(directory, 95_000) is AgentState.AVAILABLE
    assert directory.presence("a", 200_000).idle_since_ms == 95_000
    assert directory.presence("a", 180_000).occupancy(180_000) == pytest.approx(0.5)
    assert directory.reserve("a", now_ms=200_000) is True


def test_the_disposition_ends_the_wrap_up_early() -> None:
    directory = at_work()
    directory.reserve("a", now_ms=2_000)
    directory.answered("a", now_ms=5_000)
    directory.ended("a", now_ms=65_000)
    directory.wrapped_up("a", now_ms=70_000)
    assert directory.presence("a", 70_000).idle_since_ms == 70_000


def test_a_call_that_went_elsewhere_does_not_cost_the_place_in_the_line() -> None:
    directory = at_work()
    directory.reserve("a", now_ms=50_000)
    directory.release("a", now_ms=60_000)
    assert directory.presence("a", 60_000).idle_since_ms == 1_000


def test_a_phone_that_rang_in_vain_makes_the_agent_not_ready() -> None:
    directory = at_work()
    directory.reserve("a", now_ms=2_000)
    directory.no_answer("a", now_ms=17_000)
    presence = directory.presence("a", 17_000)
    assert (presence.state, presence.reason) == (AgentState.NOT_READY, "no answer")
    directory.ready("a", now_ms=18_000)
    assert directory.presence("a", 18_000).reason == ""


def test_an_impossible_event_names_agent_state_and_event() -> None:
    with pytest.raises(ImpossibleTransitionError, match="agent a: no transition from available on answered"):
        at_work().answered("a", now_ms=2_000)


def test_an_unknown_agent_is_an_error_of_its_own() -> None:
    with pytest.raises(UnknownAgentError):
        at_work().ready("z", now_ms=0)


def test_every_state_but_the_first_can_be_reached_and_every_one_left() -> None:
    assert set(TRANSITIONS.values()) == set(AgentState) - {AgentState.OFFLINE}
    assert {before for before, _ in TRANSITIONS} == set(AgentState)


def step(directory: AgentDirectory, event: AgentEvent, now_ms: int) -> bool:
    """Whether the event was possible."""
    if event is AgentEvent.RESERVE:
        return directory.reserve("a", now_ms=now_ms)
    try:
        getattr(directory, event.value)("a", now_ms=now_ms)
    except ImpossibleTransitionError:
        return False
    return True


@given(st.lists(st.tuples(st.sampled_from(AgentEvent), st.integers(0, 29_999)), max_size=40))
def test_the_directory_does_exactly_what_the_table_allows(events: list[tuple[AgentEvent, int]]) -> None:
    directory, now_ms, expected, since_ms = AgentDirectory(PLAN), 0, AgentState.OFFLINE, 0
    for event, pause_ms in events:
        now_ms += pause_ms
        if expected is AgentState.WRAP_UP and now_ms - since_ms >= PLAN.wrap_up_ms:
            expected = AgentState.AVAILABLE
        after = TRANSITIONS.get((expected, event))
        assert step(directory, event, now_ms) is (after is not None)
        if after is not None:
            expected, since_ms = after, now_ms
        presence = directory.presence("a", now_ms)
        assert presence.state is expected
        assert 0.0 <= presence.occupancy(now_ms) <= 1.0
