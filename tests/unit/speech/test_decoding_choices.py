"""What is chosen from what an engine offers: pieces, second passes, closed lists, Vosk's readings."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ivr.model.errors import SpeechError
from ivr.model.hearing import Expectation, ExpectationKind, Phrase
from ivr.speech.closed_list import Scored, choose, shortlist
from ivr.speech.free_speech import PIECE_S, joined, pieces, repeats_itself, suspicious
from ivr.speech.grammar_results import Reading, as_digits, as_phrase, as_text, segment_of
from ivr.speech.grammar_results import joined as whole_turn
from ivr.speech.whisper_model import Decoded

SIX = Expectation(kind=ExpectationKind.DIGITS, min_length=6, max_length=6)
YES_NO = Expectation(
    kind=ExpectationKind.YES_NO, phrases=(Phrase(text="yes", value="yes"), Phrase(text="no", value="no"))
)


def decoded(text: str, mean: float = -0.2, *, capped: bool = False) -> Decoded:
    count = len(text.split())
    return Decoded(
        text=text,
        tokens=tuple(range(count)),
        log_probability=mean * (count + 1),
        mean=mean,
        no_speech=0.1,
        capped=capped,
    )


def speech(*spoken_s: float, pause_s: float = 0.4) -> np.ndarray:
    """Noise for speech, silence for pauses."""
    rng = np.random.default_rng(1)
    parts = []
    for seconds in spoken_s:
        parts += [0.1 * rng.standard_normal(round(8000 * seconds)), np.zeros(round(8000 * pause_s))]
    return np.concatenate(parts).astype(np.float32)


# ---- long turns ---------------------------------------------------------------------------------------------------


def test_a_short_turn_is_one_piece() -> None:
    samples = speech(3.0)
    assert [piece.size for piece in pieces(samples)] == [samples.size]


def test_a_long_turn_is_cut_in_its_pauses_and_nothing_is_lost() -> None:
    samples = speech(5.0, 4.0, 6.0)
    found = pieces(samples)
    assert np.array_equal(np.concatenate(found), samples)
    assert all(piece.size <= PIECE_S * 8000 for piece in found)
    ends = np.cumsum([piece.size for piece in found])[:-1] / 8000
    assert 5.0 < ends[0] < 5.4 and 9.4 < ends[1] < 9.8


def test_cuts_stay_where_they_are_when_more_is_said() -> None:
    samples = speech(5.0, 4.0, 6.0)
    earlier = [piece.size for piece in pieces(samples[: 11 * 8000])]
    assert [piece.size for piece in pieces(samples)][: len(earlier) - 1] == earlier[:-1]


def test_pieces_are_one_text() -> None:
    found = joined([decoded("press one"), decoded("or two", -0.4)])
    assert found.text == "press one or two"
    assert -0.4 < found.mean < -0.2


@pytest.mark.parametrize(
    ("text", "repeats"),
    [
        ("press one or press two", False),
        ("no no", False),
        ("press one to press one to go", True),
        ("one two three one two three", True),
    ],
)
def test_a_loop_is_seen(text: str, repeats: bool) -> None:
    assert repeats_itself(text.split()) is repeats


def test_a_second_pass_is_for_loops_and_guesses_only() -> None:
    assert not suspicious(decoded("I want to check my claim"))
    assert suspicious(decoded("I want to check my claim", -0.9))
    assert suspicious(decoded("I want to check my claim", capped=True))
    assert suspicious(decoded("to check to check my claim"))


# ---- closed lists -------------------------------------------------------------------------------------------------


def scored(**nats: float) -> list[Scored]:
    return [Scored(Phrase(text=word, value=word), score) for word, score in nats.items()]


TEN = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def test_a_digit_that_stands_out_is_taken_although_the_free_text_fits_better() -> None:
    scores = dict.fromkeys(TEN, -14.0) | {"seven": -10.8}
    chosen = choose(scored(**scores), "dragon", -2.4)
    assert chosen is not None and chosen.best.phrase.value == "seven"


def test_a_word_that_fits_all_digits_equally_badly_is_no_digit() -> None:
    scores = dict.fromkeys(TEN, -12.0) | {"seven": -11.4}
    assert choose(scored(**scores), "hours", -3.2) is None


def test_one_of_two_is_not_taken_for_garbage_however_clear_the_difference() -> None:
    assert choose(scored(yes=-12.0, no=-30.0), "operator", -3.0) is None


# ---- Vosk's readings ----------------------------------------------------------------------------------------------


def answer(*readings: tuple[str, float]) -> str:
    return json.dumps({"alternatives": [{"text": text, "confidence": score} for text, score in readings]})


def test_readings_of_a_turn_are_the_best_combinations_of_its_segments() -> None:
    first = segment_of(answer(("four five", 10.0), ("four nine", 8.0)))
    second = segment_of(answer(("seven", 5.0), ("eleven", 4.5)))
    assert [(r.text, r.score) for r in whole_turn([first, second])][:2] == [
        ("four five seven", 15.0),
        ("four five eleven", 14.5),
    ]


def test_the_length_chooses_among_digit_readings() -> None:
    heard = segment_of(answer(("four five seven eight nine", 20.0), ("four five seven eight nine one", 18.0)))
    found = as_digits(heard, SIX, "en", "vosk")
    assert found is not None and (found.value, found.text) == ("457891", "4 5 7 8 9 1")
    assert found.alternatives[0].text == "4 5 7 8 9"


def test_a_number_that_exists_goes_before_a_likelier_one() -> None:
    known = Expectation(kind=ExpectationKind.DIGITS, candidates=("457891",))
    heard = segment_of(answer(("four five seven eight nine nine", 20.0), ("four five seven eight nine one", 18.0)))
    found = as_digits(heard, known, "en", "vosk")
    assert found is not None and found.value == "457891"


def test_the_unknown_word_of_a_grammar_means_something_else_was_said() -> None:
    assert as_digits(segment_of(answer(("[unk]", 9.0), ("four", 8.0))), SIX, "en", "vosk") is None
    assert as_phrase(segment_of(answer(("[unk]", 9.0), ("yes", 8.0))), YES_NO, "vosk") is None
    found = as_phrase(segment_of(answer(("yes", 9.0), ("no", 8.0))), YES_NO, "vosk")
    assert found is not None and (found.value, found.margin) == ("yes", 1.0)


def test_what_vosk_did_not_hear_is_no_text() -> None:
    assert as_text((Reading("", 0.0),), "vosk").reason == "no_speech"
    assert segment_of('{"text": "hello"}') == (Reading("hello", 0.0),)
    with pytest.raises(SpeechError, match="nonsense"):
        segment_of("nonsense")


# ---- what is scored first -----------------------------------------------------------------------------------------

MANY = tuple(
    Phrase(text=text, value=value)
    for text, value in (
        *(("yes", "yes"), ("yes please", "yes"), ("yes it is", "yes"), ("that's right", "yes"), ("correct", "yes")),
        *(("no", "no"), ("nope", "no"), ("that's wrong", "no"), ("no thank you", "no"), ("not correct", "no")),
    )
)


@pytest.mark.parametrize("heard", ["yes", "that's right", "nope"])
def test_a_phrase_that_was_read_is_compared_with_both_values(heard: str) -> None:
    near = shortlist(MANY, heard)
    assert heard in [phrase.text for phrase in near]
    assert {phrase.value for phrase in near} == {"yes", "no"}
    assert len(near) < len(MANY)


def test_what_is_written_most_alike_is_compared() -> None:
    assert "that's wrong" in [phrase.text for phrase in shortlist(MANY, "that's right")]
    assert "not correct" in [phrase.text for phrase in shortlist(MANY, "correct")]


def test_other_words_are_compared_with_the_whole_list() -> None:
    assert shortlist(MANY, "my mother") == MANY
