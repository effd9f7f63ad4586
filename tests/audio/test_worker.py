"""The speech worker as a real process: real sockets, real models, callers who speak in real time."""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from rapidfuzz import fuzz

from ivr import wire
from ivr.model.hearing import (
    EndpointProfile,
    Expectation,
    ExpectationKind,
    ForgetCall,
    Listen,
    Phrase,
    Recognition,
    Render,
    Rendered,
    SpeechHeard,
    SpeechRejected,
    SpeechStarted,
    StopListening,
)
from ivr.model.ids import new_id
from ivr.speech.cache import prompt_path
from tests.audio.phone_line import Samples, keypad, last_voiced, line_noise, pcm, quiet, read, spoken_digits
from tests.audio.worker_process import Line, WorkerProcess, rss_mb

pytestmark = [pytest.mark.models, pytest.mark.asyncio(loop_scope="module")]

LEAD_S, TAIL_S = 0.5, 1.5
SENTENCES = (
    "I'd like to check the status of my claim.",
    "I want to talk to a person please.",
    "I need to change my address.",
    "When will my payment arrive?",
    "I would like to cancel my policy.",
    "I'd like to report an accident.",
)
YES_NO = Expectation(
    kind=ExpectationKind.YES_NO,
    profile=EndpointProfile.SHORT,
    phrases=tuple(
        Phrase(text=text, value=value)
        for text, value in (("yes", "yes"), ("yes please", "yes"), ("no", "no"), ("no thank you", "no"))
    ),
)
SIX = Expectation(kind=ExpectationKind.DIGITS, profile=EndpointProfile.LONG, min_length=6, max_length=6)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[WorkerProcess]:
    """One worker for all callers of this file, as in life."""
    async with WorkerProcess(tmp_path_factory.mktemp("worker")) as running:
        yield running


async def voice_of(worker: WorkerProcess, text: str) -> Samples:
    """A caller's voice: a rendered prompt at a caller's level."""
    worker.send(Render(request_id=text, text=text, language="en"))
    rendered = await worker.expect(Rendered, 30)
    return 0.6 * read(Path(rendered.path))


async def say(
    worker: WorkerProcess, speech: Samples, expectation: Expectation, *, call: str = "", tail_s: float = TAIL_S
) -> tuple[SpeechHeard | SpeechRejected, float, float]:
    """One turn: what came of it, ms from the end of speech to it, ms from its start to SpeechStarted."""
    call_id = call or new_id()
    line = Line(worker, call_id)
    worker.send(Listen(call_id=call_id, turn=1, language="en", expectation=expectation))
    playing = asyncio.create_task(line.play(pcm(np.concatenate([quiet(LEAD_S), speech, quiet(tail_s)]))))
    started_ms, _ = await worker.expect_at(SpeechStarted)
    heard_ms, heard = await worker.expect_at((SpeechHeard, SpeechRejected))
    began_ms = await playing
    line.close()
    worker.send(ForgetCall(call_id=call_id))
    first = int(np.flatnonzero(np.abs(speech) > 0.05 * np.abs(speech).max())[0])
    return (
        heard,
        heard_ms - began_ms - LEAD_S * 1000 - last_voiced(speech) / 8,
        started_ms - began_ms - LEAD_S * 1000 - first / 8,
    )


async def say_together(
    worker: WorkerProcess, speeches: list[Samples], expectation: Expectation
) -> list[SpeechHeard | SpeechRejected]:
    """One turn of each of several callers at once: what came of it, in their order."""
    calls = [new_id() for _ in speeches]
    lines = [Line(worker, call) for call in calls]
    for call in calls:
        worker.send(Listen(call_id=call, turn=1, language="en", expectation=expectation))
    await asyncio.gather(
        *(
            line.play(pcm(np.concatenate([quiet(LEAD_S), speech, quiet(TAIL_S)])))
            for line, speech in zip(lines, speeches, strict=True)
        )
    )
    heard = [(await worker.expect_at((SpeechHeard, SpeechRejected)))[1] for _ in calls]
    for line in lines:
        line.close()
        worker.send(ForgetCall(call_id=line.call_id))
    await worker.silent(0)  # what began and ended these turns is nobody else's
    return sorted(heard, key=lambda message: calls.index(message.call_id))


def alike(heard: str, said: str) -> float:
    """0..100: the synthetic caller speaks a little differently every time, and a word may be misheard."""
    return fuzz.ratio(heard, said.lower().strip(".?"))


def recognition(heard: SpeechHeard | SpeechRejected) -> Recognition:
    assert isinstance(heard, SpeechHeard), heard
    return heard.recognition


async def test_sentences_are_heard_soon_and_whole(worker: WorkerProcess) -> None:
    assert worker.ready.recognizers == ("whisper",)
    assert worker.ready.voices == ("piper", "pyttsx3")
    delays, starts = [], []
    for sentence in SENTENCES:
        heard, delay_ms, start_ms = await say(worker, await voice_of(worker, sentence), Expectation())
        found = recognition(heard)
        assert alike(found.hypothesis.text, sentence) > 70
        assert found.hypothesis.value is None
        assert found.decided_at_ms >= found.speech_ended_at_ms > found.speech_started_at_ms
        assert found.decodes >= 1
        delays.append(delay_ms)
        starts.append(start_ms)
    assert statistics.median(delays) < 700, sorted(delays)
    assert statistics.median(starts) < 200, sorted(starts)
    assert worker.rss_mb() < 500


async def test_real_digits_and_yes_are_heard_as_values(worker: WorkerProcess, shared_data: Path) -> None:
    fsdd = shared_data / "speech" / "fsdd"
    numbers = (("457891", "george"), ("203665", "lucas"), ("118240", "jackson"), ("930572", "george"))
    slow = np.concatenate(
        [spoken_digits(fsdd, "457", "george"), quiet(0.6), spoken_digits(fsdd, "891", "george", take=2)]
    )
    said = [*(0.6 * spoken_digits(fsdd, number, speaker) for number, speaker in numbers), 0.6 * slow]
    *values, slowly = [recognition(heard).hypothesis.value for heard in await say_together(worker, said, SIX)]
    right = sum(value == number for value, (number, _) in zip(values, numbers, strict=True))
    assert right >= len(numbers) - 1, values
    assert slowly == "457891"
    words = [await voice_of(worker, text) for text in ("Yes, please.", "No.")]
    answers = [recognition(heard).hypothesis.value for heard in await say_together(worker, words, YES_NO)]
    assert answers == ["yes", "no"]


async def test_who_says_something_else_is_heard_too(worker: WorkerProcess) -> None:
    operator = recognition((await say(worker, await voice_of(worker, "Operator."), YES_NO))[0]).hypothesis
    assert (operator.value, operator.text) == (None, "operator")
    lost = recognition((await say(worker, await voice_of(worker, "I don't know the number."), SIX))[0]).hypothesis
    assert (lost.value, lost.text) == (None, "i don't know the number")


async def test_noise_and_keys_start_no_turn(worker: WorkerProcess) -> None:
    call_id = new_id()
    line = Line(worker, call_id)
    worker.send(Listen(call_id=call_id, turn=1, language="en", expectation=Expectation()))
    await line.play(pcm(np.concatenate([line_noise(1.0, rms=0.003), keypad("457891"), quiet(1.0)])))
    line.close()
    assert not [m for m in await worker.silent(0.3) if isinstance(m, SpeechHeard)]


async def test_two_callers_at_once_are_heard_apart(worker: WorkerProcess) -> None:
    texts = ("I need to change my address.", "When will my payment arrive?")
    voices = [await voice_of(worker, text) for text in texts]
    calls = [new_id() for _ in texts]
    lines = [Line(worker, call) for call in calls]
    for call in calls:
        worker.send(Listen(call_id=call, turn=1, language="en", expectation=Expectation()))
    await asyncio.gather(
        *(line.play(pcm(np.concatenate([voice, quiet(2.5)]))) for line, voice in zip(lines, voices, strict=True))
    )
    heard = {m.call_id: m.recognition.hypothesis.text for m in await worker.silent(0.2) if isinstance(m, SpeechHeard)}
    assert all(alike(heard[call], text) > 70 for call, text in zip(calls, texts, strict=True)), heard


async def test_a_turn_given_up_reports_nothing_and_the_next_one_is_heard(worker: WorkerProcess) -> None:
    speech = await voice_of(worker, "I need to change my address.")
    call_id = new_id()
    line = Line(worker, call_id)
    worker.send(Listen(call_id=call_id, turn=1, language="en", expectation=Expectation()))
    playing = asyncio.create_task(line.play(pcm(np.concatenate([speech, quiet(1.0), speech, quiet(1.5)]))))
    await worker.expect(SpeechStarted)
    worker.send(StopListening(call_id=call_id, turn=1))
    await asyncio.sleep(speech.size / 8000 + 0.6)
    worker.send(Listen(call_id=call_id, turn=2, language="en", expectation=Expectation()))
    heard = await worker.expect(SpeechHeard)
    await playing
    assert heard.turn == 2
    assert alike(heard.recognition.hypothesis.text, "I need to change my address.") > 70


async def test_a_caller_whose_audio_stops_is_answered_all_the_same(worker: WorkerProcess) -> None:
    speech = await voice_of(worker, "I need to change my address.")
    heard, _, _ = await say(worker, speech, Expectation(), tail_s=0.0)
    assert alike(recognition(heard).hypothesis.text, "I need to change my address.") > 70


async def test_a_language_nobody_hears_is_rejected_not_ignored(worker: WorkerProcess) -> None:
    worker.send(Listen(call_id=new_id(), turn=1, language="xx", expectation=Expectation()))
    assert (await worker.expect(SpeechRejected)).reason == "engine"


async def test_prompts_land_where_the_control_process_looks_for_them(worker: WorkerProcess) -> None:
    worker.send(Render(request_id="1", text="Welcome.", language="en", urgent=False))
    rendered = await worker.expect(Rendered, 30)
    assert rendered.voice == worker.ready.voice_ids["en"]
    assert Path(rendered.path) == prompt_path(worker.cache_dir, rendered.voice, "en", "Welcome.")
    with wave.open(rendered.path) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)


async def test_a_killed_voice_is_replaced(worker: WorkerProcess) -> None:
    await voice_of(worker, "One.")
    before = worker.children()["piper"]
    assert worker.rss_mb() + rss_mb(before) < 500
    os.kill(before, signal.SIGKILL)
    worker.send(Render(request_id="2", text="Two.", language="en"))
    assert (await worker.expect(Rendered, 30)).voice == worker.ready.voice_ids["en"]
    assert worker.children()["piper"] != before


async def test_the_fallback_voice_alone_is_enough(tmp_path: Path) -> None:
    async with WorkerProcess(tmp_path, voices=("pyttsx3",)) as worker:
        worker.send(Render(request_id="1", text="Welcome.", language="en"))
        assert (await worker.expect(Rendered, 30)).voice.startswith("pyttsx3")


async def test_nonsense_on_the_sockets_is_survived(worker: WorkerProcess) -> None:
    worker._control.send(b"no json at all")
    line = Line(worker, new_id())
    line._socket.send(b"short")
    line._socket.send(b"\xff" * 26 + bytes(len(wire.pack_frame(new_id(), 0, 0, bytes(320))) - 26))
    line.close()
    heard, _, _ = await say(worker, await voice_of(worker, "I need to change my address."), Expectation())
    assert isinstance(heard, SpeechHeard)


@pytest.mark.parametrize("end", ["SIGTERM", "control gone"])
async def test_the_worker_ends_with_its_voices(tmp_path: Path, end: str) -> None:
    async with WorkerProcess(tmp_path) as worker:
        await voice_of(worker, "One.")
        children = worker.children()
        if end == "SIGTERM":
            worker.process.send_signal(signal.SIGTERM)
        else:
            worker.say_no_more()
        assert await asyncio.wait_for(worker.process.wait(), 10) == 0
        for pid in children.values():
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)
        assert not os.path.exists(worker.ready.frames_path)  # noqa: ASYNC240, PTH110


async def test_a_worker_without_models_says_what_to_do(tmp_path: Path) -> None:
    worker = WorkerProcess(tmp_path, models_dir=str(tmp_path / "nowhere"))
    with pytest.raises(AssertionError, match="the worker ended"):
        async with worker:
            pass
    assert "models_dir" in worker.log_path.read_text()
