"""A caller who says nothing, or nothing of use, or leaves: the bot asks again, then finds a polite way out."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import pytest

from ivr.demo.house import House
from ivr.model.ids import monotonic_ms
from tests.sip.house import Caller, longest_quiet_ms

pytestmark = [pytest.mark.sip, pytest.mark.models]

LONGEST_QUIET_MS = 8000


def backwards(wav: Path, to: Path) -> Path:
    """A sentence said backwards: it sounds like speech, and holds no words."""
    with wave.open(str(wav), "rb") as sentence:
        params, pcm = sentence.getparams(), sentence.readframes(sentence.getnframes())
    with wave.open(str(to), "wb") as out:
        out.setparams(params)
        out.writeframes(b"".join(pcm[at : at + 2] for at in range(len(pcm) - 2, -1, -2)))
    return to


async def test_a_caller_who_says_nothing_is_asked_again_offered_a_callback_and_told_goodbye(caller: Caller) -> None:
    await caller.dial("+12025550103")
    await caller.asked("utter_how_can_i_help")
    record = await caller.over(timeout_s=100)
    assert caller.kinds().count("turn.silence") == 5  # three at the menu, two at the offer of a callback
    names = [e["data"]["name"] for e in caller.call.events if e["kind"] == "turn.said"]
    assert names.index("utter_how_can_i_help") < names.index("utter_how_can_i_help_2")
    assert names.index("utter_transfer") < names.index("utter_offer_callback") < names.index("utter_call_later")
    assert names[-1] == "utter_goodbye"
    assert (record["ended_by"], record["outcome"]) == ("bot", "unresolved")
    assert longest_quiet_ms(caller.phone) <= LONGEST_QUIET_MS


async def test_gibberish_three_times_leads_to_a_human_or_a_promised_callback(caller: Caller, tmp_path: Path) -> None:
    nonsense = [
        backwards(await caller.wav(text), tmp_path / f"{at}.wav")
        for at, text in enumerate(
            ("The weather was lovely at the seaside.", "Seven grey elephants danced.", "Lamps never sleep on Tuesdays.")
        )
    ]
    await caller.dial("+12025550102")
    await caller.asked("utter_how_can_i_help")
    for wav in nonsense:
        await caller.phone.first_audio_after(monotonic_ms() - 100)
        await caller.mutter(wav)
        await caller.event("turn.said")
    await caller.asked("utter_offer_callback")
    await caller.press("1")
    record = await caller.over()
    assert (record["ended_by"], record["outcome"]) == ("bot", "callback")
    understood = [e["data"]["intent"] for e in caller.call.events if e["kind"] == "turn.heard"]
    assert not {"claim_status", "new_claim", "payment", "change_address"} & set(understood), understood
    assert longest_quiet_ms(caller.phone) <= LONGEST_QUIET_MS


async def test_a_caller_who_hangs_up_in_mid_prompt_has_abandoned_and_the_record_says_so_within_a_second(
    house: House, caller: Caller
) -> None:
    await caller.dial("+12025550101")
    await caller.asked("utter_how_can_i_help")
    await caller.phone.first_audio_after(0)
    await asyncio.sleep(0.5)
    await caller.phone.hang_up()
    ended = await caller.phone.ended(timeout=3)
    await caller.call.wait_for("call.ended", 1)
    record = await caller.over()
    assert (record["outcome"], record["ended_by"]) == ("abandoned", "caller")
    last = caller.call.events[-1]
    assert last["at_ms"] - ended.at_ms <= 1000
    assert all(e["data"]["interrupted"] for e in caller.call.events if e["kind"] == "turn.prompted")
    assert (await house.health())["live_calls"] == 0
