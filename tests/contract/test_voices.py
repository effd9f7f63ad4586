"""What every Voice promises, run against each of them, the real ones in their own processes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from ivr.model.errors import SpeechError
from ivr.model.ports import Voice
from ivr.speech.catalogue import Catalogue
from ivr.speech.models import make_voices
from ivr.speech.voice_process import ProcessVoice
from tests.fakes.speech import ToneVoice

REAL = [pytest.param(name, marks=pytest.mark.models) for name in ("piper", "pyttsx3")]


@pytest.fixture(params=[*REAL, "tone"])
async def voice(request: pytest.FixtureRequest, repo_root: Path) -> AsyncIterator[Voice]:
    if request.param == "tone":
        built: Voice = ToneVoice()
    else:
        (built,) = make_voices(Catalogue(repo_root / "voice_models"), [request.param], ["en"])
    yield built
    await built.close()


@pytest.fixture(params=REAL)
async def child(request: pytest.FixtureRequest, repo_root: Path) -> AsyncIterator[ProcessVoice]:
    (built,) = make_voices(Catalogue(repo_root / "voice_models"), [request.param], ["en"])
    yield built
    await built.close()


def samples(pcm: bytes) -> np.ndarray:
    return np.frombuffer(pcm, dtype="<i2").astype(np.float32) / 32768


async def test_a_text_becomes_telephone_audio_of_a_likely_length(voice: Voice) -> None:
    pcm = await voice.render("Your claim is being reviewed, and a decision is expected by Friday.", "en")
    audio = samples(pcm)
    assert 2.0 < audio.size / 8000 < 9.0
    assert 0.3 < np.abs(audio).max() <= 1.0


async def test_a_longer_text_takes_longer(voice: Voice) -> None:
    short = await voice.render("Yes.", "en")
    long = await voice.render("Yes, I will look that up for you right away.", "en")
    assert len(long) > 2 * len(short)


async def test_no_more_than_a_tenth_of_a_second_is_waited_for(voice: Voice) -> None:
    audio = samples(await voice.render("Thank you for calling.", "en"))
    loud = np.flatnonzero(np.abs(audio) > 0.012)
    assert loud[0] < 800
    assert audio.size - loud[-1] < 1600


async def test_renders_asked_for_at_once_all_come(voice: Voice) -> None:
    audios = await asyncio.gather(*(voice.render(f"This is sentence number {i}.", "en") for i in range(4)))
    assert all(len(audio) > 3200 for audio in audios)


@pytest.mark.parametrize("text", ["", "   ", "...", "?!"])
async def test_nothing_to_say_is_an_error(voice: Voice, text: str) -> None:
    with pytest.raises(SpeechError):
        await voice.render(text, "en")


async def test_a_language_it_does_not_speak_is_an_error(voice: Voice) -> None:
    assert voice.voice_id("xx") is None
    assert voice.voice_id("en")
    with pytest.raises(SpeechError, match="xx"):
        await voice.render("hello", "xx")


async def test_a_killed_process_is_replaced_without_anybody_noticing(child: ProcessVoice) -> None:
    await child.render("Hello.", "en")
    before = child.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    assert len(await child.render("Hello again.", "en")) > 3200
    assert child.pid not in (None, before)


async def test_a_render_given_up_does_not_answer_the_next_one(child: ProcessVoice) -> None:
    await child.render("Hello.", "en")
    waiting = asyncio.create_task(child.render("This is a very long sentence that nobody waits for. " * 8, "en"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert len(await child.render("Yes.", "en")) < 3 * 16000


async def test_a_closed_voice_leaves_no_process(child: ProcessVoice) -> None:
    await child.render("Hello.", "en")
    pid = child.pid
    await child.close()
    assert child.pid is None
    assert not os.path.exists(f"/proc/{pid}")  # noqa: ASYNC240, PTH110 - a look at /proc does not block
