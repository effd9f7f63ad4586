"""A speech worker dies or hangs in mid-call: keys go on, prompts are spoken all the same, nobody waits."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

from ivr.demo.house import House
from ivr.model.ids import monotonic_ms
from tests.sip.conftest import OpenHouse
from tests.sip.house import a_caller, longest_quiet_ms, never_spoken, promised, up_to_the_claim_number
from tests.sip.processes import kill_worker, replaced, worker_pid

pytestmark = [pytest.mark.sip, pytest.mark.models]

ANNA = "+12025550101"


async def test_who_cannot_be_heard_goes_on_by_keypad_and_is_heard_again_later(
    open_own_house: OpenHouse, tmp_path: Path
) -> None:
    async with open_own_house() as house, a_caller(house, tmp_path) as caller:
        yes = await caller.wav("Yes, it did.")
        await caller.dial(ANNA)
        await caller.asked("utter_how_can_i_help", finished=True)
        killed_at_ms = monotonic_ms()
        killed = await kill_worker(house, "speech-0")
        await caller.asked("utter_no_hearing", timeout_s=3)
        assert await caller.phone.first_audio_after(killed_at_ms, timeout=3) - killed_at_ms <= 2000
        await caller.asked("utter_how_can_i_help_keys")
        await caller.press("1")
        await caller.asked("utter_ask_claim_number_keys")
        await replaced(house, "speech-0", killed)
        await caller.press("204518")
        await caller.asked("utter_solved", finished=True)
        await caller.mutter(yes)
        heard = await caller.event("turn.heard")
        assert "yes" in heard["data"]["text"]
        while "dialog.ended" not in caller.kinds():  # an offer or not: the caller wants no more
            await caller.event("turn.said")
            if "dialog.ended" not in caller.kinds():
                await caller.press("2")
        record = await caller.over()
        assert record["outcome"] == "resolved"
        assert longest_quiet_ms(caller.phone) <= 8000
        assert {"hearing.lost", "hearing.restored"} <= set(caller.kinds())


async def test_a_speech_worker_that_hangs_while_the_caller_speaks_is_replaced_within_seconds(
    open_own_house: OpenHouse, tmp_path: Path
) -> None:
    async with open_own_house() as house, a_caller(house, tmp_path) as caller:
        wav = await caller.wav("I'd like to check the status of my claim.")
        await caller.dial(ANNA)
        await caller.asked("utter_how_can_i_help", finished=True)
        caller.phone.start_saying(wav)
        saying = await caller.phone.wait_for("saying")
        await asyncio.sleep(0.8)
        stopped = await kill_worker(house, "speech-0", signal.SIGSTOP)
        await caller.asked("utter_no_hearing", timeout_s=8)
        assert await caller.phone.first_audio_after(saying.at_ms, timeout=3) - saying.at_ms <= 8000
        await caller.press("0")
        await caller.asked("utter_transfer")
        await replaced(house, "speech-0", stopped)
        await caller.asked("utter_offer_callback_keys")
        await caller.press("2")
        await caller.asked("utter_call_later")
        await caller.over()
        assert "hearing.restored" in caller.kinds()


async def test_a_sentence_whose_worker_dies_is_spoken_by_the_next_one(
    open_own_house: OpenHouse, tmp_path: Path
) -> None:
    async with open_own_house() as house, a_caller(house, tmp_path) as caller:
        await up_to_the_claim_number(caller, ANNA)
        # Stopped first, so that the sentence cannot have been spoken before the worker dies.
        stopped = await kill_worker(house, "speech-0", signal.SIGSTOP)
        await caller.press(never_spoken())
        said = await caller.asked("utter_claim_not_found")
        os.kill(stopped, signal.SIGKILL)
        await caller.phone.first_audio_after(said["at_ms"], timeout=8)  # the sentence: it is the first of its turn
        await caller.phone.hang_up()
        await caller.over()
        assert longest_quiet_ms(caller.phone) <= 8000
        assert "trouble" not in caller.kinds()


async def test_a_call_for_which_no_voice_comes_back_ends_with_an_apology_and_a_promise(
    open_own_house: OpenHouse, tmp_path: Path
) -> None:
    async with open_own_house() as house, a_caller(house, tmp_path) as caller:
        await up_to_the_claim_number(caller, ANNA)
        await kill_worker(house, "speech-0", signal.SIGSTOP)
        killing = asyncio.create_task(_keep_killing(house))
        try:
            await caller.press(never_spoken())
            await caller.asked("utter_claim_not_found")
            await caller.asked("utter_trouble", timeout_s=10)
            record = await caller.over()
        finally:
            killing.cancel()
        assert record["outcome"] == "callback"
        assert record["ended_by"] == "bot"
        assert len(await promised(house, caller)) == 1
        assert longest_quiet_ms(caller.phone) <= 8000
        # Said to the end, not cut by the BYE.
        assert [e["data"]["interrupted"] for e in caller.call.events if e["kind"] == "turn.prompted"][-1] is False


async def _keep_killing(house: House) -> None:
    """No speech worker lives for longer than half a second."""
    while True:
        await asyncio.sleep(0.5)
        with suppress(aiohttp.ClientError, ProcessLookupError):
            pid = await worker_pid(house, "speech-0")
            if pid:
                os.kill(pid, signal.SIGKILL)
