"""The media worker as a process: admission, drain, the death of its neighbours, hostile packets, memory."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import statistics
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from ivr.demo.phone_client import SoftPhone
from ivr.media.headers import parse_message
from ivr.model import media
from ivr.model.ids import monotonic_ms, new_id
from tests.sip.media_control import (
    PORTS,
    channel,
    frame_listener,
    media_worker,
    play,
    read_frames,
    seconds_of,
    tone_wav,
)

pytestmark = pytest.mark.sip
Ports = Callable[[int], range]


@contextlib.asynccontextmanager
async def phones(reserve_ports: Ports, tmp_path: Path, count: int) -> AsyncIterator[list[SoftPhone]]:
    async with contextlib.AsyncExitStack() as stack:
        blocks = [reserve_ports(20) for _ in range(count)]
        starting = [
            stack.enter_async_context(SoftPhone.start(f"caller{n}", ports[0], ports[2], tmp_path))
            for n, ports in enumerate(blocks)
        ]
        yield [await phone for phone in starting]


def invite(from_port: int, to_port: int, call_id: str, *extra: str) -> str:
    sdp = (
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        f"m=audio {from_port + 2} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
    )
    lines = (
        f"INVITE sip:bot@127.0.0.1:{to_port} SIP/2.0",
        f"Via: SIP/2.0/UDP 127.0.0.1:{from_port};branch=z9hG4bK{call_id}",
        "Max-Forwards: 70",
        f"From: <sip:raw@127.0.0.1:{from_port}>;tag=1",
        f"To: <sip:bot@127.0.0.1:{to_port}>",
        f"Call-ID: {call_id}",
        "CSeq: 1 INVITE",
        f"Contact: <sip:raw@127.0.0.1:{from_port}>",
        *extra,
        "Content-Type: application/sdp",
        f"Content-Length: {len(sdp)}",
    )
    return "\r\n".join(lines) + "\r\n\r\n" + sdp


class RawPeer:
    """A UDP socket that speaks SIP by hand."""

    def __init__(self, port: int, to_port: int) -> None:
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", port))
        self._udp.setblocking(False)
        self._to = ("127.0.0.1", to_port)

    def send(self, raw: bytes) -> None:
        self._udp.sendto(raw, self._to)

    async def final_answer(self) -> str:
        """The next response that is final."""
        while True:
            raw = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self._udp, 65535), 5)
            text = raw.decode("utf-8", "replace")
            if text.startswith("SIP/2.0 ") and not text.startswith("SIP/2.0 1"):
                return text

    def close(self) -> None:
        self._udp.close()


async def test_the_third_caller_gets_503_with_retry_after_and_a_freed_slot_is_taken(
    reserve_ports: Ports, tmp_path: Path
) -> None:
    raw_port = reserve_ports(4)[0]
    async with (
        media_worker(reserve_ports(PORTS), tmp_path, max_callers=2, retry_after_s=7) as control,
        phones(reserve_ports, tmp_path, 2) as (one, two),
    ):
        await asyncio.gather(one.call(control.uri), two.call(control.uri))
        await asyncio.gather(one.answered(), two.answered())
        peer = RawPeer(raw_port, control.settings.sip_port)
        peer.send(invite(raw_port, control.settings.sip_port, "third").encode())
        answer = parse_message(await peer.final_answer())
        peer.close()
        assert answer.start.startswith("SIP/2.0 503")
        assert answer.get("Retry-After") == "7"
        refused = await control.wait(media.CallRefused)
        assert (refused.code, len(control.all(media.CallArrived))) == (503, 2)
        await one.hang_up()
        await control.wait(media.LegEnded)
        await one.call(control.uri)
        await one.answered()


async def test_a_call_beyond_the_four_legs_of_the_library_is_refused_by_it_and_reported(
    reserve_ports: Ports, tmp_path: Path
) -> None:
    raw = reserve_ports(4)
    async with (
        media_worker(reserve_ports(PORTS), tmp_path) as control,
        phones(reserve_ports, tmp_path, 2) as both,
    ):
        silent = RawPeer(raw[1], control.settings.sip_port)
        for number, phone in enumerate(both):
            await phone.call(control.uri)
            near = (await control.wait(media.LegAnswered, count=number + 1)).leg
            control.say(media.Dial(leg=new_id(), near_leg=near, uri=f"sip:nobody@127.0.0.1:{raw[1]}"))
        control.say(media.Dial(leg="fifth", near_leg=near, uri=f"sip:nobody@127.0.0.1:{raw[1]}"))
        assert (await control.wait(media.LegEnded, leg="fifth")).code == 503
        peer = RawPeer(raw[0], control.settings.sip_port)
        peer.send(invite(raw[0], control.settings.sip_port, "fifth").encode())
        assert (await peer.final_answer()).startswith("SIP/2.0 486")
        assert (await control.wait(media.CallRefused)).code == 486
        peer.close()
        silent.close()


async def test_keys_by_sip_info_count_like_others(reserve_ports: Ports, tmp_path: Path) -> None:
    raw_port = reserve_ports(4)[0]
    async with media_worker(reserve_ports(PORTS), tmp_path) as control:
        to_port = control.settings.sip_port
        peer = RawPeer(raw_port, to_port)
        peer.send(invite(raw_port, to_port, "info").encode())
        ok = parse_message(await peer.final_answer())
        body = "Signal=7\r\nDuration=160\r\n"
        for method, cseq, content in (("ACK", 1, ""), ("INFO", 2, body)):
            lines = (
                f"{method} sip:bot@127.0.0.1:{to_port} SIP/2.0",
                f"Via: SIP/2.0/UDP 127.0.0.1:{raw_port};branch=z9hG4bK{method}",
                "Max-Forwards: 70",
                *(f"{name}: {ok.get(name)}" for name in ("From", "To", "Call-ID")),
                f"CSeq: {cseq} {method}",
                *(("Content-Type: application/dtmf-relay",) if content else ()),
                f"Content-Length: {len(content)}",
            )
            peer.send(("\r\n".join(lines) + "\r\n\r\n" + content).encode())
        assert (await control.wait(media.DigitPressed)).digit == "7"
        peer.close()


async def test_a_draining_worker_keeps_its_call_takes_no_other_and_ends_when_it_is_empty(
    reserve_ports: Ports, tmp_path: Path
) -> None:
    tone = tone_wav(tmp_path / "t.wav", 500, 500)
    async with (
        media_worker(reserve_ports(PORTS), tmp_path) as control,
        phones(reserve_ports, tmp_path, 2) as (one, two),
    ):
        await one.call(control.uri)
        await one.answered()
        leg = (await control.wait(media.LegAnswered)).leg
        control.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.2)
        await two.call(control.uri)
        assert (await two.ended()).fields["code"] == 503
        control.say(play(leg, tone))
        await one.bot_finished()
        await one.hang_up()
        assert await control.status() == 0


async def test_drain_and_reject_are_commands_too(reserve_ports: Ports, tmp_path: Path) -> None:
    async with (
        media_worker(reserve_ports(PORTS), tmp_path) as control,
        phones(reserve_ports, tmp_path, 1) as (phone,),
    ):
        control.on_arrival = lambda arrived: control.say(
            media.RejectCall(leg=arrived.leg, code=480, reason="Closed", retry_after_s=30)
        )
        await phone.call(control.uri)
        assert (await phone.ended()).fields["code"] == 480
        assert (await control.wait(media.LegEnded)).by == "local"
        control.say(media.Drain())
        await asyncio.sleep(0.1)
        await phone.call(control.uri)
        assert (await phone.ended()).fields["code"] == 503


async def test_a_caller_about_whom_nothing_is_decided_gets_503(reserve_ports: Ports, tmp_path: Path) -> None:
    async with (
        media_worker(reserve_ports(PORTS), tmp_path) as control,
        phones(reserve_ports, tmp_path, 1) as (phone,),
    ):
        control.on_arrival = None
        await phone.call(control.uri)
        assert (await phone.ended()).fields["code"] == 503
        assert (await control.wait(media.LegEnded)).code == 503


async def test_the_death_of_control_is_an_apology_and_a_goodbye(reserve_ports: Ports, tmp_path: Path) -> None:
    apology = tone_wav(tmp_path / "sorry.wav", 800, 1000)
    prompt = tone_wav(tmp_path / "prompt.wav", 500, 20000)
    async with (
        media_worker(reserve_ports(PORTS), tmp_path, apology_path=apology) as control,
        phones(reserve_ports, tmp_path, 2) as (phone, late),
    ):
        await phone.call(control.uri)
        await phone.answered()
        control.say(play((await control.wait(media.LegAnswered)).leg, prompt))
        await phone.first_audio_after(0)
        control.die()
        await asyncio.sleep(0.3)
        await late.call(control.uri)
        assert (await late.ended()).fields["code"] == 503
        assert (await phone.ended()).fields["by"] == "remote"
        assert 0.7 < seconds_of(channel(phone.heard_wav), 800) < 1.1
        assert await control.status() == 4


async def test_the_callers_of_a_killed_worker_hear_the_end_when_its_successor_starts(
    reserve_ports: Ports, tmp_path: Path
) -> None:
    ports = reserve_ports(PORTS)
    async with phones(reserve_ports, tmp_path, 2) as both:
        async with media_worker(ports, tmp_path) as control:
            for phone, transport in zip(both, ("", ";transport=tcp"), strict=True):
                await phone.call(control.uri + transport)
                await phone.answered()
            await control.wait(media.LegAnswered, count=2)
            dialogs = [answered.dialog for answered in control.all(media.LegAnswered) if answered.dialog]
            assert [dialog.transport for dialog in dialogs] == ["udp", "tcp"]
            control.process.kill()
            await control.process.wait()
        await asyncio.sleep(0.3)
        assert not [event for phone in both for event in phone.events if event.name == "ended"]
        started = monotonic_ms()
        async with media_worker(ports, tmp_path, orphans=tuple(dialogs)) as control:
            for phone in both:
                ended = await phone.ended()
                assert (ended.fields["by"], ended.fields["code"]) == ("remote", 200)
                assert ended.at_ms - started < 1500
            await phone.call(control.uri)
            await phone.answered()


async def test_a_second_worker_on_the_same_port_says_so_by_its_status(reserve_ports: Ports, tmp_path: Path) -> None:
    ports = reserve_ports(PORTS)
    async with media_worker(ports, tmp_path):
        with pytest.raises(AssertionError, match="ended with status 3"):
            async with media_worker(ports, tmp_path):
                pass


async def test_packets_that_are_not_sip_do_not_harm_it(reserve_ports: Ports, tmp_path: Path) -> None:
    raw_port = reserve_ports(4)[0]
    async with (
        media_worker(reserve_ports(PORTS), tmp_path) as control,
        phones(reserve_ports, tmp_path, 1) as (phone,),
    ):
        to_port = control.settings.sip_port
        good = invite(raw_port, to_port, "odd").encode()
        peer = RawPeer(raw_port, to_port)
        hostile = [
            b"\x00" * 200,
            b"INVITE",
            good[:120],
            good.replace(b"Content-Length: ", b"Content-Length: -"),
            good.replace(b"<sip:raw", b'"unterminated <sip:raw'),
            good.replace(b"SIP/2.0\r\nVia", b"SIP/7.0\r\nVia"),
            good.replace(b"m=audio", b"m=video").replace(b"Kodd", b"Kvideo").replace(b": odd", b": video"),
            good.replace(b"v=0", b"v=\xff\xfe").replace(b"Kodd", b"Kbad").replace(b": odd", b": bad"),
            good.replace(b"INVITE ", b"DANCE ").replace(b"Kodd", b"Kdance"),
            good.replace(b"CSeq: 1 INVITE", b"CSeq: 1 BYE").replace(b"Kodd", b"Kcseq"),
        ]
        for packet in hostile:
            peer.send(packet)
        control.on_arrival = lambda arrived: control.say(
            media.RejectCall(leg=arrived.leg, code=480, reason="x\r\nInjected: yes")
        )
        extra = (
            "P-Asserted-Identity: \xe9\xff <sip:+1@a>",
            "f: <sip:also@b>;tag=2",
            "X-Long: " + "a" * 3000,
            "s: odd\r\n folded",
        )
        peer.send(invite(raw_port, to_port, "latin", *extra).encode("latin-1"))
        arrived = await control.wait(media.CallArrived)
        assert ("Subject", "odd folded") in arrived.headers
        answers = [await peer.final_answer()]
        while "latin" not in answers[-1]:
            answers.append(await peer.final_answer())
        assert "Injected" not in parse_message(answers[-1]).get("Injected")
        assert not any(name == "Injected" for answer in answers for name, _ in parse_message(answer).headers)
        peer.close()
        control.answer_everything()
        await phone.call(control.uri)
        await phone.answered()


async def test_a_disk_that_stalls_is_heard_by_nobody_else_and_delays_its_own_prompt_by_seconds_at_most(
    reserve_ports: Ports, tmp_path: Path
) -> None:
    tone, frames_path = tone_wav(tmp_path / "t.wav", 500, 6000), str(tmp_path / "frames.sock")
    stalled, recording = str(tmp_path / "stalled.wav"), str(tmp_path / "stalled_recording.wav")
    os.mkfifo(stalled)
    os.mkfifo(recording)
    async with (
        media_worker(reserve_ports(PORTS), tmp_path) as control,
        phones(reserve_ports, tmp_path, 2) as both,
    ):
        for phone in both:
            await phone.call(control.uri)
            await phone.answered()
        other, stuck = (message.leg for message in control.all(media.LegAnswered))
        control.say(media.SendAudioTo(leg=other, frames_path=frames_path))
        with frame_listener(frames_path) as listener:
            peer, _ = await asyncio.wait_for(asyncio.get_running_loop().sock_accept(listener), 5)
        with peer:
            control.say(play(other, tone))
            await control.wait(media.PlaybackStarted)
            heard = asyncio.create_task(read_frames(peer, 175))
            control.say(media.StartRecording(leg=stuck, path=recording))
            control.say(media.Play(leg=stuck, playback="stuck", files=(stalled,)))
            control.say(media.Play(leg=stuck, playback="behind", files=(tone,)))
            given_up = await control.wait(media.PlaybackEnded, playback="stuck")
            assert (given_up.interrupted, given_up.played_ms) == (False, 0)
            await control.wait(media.PlaybackStarted, playback="behind")
            control.say(media.HangUp(leg=stuck))
            times = [at_ms for _, _, at_ms, _ in await heard]
        gaps = [after - before for before, after in itertools.pairwise(times)]
        assert max(gaps) <= 60, gaps


@pytest.mark.alone
async def test_two_callers_with_prompts_and_recordings_fit_in_forty_megabytes_and_are_answered_at_once(
    reserve_ports: Ports, tmp_path: Path
) -> None:
    tone = tone_wav(tmp_path / "t.wav", 500, 10000)
    async with (
        media_worker(reserve_ports(PORTS), tmp_path) as control,
        phones(reserve_ports, tmp_path, 2) as both,
    ):
        delays = []
        for _ in range(5):
            for phone in both:
                await phone.call(control.uri)
                answered = await phone.answered()
                delays.append(answered.at_ms - (await phone.wait_for("calling")).at_ms)
            for number, leg in enumerate([m.leg for m in control.all(media.LegAnswered)][-2:]):
                control.say(media.StartRecording(leg=leg, path=str(tmp_path / f"{number}.wav")))
                control.say(play(leg, tone))
            await asyncio.sleep(0.5)
            healthy = await control.wait(media.MediaHealth, count=len(control.all(media.MediaHealth)) + 1)
            assert healthy.callers == 2
            assert healthy.rss_bytes <= 40 * 1024 * 1024
            for phone in both:
                await phone.hang_up()
                await phone.ended()
            await control.wait(media.LegEnded, count=len(control.all(media.LegAnswered)))
        assert statistics.quantiles(delays, n=20)[-1] <= 150
        assert len(control.all(media.LegEnded)) == 10
