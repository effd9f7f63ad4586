"""A customer known by number is greeted in the language the CRM says they prefer, when the assistant speaks it."""

from __future__ import annotations

import pytest

from ivr.demo.house import House
from tests.sip.house import Caller

pytestmark = [pytest.mark.sip, pytest.mark.models]


async def test_a_customer_who_prefers_russian_is_greeted_in_russian(house: House, caller: Caller) -> None:
    await caller.dial("+12025550102")  # the first call of a house waits for connections to be opened
    await caller.event("service.ended", fits=lambda e: e["data"]["service"] == "recognise")
    await caller.phone.hang_up()
    await caller.over()
    await caller.dial("+12025550110")
    greeting = await caller.asked("utter_greet")
    question = await caller.asked("utter_how_can_i_help")
    assert "помощник" in greeting["data"]["text"] and "помочь" in question["data"]["text"]
    switched = await caller.event("dialog.language")
    assert switched["data"]["language"] == "ru" and switched["seq"] < greeting["seq"]
    await caller.phone.hang_up()
    await caller.over()
