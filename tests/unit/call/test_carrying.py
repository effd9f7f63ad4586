"""Each target gets what passes its way: headers, keys after the answer, or both."""

from __future__ import annotations

import asyncio

from ivr.call.carrying import Carrying
from ivr.model.carry import EVERYDAY, Carrier, Carry
from ivr.model.media import SendDigits
from ivr.routing.carriers import parse_handoff_headers, user_to_user
from ivr.routing.key_code import key_code, read_keys
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
