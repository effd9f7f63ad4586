"""Who is there: agents whose page is gone get no calls. In time that is given, not waited for."""

from __future__ import annotations

import asyncio

from ivr.model.routing import Agent, AgentState
from ivr.routing.agents import AgentDirectory
from ivr.routing.plan import RoutingPlan
from ivr.supervisor.agents_desk import PAGE_CLOSED, AgentsDesk
from ivr.web.live import LiveHub


def desk_of(*, phone_only: bool = False) -> AgentsDesk:
    agent = Agent(agent_id="a1", name="Elena", sip_uri="sip:a1@pbx", phone_only=phone_only)
    times = {"ring_timeout_ms": 15_000, "wrap_up_ms": 30_000, "whisper_max_ms": 8000}
    plan = RoutingPlan(queues={}, agents={"a1": agent}, weights={}, steps=(), **times)
    return AgentsDesk(AgentDirectory(plan), LiveHub())


def ready(desk: AgentsDesk, at_ms: int) -> None:
    desk.directory.login("a1", now_ms=at_ms)
    desk.directory.ready("a1", now_ms=at_ms)


def state(desk: AgentsDesk, now_ms: int) -> tuple[AgentState, str]:
    desk.look_for_pages(now_ms)
    found = desk.directory.presence("a1", now_ms)
    return found.state, found.reason


def test_an_agent_whose_page_is_gone_gets_no_calls_until_it_is_back() -> None:
    desk = desk_of()
    ready(desk, 0)
    desk.attendance.beat("a1", "one", now_ms=0, lasts_ms=15_000)
    assert state(desk, 14_999)[0] is AgentState.AVAILABLE
    assert state(desk, 15_000) == (AgentState.NOT_READY, PAGE_CLOSED)
    assert not desk.directory.reserve("a1", now_ms=15_001)
    desk.attendance.beat("a1", "two", now_ms=16_000, lasts_ms=15_000)
    assert state(desk, 16_001)[0] is AgentState.AVAILABLE


def test_who_said_not_ready_stays_so_when_the_page_comes_back() -> None:
    desk = desk_of()
    ready(desk, 0)
    assert state(desk, 1) == (AgentState.NOT_READY, PAGE_CLOSED)
    asyncio.run(desk.set_state("a1", "not_ready", "meal"))
    desk.attendance.beat("a1", "one", now_ms=2, lasts_ms=15_000)
    assert state(desk, 3) == (AgentState.NOT_READY, "meal")


def test_two_pages_count_once_and_a_reload_is_no_leave() -> None:
    desk = desk_of()
    ready(desk, 0)
    for page in ("one", "two"):
        desk.attendance.beat("a1", page, now_ms=0, lasts_ms=15_000)
    desk.attendance.leave("a1", "one", now_ms=100)
    assert state(desk, 6000)[0] is AgentState.AVAILABLE  # the other is open
    desk.attendance.leave("a1", "two", now_ms=6000)
    assert state(desk, 7000)[0] is AgentState.AVAILABLE  # it may be loading again
    assert state(desk, 11_000) == (AgentState.NOT_READY, PAGE_CLOSED)


def test_a_call_under_way_is_left_alone_and_an_agent_with_a_phone_alone_needs_no_page() -> None:
    desk = desk_of()
    ready(desk, 0)
    assert desk.directory.reserve("a1", now_ms=1)
    assert state(desk, 60_000)[0] is AgentState.RESERVED
    desk.directory.answered("a1", now_ms=60_000)
    assert state(desk, 90_000)[0] is AgentState.TALKING
    desk.directory.ended("a1", now_ms=90_000)
    assert state(desk, 90_001) == (AgentState.NOT_READY, PAGE_CLOSED)
    alone = desk_of(phone_only=True)
    ready(alone, 0)
    assert state(alone, 900_000)[0] is AgentState.AVAILABLE
