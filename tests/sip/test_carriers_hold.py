"""Hold while a call is handed over, in every way telephones do it: nobody is dropped, all hear each other after it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ivr.call.moving import Method
from ivr.demo.phone_client import SoftPhone
from ivr.model import media
from ivr.model.routing import TransferResult
from tests.sip.foreign_phone import ForeignPhone, foreign_phone
from tests.sip.media_control import channel, seconds_of, tone_wav
from tests.sip.office import AGENT_HZ, CALLER_HZ, MUSIC_HZ, Office, Ports, an_office

pytestmark = pytest.mark.sip

Called = tuple[Office, ForeignPhone]


@pytest.fixture
async def called(reserve_ports: Ports, tmp_path: Path) -> AsyncIterator[Called]:
    """An office whose caller is a foreign phone: its call is the one that is handed over."""
    async with (
        an_office(reserve_ports, tmp_path) as office,
        foreign_phone(office.control.uri, reserve_ports(20), CALLER_HZ) as phone,
    ):
        arrived = next(each for each in office.control.all(media.CallArrived) if "foreign" in each.from_header)
        office.leg = arrived.leg
        await office.control.wait(media.LegAnswered, leg=office.leg)
        yield office, phone


async def held(office: Office, phone: ForeignPhone, how: str) -> str:
    """The caller's phone holds; what the bot answers, and how much music it sends meanwhile."""
    before = len(office.control.all(media.LegHeld))
    direction = await phone.hold(how)
    told = (await office.control.wait(media.LegHeld, before + 1)).held
    await asyncio.sleep(0.1)
    phone.mark()
    await asyncio.sleep(0.3)
    assert (told, phone.heard(MUSIC_HZ)) == (True, 0), how
    return direction


async def taken_back(office: Office, phone: ForeignPhone) -> None:
    """And takes the call back."""
    before = len(office.control.all(media.LegHeld))
    assert await phone.hold("back") == "sendrecv"
    assert not (await office.control.wait(media.LegHeld, before + 1)).held
    await asyncio.sleep(0.1)
    phone.mark()


async def hear_each_other(office: Office, phone: ForeignPhone, agent: SoftPhone) -> None:
    """The agent says something; the caller's tone never ends."""
    before = seconds_of(channel(agent.heard_wav), CALLER_HZ)
    phone.mark()
    await asyncio.sleep(0.2)
    await agent.say(tone_wav(office.folder / "agent.wav", AGENT_HZ, 1000))
    await asyncio.sleep(0.25)
    assert 0.5 < phone.heard(AGENT_HZ) < 1.1
    assert seconds_of(channel(agent.heard_wav), CALLER_HZ) - before > 0.5


async def test_a_caller_may_hold_at_any_moment_of_a_transfer_and_is_dropped_at_none(called: Called) -> None:
    office, phone = called
    await office.best.ignore_calls()
    office.music()
    running = office.begin(ring_ms=1500)
    await office.best.incoming()
    assert await held(office, phone, "sendonly") == "recvonly"  # while the first agent's phone rings
    await taken_back(office, phone)
    await asyncio.sleep(0.3)
    assert phone.heard(MUSIC_HZ) > 0.15
    await office.second.incoming()
    await office.second.answered()
    await office.noted("handoff.whispered")
    assert await held(office, phone, "inactive") == "inactive"  # while the second decides, and takes the call
    await office.second.press("1")
    assert await running is TransferResult.ANSWERED
    await taken_back(office, phone)
    await hear_each_other(office, phone, office.second)

    await held(office, phone, "0.0.0.0")  # bridged
    await taken_back(office, phone)
    await office.second.hold()
    await office.second.resume()
    await hear_each_other(office, phone, office.second)
    await phone.hang_up()
    await office.second.ended()
    assert not [each for each in office.control.all(media.LegEnded) if each.leg == office.leg and each.by == "local"]


async def test_a_caller_whose_phone_holds_us_during_a_refer_that_fails_is_taken_to_the_next_agent(
    called: Called,
) -> None:
    office, phone = called
    running = office.begin(Method.BLIND)
    office.music()
    await phone.seen("<", "REFER")
    phone.notify("SIP/2.0 100 Trying")
    assert await phone.hold("sendonly") == "recvonly"  # as phones do before they call the target
    phone.notify("SIP/2.0 180 Ringing")
    await office.noted("handoff.referred")
    phone.refer = 603
    phone.notify("SIP/2.0 486 Busy Here", last=True)
    await taken_back(office, phone)
    await office.taken_by(office.second)
    assert office.chosen() == ["best", "second"]
    assert await running is TransferResult.ANSWERED
    await hear_each_other(office, phone, office.second)


async def test_two_who_talk_go_on_talking_when_the_callers_phone_takes_a_refer_holds_and_says_nothing_of_it(
    called: Called,
) -> None:
    office, phone = called
    running = office.begin(Method.ATTENDED)
    await office.taken_by(office.best)
    assert await running is TransferResult.ANSWERED
    assert "Replaces=" in await phone.seen("<", "REFER")
    assert await held(office, phone, "sendonly") == "recvonly"
    await taken_back(office, phone)
    referred, stayed = await office.noted("handoff.referred"), await office.noted("handoff.not_moved")
    assert 1900 <= stayed.at_ms - referred.at_ms <= 2300
    await hear_each_other(office, phone, office.best)
    assert office.handoff is not None and office.handoff.bridged
