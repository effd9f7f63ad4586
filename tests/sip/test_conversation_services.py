"""The customer's systems are slow, too slow, or gone: the caller hears so, and is not left without a way on."""

from __future__ import annotations

import pytest

from ivr.demo.house import House
from tests.sip.house import Caller, longest_quiet_ms, promised

pytestmark = [pytest.mark.sip, pytest.mark.models]

KNOWN, CLAIM = "+12025550102", "317204"


async def _up_to_the_claim_number(caller: Caller) -> None:
    """A known caller, recognised, asks for a claim by key and stands before its number."""
    await caller.dial(KNOWN)
    await caller.asked("utter_how_can_i_help")
    await caller.event("identity.level")
    await caller.press("1")
    await caller.asked("utter_ask_claim_number")


async def test_a_dead_crm_ends_in_an_excuse_and_a_promised_callback(house: House, caller: Caller) -> None:
    await _up_to_the_claim_number(caller)
    await house.faults("down")
    await caller.press(CLAIM)
    await caller.asked("utter_service_down")
    await caller.asked("utter_offer_callback")
    await caller.press("1")
    record = await caller.over()
    assert record["outcome"] == "callback"
    assert "I cannot look up claims at the moment" in caller.texts()
    services = {e["data"]["service"]: e["data"]["outcome"] for e in caller.call.events if e["kind"] == "service.ended"}
    assert services["get_claim"] == "error"
    assert [c["number"] for c in await promised(house, caller)] == [KNOWN]


async def test_a_crm_that_is_dead_from_the_start_leaves_a_polite_call_too(house: House, caller: Caller) -> None:
    await house.faults("down")
    await caller.dial("+12025550101")
    await caller.asked("utter_how_can_i_help")
    await caller.press("1")
    await caller.asked("utter_ask_policy_number")
    await caller.press("33104417")
    await caller.asked("utter_ask_birth_date")
    await caller.press("12051968")
    await caller.asked("utter_cannot_identify")
    await caller.asked("utter_offer_callback")
    await caller.press("2")
    record = await caller.over()
    assert (record["outcome"], record["level"]) == ("unresolved", "L0")
    assert record["ended_by"] == "bot"


async def test_a_slow_crm_is_bridged_with_a_word_and_then_answers(house: House, caller: Caller) -> None:
    await _up_to_the_claim_number(caller)
    await house.faults("slow", 3000)
    await caller.press(CLAIM)
    hold = await caller.asked("utter_one_moment")
    answer = await caller.asked("utter_claim_in_review")
    assert answer["at_ms"] - hold["at_ms"] >= 500
    await caller.asked("utter_solved", finished=True)
    await caller.phone.hang_up()
    record = await caller.over()
    assert record["outcome"] == "informed"  # answered, and gone without a word about it
    assert [request["result"] for request in record["requests"]] == ["informed"]
    assert longest_quiet_ms(caller.phone) <= 8000


async def test_a_crm_that_does_not_answer_in_time_is_given_up_politely(house: House, caller: Caller) -> None:
    await _up_to_the_claim_number(caller)
    await house.faults("slow", 20_000)
    pressed_ms = await caller.press(CLAIM)
    await caller.asked("utter_one_moment")
    excuse = await caller.asked("utter_service_down")
    assert excuse["at_ms"] - pressed_ms <= 13_000
    await caller.asked("utter_offer_callback")
    await caller.press("2")
    record = await caller.over()
    assert (record["outcome"], record["ended_by"]) == ("unresolved", "bot")
    assert longest_quiet_ms(caller.phone) <= 8000


async def test_a_caller_who_leaves_while_the_crm_is_asked_is_gone_at_once(house: House, caller: Caller) -> None:
    await _up_to_the_claim_number(caller)
    await house.faults("slow", 3000)
    await caller.press(CLAIM)
    await caller.event("service.called")
    await caller.phone.hang_up()
    gone = await caller.phone.ended()
    await caller.call.wait_for("call.ended", 2)
    record = await caller.over()
    assert (record["outcome"], record["ended_by"]) == ("abandoned", "caller")
    assert caller.call.events[-1]["at_ms"] - gone.at_ms <= 1000
