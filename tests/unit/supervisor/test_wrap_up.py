"""A wrap-up lasts until the agent has said how the call ended, where a page can be asked. In time that is given."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from ivr.call.handoff_terms import Packet
from ivr.model.call import LogEntry
from ivr.model.routing import AgentState
from ivr.supervisor.agents_desk import AgentsDesk
from tests.unit.supervisor.test_attendance import desk_of, ready

WRAP_UP_MS, LATE_MS = 30_000, 600_000


async def wrapping_up(desk: AgentsDesk, *, seen: bool) -> None:
    """A call that the agent took, and that ended; seen: a page displayed it."""
    ready(desk, 0)
    packet = Packet(token="T", context={}, whisper="")
    with desk.hub.subscribe("agent:a1") as _page:
        popping = asyncio.ensure_future(desk.pop("C", "a1", packet))
        await asyncio.sleep(0)
        if seen:
            desk.hub.shown("agent:a1", "T")
        else:
            desk.hub.close()
            popping.cancel()
        await asyncio.gather(popping, return_exceptions=True)
    for step in (desk.directory.answered, desk.directory.ended):
        if step == desk.directory.answered:
            desk.directory.reserve("a1", now_ms=1)
        step("a1", now_ms=1)


@pytest.mark.parametrize(
    ("phone_only", "seen", "until", "late"),
    [
        (False, True, True, AgentState.WRAP_UP),
        (False, True, False, AgentState.AVAILABLE),  # wrap_up_until: over
        (True, True, True, AgentState.AVAILABLE),
        (False, False, True, AgentState.AVAILABLE),
    ],
)
def test_only_a_page_that_showed_the_call_is_waited_for(
    phone_only: bool, seen: bool, until: bool, late: AgentState
) -> None:
    desk = desk_of(phone_only=phone_only)
    terms = replace(desk.directory.plan.desk, disposition_required=until)
    desk.directory.replan(replace(desk.directory.plan, desk=terms))
    asyncio.run(wrapping_up(desk, seen=seen))
    assert desk.directory.presence("a1", WRAP_UP_MS).state is AgentState.WRAP_UP
    assert desk.directory.presence("a1", LATE_MS).state is late
    desk.disposed("a1")
    assert desk.directory.presence("a1", LATE_MS).state is AgentState.AVAILABLE


def test_the_page_of_whoever_passes_a_call_on_follows_it_until_somebody_has_it() -> None:
    desk = desk_of()

    def happens(kind: str, **data: object) -> None:
        desk.follow(LogEntry(call_id="C", seq=1, at="", at_ms=0, kind=kind, data=data))

    with desk.hub.subscribe("agent:a1") as page:
        happens("handoff.passing_on", agent="a1", queue="claims", to="a2")
        happens("handoff.kept", agent="a1", result="no_answer")
        happens("turn.said", text="Hello")
        happens("handoff.passed_on", agent="a2", by="a1")
        told = [asyncio.run(page.next(0.1)) for _ in range(5)]
    events = [(each.event, each.data.get("what", each.data.get("text"))) for each in told if each is not None]
    passing = [("passing", "passing_on"), ("passing", "kept"), ("transcript", "Hello"), ("passing", "passed_on")]
    assert [each for each in events if each[0] != "state"] == passing
