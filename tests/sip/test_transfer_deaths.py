"""What dies or stalls on our side in the middle of a transfer: callers go on within two seconds or are promised a call,
agents are free again, and who talks goes on talking."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.demo.agent_page import AgentPage
from ivr.demo.house import House
from ivr.demo.phone_client import SoftPhone
from tests.sip.conftest import OpenHouse
from tests.sip.house import ROOT, Caller, a_caller, a_phone, agent_state, check_complete, promised, set_agents, until
from tests.sip.media_control import channel, seconds_of, tone_wav
from tests.sip.odd_phones import is_closed, odd_phones, rings_on
from tests.sip.processes import kill_worker, replaced

pytestmark = [pytest.mark.sip, pytest.mark.models]

ANNA, MARIA, OLEG = "+12025550101", "+12025550103", "+12025550102"
CALLER_HZ, AGENT_HZ = 1000, 1400


async def test_who_is_being_transferred_when_something_dies_goes_on_or_is_promised_a_call(
    open_own_house: OpenHouse, tmp_path: Path
) -> None:
    async with odd_phones([rings_on, is_closed, is_closed]) as phones:
        assistant = _assistant(tmp_path, *(phone.uri for phone in phones))
        overrides = {"sip": {"workers": 2}, "server": {"assistant": str(assistant)}}
        async with (
            open_own_house(overrides) as house,
            a_caller(house, tmp_path) as anna,
            a_caller(_at_worker(house, 1), tmp_path, "second") as maria,
            a_caller(_at_worker(house, 1), tmp_path, "third") as oleg,
            a_phone(house, "agent1", tmp_path) as agent,
        ):
            await _a_media_worker_dies_while_it_rings(house, maria, agent)
            await _a_media_worker_dies(house, maria, agent)
            await asyncio.gather(
                _a_speech_worker_dies(house, anna, agent, tmp_path), _queues_do_not_take_it(house, oleg)
            )
            await _the_store_stalls(house, anna)


async def _a_media_worker_dies_while_it_rings(house: House, caller: Caller, agent: SoftPhone) -> None:
    """The agent's page says that the call is gone, the agent is free, and the phone is told to be silent."""
    async with AgentPage.open(house, "a1") as page:
        await set_agents(house, a1="ready")
        await agent.ignore_calls()
        await caller.dial(MARIA)
        await caller.asked("utter_how_can_i_help")
        await caller.press("0")
        await asyncio.gather(agent.incoming(), caller.event("handoff.ringing"), page.shown(5))
        killed = await kill_worker(house, "media-1")
        assert await page.ended(2) == caller.call.call_id
        assert await agent_state(house, "a1") == "available"
        await asyncio.gather(caller.phone.ended(timeout=5), agent.ended(timeout=5))
        await replaced(house, "media-1", killed)
    await caller.call.read()
    lost = next(event for event in caller.call.events if event["kind"] == "handoff.lost")
    assert (caller.call.record["outcome"], lost["data"]) == ("lost", {"agent": "a1", "state": "ringing"})
    await agent.answer_calls()


async def _a_media_worker_dies(house: House, caller: Caller, agent: SoftPhone) -> None:
    """Its caller and the agent on the phone are told goodbye; the call is closed, the caller promised a call, the agent
    free."""
    await set_agents(house, a1="ready")
    await _whispered_to(caller, MARIA, agent)
    await kill_worker(house, "media-1")
    await caller.call.wait_for("call.ended", 2)
    assert await agent_state(house, "a1") == "available"
    await asyncio.gather(caller.phone.ended(timeout=5), agent.ended(timeout=5))
    await caller.call.closed(2)
    check_complete(caller.call)
    assert (caller.call.record["outcome"], caller.call.record["agent"]) == ("lost", "")
    assert [each["number"] for each in await promised(house, caller)] == [MARIA]
    lost = next(event for event in caller.call.events if event["kind"] == "handoff.lost")
    assert lost["data"]["agent"] == "a1"


async def _a_speech_worker_dies(house: House, caller: Caller, agent: SoftPhone, folder: Path) -> None:
    """Nobody notices: the agent takes the call by key, and they hear each other, also after the agent tried to pass the
    call on to a queue that hangs up at once."""
    await _whispered_to(caller, ANNA, agent)
    killed = await kill_worker(house, "speech-0")
    await agent.press("1")
    await caller.event("handoff.bridged", 2)
    voices = [tone_wav(folder / f"{hz}.wav", hz, 900) for hz in (CALLER_HZ, AGENT_HZ)]
    await asyncio.gather(caller.phone.say(voices[0]), agent.say(voices[1]))
    await caller.phone.press("5")
    assert (await agent.wait_for("digit", 2)).fields["digit"] == "5", "keys go where the voice goes"
    await house.post(f"/api/calls/{caller.call.call_id}/act", {"agent_id": "a1", "do": "pass_on", "queue": "service"})
    kept = await caller.event("handoff.kept", 5)
    assert (kept["data"], "handoff.joined" in caller.kinds()) == ({"agent": "a1", "result": "refused"}, True)
    assert await agent_state(house, "a1") == "talking"
    await asyncio.gather(caller.phone.say(voices[0]), agent.say(voices[1]))
    await replaced(house, "speech-0", killed)
    await caller.phone.hang_up()
    record = await caller.over()
    assert (record["outcome"], record["agent"]) == ("transferred", "a1")
    assert seconds_of(channel(agent.heard_wav), CALLER_HZ) > 1.2
    assert seconds_of(channel(caller.phone.heard_wav), AGENT_HZ) > 1.2
    await agent.ended(timeout=2)
    assert await agent_state(house, "a1") == "wrap_up"


async def _queues_do_not_take_it(house: House, caller: Caller) -> None:
    """The only agent talks, a contact center's queue hangs up at once, which the caller is told, another rings on: the
    caller waits for the agent, would rather not, and is promised a callback."""
    await caller.dial(OLEG)
    await caller.asked("utter_how_can_i_help")

    async def taken() -> bool:
        return await agent_state(house, "a1") in {"reserved", "talking"}

    await until("the agent is taken", taken, 10)
    await caller.press("0")
    turned = await caller.event("handoff.attempt_failed")
    assert turned["data"] == {"agent": "closed", "event": "turned_away", "result": "refused"}
    told = await caller.event("turn.said", fits=lambda e: e["data"]["name"] == "waiting" and e["seq"] > turned["seq"])
    assert "You are still connected" in told["data"]["text"] and told["at_ms"] - turned["at_ms"] <= 500
    assert not (await caller.event("turn.prompted", fits=lambda e: e["seq"] > told["seq"]))["data"]["interrupted"]
    failed = await caller.event("handoff.attempt_failed", fits=lambda e: e["seq"] > turned["seq"])
    assert failed["data"] == {"agent": "overflow", "event": "agent_gone", "result": "no_answer"}
    await caller.event("handoff.waiting")
    await caller.event("handoff.told")
    await caller.press("1")
    ended = await caller.event("handoff.ended", 2)
    assert ended["data"]["result"] == "callback"
    assert [e["data"]["agent"] for e in caller.call.events if e["kind"] == "handoff.chosen"] == ["closed", "overflow"]
    asked = await caller.asked("utter_callback_number")
    assert asked["at_ms"] - ended["at_ms"] <= 2000
    await caller.press("1")
    assert (await caller.over())["outcome"] == "callback"
    assert len(await promised(house, caller)) == 1


async def _the_store_stalls(house: House, caller: Caller) -> None:
    """Before anything rings: no agent is kept for it, and two seconds later the dialog has the caller again."""
    await set_agents(house, a1="ready")
    await caller.dial(ANNA)
    await caller.asked("utter_how_can_i_help", finished=True)
    async with _locked(house):
        await caller.phone.press("0")
        await asyncio.sleep(2.5)
        assert await agent_state(house, "a1") == "available"
    requested = await caller.event("handoff.requested")
    ended = await caller.event("handoff.ended")
    assert (ended["data"]["result"], ended["at_ms"] - requested["at_ms"] <= 2000) == ("failed", True)
    asked = await caller.asked("utter_offer_callback")
    assert asked["at_ms"] - ended["at_ms"] <= 500
    assert "handoff.dialed" not in caller.kinds()
    await caller.phone.hang_up()
    await caller.over()


async def _whispered_to(caller: Caller, number: str, agent: SoftPhone) -> None:
    await caller.dial(number)
    await caller.asked("utter_how_can_i_help")
    await caller.press("0")
    await agent.incoming()
    await agent.answered()
    await caller.event("handoff.answered")
    await agent.first_audio_after(0)


def _assistant(folder: Path, rings: str, closed: str, shut: str) -> Path:
    """Insurance, with one agent and queues of a contact center behind: for claims one that rings and a closed one,
    which is better; for service one that is closed, too."""
    shutil.copytree(ROOT / "dialogs" / "insurance", folder / "assistant")
    routing = folder / "assistant" / "routing.yml"
    queues = (("overflow", rings, 3, "claims"), ("closed", closed, 5, "claims"), ("shut", shut, 5, "service"))
    acd = "".join(
        f'  {name}: {{sip: "{uri}", skills: {{claims: {skill}, "lang:en": 1}}, queues: [{queue}], ring_s: 5}}\n'
        for name, uri, skill, queue in queues
    )
    routing.write_text(f"{routing.read_text(encoding='utf-8')}acd:\n{acd}", encoding="utf-8")
    return folder / "assistant"


def _at_worker(house: House, at: int) -> House:
    """The same house, called at the port of another media worker."""
    return replace(house, ports=replace(house.ports, sip=house.ports.sip + at))


@asynccontextmanager
async def _locked(house: House) -> AsyncIterator[None]:
    """Somebody else writes to the database, and takes long."""
    connection = sqlite3.connect(house.folder / "ivr.sqlite3", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()
