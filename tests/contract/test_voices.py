"""What every Voice promises, run against each of them, the real ones in their own processes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from ivr.model.errors import SpeechError
from ivr.model.ports import Voice
from ivr.speech.catalogue import Catalogue
from ivr.speech.loudness import loudness
from ivr.speech.mastering import AUDIBLE, LEVEL_LUFS, TOLERANCE_LU
from ivr.speech.voice_process import ProcessVoice
from ivr.speech.voices import make_voices
from tests.fakes.speech import ToneVoice

pytestmark = pytest.mark.asyncio(loop_scope="module")  # one process of each voice for all tests

PLUGGED = "tests.fakes.hum_voice"
MODELS = [pytest.param(name, marks=pytest.mark.models) for name in ("piper", "festival", "pyttsx3")]
REAL = [*MODELS, pytest.param(PLUGGED, marks=pytest.mark.models)]
TEXTS = {
    "en": {
        "sentence": "Your claim is being reviewed, and a decision is expected by Friday.",
        "yes": "Yes.",
        "longer": "Yes, I will look that up for you right away.",
        "thanks": "Thank you for calling.",
        "figures": "Call 8:30, 15%.",
        "words": "Call eight thirty, fifteen percent.",
    },
    "ru": {
        "sentence": "Ваша заявка рассматривается, и решение ожидается к пятнице.",
        "yes": "Да.",
        "longer": "Да, я сейчас же посмотрю это для вас.",
        "thanks": "Спасибо за звонок.",
        "figures": "Звоните в 8:30, 15%.",
        "words": "Звоните в восемь тридцать, пятнадцать процентов.",
    },
}


def language_of(voice: Voice) -> str:
    """Festival speaks Russian only."""
    return "ru" if voice.voice_id("en") is None else "en"


def make(name: str, repo_root: Path, needs: Callable[[str], str]) -> ProcessVoice:
    if name == "festival":
        needs("festival")
    (built,) = make_voices(Catalogue(repo_root / "voice_models"), [name], ["ru" if name == "festival" else "en"])
    return built


@pytest_asyncio.fixture(params=[*REAL, "tone"], scope="module", loop_scope="module")
async def voice(request: pytest.FixtureRequest, repo_root: Path, needs: Callable[[str], str]) -> AsyncIterator[Voice]:
    built: Voice = ToneVoice() if request.param == "tone" else make(request.param, repo_root, needs)
    yield built
    await built.close()


@pytest_asyncio.fixture(params=REAL, loop_scope="module")
async def child(
    request: pytest.FixtureRequest, repo_root: Path, needs: Callable[[str], str]
) -> AsyncIterator[ProcessVoice]:
    built = make(request.param, repo_root, needs)
    yield built
    await built.close()


def samples(pcm: bytes) -> np.ndarray:
    return np.frombuffer(pcm, dtype="<i2").astype(np.float32) / 32768


async def say(voice: Voice, what: str) -> np.ndarray:
    """One of the TEXTS, or a text, in the voice's language."""
    language = language_of(voice)
    return samples(await voice.render(TEXTS[language].get(what, what), language))


async def test_a_text_becomes_telephone_audio_of_a_likely_length(voice: Voice) -> None:
    assert 2.0 < (await say(voice, "sentence")).size / 8000 < 9.0


@pytest.mark.parametrize("what", ["sentence", "yes", "thanks", "figures"])
async def test_every_prompt_has_the_level_of_all_prompts_and_does_not_clip(voice: Voice, what: str) -> None:
    audio = await say(voice, what)
    assert loudness(audio) == pytest.approx(LEVEL_LUFS, abs=TOLERANCE_LU)
    assert np.abs(audio).max() < 0.95


async def test_a_longer_text_takes_longer(voice: Voice) -> None:
    assert (await say(voice, "longer")).size > 2 * (await say(voice, "yes")).size


async def test_no_more_than_twenty_milliseconds_are_waited_for(voice: Voice) -> None:
    audio = await say(voice, "thanks")
    loud = np.flatnonzero(np.abs(audio) > AUDIBLE)
    assert loud[0] <= 8 * 20
    assert audio.size - loud[-1] < 8 * 200
    assert audio[0] == 0 and audio[-1] == 0


async def test_a_break_is_that_much_silence(voice: Voice) -> None:
    text = TEXTS[language_of(voice)]["yes"]
    short = await say(voice, f'{text} <break time="100ms"/> {text}')
    long = await say(voice, f'{text} <break time="900ms"/> {text}')
    assert (long.size - short.size) / 8 == pytest.approx(800, abs=150)  # a lively voice never speaks twice alike
    quiet = np.convolve(np.abs(long) < AUDIBLE, np.ones(8 * 600), mode="valid")
    assert quiet.max() == 8 * 600


async def test_a_rate_makes_the_same_words_longer_or_shorter(voice: Voice) -> None:
    text = TEXTS[language_of(voice)]["sentence"]
    slow = await say(voice, f'<prosody rate="70%">{text}</prosody>')
    fast = await say(voice, f'<prosody rate="140%">{text}</prosody>')
    assert 1.5 < slow.size / fast.size < 2.5


async def test_figures_are_spoken_as_words(voice: Voice) -> None:
    figures, words = await say(voice, "figures"), await say(voice, "words")
    assert figures.size == pytest.approx(words.size, rel=0.2)


async def test_tags_are_never_spoken_whatever_is_wrong_with_them(voice: Voice) -> None:
    text = TEXTS[language_of(voice)]["thanks"]
    assert (await say(voice, f'<emphasis level="strong">{text}')).size < 1.5 * (await say(voice, text)).size


async def test_renders_asked_for_at_once_all_come(voice: Voice) -> None:
    audios = await asyncio.gather(*(say(voice, f"{TEXTS[language_of(voice)]['thanks']} {i}") for i in range(4)))
    assert all(audio.size > 1600 for audio in audios)


@pytest.mark.parametrize("text", ["", "   ", "...", "?!", '<break time="300ms"/>'])
async def test_nothing_to_say_is_an_error(voice: Voice, text: str) -> None:
    with pytest.raises(SpeechError):
        await voice.render(text, language_of(voice))


async def test_a_language_it_does_not_speak_is_an_error(voice: Voice) -> None:
    assert voice.voice_id("xx") is None
    assert voice.voice_id(language_of(voice))
    with pytest.raises(SpeechError, match="xx"):
        await voice.render("hello", "xx")


async def test_a_killed_process_is_replaced_without_anybody_noticing(child: ProcessVoice) -> None:
    await say(child, "yes")
    before = child.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    assert (await say(child, "thanks")).size > 1600
    assert child.pid not in (None, before)


async def test_a_render_given_up_does_not_answer_the_next_one(child: ProcessVoice) -> None:
    await say(child, "yes")
    waiting = asyncio.create_task(say(child, TEXTS[language_of(child)]["sentence"] * 6))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert (await say(child, "yes")).size < 3 * 8000


async def test_a_closed_voice_leaves_no_process(child: ProcessVoice) -> None:
    await say(child, "yes")
    pid = child.pid
    await child.close()
    assert child.pid is None
    assert not os.path.exists(f"/proc/{pid}")  # noqa: ASYNC240, PTH110 - a look at /proc does not block
