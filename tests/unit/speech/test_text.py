"""The normal form of recognised text, and the digits in it."""

import pytest

from ivr.model.hearing import Expectation, ExpectationKind, Phrase
from ivr.speech.closed_list import Scored, choose, spelled
from ivr.speech.digit_strings import Reading, best_reading
from ivr.speech.text import broken_number, digits_of, normal, split_digits, unlooped


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (" My number is 457-891.", "my number is 457 891"),
        ("It's 4, 5, 7.", "it's 4 5 7"),
        ("$1,234.56, please!", "1234.56 dollars please"),
        ("Four five seven.", "four five seven"),
        ("The 3rd of May", "the 3rd of may"),
        ("1.2.3.", "1 2 3"),
        ("Да, номер 457", "да номер 457"),
        (" ... ", ""),
    ],
)
def test_text_is_lower_case_without_punctuation(raw: str, text: str) -> None:
    assert normal(raw) == text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("my number is 4 5 7", (["my", "number", "is"], "457", [])),
        ("four five double seven please", ([], "4577", ["please"])),
        ("oh one 23", ([], "0123", [])),
        ("operator", ([], "", ["operator"])),
    ],
)
def test_digits_are_found_where_they_stand(text: str, parts: tuple) -> None:
    assert split_digits(text) == parts


def test_a_word_that_is_no_digit_spoils_the_run() -> None:
    assert digits_of(["four", "score"]) is None
    assert digits_of(["double"]) is None


def test_endless_repetition_is_said_once_but_three_times_may_be_meant() -> None:
    assert unlooped("no " * 9) == "no"
    assert unlooped("to go to go to go to go") == "to go"
    assert unlooped("no no no") == "no no no"
    assert unlooped("operator operator") == "operator"
    assert unlooped("seven seven") == "seven seven"


PHRASES = [Phrase(text="yes", value="yes"), Phrase(text="yes please", value="yes"), Phrase(text="no", value="no")]


def scored(*scores: float) -> list[Scored]:
    return [Scored(phrase, score) for phrase, score in zip(PHRASES, scores, strict=True)]


def test_phrases_of_one_value_do_not_compete() -> None:
    choice = choose(scored(-2.0, -2.1, -5.0), "yes please", -1.9)
    assert choice is not None and choice.best.phrase.value == "yes"
    assert choice.margin > 3.0
    assert [a.text for a in choice.alternatives] == ["no"]


def test_something_else_is_not_forced_into_the_list() -> None:
    assert choose(scored(-11.0, -13.0, -12.0), "operator", -1.0) is None
    assert choose(scored(-2.0, -9.0, -9.0), "yes but first tell me about my card", -6.0) is None


def test_a_misheard_short_word_is_recovered_by_its_sound() -> None:
    choice = choose(scored(-4.0, -9.0, -7.5), "yep", -1.5)
    assert choice is not None and choice.best.phrase.value == "yes"


def test_a_phrase_is_spelled_with_its_end() -> None:
    assert spelled("yes") == "Yes."


def reading(digits: str, score: float) -> Reading:
    return Reading(digits=digits, log_probability=score, mean=score / (len(digits) + 1))


def no_score(_: list[str]) -> list[float]:
    raise AssertionError("nothing to score")


def test_the_known_length_wins_over_the_likelier_string() -> None:
    six = Expectation(kind=ExpectationKind.DIGITS, min_length=6, max_length=6)
    best = best_reading([reading("98259798", -1.0), reading("982597", -3.0)], six, no_score)
    assert best is not None and best.digits == "982597"


def test_a_short_number_is_not_filled_up_with_itself() -> None:
    six = Expectation(kind=ExpectationKind.DIGITS, min_length=6, max_length=6)
    looped = best_reading([reading("457457", -3.0), reading("457", -2.8)], six, no_score, seconds=2.0)
    assert looped is not None and looped.digits == "457"
    meant = best_reading([reading("457457", -1.8), reading("457", -9.0)], six, no_score, seconds=2.0)
    assert meant is not None and meant.digits == "457457"
    slow = best_reading([reading("666666", -3.5), reading("6", -2.5)], six, no_score, seconds=3.0)
    assert slow is not None and slow.digits == "666666"


def test_without_a_known_length_the_free_text_decides() -> None:
    any_length = Expectation(kind=ExpectationKind.DIGITS)
    best = best_reading([reading("45777777", -3.1), reading("457", -3.4)], any_length, no_score, free="457")
    assert best is not None and best.digits == "457"


def test_a_wrong_length_is_better_than_nothing() -> None:
    six = Expectation(kind=ExpectationKind.DIGITS, min_length=6, max_length=6)
    best = best_reading([reading("457", -1.0)], six, no_score)
    assert best is not None and best.digits == "457"
    assert best_reading([], six, no_score) is None


def test_a_number_known_to_exist_is_preferred_when_the_audio_allows_it() -> None:
    known = Expectation(kind=ExpectationKind.DIGITS, candidates=("457891", "111111"))
    near = best_reading([reading("457991", -1.0)], known, lambda texts: [-4.0, -2.0])
    far = best_reading([reading("457991", -1.0)], known, lambda texts: [-20.0, -2.0])
    assert near is not None and near.digits == "457891"
    assert far is not None and far.digits == "457991"


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("2 oh bar 5 1 8", True),
        ("2 0 4 5 1 8", False),
        ("my claim number is 2 0 4 5 1 8", False),
        ("2 0 4 5 1 8 thank you", False),
        ("i have two cars and one flat", False),
        ("operator", False),
        ("", False),
    ],
)
def test_a_word_among_digits_is_a_misread_digit(text: str, broken: bool) -> None:
    assert broken_number(text) is broken
