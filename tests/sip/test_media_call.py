"""One caller and the media worker: answer, prompts, keys, hold, frames, recording, hang-up."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from ivr.demo.phone_client import SoftPhone
from ivr.model import media
from ivr.model.ids import monotonic_ms
from tests.sip.media_control import (
    PORTS,
    Control,
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
async def a_call(
    reserve_ports: Ports, tmp_path: Path, **settings: object
) -> AsyncIterator[tuple[Control, SoftPhone, str]]:
    """A worker and a phone in a call with it; also the leg."""
    mine = reserve_ports(20)
    async with (
        media_worker(reserve_ports(PORTS), tmp_path, **settings) as control,
        SoftPhone.start("caller", mine[0], mine[2], tmp_path) as phone,
    ):
        await phone.call(control.uri, headers=(("X-Test", "one"),))
        await phone.answered()
        answered = await control.wait(media.LegAnswered)
        yield control, phone, answered.leg


async def test_a_caller_hears_the_prompt_and_silence_when_it_is_stopped(reserve_ports: Ports, tmp_path: Path) -> None:
    tone = tone_wav(tmp_path / "long.wav", 500, 8000)
    async with a_call(reserve_ports, tmp_path) as (control, phone, leg):
        arrived = control.all(media.CallArrived)[0]
        assert ("X-Test", "one") in arrived.headers
        control.say(play(leg, tone))
        started = await control.wait(media.PlaybackStarted)
        heard_at = await phone.first_audio_after(started.at_ms - 50)
        assert abs(heard_at - started.at_ms) < 150
        await asyncio.sleep(0.5)
        stopped_at = monotonic_ms()
        control.say(media.StopPlayback(leg=leg))
        ended = await control.wait(media.PlaybackEnded)
        assert ended.interrupted
        assert 300 <= ended.played_ms <= 1500
        assert await phone.silent_after(stopped_at - 200) - stopped_at < 150
        control.say(media.HangUp(leg=leg))
        assert (await phone.ended()).fields["by"] == "remote"
        assert (await control.wait(media.LegEnded)).by == "local"


async def test_files_of_one_playback_follow_each_other_and_end_once(reserve_ports: Ports, tmp_path: Path) -> None:
    one, two = tone_wav(tmp_path / "one.wav", 500, 600), tone_wav(tmp_path / "two.wav", 900, 600)
    async with a_call(reserve_ports, tmp_path) as (control, phone, leg):
        control.say(media.Play(leg=leg, playback="p", files=(one,), last=False))
        control.say(media.Play(leg=leg, playback="p", files=(two, str(tmp_path / "missing.wav"))))
        ended = await control.wait(media.PlaybackEnded)
        assert (ended.playback, ended.interrupted, ended.played_ms) == ("p", False, 1200)
        assert len(control.all(media.PlaybackStarted)) == len(control.all(media.PlaybackEnded)) == 1
        await phone.bot_finished(after_ms=0)
        await phone.hang_up()
        await phone.ended()
        heard = channel(phone.heard_wav)
        assert 0.4 < seconds_of(heard, 500) < 0.65
        assert 0.4 < seconds_of(heard, 900) < 0.65


async def test_keys_stop_the_prompt_and_are_collected(reserve_ports: Ports, tmp_path: Path) -> None:
    tone = tone_wav(tmp_path / "long.wav", 500, 20000)
    async with a_call(reserve_ports, tmp_path) as (control, phone, leg):
        control.say(play(leg, tone))
        control.say(media.CollectDigits(leg=leg, max_digits=8))
        await phone.first_audio_after(0)
        await phone.press("204*5#")
        assert (await control.wait(media.PlaybackEnded)).interrupted
        collected = await control.wait(media.DigitsCollected)
        assert (collected.digits, collected.ended_by) == ("204*5", "terminator")
        assert [pressed.digit for pressed in control.all(media.DigitPressed)] == list("204*5#")
        await phone.press("1122")
        await control.wait(media.DigitPressed, count=10)
        control.say(media.CollectDigits(leg=leg, max_digits=3, inter_digit_ms=500))
        assert (await control.wait(media.DigitsCollected, count=2)).digits == "112"
        control.say(media.CollectDigits(leg=leg, max_digits=3, inter_digit_ms=500))
        gap = await control.wait(media.DigitsCollected, count=3)
        assert (gap.digits, gap.ended_by) == ("2", "gap")


async def test_the_bot_can_press_keys(reserve_ports: Ports, tmp_path: Path) -> None:
    async with a_call(reserve_ports, tmp_path) as (control, phone, leg):
        control.say(media.SendDigits(leg=leg, digits="42"))
        await phone.wait_for("digit")
        await asyncio.sleep(0.6)
        assert [event.fields["digit"] for event in phone.events if event.name == "digit"] == ["4", "2"]


async def test_a_prompt_waits_while_the_caller_has_put_us_on_hold(reserve_ports: Ports, tmp_path: Path) -> None:
    tone = tone_wav(tmp_path / "tone.wav", 500, 3000)
    async with a_call(reserve_ports, tmp_path) as (control, phone, leg):
        control.say(play(leg, tone))
        await phone.first_audio_after(0)
        await asyncio.sleep(0.5)
        await phone.hold()
        await control.wait(media.LegHeld, held=True)
        await asyncio.sleep(2.0)
        await phone.resume()
        await control.wait(media.LegHeld, held=False)
        ended = await control.wait(media.PlaybackEnded, timeout=6)
        assert (ended.interrupted, ended.played_ms) == (False, 3000)
        started = control.all(media.PlaybackStarted)[0]
        assert ended.at_ms - started.at_ms > 4800
        await phone.hang_up()
        await phone.ended()
        assert seconds_of(channel(phone.heard_wav), 500) > 2.3


async def test_frames_reach_the_speech_worker_in_order_and_a_dead_one_costs_nothing(
    reserve_ports: Ports, tmp_path: Path
) -> None:
    path = str(tmp_path / "frames.sock")
    async with a_call(reserve_ports, tmp_path) as (control, phone, leg):
        control.say(media.SendAudioTo(leg=leg, frames_path=path))
        voice = tone_wav(tmp_path / "voice.wav", 700, 1000)
        await phone.say(voice)
        for generation in range(2):
            with frame_listener(path) as listener:
                peer, _ = await asyncio.wait_for(asyncio.get_running_loop().sock_accept(listener), 5)
                with peer:
                    speaking = asyncio.create_task(phone.say(voice))
                    frames = await read_frames(peer, 100)
                    await speaking
            legs, seqs, times, audio = zip(*frames, strict=True)
            assert set(legs) == {leg}
            assert list(seqs) == list(range(seqs[0], seqs[0] + 100)), f"generation {generation}"
            assert 1900 <= times[-1] - times[0] <= 2100
            assert any(max(pcm) > 0 for pcm in audio)
        health = await control.wait(media.MediaHealth, count=len(control.all(media.MediaHealth)) + 2)
        assert health.frames_dropped > 0
        assert health.frames_sent >= 200
        control.say(play(leg, voice))
        await phone.bot_finished()


async def test_a_recording_has_both_sides_and_silence_where_it_was_masked(reserve_ports: Ports, tmp_path: Path) -> None:
    voice, prompt = tone_wav(tmp_path / "v.wav", 700, 1000), tone_wav(tmp_path / "p.wav", 500, 1000)
    path = str(tmp_path / "call.wav")
    async with a_call(reserve_ports, tmp_path) as (control, phone, leg):
        control.say(media.StartRecording(leg=leg, path=path))
        control.say(play(leg, prompt))
        await control.wait(media.PlaybackEnded)
        await phone.say(voice)
        control.say(media.MaskRecording(leg=leg, masked=True))
        control.say(play(leg, prompt))
        await phone.say(voice)
        await control.wait(media.PlaybackEnded, count=2)
        await asyncio.sleep(0.2)
        control.say(media.MaskRecording(leg=leg, masked=False))
        await asyncio.sleep(1.2)
        alive = len(channel(path)) / 8000
        control.process.kill()
        await control.process.wait()
        left, right = channel(path, 0), channel(path, 1)
        assert alive > 3, "the file is valid while the call lasts"
        assert 0.7 < seconds_of(left, 700) < 1.2
        assert seconds_of(left, 500) == 0
        assert 0.7 < seconds_of(right, 500) < 1.2
        assert seconds_of(right, 700) == 0


async def test_a_caller_who_hangs_up_in_mid_prompt_ends_the_leg(reserve_ports: Ports, tmp_path: Path) -> None:
    tone = tone_wav(tmp_path / "long.wav", 500, 20000)
    async with a_call(reserve_ports, tmp_path) as (control, phone, leg):
        control.say(play(leg, tone))
        await phone.first_audio_after(0)
        await phone.hang_up()
        ended = await control.wait(media.LegEnded)
        assert (ended.by, ended.code, ended.leg) == ("remote", 200, leg)
        assert control.all(media.PlaybackEnded)[0].interrupted


async def test_a_caller_who_hangs_up_before_the_answer_cancels(reserve_ports: Ports, tmp_path: Path) -> None:
    mine = reserve_ports(20)
    async with (
        media_worker(reserve_ports(PORTS), tmp_path) as control,
        SoftPhone.start("caller", mine[0], mine[2], tmp_path) as phone,
    ):
        control.on_arrival = None
        await phone.call(control.uri)
        arrived = await control.wait(media.CallArrived)
        await phone.hang_up()
        ended = await control.wait(media.LegEnded)
        assert (ended.leg, ended.by, ended.code) == (arrived.leg, "remote", 487)
        control.say(media.AnswerCall(leg=arrived.leg))
        control.answer_everything()
        await phone.call(control.uri)
        await phone.answered()
