"""A caller of a load without a network: what it sends, when it thinks the bot answered, which gaps it hears."""

from __future__ import annotations

import asyncio
import struct

import numpy as np

from ivr.demo.g711 import (
    FRAME_SAMPLES,
    LOUD_DBFS,
    MU_LAW,
    NOISE_DBFS,
    SPEECH_DBOV,
    encode,
    first_loud,
    noise_frames,
    silence,
    spoken,
)
from ivr.demo.talker import Talker

FULL = 32768.0
PROMPT = encode((8000 * np.sin(np.arange(FRAME_SAMPLES) / 3)).astype(np.int16))
QUIET = encode(np.zeros(FRAME_SAMPLES, dtype=np.int16))


def dbfs(samples: np.ndarray) -> float:
    return float(20 * np.log10(np.sqrt(np.mean((samples.astype(float) / FULL) ** 2))))


def rtp(payload: bytes, kind: int = 0) -> bytes:
    return struct.pack("!BBHII", 0x80, kind, 1, 160, 1) + payload


def sound(ms: int, peak: int = 3000) -> np.ndarray:
    return (peak * np.sin(np.arange(8 * ms) / 3)).astype(np.int16)


def samples(frames: tuple[bytes, ...]) -> np.ndarray:
    return MU_LAW[np.frombuffer(b"".join(frames), np.uint8)]


def test_mu_law_comes_back_within_its_own_step() -> None:
    values = np.arange(-32000, 32000, 7).astype(np.int16)
    error = np.abs(MU_LAW[np.frombuffer(encode(values), np.uint8)].astype(int) - values)
    assert (error <= 8 + np.abs(values.astype(int)) / 30).all()
    again = np.frombuffer(encode(MU_LAW), np.uint8)
    assert (MU_LAW[again] == MU_LAW).all()


def test_a_sentence_is_said_at_the_level_of_the_rule_and_ends_with_speech() -> None:
    said = spoken(np.concatenate([silence(300), sound(1000, 900), silence(400), sound(500, 900), silence(700)]), seed=1)
    whole = samples(said.frames)
    assert 1.88 < said.seconds < 1.92  # the silences around it are not speech, the one within it is
    assert abs(dbfs(whole[: 8 * 900]) - SPEECH_DBOV) < 1.0
    assert first_loud(said.frames[-1]) >= 0
    assert first_loud(said.frames[0]) >= 0


def test_line_noise_is_no_speech() -> None:
    frames = noise_frames(1)
    assert abs(dbfs(samples(frames)) - NOISE_DBFS) < 1.5
    assert all(first_loud(frame) < 0 for frame in frames)
    just_loud = np.zeros(FRAME_SAMPLES, dtype=np.int16)
    just_loud[100] = int(FULL * 10 ** (LOUD_DBFS / 20) * 1.1)
    assert first_loud(encode(just_loud)) == 100


class Played:
    """A talker in a time of its own: 20 ms a step."""

    def __init__(self) -> None:
        self.talker = Talker("plain", 1, "call-id")
        self.now_ms = 1000.0

    async def run(self, ms: int, bot: bytes = QUIET) -> None:
        for _ in range(ms // 20):
            self.now_ms += 20
            self.talker.packet(self.now_ms, 0.0)
            self.talker.heard(rtp(bot), self.now_ms + 5)
            await asyncio.sleep(0)


async def test_the_answer_counts_from_the_last_speech_packet_to_the_first_loud_one() -> None:
    played = Played()
    saying = asyncio.create_task(played.talker.say(spoken(sound(400), seed=1), 5.0))
    await asyncio.sleep(0)
    await played.run(400)
    spoke_ms = played.now_ms
    await played.run(300)
    await played.run(600, PROMPT)
    assert not saying.done()
    await played.run(600)
    said = await saying
    assert said.ended_ms == spoke_ms
    assert said.heard_ms - said.ended_ms == 325.0
    assert not said.early


async def test_a_bot_that_speaks_into_the_sentence_has_cut_it_off() -> None:
    played = Played()
    saying = asyncio.create_task(played.talker.say(spoken(sound(1000), seed=1), 5.0))
    await asyncio.sleep(0)
    await played.run(500)
    await played.run(200, PROMPT)
    await played.run(1200)
    assert (await saying).early


async def test_a_gap_is_more_than_60_ms_between_two_arrivals() -> None:
    played = Played()
    talker = played.talker
    for at_ms in (0.0, 20.0, 40.0, 99.0, 119.0, 185.0):
        talker.heard(rtp(QUIET), at_ms)
    talker.heard(rtp(b"\x00\x00\x00\x00", kind=101), 400.0)  # a key is no audio
    assert talker.ear.gaps == [66.0]
    assert talker.ear.longest_gap_ms == 66.0
