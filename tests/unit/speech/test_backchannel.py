"""Who says "uh-huh" to a prompt wants to hear more of it; who says a word wants the turn."""

from dataclasses import replace

import pytest

from ivr.model.hearing import ExpectationKind, Hypothesis, Recognition
from ivr.speech.backchannel import AFTERTHOUGHT_MS, is_afterthought, is_backchannel


def heard(text: str, duration_ms: int = 400, margin: float | None = None) -> Recognition:
    return Recognition(
        hypothesis=Hypothesis(text=text, confidence=0.8, engine="test", margin=margin),
        language="en",
        speech_started_at_ms=1000,
        speech_ended_at_ms=1000 + duration_ms,
        decided_at_ms=1600 + duration_ms,
        decode_ms=100,
        decodes=1,
    )


@pytest.mark.parametrize("text", ["uh huh", "uh-huh", "mm hmm", "mhm", "угу", "ага", "ага ага"])
def test_a_hum_is_no_turn_whatever_was_asked(text: str) -> None:
    assert is_backchannel(heard(text), ExpectationKind.OPEN)
    assert is_backchannel(heard(text), ExpectationKind.YES_NO)


@pytest.mark.parametrize("text", ["yeah", "okay", "right", "да", "понятно"])
def test_a_word_of_agreement_is_a_nod_unless_agreement_was_asked_for(text: str) -> None:
    assert is_backchannel(heard(text), ExpectationKind.OPEN)
    assert not is_backchannel(heard(text), ExpectationKind.YES_NO)


@pytest.mark.parametrize("text", ["no", "stop", "yeah but", "uh huh and my claim", "operator", ""])
def test_anything_with_news_in_it_takes_the_turn(text: str) -> None:
    assert not is_backchannel(heard(text), ExpectationKind.OPEN)


def test_a_hum_forced_into_yes_or_no_is_no_answer_over_the_question() -> None:
    assert is_backchannel(heard("no", margin=0.6), ExpectationKind.YES_NO)
    assert not is_backchannel(heard("no", margin=4.0), ExpectationKind.YES_NO)
    assert not is_backchannel(heard("claims", margin=0.6), ExpectationKind.CHOICE)


def test_what_is_shorter_than_a_word_is_none_whatever_was_made_of_it() -> None:
    assert is_backchannel(heard("address", duration_ms=130), ExpectationKind.OPEN)
    assert not is_backchannel(heard("address", duration_ms=330), ExpectationKind.OPEN)


def test_a_long_hum_has_something_to_say() -> None:
    assert not is_backchannel(heard("mm", duration_ms=2500), ExpectationKind.OPEN)


def followed(answer: str, value: str | None, by: str, after_ms: int = 400) -> bool:
    first, second = heard(answer), heard(by)
    hypothesis = replace(first.hypothesis, value=value)
    moved = replace(second, speech_started_at_ms=first.speech_ended_at_ms + after_ms)
    return is_afterthought(replace(first, hypothesis=hypothesis), moved)


@pytest.mark.parametrize(
    ("answer", "value", "by"),
    [
        ("yes", "yes", "please"),
        ("yes", "yes", "yes please"),
        ("no", "no", "thank you"),
        ("no", "no", "that's wrong"),
        ("yes", "yes", "that's right"),
        ("да", "yes", "конечно"),
        ("a new card", None, "please"),
    ],
)
def test_the_second_half_of_an_answer_is_no_answer_to_the_next_question(answer: str, value: str, by: str) -> None:
    assert followed(answer, value, by)


@pytest.mark.parametrize(
    ("answer", "value", "by"),
    [
        ("yes", "yes", "no"),
        ("yes", "yes", "no thank you"),
        ("yes", "yes", "that's wrong"),
        ("no", "no", "yes please"),
        ("no", "no", "i want a person"),
        ("yes", "yes", "but i have a question"),
        ("4 5 7", "457", "1"),
    ],
)
def test_what_adds_something_is_heard(answer: str, value: str, by: str) -> None:
    assert not followed(answer, value, by)


def test_who_has_heard_the_next_question_answers_it() -> None:
    assert not followed("yes", "yes", "yes please", AFTERTHOUGHT_MS + 100)
