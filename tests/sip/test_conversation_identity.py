"""Who calls from an unknown number proves it with policy number and PIN. The PIN is nowhere to be found afterwards."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from ivr.demo.house import House
from ivr.log import MASK
from tests.sip.house import Caller, a_caller
from tests.sip.media_control import channel

pytestmark = [pytest.mark.sip, pytest.mark.models]

PIN_WORDS = {
    "4821": "four,? eight,? two,? one",
    "7306": "seven,? three,? (zero|oh),? six",
    "5913": "five,? nine,? one,? three",
    "6174": "six,? one,? seven,? four",
}


def _pattern(pin: str) -> re.Pattern[bytes]:
    """The PIN as a number of its own (not inside a longer one), its digits apart, or in words."""
    apart = r"[\s,.\-]{1,2}".join(pin)
    return re.compile(rf"(?<!\d)({pin}|{apart})(?!\d)|{PIN_WORDS[pin]}".encode(), re.IGNORECASE)


def _leaks(house: House, pin: str) -> list[str]:
    """Where the PIN stands: the service's log, the database and its write-ahead log, as raw bytes."""
    files = [house.log_path, *house.folder.glob("ivr.sqlite3*")]
    assert len(files) >= 2
    found = []
    for path in files:
        raw = path.read_bytes()
        found += [f"{path.name}: {raw[max(0, m.start() - 60) : m.end() + 20]!r}" for m in _pattern(pin).finditer(raw)]
    return found


async def _check_unseen(house: House, caller: Caller, pin: str) -> None:
    events = str(caller.call.events).encode()
    assert not _pattern(pin).search(events), events
    # The write-ahead log holds what the pages held before; both must be clean.
    assert await asyncio.to_thread(_leaks, house, pin) == []


def _between(caller: Caller, recording: Path, which: int, from_ms: int, to_ms: int) -> list[int]:
    """One side of the recording (0 caller, 1 bot) between two moments."""
    began_ms = next(e["at_ms"] for e in caller.call.events if e["kind"] == "recording.started")
    return channel(recording, which)[max(0, from_ms - began_ms) * 8 : (to_ms - began_ms) * 8]


def _loudest(samples: list[int]) -> int:
    assert samples, "this stretch is not in the recording"
    return max(map(abs, samples))


async def _identified(caller: Caller, customer: str) -> None:
    level = await caller.event("identity.level")
    assert level["data"]["customer_id"] == customer
    await caller.asked("utter_ask_claim_number")


async def _record(caller: Caller) -> tuple[Any, Path]:
    await caller.phone.hang_up()
    record = await caller.over()
    assert record["level"] == "L2"
    return record, Path(record["recording"])


async def test_a_pin_by_keypad_opens_the_account_and_is_masked_everywhere(house: House, caller: Caller) -> None:
    await caller.dial("+12025559901")
    await caller.asked("utter_how_can_i_help")
    await caller.press("1")
    await caller.asked("utter_need_to_know_you")
    await caller.asked("utter_ask_policy_number")
    await caller.press("33104417")
    asked = await caller.asked("utter_ask_pin")
    await caller.press("4821")
    keys = await caller.event("turn.keys")
    assert keys["data"]["digits"] == MASK
    await _identified(caller, "C1001")
    _record_row, recording = await _record(caller)
    pressed = [e["data"]["key"] for e in caller.call.events if e["kind"] == "turn.key" and e["seq"] > asked["seq"]]
    assert pressed == [MASK] * 4
    await _check_unseen(house, caller, "4821")
    for side in (0, 1):
        assert _loudest(_between(caller, recording, side, asked["at_ms"] + 250, keys["at_ms"] - 100)) == 0
    assert _loudest(_between(caller, recording, 1, 0, asked["at_ms"])) > 1000


async def test_a_pin_by_voice_is_understood_and_silenced_in_the_recording(house: House, caller: Caller) -> None:
    await caller.wav("Seven, three, oh, six.")
    await caller.dial("+12025559902")
    await caller.asked("utter_how_can_i_help")
    await caller.press("1")
    await caller.asked("utter_ask_policy_number", finished=True)
    began_ms = await _say_policy(caller)
    await caller.asked("utter_ask_pin", finished=True)
    said_ms = await caller.say("Seven, three, oh, six.")
    saying_ms = [e.at_ms for e in caller.phone.events if e.name == "saying"][-1]
    heard = await caller.event("turn.heard")
    assert heard["data"]["text"] == MASK
    await _identified(caller, "C1002")
    _record_row, recording = await _record(caller)
    await _check_unseen(house, caller, "7306")
    assert _loudest(_between(caller, recording, 0, saying_ms - 100, said_ms + 300)) == 0
    assert _loudest(_between(caller, recording, 0, began_ms, began_ms + 1500)) > 1000  # what is no secret is there


async def test_wrong_pins_lead_to_a_human_and_are_as_secret_as_right_ones(house: House, caller: Caller) -> None:
    await caller.dial("+12025559904")
    await caller.asked("utter_how_can_i_help")
    await caller.press("1")
    for pin in ("5913", "6174"):
        await caller.asked("utter_ask_policy_number")
        await caller.press("33104417")
        await caller.asked("utter_ask_pin")
        await caller.press(pin)
        await caller.event("service.ended")
    await caller.asked("utter_cannot_identify")
    await caller.asked("utter_offer_callback")
    await caller.phone.hang_up()
    record = await caller.over()
    assert (record["level"], record["customer_id"]) == ("L0", "")
    for pin in ("5913", "6174"):
        await _check_unseen(house, caller, pin)


async def _say_policy(caller: Caller) -> int:
    """Say the policy number and confirm it if it is read back; when the saying began."""
    await caller.say("Three, three, one, oh, four, four, two, five.")
    began_ms = [e.at_ms for e in caller.phone.events if e.name == "saying"][-1]
    said = await caller.event("turn.said")
    if said["data"]["name"] == "utter_confirm_policy_number":
        assert "3 3 1 0 4 4 2 5" in said["data"]["text"] or "33104425" in said["data"]["text"].replace(" ", "")
        await caller.press("1")
    return began_ms


async def test_a_recording_begun_while_the_pin_is_asked_for_is_silent_too(open_own_house: Any, tmp_path: Path) -> None:
    async with (
        open_own_house({"recording": {"mode": "on_request"}}) as house,
        a_caller(house, tmp_path) as caller,
    ):
        await caller.dial("+12025559903")
        await caller.asked("utter_how_can_i_help")
        await caller.press("1")
        await caller.asked("utter_ask_policy_number")
        await caller.press("33104417")
        await caller.asked("utter_ask_pin", finished=True)
        await house.post(f"/api/calls/{caller.call.call_id}/recording", {})
        await caller.event("recording.started")
        said_ms = await caller.say("Four, eight, two, one.")
        saying_ms = [e.at_ms for e in caller.phone.events if e.name == "saying"][-1]
        await _identified(caller, "C1001")
        await asyncio.sleep(1.0)
        _record_row, recording = await _record(caller)
        assert _loudest(_between(caller, recording, 0, saying_ms - 100, said_ms + 300)) == 0
        assert _loudest(channel(recording, 1)) > 1000
