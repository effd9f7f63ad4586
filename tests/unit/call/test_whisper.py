"""The whisper: what counts as an answer of the agent who hears it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ivr.call.whisper import Whisper
from ivr.model.errors import SpeechError
from ivr.model.hearing import Hypothesis, Listen, Recognition, SpeechHeard, SpeechRejected
from ivr.model.media import Play, SendAudioTo
from ivr.model.routing import WhisperAnswer

HOUSE: dict[str, Any] = {"frames_path": "/run/speech-0.sock", "trouble": lambda _: None}


def spoken(text: str, value: str | None, confidence: float = 0.9, *, leg: str = "leg", at_ms: int = 0) -> SpeechHeard:
    """What was heard on a leg, and when it began."""
    hypothesis = Hypothesis(text=text, confidence=confidence, engine="e", value=value)
    recognition = Recognition(
        hypothesis=hypothesis,
        language="en",
        speech_started_at_ms=at_ms,
        speech_ended_at_ms=at_ms + 1,
        decided_at_ms=at_ms + 2,
        decode_ms=1,
        decodes=1,
    )
    return SpeechHeard(call_id=leg, turn=1, recognition=recognition)


@pytest.mark.parametrize(
    ("language", "text", "value", "confidence", "answer"),
    [
        ("en", "take it", "take", 0.9, WhisperAnswer.TAKE),
        ("en", "put them through", None, 0.9, WhisperAnswer.TAKE),
        ("en", "give it back", "return", 0.7, WhisperAnswer.RETURN),
        ("ru", "беру", None, 0.8, WhisperAnswer.TAKE),
        ("ru", "не беру", "return", 0.8, WhisperAnswer.RETURN),
        ("en", "take it", "take", 0.3, None),
        ("en", "yes", None, 1.0, None),
        ("en", "claims department hello", None, 1.0, None),
    ],
)
def test_an_agent_answers_the_whisper_by_voice_and_is_heard_again_when_it_was_no_answer(
    language: str, text: str, value: str | None, confidence: float, answer: WhisperAnswer | None
) -> None:
    media: list[object] = []
    speech: list[object] = []
    whisper = Whisper("leg", language, to_media=media.append, to_speech=speech.append, **HOUSE)
    whisper.begin()
    assert media[1] == SendAudioTo(leg="leg", frames_path="/run/speech-0.sock")
    assert whisper.answer(spoken(text, value, confidence)) is answer
    turns = [message.turn for message in speech if isinstance(message, Listen)]
    assert turns == ([1] if answer else [1, 2])
    assert (
        whisper.answer(
            SpeechRejected(call_id="leg", turn=2, reason="noise", speech_started_at_ms=0, speech_ended_at_ms=1)
        )
        is None
    )
    whisper.end()
    assert media[-1] == SendAudioTo(leg="leg", frames_path="")


@pytest.mark.parametrize(
    ("language", "text", "value", "answer"),
    [
        ("en", "yes", "yes", WhisperAnswer.TAKE),
        ("en", "no", None, WhisperAnswer.RETURN),
        ("ru", "да", "yes", WhisperAnswer.TAKE),
        ("ru", "нет", "no", WhisperAnswer.RETURN),
    ],
)
async def test_yes_and_no_answer_a_whisper_that_was_heard_out_and_nothing_else(
    language: str, text: str, value: str | None, answer: WhisperAnswer
) -> None:
    media: list[object] = []

    async def rendered() -> Path:
        return Path("w.wav")

    whisper = Whisper("leg", language, to_media=media.append, to_speech=lambda _: None, **HOUSE)
    whisper.prepare(rendered())
    whisper.begin()
    assert whisper.answer(spoken(text, value, at_ms=1000)) is None, "said when picking up"
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert isinstance(media[-1], Play) and media[-1].files == ("w.wav",)
    whisper.heard_out(5000)
    assert whisper.answer(spoken(text, value, at_ms=1000)) is None, "heard late, said early"
    assert whisper.answer(spoken(text, value, confidence=0.4, at_ms=5500)) is None
    assert whisper.answer(spoken(text, value, at_ms=4900)) is answer
    whisper.end()


async def test_without_a_voice_nothing_was_asked_that_yes_could_answer() -> None:
    async def fails() -> Path:
        raise SpeechError("no voice")

    troubles: list[str] = []
    whisper = Whisper(
        "leg", "en", to_media=lambda _: None, to_speech=lambda _: None, **HOUSE | {"trouble": troubles.append}
    )
    whisper.prepare(fails())
    whisper.begin()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    whisper.heard_out(5000)
    assert troubles == ["no voice"]
    assert whisper.answer(spoken("yes", "yes", at_ms=5500)) is None
    assert whisper.answer(spoken("take it", "take", at_ms=6000)) is WhisperAnswer.TAKE
