"""Agents who answer the whisper by voice, on real calls in two languages: a yes counts when it was heard out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from ivr.demo.house import House
from ivr.demo.phone_client import SoftPhone
from ivr.speech import festival_voice
from ivr.speech.catalogue import Catalogue
from ivr.speech.rendering import write_prompt
from tests.sip.house import ROOT, Caller, a_caller, a_phone, agent_state, set_agents, until

pytestmark = [pytest.mark.sip, pytest.mark.models]

RUSSIAN, ENGLISH = "+12025550110", "+12025550103"


@pytest.fixture
async def yes_in_russian(needs: Callable[[str], str], tmp_path: Path) -> AsyncIterator[Path]:
    needs("festival")
    voice = festival_voice.voice(Catalogue(ROOT / "voice_models"), ("ru",))
    assert voice is not None, "festvox-ru"
    path = tmp_path / "da.wav"
    write_prompt(path, await voice.render("Да.", "ru"))
    yield path
    await voice.close()


async def test_yes_takes_the_call_in_russian_once_the_whisper_was_heard_out_and_no_gives_it_back_in_english(
    house: House, caller: Caller, agent: SoftPhone, yes_in_russian: Path, tmp_path: Path
) -> None:
    # Nobody picks up at once, and a voice that speaks beside a test takes its time.
    await agent.answer_calls(after_ms=2500)

    async def takes() -> None:
        await caller.dial(ENGLISH)  # the first call of a house waits for connections to be opened
        await caller.event("service.ended", fits=lambda e: e["data"]["service"] == "recognise")
        await caller.phone.hang_up()
        await caller.over()
        await caller.dial(RUSSIAN)
        await caller.asked("utter_how_can_i_help")
        await caller.press("0")
        await agent.incoming()
        await agent.answered()
        await agent.say(yes_in_russian)  # as people do when they pick up
        whispered = await caller.event("handoff.whispered", 15)
        assert "один" in whispered["data"]["text"]
        assert "handoff.bridged" not in caller.kinds()
        await asyncio.sleep(0.3)
        said_ms = await agent.say(yes_in_russian)
        bridged = await caller.event("handoff.bridged", 6)
        assert bridged["at_ms"] - said_ms <= 3000
        await caller.phone.hang_up()
        await agent.ended(timeout=2)
        record = await caller.over()
        assert (record["outcome"], record["agent"], record["language"]) == ("transferred", "a1", "ru")

    async def gives_back() -> None:
        async def taken() -> bool:
            return await agent_state(house, "a1") in {"reserved", "talking"}

        async with a_caller(house, tmp_path, "second") as other, a_phone(house, "agent2", tmp_path) as second:
            no = await other.wav("No.")
            await until("the other agent is taken", taken, 20)
            await second.answer_calls(after_ms=2500)
            await set_agents(house, a2="ready")
            await other.dial(ENGLISH)
            await other.asked("utter_how_can_i_help")
            await other.press("0")
            await second.incoming()
            await second.answered()
            await other.event("handoff.whispered", 15)
            await asyncio.sleep(0.3)
            await second.say(no)
            failed = await other.event("handoff.attempt_failed", 6)
            assert failed["data"] == {"agent": "a2", "event": "returned", "result": "refused"}
            await second.ended(timeout=2)
            await other.phone.hang_up()
            await other.over()

    await asyncio.gather(takes(), gives_back())
