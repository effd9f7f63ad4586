"""More than one caller: two do not mix, a third is told when to try again. And what was said can be heard again."""

from __future__ import annotations

import asyncio
import socket
import uuid
import wave
from pathlib import Path

import pytest

from ivr.demo.house import HOST, House
from ivr.demo.proof import HEARD, NOT_HEARD, likeness
from tests.sip.house import Caller, a_caller

pytestmark = [pytest.mark.sip, pytest.mark.models]


def refused_invite(port: int) -> dict[str, str]:
    """The final answer to a bare INVITE: header -> value, and "status"."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind((HOST, 0))
        udp.settimeout(3)
        mine, call_id = f"{HOST}:{udp.getsockname()[1]}", uuid.uuid4().hex
        sdp = f"v=0\r\no=- 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\nm=audio 30000 RTP/AVP 0 101\r\n"
        sdp += "a=rtpmap:101 telephone-event/8000\r\n"
        common = (
            f"Via: SIP/2.0/UDP {mine};rport;branch=z9hG4bK{call_id}\r\nFrom: <sip:late@{mine}>;tag={call_id[:8]}\r\n"
            f"Call-ID: {call_id}\r\nMax-Forwards: 70\r\n"
        )
        body = f"Contact: <sip:late@{mine}>\r\nContent-Type: application/sdp\r\nContent-Length: {len(sdp)}\r\n\r\n{sdp}"
        line = f"sip:claims@{HOST}:{port}"
        udp.sendto(f"INVITE {line} SIP/2.0\r\n{common}To: <{line}>\r\nCSeq: 1 INVITE\r\n{body}".encode(), (HOST, port))
        while True:
            start, *lines = udp.recv(65535).decode().partition("\r\n\r\n")[0].split("\r\n")
            answer = {name.lower(): value.strip() for name, _, value in (entry.partition(":") for entry in lines)}
            answer["status"] = start.split()[1]
            if not answer["status"].startswith("1"):
                ack = f"ACK {line} SIP/2.0\r\n{common}To: {answer['to']}\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n"
                udp.sendto(ack.encode(), (HOST, port))
                return answer


async def test_a_third_caller_is_refused_with_a_time_to_try_again_and_the_two_are_not_disturbed(
    house: House, caller: Caller, tmp_path: Path
) -> None:
    async with a_caller(house, tmp_path, "second") as other:
        await asyncio.gather(caller.dial("+12025550101"), other.dial("+12025550102"))
        answer = await asyncio.to_thread(refused_invite, house.ports.sip)
        assert answer["status"] == "503"
        assert int(answer["retry-after"]) > 0
        assert (await house.health())["live_calls"] == 2
        for one in (caller, other):
            await one.asked("utter_how_can_i_help")
            await one.press("1")
            await one.asked("utter_ask_claim_number")
            await one.phone.hang_up()
        assert {(await one.over())["outcome"] for one in (caller, other)} == {"abandoned"}
    await caller.dial("+12025550103")  # there is room again
    await caller.phone.hang_up()
    await caller.over()


async def test_two_calls_at_once_do_not_mix(house: House, caller: Caller, tmp_path: Path) -> None:
    async with a_caller(house, tmp_path, "second") as other:
        wishes = ("I'd like to check the status of my claim.", "I want to report an accident.")
        wavs = [await one.wav(wish) for one, wish in zip((caller, other), wishes, strict=True)]
        await asyncio.gather(caller.dial("+12025550101"), other.dial("+12025550102"))
        await asyncio.gather(caller.asked("utter_how_can_i_help"), other.asked("utter_how_can_i_help"))
        await asyncio.gather(caller.phone.bot_finished(), other.phone.bot_finished())
        await asyncio.gather(caller.mutter(wavs[0]), other.mutter(wavs[1]))
        await asyncio.gather(caller.asked("utter_ask_claim_number"), other.asked("utter_transfer_new_claim"))
        await caller.press("204518")
        await caller.asked("one thousand two hundred and fifty euros")
        await asyncio.gather(caller.phone.hang_up(), other.phone.hang_up())
        records = await asyncio.gather(caller.over(), other.over())
        assert [record["customer_id"] for record in records] == ["C1001", "C1002"]
        assert [record["requests"][0]["intent"] for record in records] == ["claim_status", "new_claim"]
        for one, own, foreign in ((caller, *wavs), (other, wavs[1], wavs[0])):
            recording = left_side(Path(one.call.record["recording"]), tmp_path / f"{one.phone.name}-left.wav")
            assert await asyncio.to_thread(likeness, own, recording) > HEARD
            assert await asyncio.to_thread(likeness, foreign, recording) < NOT_HEARD


def left_side(recording: Path, to: Path) -> Path:
    """What the caller said in a stereo recording, as a WAV of its own."""
    with wave.open(str(recording), "rb") as both:
        pcm = both.readframes(both.getnframes())
    with wave.open(str(to), "wb") as out:
        out.setparams((1, 2, 8000, 0, "NONE", ""))
        out.writeframes(b"".join(pcm[at : at + 2] for at in range(0, len(pcm), 4)))
    return to


async def test_repeat_says_the_question_again(caller: Caller) -> None:
    again = await caller.wav("Could you say that again?")
    await caller.dial("+12025550103")
    await caller.asked("utter_how_can_i_help", finished=True)
    await caller.mutter(again)
    await caller.asked("How can I help?")
    await caller.press("*")
    await caller.asked("How can I help?")
    await caller.press("1")
    await caller.asked("utter_ask_claim_number")
    await caller.phone.hang_up()
    assert (await caller.over())["outcome"] == "abandoned"
