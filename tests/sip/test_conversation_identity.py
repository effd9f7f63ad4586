"""Who calls from an unknown number proves it with policy number and date of birth, a change with a code and the PIN
besides. What proved it is nowhere to be found afterwards."""

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

# What a caller keys or says, and how else it may be written down.
SECRETS = {
    "05031979": r"1979-03-05|fifth of march|march (the )?(5|fifth)|nineteen[ -]seventy",
    "21061968": r"1968-06-21|twenty[ -]first of june|june (the )?(21|twenty)|nineteen[ -]sixty",
    "01011911": "1911-01-01",
    "02021912": "1912-02-02",
    "4821": "four,? eight,? two,? one",
}


def _pattern(secret: str) -> re.Pattern[bytes]:
    """The secret as a number of its own (not inside a longer one), its digits apart, or in words."""
    apart = r"[\s,.\-]{1,2}".join(secret)
    return re.compile(rf"(?<!\d)({secret}|{apart})(?!\d)|{SECRETS[secret]}".encode(), re.IGNORECASE)


def _leaks(house: House, secret: str) -> list[str]:
    """Where the secret stands: the service's log, the database and its write-ahead log, as raw bytes."""
    files = [house.log_path, *house.folder.glob("ivr.sqlite3*")]
    assert len(files) >= 2
    found = []
    for path in files:
        raw = path.read_bytes()
        found += [
            f"{path.name}: {raw[max(0, m.start() - 60) : m.end() + 20]!r}" for m in _pattern(secret).finditer(raw)
        ]
    return found


async def _check_unseen(house: House, caller: Caller, secret: str) -> None:
    events = str(caller.call.events).encode()
    assert not _pattern(secret).search(events), events
    # The write-ahead log holds what the pages held before; both must be clean.
    assert await asyncio.to_thread(_leaks, house, secret) == []


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


async def _record(caller: Caller, level: str = "L1") -> tuple[Any, Path]:
    await caller.phone.hang_up()
    record = await caller.over()
    assert record["level"] == level
    return record, Path(record["recording"])


async def test_a_date_of_birth_by_keypad_opens_the_account_and_is_masked_everywhere(
    house: House, caller: Caller
) -> None:
    await caller.dial("+12025559901")
    await caller.asked("utter_how_can_i_help")
    await caller.press("1")
    await caller.asked("utter_need_to_know_you")
    await caller.asked("utter_ask_policy_number")
    await caller.press("33104417")
    asked = await caller.asked("utter_ask_birth_date")
    await caller.press("05031979")
    keys = await caller.event("turn.keys")
    assert keys["data"]["digits"] == MASK
    await _identified(caller, "C1001")
    _record_row, recording = await _record(caller)
    pressed = [e["data"]["key"] for e in caller.call.events if e["kind"] == "turn.key" and e["seq"] > asked["seq"]]
    assert pressed == [MASK] * 8
    await _check_unseen(house, caller, "05031979")
    for side in (0, 1):
        assert _loudest(_between(caller, recording, side, asked["at_ms"] + 250, keys["at_ms"] - 100)) == 0
    assert _loudest(_between(caller, recording, 1, 0, asked["at_ms"])) > 1000


async def test_a_date_of_birth_by_voice_is_understood_and_silenced_in_the_recording(
    house: House, caller: Caller
) -> None:
    await caller.wav("The twenty first of June nineteen sixty eight.")
    await caller.dial("+12025559902")
    await caller.asked("utter_how_can_i_help")
    await caller.press("1")
    await caller.asked("utter_ask_policy_number", finished=True)
    began_ms = await _say_policy(caller)
    await caller.asked("utter_ask_birth_date", finished=True)
    said_ms = await caller.say("The twenty first of June nineteen sixty eight.")
    saying_ms = [e.at_ms for e in caller.phone.events if e.name == "saying"][-1]
    heard = await caller.event("turn.heard")
    assert heard["data"]["text"] == MASK
    await _identified(caller, "C1002")
    _record_row, recording = await _record(caller)
    await _check_unseen(house, caller, "21061968")
    assert _loudest(_between(caller, recording, 0, saying_ms - 100, said_ms + 300)) == 0
    assert _loudest(_between(caller, recording, 0, began_ms, began_ms + 1500)) > 1000  # what is no secret is there


async def test_in_the_middle_of_a_change_a_code_and_the_pin_are_asked_and_the_change_goes_on(
    house: House, caller: Caller
) -> None:
    await caller.dial("+12025550101")  # Anna's own number: two facts are asked, then the telephone and the PIN
    await caller.asked("utter_how_can_i_help")
    await caller.press("4")
    await caller.asked("utter_need_to_know_you")
    await caller.asked("utter_ask_policy_number")
    await caller.press("33104417")
    await caller.asked("utter_ask_birth_date")
    await caller.press("05031979")
    await caller.asked("utter_code_sent")
    await caller.asked("utter_ask_code")
    code = re.findall(r"\b\d{6}\b", (await house.messages())[-1])[-1]
    await _say_code(caller, code)
    await caller.asked("utter_ask_pin", finished=True)
    await caller.press("4821")
    await caller.asked("utter_ask_postcode")
    levels = [e["data"]["level"] for e in caller.call.events if e["kind"] == "identity.level"]
    assert levels[-3:] == ["L2", "L3", "L4"]
    await _record(caller, "L4")
    await _check_unseen(house, caller, "4821")
    assert code not in str(caller.call.events)


async def test_wrong_dates_lead_to_a_human_and_are_as_secret_as_right_ones(house: House, caller: Caller) -> None:
    await caller.dial("+12025559904")
    await caller.asked("utter_how_can_i_help")
    await caller.press("1")
    for born, once_more in (("01011911", ""), ("02021912", "_2")):
        await caller.asked(f"utter_ask_policy_number{once_more}")
        await caller.press("33104441")
        await caller.asked(f"utter_ask_birth_date{once_more}")
        await caller.press(born)
        await caller.event("service.ended")
    await caller.asked("utter_locked")  # two wrong dates are all a call may try
    await caller.asked("utter_offer_callback")
    await caller.phone.hang_up()
    record = await caller.over()
    assert (record["level"], record["customer_id"]) == ("L0", "")
    for born in ("01011911", "02021912"):
        await _check_unseen(house, caller, born)


async def _say_code(caller: Caller, code: str) -> None:
    """Say a code, digit by digit; again where it was misheard, as often as a call may try."""
    words = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    spoken = ", ".join(words[int(digit)] for digit in code) + "."
    await caller.wav(spoken)
    for _ in range(3):
        await caller.event("turn.said", 15, lambda e: e["data"]["name"].startswith("utter_ask_code"))
        await caller.event("turn.prompted", 15)
        await caller.say(spoken)
        ended = await caller.event("service.ended", fits=lambda e: e["data"]["service"] == "check_code")
        if ended["data"]["outcome"] == "ok":
            heard = [e["data"]["text"] for e in caller.call.events if e["kind"] == "turn.heard"]
            assert heard and set(heard) == {MASK}
            return
    raise AssertionError(f"{spoken} was not understood in three tries")


async def _say_policy(caller: Caller) -> int:
    """Say the policy number, which is not read back; when the saying began."""
    await caller.say("Three, three, one, oh, four, four, two, five.")
    return [e.at_ms for e in caller.phone.events if e.name == "saying"][-1]


async def test_a_recording_begun_while_a_proof_is_asked_for_is_silent_too(open_own_house: Any, tmp_path: Path) -> None:
    async with (
        open_own_house({"recording": {"mode": "on_request"}, "identity": {"keep_audio_days": 14}}) as house,
        a_caller(house, tmp_path) as caller,
    ):
        await caller.dial("+12025559903")
        await caller.asked("utter_how_can_i_help")
        await caller.press("1")
        await caller.asked("utter_ask_policy_number")
        await caller.press("33104417")
        await caller.asked("utter_ask_birth_date", finished=True)
        await house.post(f"/api/calls/{caller.call.call_id}/recording", {})
        await caller.event("recording.started")
        said_ms = await caller.say("The fifth of March nineteen seventy nine.")
        saying_ms = [e.at_ms for e in caller.phone.events if e.name == "saying"][-1]
        await _identified(caller, "C1001")
        await asyncio.sleep(1.0)
        _record_row, recording = await _record(caller)
        assert _loudest(_between(caller, recording, 0, saying_ms - 100, said_ms + 300)) == 0
        assert _loudest(channel(recording, 1)) > 1000
        assert "identity.risk" not in caller.kinds()
        await _play_again(caller)


async def _play_again(caller: Caller) -> None:
    """What the call before said comes again, sample by sample: nobody says a sentence twice like that."""
    await caller.dial("+12025559905")
    await caller.asked("utter_how_can_i_help")
    await caller.press("1")
    await caller.asked("utter_ask_policy_number")
    await caller.press("33104417")
    await caller.asked("utter_ask_birth_date", finished=True)
    await caller.say("The fifth of March nineteen seventy nine.")
    risk = await caller.event("identity.risk")
    assert (risk["data"]["signal"], risk["data"]["points"]) == ("repeated_audio", 2)
    await _identified(caller, "C1001")  # one oddity alone takes nothing
    await caller.phone.hang_up()
    await caller.over()
