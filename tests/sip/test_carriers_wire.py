"""What of a context goes over the wire to a target, in a REFER, in an INVITE, as keys; each leads back to it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.call.dispatch import Dispatcher
from ivr.call.handoff import Handoff
from ivr.call.handoff_terms import Packet
from ivr.call.journal import Journal
from ivr.call.moving import Method
from ivr.demo.phone_client import SoftPhone
from ivr.media.headers import parse_message
from ivr.model import media
from ivr.model.carry import Carrier, Carry, ReferUui
from ivr.model.routing import TransferResult
from ivr.routing.carriers import parse_handoff_headers
from ivr.routing.key_code import key_code, read_keys
from ivr.routing.refer_to import read_refer_to
from ivr.storage.store import Store
from tests.handoffs import WISH, plan_of, tools_of
from tests.sip.foreign_phone import ForeignPhone, foreign_phone
from tests.sip.media_control import tone_wav
from tests.sip.office import AGENT_HZ, CALLER_HZ, Office, an_office

pytestmark = pytest.mark.sip
_log = logging.getLogger(__name__)
KEYS = Carry(by=frozenset({Carrier.KEYS}), keys_after_ms=300, keys_as="*{code}#")
CARRIED = ("User-to-User", "X-Ctx-Id", "X-Lang", "X-Intent", "X-Level", "X-Skill")


async def keyed(phone: SoftPhone, count: int) -> str:
    """So many keys as this phone heard them."""
    async with asyncio.timeout(8):
        while True:
            keys = "".join(event.fields["digit"] for event in phone.events if event.name == "digit")
            if len(keys) >= count:
                return keys
            await asyncio.sleep(0.02)


def hand_over(office: Office, store: Store, refer_uui: ReferUui) -> asyncio.Task[TransferResult]:
    """The wish of the foreign phone for a person, where REFER is honoured."""
    plan = plan_of({"best": office.best.uri, "second": office.second.uri}, wrap_up_ms=0)
    office.employ(replace(plan, agents={**plan.agents, "second": replace(plan.agents["second"], carry=KEYS)}))

    async def kept(packet: Packet) -> None:
        code = key_code(packet.token)
        await store.save_context(packet.token, office.leg, packet.context, "2099-01-01T00:00:00Z", code=code)

    whisper = Path(tone_wav(office.folder / "whisper.wav", 600, 300))
    for name in ("best", "second"):
        office.directory.ready(name, now_ms=0)
    tools = tools_of(
        Dispatcher(office.directory),
        office.control.say,
        whisper,
        store_context=kept,
        method=Method.BLIND,
        refer_uui=refer_uui,
    )
    office.entries = []
    office.handoff = Handoff(office.leg, tools, Journal(office.leg, (office.entries.append,)))
    return asyncio.ensure_future(office.handoff.run(WISH))


async def called(office: Office) -> None:
    """The foreign phone's call is the one that is handed over."""
    arrived = next(each for each in office.control.all(media.CallArrived) if "foreign" in each.from_header)
    office.leg = arrived.leg
    await office.control.wait(media.LegAnswered, leg=office.leg)


async def test_the_token_goes_by_uui_x_headers_refer_uri_and_keys_and_each_finds_the_packet_again(
    reserve_ports: Callable[[int], range], tmp_path: Path
) -> None:
    store = await Store.open(f"sqlite:///{tmp_path / 'ivr.sqlite3'}")
    async with (
        an_office(reserve_ports, tmp_path) as office,
        foreign_phone(office.control.uri, reserve_ports(20), CALLER_HZ) as phone,
    ):
        phone.refer = 603
        await called(office)
        running = hand_over(office, store, ReferUui.BOTH)
        refer = parse_message(await phone.seen("<", "REFER"))
        uri, in_uri = read_refer_to(refer.get("Refer-To"))
        beside = tuple((name, refer.get(name)) for name, _ in in_uri)
        assert uri == office.best.uri
        assert in_uri == beside, "what stands in the URI stands on the REFER, too"

        incoming = await office.best.incoming()
        invited = tuple((name, incoming.header(name)) for name in CARRIED if incoming.header(name))
        await office.best.answered()
        await office.noted("handoff.whispered")
        await office.best.press("2")
        keys = await second_gets_keys(office, phone)
        assert await running is TransferResult.ANSWERED

    for what, name, value in (
        ("REFER", "Refer-To", refer.get("Refer-To")),
        *(("REFER", *header) for header in beside),
        *(("INVITE", *header) for header in invited),
        ("RFC 4733", "keys", keys),
    ):
        _log.info("%s over the wire: %s: %s", what, name, value)  # --log-cli-level=info shows it
    try:
        tokens = [parse_handoff_headers(headers).token for headers in (in_uri, beside, invited)]
        by_x = [parse_handoff_headers(headers[1:]).token for headers in (in_uri, invited)]
        assert len({*tokens, *by_x}) == 1, "User-to-User and X-Ctx-Id are the same, wherever they stand"
        first, second = await store.context(tokens[0]), await store.context_by_code(read_keys(keys))
    finally:
        await store.close()
    assert first is not None and first["id"] == tokens[0]
    assert second is not None and second[1]["id"] == second[0] != tokens[0]
    assert [entry.data["agent"] for entry in office.entries if entry.kind == "handoff.referred"] == ["best"]


async def second_gets_keys(office: Office, phone: ForeignPhone) -> str:
    """The second agent gets nothing but keys, before the caller, who hears none of them, and is heard."""
    second = office.second
    incoming = await second.incoming()
    assert not any(incoming.header(name) for name in CARRIED)
    await second.answered()
    keys = await keyed(second, 10)
    await second.press("1")
    await office.noted("handoff.bridged")
    phone.mark()
    await asyncio.sleep(0.2)
    await second.say(tone_wav(office.folder / "agent.wav", AGENT_HZ, 1000))
    await asyncio.sleep(0.2)
    assert 0.5 < phone.heard(AGENT_HZ) < 1.1
    return keys
