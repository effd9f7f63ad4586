"""The prompt cache and the render queue, with tone voices."""

import asyncio
import math
import os
import struct
import subprocess
import sys
import wave
from pathlib import Path

from ivr.model.hearing import Render, Rendered, RenderFailed
from ivr.speech.cache import prompt_path, recording_path
from ivr.speech.rendering import RenderQueue
from tests.fakes.speech import ToneVoice


def render(text: str, *, urgent: bool = True, language: str = "en") -> Render:
    return Render(request_id=text, text=text, language=language, urgent=urgent)


Answers = asyncio.Queue[Rendered | RenderFailed]


async def first(count: int, queue: RenderQueue, answers: Answers) -> list[Rendered | RenderFailed]:
    """Render until so many answers have come."""
    task = asyncio.create_task(queue.run())
    async with asyncio.timeout(5):
        found = [await answers.get() for _ in range(count)]
    task.cancel()
    return found


def test_one_text_has_one_path_whatever_its_white_space() -> None:
    path = prompt_path(Path("c"), "v", "en", "Hello   there\n")
    assert path == prompt_path(Path("c"), "v", "en", "Hello there")
    assert path != prompt_path(Path("c"), "v2", "en", "Hello there")
    assert path != prompt_path(Path("c"), "v", "ru", "Hello there")
    assert path != prompt_path(Path("c"), "v", "en", "Hello there?")
    assert path.suffix == ".wav"


def test_the_cache_is_light_enough_for_the_control_process() -> None:
    code = (
        "import sys, ivr.speech.cache; print([m for m in ('numpy', 'onnxruntime', 'ctranslate2') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


async def test_a_prompt_is_rendered_once_and_is_a_telephone_wav(tmp_path: Path) -> None:
    answers = Answers()
    voice = ToneVoice()
    queue = RenderQueue([voice], tmp_path, answers.put_nowait)
    queue.submit(render("hello"))
    queue.submit(render("hello"))
    said = await first(2, queue, answers)
    queue.submit(render("hello"))
    said.append(answers.get_nowait())
    assert voice.rendered == ["hello"]
    assert all(isinstance(answer, Rendered) for answer in said) and len(said) == 3
    assert said[0].path == str(prompt_path(tmp_path, "tone-en", "en", "hello"))
    with wave.open(said[0].path) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        assert said[0].duration_ms == file.getnframes() // 8
    assert [name for _, _, names in os.walk(tmp_path) for name in names] == [os.path.basename(said[0].path)]  # noqa: PTH119


async def test_a_waiting_caller_goes_before_the_warm_up(tmp_path: Path) -> None:
    answers = Answers()
    voice = ToneVoice()
    queue = RenderQueue([voice], tmp_path, answers.put_nowait)
    for text in ("w1", "w2", "w3"):
        queue.submit(render(text, urgent=False))
    queue.submit(render("now"))
    await first(4, queue, answers)
    assert voice.rendered == ["now", "w1", "w2", "w3"]


async def test_the_next_voice_takes_over_when_one_fails_and_gives_back_later(tmp_path: Path) -> None:
    answers = Answers()
    better, other = ToneVoice("better", failing=True), ToneVoice("other")
    queue = RenderQueue([better, other], tmp_path, answers.put_nowait)
    queue.submit(render("hello"))
    (said,) = await first(1, queue, answers)
    assert said.voice == "other-en"
    better.failing = False
    queue.submit(render("hello"))
    (said,) = await first(1, queue, answers)
    assert said.voice == "better-en"


async def test_no_voice_is_an_answer_too(tmp_path: Path) -> None:
    answers = Answers()
    queue = RenderQueue([ToneVoice(failing=True)], tmp_path, answers.put_nowait)
    queue.submit(render("hello"))
    queue.submit(render("привет", language="ru"))
    said = await first(2, queue, answers)
    assert [type(answer) for answer in said] == [RenderFailed, RenderFailed]
    assert "tone" in said[0].reason and "'ru'" in said[1].reason


async def test_markup_is_part_of_the_name_of_a_prompt(tmp_path: Path) -> None:
    assert prompt_path(tmp_path, "v", "en", "Hello") != prompt_path(
        tmp_path, "v", "en", '<prosody rate="slow">Hello</prosody>'
    )


async def test_voices_speak_beside_each_other(tmp_path: Path) -> None:
    answers = Answers()
    slow, quick = ToneVoice("slow"), ToneVoice("quick", languages=("ru",))
    hold = asyncio.Event()
    render_now = slow.render

    async def wait(text: str, language: str) -> bytes:
        await hold.wait()
        return await render_now(text, language)

    slow.render = wait  # type: ignore[method-assign]
    queue = RenderQueue([slow, quick], tmp_path, answers.put_nowait)
    queue.submit(render("hello"))
    queue.submit(render("привет", language="ru"))
    (said,) = await first(1, queue, answers)
    assert isinstance(said, Rendered) and said.voice == "quick-ru"


async def test_a_recording_becomes_a_telephone_wav_and_a_bad_one_is_refused(tmp_path: Path) -> None:
    answers = Answers()
    recording, bad = tmp_path / "studio.wav", tmp_path / "bad.wav"
    with wave.open(str(recording), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44100)
        wave_form = (round(9000 * math.sin(at / 20)) for at in range(44100))
        file.writeframes(b"".join(struct.pack("<hh", value, value) for value in wave_form))
    bad.write_bytes(b"no sound at all")
    queue = RenderQueue([ToneVoice()], tmp_path / "cache", answers.put_nowait)
    for path in (recording, bad):
        queue.submit(Render(request_id=path.name, text="hello", language="en", audio=str(path)))
    made, refused = await first(2, queue, answers)
    assert isinstance(refused, RenderFailed) and "no WAV" in refused.reason
    assert isinstance(made, Rendered) and made.path == str(recording_path(tmp_path / "cache", recording))
