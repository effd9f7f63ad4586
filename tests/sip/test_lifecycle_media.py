"""A media worker dies or hangs with callers on the line: they hear the end, are owed a call, and are asked pardon."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.demo.house import House
from ivr.model.ids import monotonic_ms
from tests.sip.conftest import OpenHouse
from tests.sip.house import Caller, a_caller, check_complete, promised
from tests.sip.processes import kill_worker, replaced

pytestmark = [pytest.mark.sip, pytest.mark.models]

ANNA, MARIA = "+12025550101", "+12025550103"


def _at_worker(house: House, at: int) -> House:
    """The same house, called at the port of another media worker."""
    return replace(house, ports=replace(house.ports, sip=house.ports.sip + at))


async def _lost(house: House, caller: Caller) -> None:
    """The caller's call is closed as lost, with everything a record needs and a promise to call back."""
    await caller.call.closed(3)
    check_complete(caller.call)
    assert caller.call.record["outcome"] == "lost"
    assert caller.call.record["ended_by"] == "failure"
    assert len(await promised(house, caller)) == 1


async def test_callers_of_a_killed_media_worker_hear_the_end_and_are_asked_pardon_when_they_call_again(
    open_own_house: OpenHouse, tmp_path: Path
) -> None:
    async with (
        open_own_house({"sip": {"workers": 2}}) as house,
        a_caller(house, tmp_path) as anna,
        a_caller(_at_worker(house, 1), tmp_path, "second") as maria,
    ):
        await anna.dial(ANNA)
        await maria.dial(MARIA)
        await anna.asked("utter_how_can_i_help")
        killed = await kill_worker(house, "media-0")
        ended = await anna.phone.ended(timeout=5)
        assert ended.fields["by"] == "remote"
        await _lost(house, anna)

        await replaced(house, "media-0", killed)
        await anna.dial(ANNA)
        await anna.asked("utter_cut_off")
        await anna.asked("utter_how_can_i_help")
        said = [event["data"]["name"] for event in anna.call.events if event["kind"] == "turn.said"]
        assert said.index("utter_cut_off") < said.index("utter_how_can_i_help")
        await anna.phone.hang_up()
        await anna.over()

        # The other worker's caller has noticed nothing.
        await maria.press("1")
        await maria.asked("utter_ask_claim_number")
        await maria.phone.hang_up()
        assert (await maria.over())["outcome"] == "abandoned"
        assert "trouble" not in maria.kinds()


async def test_a_media_worker_that_hangs_is_replaced_and_its_callers_are_not_left_in_silence(
    open_own_house: OpenHouse, tmp_path: Path
) -> None:
    async with open_own_house() as house, a_caller(house, tmp_path) as caller:
        await caller.dial(ANNA)
        await caller.asked("utter_how_can_i_help")
        stopped_at_ms = monotonic_ms()
        stopped = await kill_worker(house, "media-0", signal.SIGSTOP)
        ended = await caller.phone.ended(timeout=10)
        assert ended.fields["by"] == "remote"
        assert ended.at_ms - stopped_at_ms <= 8000
        await _lost(house, caller)
        await replaced(house, "media-0", stopped)
        await caller.dial(ANNA)
        await caller.asked("utter_cut_off")
        await caller.phone.hang_up()
        await caller.over()
