"""The whole handoff on real SIP: a media worker, phones, the waiting line, and every way a transfer can go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from ivr.call.moving import Method
from ivr.model import media
from ivr.model.ids import monotonic_ms
from ivr.model.routing import AgentState, TransferResult
from tests.sip.media_control import channel, seconds_of
from tests.sip.office import AGENT_HZ, CALLER_HZ, MUSIC_HZ, WHISPER_HZ, Office, Ports, an_office, offices

pytestmark = pytest.mark.sip


async def test_whatever_goes_wrong_with_the_best_agent_the_second_best_gets_the_caller_and_they_hear_each_other(
    reserve_ports: Ports, tmp_path: Path
) -> None:
    async with an_office(reserve_ports, tmp_path) as office:
        await _the_second_best_takes_whom_the_best_did_not(office)


async def test_a_caller_who_leaves_at_any_moment_leaves_no_phone_ringing_and_no_agent_taken(
    reserve_ports: Ports, tmp_path: Path
) -> None:
    async with an_office(reserve_ports, tmp_path) as office:
        await _the_caller_leaves_at_any_moment(office)


async def test_a_blind_refer_moves_the_caller_only_with_a_proof_and_an_attended_one_that_replaces_nobody_does_not(
    reserve_ports: Ports, tmp_path: Path
) -> None:
    async with offices(2, reserve_ports, tmp_path) as [one, two]:
        await asyncio.gather(_refused_then_busy_then_moved(one), _attended(two, replaces=False))


async def test_an_attended_refer_moves_both_and_one_nobody_reports_on_leads_to_the_bridge_within_two_seconds(
    reserve_ports: Ports, tmp_path: Path, needs: Callable[[str], str]
) -> None:
    async with offices(2, reserve_ports, tmp_path) as [one, two]:
        await asyncio.gather(_attended(one, replaces=True), _nobody_reports(two, needs("sipp"), reserve_ports(20)))


async def _the_second_best_takes_whom_the_best_did_not(office: Office) -> None:
    best, second = office.best, office.second
    await best.decline_calls(486)
    await second.decline_calls(603)
    assert await office.begin() is TransferResult.REFUSED
    assert (office.chosen(), office.state("best")) == (["best", "second"], AgentState.AVAILABLE)

    await best.answer_calls()
    await second.answer_calls()
    running = office.begin()
    await best.incoming()
    await best.answered()
    await office.noted("handoff.answered")
    await best.hang_up()
    await second.incoming()
    await second.answered()
    await office.noted("handoff.whispered")
    await second.press("2")
    assert await running is TransferResult.REFUSED
    await second.ended()
    assert office.state("best") is office.state("second") is AgentState.AVAILABLE

    await best.ignore_calls()
    office.music()
    running = office.begin(ring_ms=700)
    await office.taken_by(second)
    assert await running is TransferResult.ANSWERED
    assert office.state("best") is AgentState.NOT_READY
    assert office.state("second") is AgentState.TALKING
    await office.talk(second)
    await second.hang_up()
    ended = await office.caller.ended()
    assert (await office.control.wait(media.LegEnded, leg=office.leg)).reason == "agent hung up"
    assert ended.fields["by"] == "remote"
    assert office.state("second") is AgentState.AVAILABLE, "a wrap-up of no time is over"
    caller_heard, agent_heard = channel(office.caller.heard_wav), channel(second.heard_wav)
    assert seconds_of(caller_heard, MUSIC_HZ) > 0.8, "comfort while the agents were called"
    assert seconds_of(caller_heard, WHISPER_HZ) == 0, "the caller hears nothing of the whisper"
    assert seconds_of(agent_heard, MUSIC_HZ) == 0
    assert 0.4 < seconds_of(agent_heard, WHISPER_HZ) < 0.7
    assert 0.6 < seconds_of(caller_heard, AGENT_HZ) < 1.0
    assert 0.6 < seconds_of(agent_heard, CALLER_HZ) < 1.0


async def _the_caller_leaves_at_any_moment(office: Office) -> None:
    for moment in ("handoff.ringing", "handoff.answered", "handoff.whispered", "handoff.bridged"):
        await (office.best.ignore_calls() if moment == "handoff.ringing" else office.best.answer_calls())
        running = office.begin()
        await office.best.incoming()
        if moment == "handoff.bridged":
            await office.noted("handoff.whispered")
            await office.best.press("1")
        await office.noted(moment)
        await office.caller.hang_up()
        await office.best.ended(timeout=2)
        await running
        assert office.state("best") is AgentState.AVAILABLE, moment
        await office.caller.ended()
        await office.call_in()


async def test_a_caller_who_waits_is_taken_the_moment_somebody_is_free_unless_the_waiting_was_ended_in_that_moment(
    reserve_ports: Ports, tmp_path: Path
) -> None:
    async with an_office(reserve_ports, tmp_path) as office:
        office.directory.ready("best", now_ms=monotonic_ms())
        office.directory.ready("second", now_ms=monotonic_ms())
        for name in ("best", "second"):
            office.directory.reserve(name, now_ms=monotonic_ms())
            office.directory.answered(name, now_ms=monotonic_ms())
        running = office.begin()
        await office.noted("handoff.waiting")
        assert office.handoff is not None
        office.directory.ended("best", now_ms=monotonic_ms())
        assert office.handoff.stop_waiting(), "who presses the key in the moment somebody is free has pressed it"
        assert await running is TransferResult.NO_AGENT
        assert office.state("best") is AgentState.AVAILABLE
        office.directory.reserve("best", now_ms=monotonic_ms())
        office.directory.answered("best", now_ms=monotonic_ms())

        office.music()
        running = office.begin()
        assert (await office.noted("handoff.waiting")).data["position"] == 1
        await asyncio.sleep(0.3)
        office.directory.ended("second", now_ms=monotonic_ms())
        freed_ms = monotonic_ms()
        rang = await office.second.incoming()
        assert rang.at_ms - freed_ms < 500
        assert not office.handoff.stop_waiting(), "the phone rings already"
        await office.second.answered()
        await office.noted("handoff.answered")
        await office.second.press("1")
        assert await running is TransferResult.ANSWERED
        assert (await office.noted("handoff.chosen")).data["waited_ms"] >= 250


async def _refused_then_busy_then_moved(office: Office) -> None:
    await office.caller.follow_refer(False)
    running = office.begin(Method.BLIND)
    await office.taken_by(office.best)  # refused: called by ourselves instead
    assert await running is TransferResult.ANSWERED
    kinds = [entry.kind for entry in office.entries]
    assert kinds.index("handoff.referred") < kinds.index("handoff.not_moved") < kinds.index("handoff.dialed")
    await office.best.hang_up()
    await office.caller.ended()

    await office.call_in()
    await office.caller.follow_refer()
    await office.best.decline_calls(486)
    office.music()
    running = office.begin(Method.BLIND)
    rang = await office.second.incoming()
    token = rang.header("X-Ctx-Id")
    assert await running is TransferResult.ANSWERED
    assert office.chosen() == ["best", "second"], "busy, as the caller's phone found out"
    assert token == (await office.noted("handoff.popped", 2)).data["token"]
    assert (await office.noted("handoff.moved")).data["method"] == "blind"
    assert office.state("second") is AgentState.NOT_READY, "nobody sees when that call ends"
    assert await office.control.wait(media.LegEnded, leg=office.leg)


SILENT = """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="takes a REFER and says nothing of it">
<send retrans="500"><![CDATA[
INVITE sip:bot@127.0.0.1:[remote_port] SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:silent@127.0.0.1>;tag=[call_number]x
To: <sip:bot@127.0.0.1:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:silent@127.0.0.1:[local_port]>
Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio RTP_PORT RTP/AVP 0
a=rtpmap:0 PCMU/8000
]]></send>
<recv response="100" optional="true"/>
<recv response="200" rrs="true"/>
<send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:silent@127.0.0.1>;tag=[call_number]x
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Content-Length: 0

]]></send>
<recv request="REFER"/>
<send><![CDATA[
SIP/2.0 202 Accepted
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:silent@127.0.0.1:[local_port]>
Content-Length: 0

]]></send>
<recv request="BYE"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
</scenario>
"""


async def _nobody_reports(office: Office, sipp_program: str, ports: range) -> None:
    await office.caller.hang_up()
    scenario = office.folder / "silent.xml"
    scenario.write_text(SILENT.replace("RTP_PORT", str(ports[2])), encoding="utf-8")
    sipp = await asyncio.create_subprocess_exec(
        *(sipp_program, "-sf", str(scenario), "-m", "1", "-nostdin", "-i", "127.0.0.1", "-p", str(ports[0])),
        *("-timeout", "20", "-recv_timeout", "15000", f"127.0.0.1:{office.control.settings.sip_port}"),
        cwd=office.folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    silent = "<sip:silent@127.0.0.1>;tag=1x"
    office.leg = (await office.control.wait(media.CallArrived, from_header=silent)).leg
    await office.control.wait(media.LegAnswered, leg=office.leg)
    running = office.begin(Method.BLIND)
    await office.best.incoming()
    await office.best.answered()
    referred, dialed = await office.noted("handoff.referred"), await office.noted("handoff.dialed")
    assert 1900 <= dialed.at_ms - referred.at_ms <= 2200
    await office.noted("handoff.answered")
    await office.best.press("1")
    assert await running is TransferResult.ANSWERED
    assert office.handoff is not None and office.handoff.bridged
    await office.best.hang_up()
    assert await asyncio.wait_for(sipp.wait(), 10) == 0, "the caller was hung up on as caller, and not before"


async def _attended(office: Office, *, replaces: bool) -> None:
    await office.best.follow_refer(True, replace=replaces)
    await office.caller.follow_refer()
    running = office.begin(Method.ATTENDED)
    await office.taken_by(office.best)
    assert await running is TransferResult.ANSWERED
    if replaces:
        await office.noted("handoff.moved")
        await office.control.wait(media.LegEnded, leg=office.leg)
        assert office.state("best") is AgentState.NOT_READY
        replaced = await office.best.wait_for("replaced")
        moved = await office.caller.wait_for("moved")
        await office.talk(office.best)
        heard = channel(replaced.fields["heard_wav"]), channel(moved.fields["heard_wav"])
        assert seconds_of(heard[0], CALLER_HZ) > 0.5
        assert seconds_of(heard[1], AGENT_HZ) > 0.5
    else:
        await office.noted("handoff.not_moved")
        assert office.handoff is not None and office.handoff.bridged
        assert not [e for e in office.control.all(media.LegEnded) if e.leg == office.leg]
        await office.best.hang_up()
        await office.control.wait(media.LegEnded, leg=office.leg)
