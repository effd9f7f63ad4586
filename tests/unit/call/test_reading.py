"""Which of the recogniser's readings is believed: the likeliest, unless a date or an amount was asked for."""

from __future__ import annotations

import pytest

from ivr.call.reading import read
from ivr.model.dialog import Hear, UtteranceHeard
from ivr.model.hearing import Alternative, Expectation, ExpectationKind, Hypothesis, Recognition
from ivr.model.understanding import SlotContext
from tests.fakes.nlu import ScriptedNlu

TODAY = SlotContext(today="2026-11-22")


async def heard(kind: ExpectationKind, text: str, *others: str) -> UtteranceHeard:
    recognition = Recognition(
        hypothesis=Hypothesis(
            text=text,
            confidence=0.7,
            engine="test",
            alternatives=tuple(Alternative(text=other, log_probability=-4.0) for other in others),
        ),
        language="en",
        speech_started_at_ms=0,
        speech_ended_at_ms=1200,
        decided_at_ms=1600,
        decode_ms=100,
        decodes=1,
    )
    hear = Hear(
        step="main/when",
        expectation=Expectation(kind=kind),
        keys=None,
        noinput_ms=5000,
        slot_types=("date",) if kind is ExpectationKind.DATE else ("money",),
        slot_context=TODAY,
    )
    return await read(ScriptedNlu({"i want a person": "agent"}), recognition, hear)


async def test_a_reading_that_is_a_date_goes_before_a_likelier_one_that_is_none() -> None:
    event = await heard(
        ExpectationKind.DATE, "on the force of march", "on the force of match", "on the fourth of march"
    )
    assert event.recognition.hypothesis.text == event.understanding.text == "on the fourth of march"
    assert event.understanding.entity("date") is not None


async def test_a_likely_date_is_not_exchanged_for_another() -> None:
    event = await heard(ExpectationKind.DATE, "the fifth of march", "the fourth of march")
    assert event.recognition.hypothesis.text == "the fifth of march"


@pytest.mark.parametrize("text", ["i want a person"])
async def test_who_says_something_else_means_it(text: str) -> None:
    event = await heard(ExpectationKind.MONEY, text, "twenty euros")
    assert event.understanding.intent.name == "agent"
    assert event.recognition.hypothesis.text == text


async def test_where_no_date_was_asked_for_the_likeliest_text_is_the_text() -> None:
    event = await heard(ExpectationKind.OPEN, "on the force of march", "twenty euros")
    assert event.recognition.hypothesis.text == "on the force of march"
