"""An agent passes a call on: the caller stays with the agent until somebody else has it, and tells nothing twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ivr.demo.house import House
from ivr.demo.phone_client import SoftPhone
from ivr.demo.proof import HEARD, NOT_HEARD, likeness
from tests.sip.house import Caller, a_phone, agent_state, set_agents, until

pytestmark = [pytest.mark.sip, pytest.mark.models]

CALLER = "+12025550103"


async def _taken(caller: Caller, agent: SoftPhone) -> None:
    await caller.dial(CALLER)
    await caller.asked("utter_how_can_i_help")
    await caller.press("0")
    await agent.incoming()
    await agent.answered()
    await caller.event("handoff.answered")
    await agent.press("1")
    await caller.event("handoff.bridged")


async def _act(house: House, caller: Caller, agent_id: str, **wish: str) -> None:
    await house.post(f"/api/calls/{caller.call.call_id}/act", {"agent_id": agent_id, **wish})


async def test_a_call_is_passed_on_with_everything_known_and_kept_when_nobody_takes_it(
    house: House, caller: Caller, agent: SoftPhone, tmp_path: Path
) -> None:
    async with a_phone(house, "agent2", tmp_path) as second:
        words = await caller.wav("I have your papers in front of me.")
        await _taken(caller, agent)
        await set_agents(house, a2="ready")
        await _act(house, caller, "a1", do="pass_on", target="agent:a2", why="tariff two")
        await second.incoming()
        await _act(house, caller, "a2", do="return")
        kept = await caller.event("handoff.kept")
        assert (kept["data"]["agent"], kept["data"]["result"]) == ("a1", "refused")
        assert await agent_state(house, "a1") == "talking"
        await second.ended(timeout=5)
        await _act(house, caller, "a1", do="pass_on", target="agent:a2", why="tariff two")
        await second.incoming()
        await second.answered()
        await caller.event("handoff.answered", fits=lambda e: e["seq"] > kept["seq"])
        await _act(house, caller, "a2", do="take")
        passed = await caller.event("handoff.passed_on")
        assert (passed["data"]["by"], passed["data"]["agent"]) == ("a1", "a2")
        await agent.ended(timeout=5)
        assert (await agent_state(house, "a1"), await agent_state(house, "a2")) == ("wrap_up", "talking")
        await second.say(words)
        await asyncio.sleep(0.5)
        popped = [e["data"] for e in caller.call.events if e["kind"] == "handoff.popped"]
        assert [pop["agent"] for pop in popped] == ["a1", "a2", "a2"]
        told = await house.get(f"/api/contexts/{popped[-1]['token']}")
        assert told["queue"]["reason"] == "passed on by Elena: tariff two"
        assert told["call"]["ani"] == CALLER
        await caller.phone.hang_up()
        record = await caller.over()
        await second.ended(timeout=5)
    assert (record["outcome"], record["agent"]) == ("transferred", "a2")
    assert await asyncio.to_thread(likeness, words, Path(caller.phone.heard_wav)) > HEARD
    assert await asyncio.to_thread(likeness, words, Path(agent.heard_wav)) < NOT_HEARD


async def test_an_agent_who_hangs_up_while_passing_on_leaves_nobody_alone(
    house: House, caller: Caller, agent: SoftPhone, tmp_path: Path
) -> None:
    async with a_phone(house, "agent2", tmp_path) as second:
        await _taken(caller, agent)
        await set_agents(house, a2="ready")
        await _act(house, caller, "a1", do="pass_on", queue="service")
        await second.incoming()
        await agent.hang_up()

        async def wraps_up() -> bool:
            return await agent_state(house, "a1") == "wrap_up"

        await until("the first agent wraps up", wraps_up)
        await second.answered()
        await caller.event("handoff.answered", fits=lambda e: e["data"]["agent"] == "a2")
        await second.press("1")
        await caller.event("handoff.passed_on")
        await second.hang_up()
        record = await caller.over()
    assert (record["outcome"], record["agent"], record["ended_by"]) == ("transferred", "a2", "bot")
