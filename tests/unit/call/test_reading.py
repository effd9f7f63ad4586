"""Which of the recogniser's readings is believed: the likeliest, unless a date or an amount was asked for; and which go
along with it."""

from __future__ import annotations

import pytest

from ivr.call.reading import read
from ivr.model.dialog import Hear, UtteranceHeard
from ivr.model.hearing import Alternative, Expectation, ExpectationKind, Hypothesis, Recognition
from ivr.model.understanding import Entity, SlotContext
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


async def value_heard(kind: ExpectationKind, text: str, *others: tuple[str, float]) -> Entity:
    """What is asked for, as it was heard: the text at -3 nats, other readings with their own."""
    hypothesis = Hypothesis(
        text=text,
        confidence=0.8,
        engine="test",
        log_probability=-3.0,
        alternatives=tuple(Alternative(text=other, log_probability=nats) for other, nats in others),
    )
    recognition = Recognition(
        hypothesis=hypothesis,
        language="en",
        speech_started_at_ms=0,
        speech_ended_at_ms=1200,
        decided_at_ms=1600,
        decode_ms=100,
        decodes=1,
    )
    expectation = Expectation(kind=kind)
    hear = Hear(step="s", expectation=expectation, keys=None, noinput_ms=5000, slot_types=(kind,), slot_context=TODAY)
    entity = (await read(ScriptedNlu({}), recognition, hear)).understanding.entity(kind)
    assert entity is not None
    return entity


async def test_a_name_goes_along_with_what_else_it_may_have_been() -> None:
    name = await value_heard(ExpectationKind.NAME, "it's wendy", ("it's linda", -4.0), ("it's lindy", -9.0))
    assert (name.value, name.readings) == ("wendy", ("wendy", "linda"))


async def test_of_a_number_only_one_other_reading_goes_along_and_only_in_doubt() -> None:
    number = await value_heard(ExpectationKind.DIGITS, "4 5 7", ("4 5 9", -4.0), ("4 1 7", -4.5))
    assert number.readings == ("457", "459")
    number = await value_heard(ExpectationKind.DIGITS, "4 5 7", ("4 5 9", -5.5))
    assert number.readings == ("457",)


async def test_a_day_heard_twice_in_other_words_is_one_day() -> None:
    day = await value_heard(ExpectationKind.DATE, "the fifth of march 1979", ("march 5 1979", -3.5))
    assert day.readings == ("1979-03-05",)


async def test_amounts_and_open_words_have_no_other_readings() -> None:
    amount = await value_heard(ExpectationKind.MONEY, "twenty euros", ("thirty euros", -3.1))
    assert amount.readings == ("20 EUR",) or amount.readings[0].startswith("20")
    assert len(amount.readings) == 1
