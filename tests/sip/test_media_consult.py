"""Handing over: consult leg, whisper, bridge, REFER, and every way it fails."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ivr.demo.phone_client import SoftPhone
from ivr.model import media
from ivr.model.ids import new_id
from tests.sip.media_control import PORTS, Control, channel, media_worker, play, seconds_of, tone_wav

pytestmark = pytest.mark.sip
Ports = Callable[[int], range]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A caller in a call with the worker, and an agent's phone."""

    control: Control
    caller: SoftPhone
    agent: SoftPhone
    leg: str

    def dial(self, **fields: object) -> str:
        leg = new_id()
        chosen = {"uri": self.agent.uri, "headers": (("User-to-User", "abc;encoding=hex"),), **fields}
        self.control.say(media.Dial(leg=leg, near_leg=self.leg, **chosen))  # type: ignore[arg-type]
        return leg

    async def consult(self) -> str:
        """A consult leg that is up."""
        leg = self.dial()
        await self.agent.incoming()
        await self.agent.answered()
        await self.control.wait(media.LegAnswered, leg=leg)
        return leg


@contextlib.asynccontextmanager
async def a_scene(reserve_ports: Ports, tmp_path: Path) -> AsyncIterator[Scene]:
    one, two = reserve_ports(20), reserve_ports(20)
    async with (
        media_worker(reserve_ports(PORTS), tmp_path) as control,
        SoftPhone.start("caller", one[0], one[2], tmp_path) as caller,
        SoftPhone.start("agent", two[0], two[2], tmp_path) as agent,
    ):
        await caller.call(control.uri)
        await caller.answered()
        leg = (await control.wait(media.LegAnswered)).leg
        yield Scene(control=control, caller=caller, agent=agent, leg=leg)


async def test_the_agent_alone_hears_the_whisper_and_then_both_hear_each_other(
    reserve_ports: Ports, tmp_path: Path
) -> None:
    music, whisper = tone_wav(tmp_path / "music.wav", 450, 500), tone_wav(tmp_path / "whisper.wav", 600, 1000)
    caller_voice, agent_voice = tone_wav(tmp_path / "c.wav", 1000, 1500), tone_wav(tmp_path / "a.wav", 1400, 1500)
    async with a_scene(reserve_ports, tmp_path) as scene:
        control, recorded = scene.control, str(tmp_path / "call.wav")
        control.say(media.StartRecording(leg=scene.leg, path=recorded))
        control.say(play(scene.leg, music, loop=True))
        consult = scene.dial(headers=(("User-to-User", "abc;encoding=hex"), ("X-Bot-Context", "sess=1")))
        incoming = await scene.agent.incoming()
        assert incoming.header("User-to-User") == "abc;encoding=hex"
        assert incoming.header("X-Bot-Context") == "sess=1"
        await control.wait(media.LegRinging, leg=consult)
        await control.wait(media.LegAnswered, leg=consult)
        control.say(play(consult, whisper))
        await control.wait(media.PlaybackEnded, leg=consult)
        control.say(media.CollectDigits(leg=consult, max_digits=1))
        await scene.agent.press("1")
        assert (await control.wait(media.DigitsCollected)).leg == consult
        control.say(media.Bridge(leg=scene.leg, other=consult))
        assert (await control.wait(media.PlaybackEnded, leg=scene.leg)).interrupted
        await asyncio.sleep(0.3)
        await asyncio.gather(scene.caller.say(caller_voice), scene.agent.say(agent_voice))
        await asyncio.sleep(0.3)
        control.say(media.Unbridge(leg=scene.leg, other=consult))
        await scene.caller.say(caller_voice)
        control.say(play(scene.leg, whisper))
        await control.wait(media.PlaybackEnded, leg=scene.leg, count=2)
        await scene.agent.hang_up()
        await control.wait(media.LegEnded, leg=consult)
        await scene.caller.hang_up()
        await control.wait(media.LegEnded, leg=scene.leg)
        await scene.caller.ended()
        agent_heard, caller_heard = channel(scene.agent.heard_wav), channel(scene.caller.heard_wav)
        assert 0.7 < seconds_of(agent_heard, 600) < 1.1
        assert seconds_of(agent_heard, 450) == 0
        assert 1.1 < seconds_of(agent_heard, 1000) < 1.6, "the agent hears the caller while bridged, not after"
        assert 1.1 < seconds_of(caller_heard, 1400) < 1.6
        assert 0.7 < seconds_of(caller_heard, 600) < 1.1, "only what was played to the caller after the bridge"
        assert seconds_of(caller_heard, 450) > 0.3
        assert 1.1 < seconds_of(channel(recorded, 1), 1400) < 1.6
        assert 2.4 < seconds_of(channel(recorded, 0), 1000) < 3.1


@pytest.mark.parametrize(("code", "meaning"), [(486, "busy"), (603, "declined"), (480, "unavailable")])
async def test_an_agent_who_refuses_leaves_the_caller_with_the_bot(
    reserve_ports: Ports, tmp_path: Path, code: int, meaning: str
) -> None:
    tone = tone_wav(tmp_path / "t.wav", 500, 300)
    async with a_scene(reserve_ports, tmp_path) as scene:
        await scene.agent.decline_calls(code)
        leg = scene.dial()
        ended = await scene.control.wait(media.LegEnded)
        assert (ended.leg, ended.code, ended.by) == (leg, code, "remote"), meaning
        scene.control.say(play(scene.leg, tone))
        await scene.caller.first_audio_after(0)


async def test_an_agent_who_does_not_answer_is_given_up(reserve_ports: Ports, tmp_path: Path) -> None:
    async with a_scene(reserve_ports, tmp_path) as scene:
        await scene.agent.ignore_calls()
        leg = scene.dial(ring_timeout_ms=1000)
        await scene.control.wait(media.LegRinging, leg=leg, code=180)
        ended = await scene.control.wait(media.LegEnded)
        assert (ended.leg, ended.code, ended.by) == (leg, 408, "local")
        await scene.agent.incoming()
        assert (await scene.agent.ended()).fields["code"] == 487


async def test_an_address_nobody_can_dial_ends_the_leg(reserve_ports: Ports, tmp_path: Path) -> None:
    async with a_scene(reserve_ports, tmp_path) as scene:
        leg = scene.dial(uri="not a uri")
        ended = await scene.control.wait(media.LegEnded)
        assert (ended.leg, ended.code, ended.by) == (leg, 400, "local")
        await scene.consult()


async def test_a_caller_who_leaves_while_the_agent_rings_stops_the_ringing(
    reserve_ports: Ports, tmp_path: Path
) -> None:
    async with a_scene(reserve_ports, tmp_path) as scene:
        await scene.agent.ignore_calls()
        leg = scene.dial()
        await scene.agent.incoming()
        await scene.caller.hang_up()
        ended = await scene.control.wait(media.LegEnded, leg=leg)
        assert (ended.by, ended.reason) == ("local", "caller left")
        await scene.agent.ended()


@pytest.mark.parametrize("leaver", ["caller", "agent"])
async def test_whoever_leaves_a_bridge_the_other_is_back_with_the_bot(
    reserve_ports: Ports, tmp_path: Path, leaver: str
) -> None:
    tone = tone_wav(tmp_path / "t.wav", 500, 400)
    async with a_scene(reserve_ports, tmp_path) as scene:
        consult = await scene.consult()
        scene.control.say(media.Bridge(leg=scene.leg, other=consult))
        await asyncio.sleep(0.2)
        gone, left = (scene.leg, consult) if leaver == "caller" else (consult, scene.leg)
        gone_phone, left_phone = (scene.caller, scene.agent) if leaver == "caller" else (scene.agent, scene.caller)
        await gone_phone.hang_up()
        assert (await scene.control.wait(media.LegEnded)).leg == gone
        scene.control.say(play(left, tone))
        await left_phone.first_audio_after(0)
        scene.control.say(media.HangUp(leg=left, reason="over"))
        ended = await scene.control.wait(media.LegEnded, leg=left)
        assert (ended.by, ended.reason) == ("local", "over")
        await left_phone.ended()


async def test_a_bridge_survives_hold_and_resume(reserve_ports: Ports, tmp_path: Path) -> None:
    voice = tone_wav(tmp_path / "c.wav", 1000, 1000)
    async with a_scene(reserve_ports, tmp_path) as scene:
        consult = await scene.consult()
        scene.control.say(media.Bridge(leg=scene.leg, other=consult))
        await scene.agent.hold()
        await scene.control.wait(media.LegHeld, leg=consult, held=True)
        await scene.agent.resume()
        await scene.control.wait(media.LegHeld, leg=consult, held=False)
        await asyncio.sleep(0.3)
        await scene.caller.say(voice)
        await asyncio.sleep(0.2)
        await scene.agent.hang_up()
        await scene.agent.ended()
        assert 0.7 < seconds_of(channel(scene.agent.heard_wav), 1000) < 1.1


async def test_a_blind_transfer_reports_its_outcome(reserve_ports: Ports, tmp_path: Path) -> None:
    async with a_scene(reserve_ports, tmp_path) as scene:
        await scene.caller.follow_refer()
        await scene.agent.answer_calls(after_ms=300)
        scene.control.say(media.Refer(leg=scene.leg, refer_to=f"<{scene.agent.uri}?X-Transferred=1>"))
        incoming = await scene.agent.incoming()
        assert incoming.header("X-Transferred") == "1"
        final = await scene.control.wait(media.ReferProgress, final=True)
        assert final.code == 200
        assert [progress.final for progress in scene.control.all(media.ReferProgress)].count(True) == 1


@pytest.mark.parametrize(("follow", "code"), [(False, 603), (True, 486)])
async def test_a_blind_transfer_that_fails_leaves_the_caller_with_the_bot(
    reserve_ports: Ports, tmp_path: Path, follow: bool, code: int
) -> None:
    tone = tone_wav(tmp_path / "t.wav", 500, 400)
    async with a_scene(reserve_ports, tmp_path) as scene:
        await scene.caller.follow_refer(follow)
        await scene.agent.decline_calls(486)
        scene.control.say(media.Refer(leg=scene.leg, refer_to=scene.agent.uri))
        assert (await scene.control.wait(media.ReferProgress, final=True)).code == code
        scene.control.say(play(scene.leg, tone))
        await scene.control.wait(media.PlaybackEnded)
        assert not scene.control.all(media.LegEnded)


async def test_a_caller_cannot_make_the_bot_dial_with_refer(reserve_ports: Ports, tmp_path: Path) -> None:
    needed = reserve_ports(20)
    async with a_scene(reserve_ports, tmp_path) as scene:
        dialog = scene.control.all(media.LegAnswered)[0].dialog
        assert dialog is not None
        request = (
            f"REFER sip:bot@127.0.0.1:{scene.control.settings.sip_port} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1:{needed[0]};branch=z9hG4bKrefer1\r\nMax-Forwards: 70\r\n"
            f"From: {dialog.remote}\r\nTo: {dialog.local}\r\nCall-ID: {dialog.sip_call_id}\r\n"
            f"CSeq: 2000000000 REFER\r\nContact: <sip:x@127.0.0.1:{needed[0]}>\r\n"
            f"Refer-To: <{scene.agent.uri}>\r\nContent-Length: 0\r\n\r\n"
        )
        answer = await _exchange(request, needed[0], scene.control.settings.sip_port)
        assert answer.startswith("SIP/2.0 603")
        assert not any(event.name == "incoming" for event in scene.agent.events)


async def _exchange(request: str, from_port: int, to_port: int) -> str:
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", from_port))
        udp.setblocking(False)
        udp.sendto(request.encode(), ("127.0.0.1", to_port))
        raw = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(udp, 65535), 3)
        return raw.decode()
