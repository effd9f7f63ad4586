"""A real call is handed over with everything known, and known again when it comes back with its token."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ivr.demo.house import House
from ivr.demo.phone_client import SoftPhone
from ivr.model.ids import new_id
from ivr.routing.carriers import parse_handoff_headers
from ivr.routing.key_code import key_code
from ivr.routing.schema import packet_faults
from ivr.storage.store import Store
from tests.handoffs import read_attributes
from tests.sip.house import Caller, until

pytestmark = [pytest.mark.sip, pytest.mark.models]

CALLER = "+12025550103"
KEYS_ONLY = "127.0.0.2"  # a trunk with token_keys
PACKET = {
    "v": 1,
    "call": {"call_id": "01KAJ8F3KQZX5T0V9W2R7M4N6P", "lang": "ru", "started": "2026-11-21T10:00:00+00:00"},
    "need": {"intent": "claim_status", "status": "failed"},
}
NAMES = ("User-to-User", "X-Ctx-Id", "X-Intent", "X-Level", "X-Lang", "X-Skill")


def wrong(code: str) -> str:
    """The same with a check digit that is none."""
    return code[:-1] + str((int(code[-1]) + 1) % 10)


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


async def test_a_caller_who_comes_back_with_nothing_but_keys_is_known_by_them_and_a_wrong_code_is_a_call_like_any_other(
    house: House, reserve_ports: Callable[[int], range], tmp_path: Path
) -> None:
    ports, token = reserve_ports(20), new_id()
    code, packet = key_code(token), dict(PACKET, id=token, expires="2099-01-01T00:00:00Z")
    store = await Store.open(f"sqlite:///{house.folder / 'ivr.sqlite3'}")
    try:
        await store.save_context(token, "01KAJ8F3KQZX5T0V9W2R7M4N6P", packet, "2099-01-01T00:00:00Z", code=code)
    finally:
        await store.close()
    async with SoftPhone.start("center", ports[0], ports[2], tmp_path, host=KEYS_ONLY) as phone:
        caller = Caller(house, phone)
        await caller.dial(CALLER)
        await phone.press(f"*{wrong(code)}#")
        await caller.event("call.code_unknown")
        await caller.asked("utter_how_can_i_help")
        assert "call.returned" not in caller.kinds()
        await phone.hang_up()
        await caller.over()
        await caller.dial(CALLER)
        await phone.press(f"*{code}#")
        returned = await caller.event("call.returned")
        assert (returned["data"]["token"], returned["data"]["intent"]) == (token, "claim_status")
        said = [e["data"] for e in caller.call.events if e["kind"] == "turn.said"]
        again = await caller.event("turn.said", fits=lambda e: e["seq"] > returned["seq"])
        assert again["data"]["language"] == "ru", "the language spoken before"
        assert said and said[0]["language"] == "en", "the greeting waited for no keys"
        await caller.event("service.ended", fits=lambda e: e["seq"] > again["seq"])
        await phone.hang_up()
        record = await caller.over()
    assert record["language"] == "ru"
    assert record["level"] == "L1", "who calls is told by the number, as ever"
    assert "turn.keys" not in caller.kinds()
