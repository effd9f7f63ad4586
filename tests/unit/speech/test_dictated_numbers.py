"""Dictated numbers: whether the decoder made digits up to reach the length that was wanted."""

import pytest

from ivr.model.hearing import Alternative, EndpointProfile, Expectation, ExpectationKind, Hypothesis
from ivr.speech.completeness import Completeness, completeness
from ivr.speech.dictation import corrected, one_digit_short
from ivr.speech.whisper_model import Decoded

SIX = Expectation(kind=ExpectationKind.DIGITS, profile=EndpointProfile.LONG, min_length=6, max_length=6)
SPOKEN_MS = 2400


def judged(value: str, **others: float) -> Completeness:
    """others: n<digits>=log-probability of another reading."""
    alternatives = tuple(
        Alternative(text=" ".join(name[1:]), log_probability=likely) for name, likely in others.items()
    )
    heard = Hypothesis(text=" ".join(value), value=value, confidence=0.8, engine="test", alternatives=alternatives)
    return completeness(SIX, heard, SPOKEN_MS)


@pytest.mark.parametrize(
    ("value", "other", "likely"),
    [
        ("997122", "n99712", -1.2),
        ("964050", "n96405", -1.7),
        ("254545", "n2545", -3.8),
        ("933734", "n93734", -2.4),
        ("152152", "n2152", -2.6),
    ],
)
def test_digits_said_again_may_be_made_up(value: str, other: str, likely: float) -> None:
    assert judged(value, **{other: likely}) is Completeness.OPEN_ENDED


@pytest.mark.parametrize(
    ("value", "other", "likely"),
    [
        ("480246", "n48024", -1.9),  # nobody makes a six out of nothing
        ("250591", "n2", -2.9),
        ("948799", "n94879", -4.0),
        ("552409", "n52409", -3.5),  # a double within the number
        ("997121", "n9971211", -1.0),
    ],
)
def test_digits_that_follow_from_none_before_were_said(value: str, other: str, likely: float) -> None:
    assert judged(value, **{other: likely}) is Completeness.COMPLETE


@pytest.mark.parametrize(
    ("text", "takes_back"),
    [
        ("78305974 no sorry 78305904", True),
        ("three two i mean three four", True),
        ("3 2 3 1 нет простите 3 2 3 4", True),
        ("sorry it is 78305974", False),  # nothing was taken back
        ("78305974 sorry", False),
        ("7 8 no 3 0", False),  # a digit misread
    ],
)
def test_a_number_taken_back_within_a_turn_is_no_single_string(text: str, takes_back: bool) -> None:
    assert corrected(text) is takes_back


@pytest.mark.parametrize(
    ("text", "mean", "lost"),
    [
        ("oh sorry 5 1 8", -0.87, True),  # "two, oh, four, five, one, eight", by a synthetic voice
        ("2 0 sorry 5 1 8", -0.7, True),
        ("2 0 sorry 5 1 8", -0.2, False),  # heard plainly: somebody corrects himself
        ("204518 no sorry 204519", -0.7, False),
    ],
)
def test_a_word_that_takes_back_may_be_the_digit_that_lacks(text: str, mean: float, lost: bool) -> None:
    free = Decoded(text=text, tokens=(), log_probability=8 * mean, mean=mean, no_speech=0.0)
    assert one_digit_short(text, free, SIX) is lost
