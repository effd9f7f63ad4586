"""Nobody is free: callers wait in our line, hear how it stands, and are served in turn; or are called back."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from ivr.demo.follower import Event
from ivr.demo.house import HOST, DemoError, House
from ivr.demo.phone_client import SoftPhone
from tests.sip.conftest import OpenHouse
from tests.sip.house import ROOT, Caller, a_caller, a_phone, longest_quiet_ms, promised, set_agents

pytestmark = [pytest.mark.sip, pytest.mark.models]

FIRST, SECOND, URGENT = "+12025550103", "+12025550101", "+12025550151"


def _hasty(folder: Path) -> Path:
    """The shipped assistant, which tells its waiting callers more often and offers a call back at once."""
    assistant = folder / "assistant"
    shutil.copytree(ROOT / "dialogs" / "insurance", assistant)
    routing = assistant / "routing.yml"
    text = routing.read_text()
    for old, new in (("words_every_s: 30", "words_every_s: 3"), ("callback_after_s: 180", "callback_after_s: 0")):
        assert old in text
        text = text.replace(old, new, 1)
    routing.write_text(text)
    return assistant


async def _ask(caller: Caller, number: str, to: str = "", *headers: tuple[str, str]) -> None:
    await caller.dial(number, to, headers)
    await caller.asked("utter_how_can_i_help")
    await caller.press("0")


async def _told(caller: Caller, words: str, timeout_s: float = 30) -> str:
    """What the bot said between the music, with these words in it."""
    said = await caller.event(
        "turn.said", timeout_s, lambda e: e["data"]["name"] == "waiting" and words in e["data"]["text"]
    )
    return str(said["data"]["text"])


async def _says_so(caller: Caller, text: str) -> Event:
    """Say it after each announcement until one counts; the bot's next question."""
    words = await caller.wav(text)
    for _ in range(8):
        await caller.phone.say(words)
        try:
            ended = await caller.event("handoff.waiting_ended", 2.5)
        except DemoError:
            continue
        assert ended["data"] == {"by": "caller", "instead": "callback"}
        return await caller.asked("utter_callback_number")
    raise AssertionError("nobody heard it")


async def _taken(caller: Caller, agent: SoftPhone) -> None:
    await agent.incoming()
    await agent.answered()
    await caller.event("handoff.answered")
    await agent.press("1")
    await caller.event("handoff.bridged")


async def _done(house: House, caller: Caller, agent: SoftPhone) -> None:
    """The talk is over, and so is the wrap-up."""
    await caller.phone.hang_up()
    await agent.ended(timeout=5)
    await caller.over()
    await set_agents(house, a1="ready")


async def test_who_waits_hears_how_it_stands_and_is_served_in_turn_or_called_back(
    open_own_house: OpenHouse, tmp_path: Path
) -> None:
    overrides = {"server": {"assistant": str(_hasty(tmp_path))}, "sip": {"workers": 2}}
    async with (
        open_own_house(overrides) as house,
        a_phone(house, "agent1", tmp_path) as agent,
        a_caller(house, tmp_path) as first,
        a_caller(house, tmp_path, "second") as patient,
        a_caller(house, tmp_path, "third") as urgent,
    ):
        await set_agents(house, a1="ready")
        await _ask(first, FIRST)
        await _taken(first, agent)
        await _ask(patient, SECOND)
        said = await _told(patient, "You are next.")
        assert "All my colleagues are busy" in said and "press one" in said and "press two" in said
        assert "you can also say: call me back, or: assistant." in said
        assert "The wait" not in said, "no call has ended yet: nobody can tell"
        full = f"sip:overflow+vip@{HOST}:{house.ports.sip + 1}"
        await _ask(urgent, URGENT, full, ("X-Priority", "5"), ("X-Queue-Age", "60"))
        await _told(urgent, "You are next.")
        assert "There is one caller before you." in await _told(patient, "More urgent calls have come in.")
        await _done(house, first, agent)
        await _taken(urgent, agent)
        assert "handoff.chosen" not in patient.kinds(), "the more urgent call goes first"
        said, _ = await asyncio.gather(_told(patient, "The wait is less than one minute."), _ask(first, FIRST))
        assert "called back" in said, "longer than the operator wants people to wait"
        said = await _told(first, "There is one caller before you.")
        assert "The wait is less than one minute." in said or "The wait is less than two minutes." in said
        asked = await _says_so(first, "call me back")
        assert "oh one oh three" in asked["data"]["text"]
        await first.press("1")
        await first.asked("utter_callback_promised")
        record = await first.over()
        [promise] = await promised(house, first)
        assert (record["outcome"], promise["number"], promise["queue"]) == ("callback", FIRST, "claims")
        assert record["started_at"] < promise["arrived_at"] < promise["promised_at"] < promise["deadline"]

        await _done(house, urgent, agent)
        await _taken(patient, agent)
        await patient.phone.hang_up()
        assert (await patient.over())["agent"] == "a1"
        assert longest_quiet_ms(patient.phone) <= 4000, "music and words, never silence"
