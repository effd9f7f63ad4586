"""A real call is handed over with everything known, and known again when it comes back with its token."""

from __future__ import annotations

from typing import Any

import pytest

from ivr.demo.house import House
from ivr.demo.phone_client import SoftPhone
from ivr.routing.attributes import read_attributes
from ivr.routing.carriers import parse_handoff_headers
from ivr.routing.key_code import key_code
from ivr.routing.schema import packet_faults
from tests.sip.house import Caller, until

pytestmark = [pytest.mark.sip, pytest.mark.models]

CALLER = "+12025550103"
NAMES = ("User-to-User", "X-Ctx-Id", "X-Intent", "X-Level", "X-Lang", "X-Skill")


async def test_the_packet_of_a_call_is_whole_and_finds_the_call_when_it_returns(
    house: House, caller: Caller, agent: SoftPhone
) -> None:
    await caller.dial(CALLER)
    await caller.asked("utter_how_can_i_help")
    await caller.press("0")
    incoming = await agent.incoming()
    carried = parse_handoff_headers([(name, incoming.header(name)) for name in NAMES])
    await agent.answered()
    await caller.event("handoff.answered")
    await agent.press("1")
    await caller.event("handoff.bridged")
    packet: dict[str, Any] = await house.get(f"/api/contexts/{carried.token}")
    assert packet_faults(packet) == ()
    assert packet["id"] == carried.token
    call, customer = packet["call"], packet["customer"]
    assert (call["call_id"], call["ani"], call["lang"]) == (caller.call.call_id, CALLER, carried.language)
    assert call["dnis"] and call["started"] and call["sip_call_id"] and call["bot_s"] >= 0
    assert (customer["id"], customer["level"], customer["name"]) == ("C1003", carried.level, "")  # no name at L1
    assert customer["how"] and customer["vulnerable"] is False and customer["no_offers"] is False
    assert packet["offer"] == {
        **dict.fromkeys(("hint", "why", "script"), ""),
        "arm": "none",
        "allowed": False,
        "blocked_by": "no offer on this call",
    }
    assert packet["skills"]["required"] == carried.skills and packet["skills"]["preferred"] == {"agent": "a1"}
    assert packet["queue"]["arrived"] and packet["expires"] > call["started"]
    assert await house.get(f"/api/contexts/{key_code(carried.token)}") == packet
    flat = await house.get(f"/api/contexts/{carried.token}?as=connect")
    assert read_attributes(flat).token == carried.token
    await caller.phone.hang_up()
    await caller.over()
    again = (("P-Asserted-Identity", f"<sip:{CALLER}@127.0.0.1>"), ("User-to-User", incoming.header("User-to-User")))
    await caller.phone.call(house.sip_uri, headers=again)
    await caller.phone.answered()
    returned: dict[str, Any] = {}

    async def known_again() -> bool:
        (newest,) = (await house.get("/api/calls?limit=1"))["calls"]
        events = (await house.get(f"/api/calls/{newest['call_id']}"))["events"]
        returned.update(*(event["data"] for event in events if event["kind"] == "call.returned"))
        return bool(returned)

    await until("the call is known again", known_again)
    await caller.phone.hang_up()
    assert (returned["token"], returned["call"]) == (carried.token, caller.call.call_id)
