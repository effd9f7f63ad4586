"""What comes from the caller while the bot speaks and is no turn: its own echo, coughs, noise, music, a nod."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import numpy as np
import pytest

from tests.sip.house import Caller

pytestmark = [pytest.mark.sip, pytest.mark.models]

RATE = 8000
AFTER_MS = 760  # when the turn is over, and no answer to the next question begins
MOST_MS = 400  # as in test_conversation_barge_in: the aim is 200, a loaded machine is given some more


@pytest.mark.parametrize(("db", "delay_ms"), [(-12, 120), (-20, 300)])
async def test_the_echo_of_the_prompt_is_no_caller_and_a_caller_over_the_echo_is_one(
    caller: Caller, db: int, delay_ms: int
) -> None:
    wish = await caller.wav("I would like to check the status of my claim, please.")
    number = await caller.wav("Two, oh, four, five, one, eight.")
    await caller.dial("+12025550101")
    caller.phone.echo(delay_ms, 10 ** (db / 20))
    await caller.asked("utter_how_can_i_help", finished=True)
    await asyncio.sleep(0.6)
    await caller.call.read()
    assert not _turns(caller), "the bot heard itself"
    await caller.mutter(wish)
    asked = await caller.asked("utter_ask_claim_number")
    await caller.phone.first_audio_after(asked["at_ms"] - 200)
    await asyncio.sleep(0.7)
    said = caller.phone.start_saying(number)
    await caller.phone.said(said)
    heard = await caller.event("turn.heard", 8, lambda e: e["data"]["text"].replace(" ", "") == "204518")
    assert heard["data"]["text"]
    assert caller.kinds().count("turn.barged_in") == 1
    await caller.phone.hang_up()
    await caller.over()


@pytest.mark.parametrize("sound", ["cough", "hiss", "music"])
async def test_a_sound_that_is_no_speech_does_not_end_the_prompt(caller: Caller, tmp_path: Path, sound: str) -> None:
    wav = _write(tmp_path / f"{sound}.wav", {"cough": _cough, "hiss": _hiss, "music": _music}[sound]())
    await caller.dial("+12025550101")
    said = await caller.asked("utter_how_can_i_help")
    await caller.phone.first_audio_after(0)
    await caller.phone.say(wav)
    await caller.event("turn.prompted", 15, lambda e: e["seq"] > said["seq"] and not e["data"]["interrupted"])
    assert not {"turn.barged_in", "turn.heard"} & set(caller.kinds())
    await caller.phone.hang_up()
    assert (await caller.over())["barge_ins"] == 0


async def test_a_nod_does_not_end_the_prompt_and_what_is_said_after_it_is_understood(caller: Caller) -> None:
    nod = await caller.wav("Okay.")
    wish = await caller.wav("I would like to check the status of my claim, please.")
    await caller.dial("+12025550101")
    said = await caller.asked("utter_how_can_i_help")
    await caller.phone.first_audio_after(0)
    await asyncio.sleep(0.3)
    await caller.phone.say(nod)
    await caller.event("turn.backchannel", 8)
    await caller.event("turn.prompted", 15, lambda e: e["seq"] > said["seq"] and not e["data"]["interrupted"])
    assert not {"turn.barged_in", "turn.heard"} & set(caller.kinds())
    await caller.mutter(wish)
    heard = await caller.event("turn.heard", 8)
    assert "check the status of my" in heard["data"]["text"]
    await caller.phone.hang_up()
    await caller.over()


async def test_a_please_behind_an_answer_already_taken_answers_no_question(caller: Caller, tmp_path: Path) -> None:
    wish = _voiced(await caller.wav("I would like to check the status of my claim."))
    please = _voiced(await caller.wav("Please."))
    gap = np.zeros(AFTER_MS * RATE // 1000)
    wav = _write(tmp_path / "please.wav", np.concatenate([wish, gap, please, np.zeros(RATE)]))
    await caller.dial("+12025550101")
    await caller.asked("utter_how_can_i_help", finished=True)
    await caller.mutter(wav)
    said = await caller.asked("utter_ask_claim_number")
    await caller.event("turn.afterthought", 8)
    await caller.event("turn.prompted", 15, lambda e: e["seq"] > said["seq"] and not e["data"]["interrupted"])
    assert caller.kinds().count("turn.heard") == 1
    assert "turn.barged_in" not in caller.kinds()
    await caller.phone.hang_up()
    await caller.over()


def _voiced(path: Path) -> np.ndarray:
    """A recording from its first to its last sound, -1..1."""
    with wave.open(str(path), "rb") as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2") / 32768
    loud = np.flatnonzero(np.abs(samples) > 0.02)
    return samples[loud[0] : loud[-1] + 1]


def _turns(caller: Caller) -> list[str]:
    return [kind for kind in caller.kinds() if kind in {"turn.heard", "turn.barged_in", "turn.backchannel"}]


def _write(path: Path, samples: np.ndarray) -> Path:
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", ""))
        out.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def _cough() -> np.ndarray:
    """Two bursts of breath: a hard beginning, a fading end, no voice in it."""
    rng = np.random.default_rng(3)
    at = np.arange(int(0.22 * RATE)) / RATE
    burst = np.convolve(rng.standard_normal(at.size), [0.5, 0.3, 0.2, 0.1], "same") * np.exp(-at / 0.06) * 0.4
    return np.concatenate([burst, np.zeros(int(0.15 * RATE)), 0.7 * burst, np.zeros(int(0.3 * RATE))])


def _hiss() -> np.ndarray:
    """A second of line noise at -30 dBFS that comes and goes."""
    return np.random.default_rng(4).standard_normal(RATE) * 10 ** (-30 / 20)


def _music() -> np.ndarray:
    """Two seconds of chords, plucked twice a second."""
    at = np.arange(2 * RATE) / RATE
    out = np.zeros(at.size)
    for bar, root in enumerate((220.0, 261.6, 196.0, 246.9)):
        part = slice(bar * RATE // 2, (bar + 1) * RATE // 2)
        t = at[part] - at[part][0]
        for step in (1.0, 1.26, 1.5):
            for harmonic in (1, 2, 3):
                out[part] += np.sin(2 * np.pi * root * step * harmonic * t) * np.exp(-t / 0.35) / harmonic
    return 0.06 * out
