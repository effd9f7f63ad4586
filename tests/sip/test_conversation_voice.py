"""The process of the voice dies in mid-call: prompts are spoken all the same."""

from __future__ import annotations

import os
import signal

import pytest

from ivr.demo.house import House
from tests.sip.house import Caller, longest_quiet_ms, never_spoken, up_to_the_claim_number
from tests.sip.processes import all_gone, family, worker_pid

pytestmark = [pytest.mark.sip, pytest.mark.models]

ANNA = "+12025550101"


async def test_prompts_are_spoken_after_the_voice_process_was_killed(house: House, caller: Caller) -> None:
    await up_to_the_claim_number(caller, ANNA)
    voices = family(await worker_pid(house, "speech-0"))[1:]
    assert voices, "no voice is running"
    for pid in voices:
        os.kill(pid, signal.SIGKILL)
    await all_gone(voices, 2)
    pressed_at_ms = await caller.press(never_spoken())
    said = await caller.asked("utter_claim_not_found")
    await caller.event("turn.prompted", 15, lambda e: e["seq"] > said["seq"])
    assert await caller.phone.first_audio_after(pressed_at_ms) > pressed_at_ms
    await caller.phone.hang_up()
    await caller.over()
    assert longest_quiet_ms(caller.phone) <= 8000
    assert "trouble" not in caller.kinds()
