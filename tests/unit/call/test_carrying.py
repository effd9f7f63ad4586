"""Each target gets what passes its way: headers, keys after the answer, or both."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from ivr.call.carrying import Carrying
from ivr.call.dispatch import Dispatcher
from ivr.call.handoff_terms import Packet
from ivr.call.journal import Journal
from ivr.call.moving import Method
from ivr.call.referring import Referring
from ivr.model.carry import EVERYDAY, Carrier, Carry, ReferUui
from ivr.model.media import Refer, SendDigits
from ivr.routing.agents import AgentDirectory
from ivr.routing.carriers import carried_headers, parse_handoff_headers, user_to_user
from ivr.routing.key_code import key_code, read_keys
from ivr.routing.refer_to import read_refer_to
from tests.handoffs import plan_of, tools_of
from tests.unit.call.virtual_time import VirtualLoop

TOKEN = "01KAJ8F3KQZX5T0V9W2R7M4N6P"
PACKET = {
    "need": {"intent": "claim_status"},
    "customer": {"level": "L1"},
    "call": {"lang": "en"},
    "skills": {"required": {"claims": 2}},
}


def names(carry: Carry) -> list[str]:
    return [name for name, _ in Carrying(carry, "L", lambda _: None).headers(TOKEN, PACKET)]


def test_a_target_gets_the_headers_it_can_read() -> None:
    words = ["X-Ctx-Id", "X-Intent", "X-Level", "X-Lang", "X-Skill"]
    assert names(EVERYDAY) == ["User-to-User", *words]
    assert names(Carry(by=frozenset({Carrier.X_HEADERS}))) == words
    assert names(Carry(by=frozenset({Carrier.KEYS}))) == []
    isdn = Carrying(Carry(by=frozenset({Carrier.UUI}), isdn=True), "L", lambda _: None).headers(TOKEN, PACKET)
    assert isdn == (("User-to-User", user_to_user(TOKEN, isdn=True)),)
    assert parse_handoff_headers(isdn).token == TOKEN


def test_keys_are_sent_when_the_far_end_is_ready_to_hear_them_and_only_where_asked() -> None:
    loop, sent = VirtualLoop(), []

    async def answer(carry: Carry) -> None:
        Carrying(carry, "L", lambda message: sent.append((loop.time(), message))).answered(TOKEN)
        await asyncio.sleep(5)

    began = loop.time()
    loop.run_until_complete(answer(EVERYDAY))
    assert sent == []
    loop.run_until_complete(answer(Carry(by=frozenset({Carrier.KEYS}), keys_after_ms=1500)))
    loop.close()
    ((at, message),) = sent
    assert isinstance(message, SendDigits) and message.leg == "L"
    assert read_keys(message.digits) == key_code(TOKEN) and message.digits.endswith("#")
    assert 6.4 < at - began < 6.6


@pytest.mark.parametrize("carry", [EVERYDAY, Carry(by=frozenset({Carrier.X_HEADERS}))])
@pytest.mark.parametrize("where", list(ReferUui))
def test_a_refer_carries_what_the_target_reads_where_the_callers_phone_passes_it_on(
    carry: Carry, where: ReferUui
) -> None:
    sent: list[object] = []
    agent = replace(plan_of({"a1": "sip:a1@pbx"}).agents["a1"], carry=carry)
    tools = tools_of(Dispatcher(AgentDirectory(plan_of({}))), sent.append, refer_uui=where)

    async def refer() -> None:
        referring = Referring("L", agent, tools, Journal("L", ()), lambda _event, _code: None)
        referring.blind(Packet(token=TOKEN, context=PACKET, whisper=""), 1000)
        referring.stop()

    asyncio.run(refer())
    (message,) = sent
    assert isinstance(message, Refer)
    uri, in_uri = read_refer_to(message.refer_to)
    carried = carried_headers(carry, TOKEN, PACKET)
    assert uri == "sip:a1@pbx"
    assert in_uri == (carried if where is not ReferUui.HEADER else ())
    assert message.headers == (carried if where is not ReferUui.URI else ())


def test_whoever_gets_keys_is_called_by_us_whatever_the_trunk_honours() -> None:
    keys = Carrying(Carry(by=frozenset({Carrier.KEYS, Carrier.UUI})), "L", lambda _: None)
    assert [keys.method(method) for method in Method] == [Method.BRIDGE] * 3
    assert [Carrying(EVERYDAY, "L", lambda _: None).method(method) for method in Method] == list(Method)
