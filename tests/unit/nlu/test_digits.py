import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.nlu.spoken.digits import MAX_READINGS, find_digits

PILE = (
    "twenty",
    "hundred",
    "thousand",
    "five",
    "oh",
    "double",
    "and",
    "no",
    "not",
    "to",
    "7",
    "fives",
    "twice",
    "банан",
)
FIGURES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
RUSSIAN_FIGURES = ("ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять")


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("two oh four five one eight", "204518"),
        ("20-45-18", "204518"),
        ("204518", "204518"),
        ("twenty forty-five eighteen", "204518"),
        ("4 5 7-192", "457192"),
        ("double five", "55"),
        ("triple seven", "777"),
        ("two double oh seven", "2007"),
        ("three fives", "555"),
        ("it's uh two o four, five one eight", "204518"),
        ("my claim number is two oh four and then five one eight please", "204518"),
        ("two zero four dash five one eight", "204518"),
        ("nought seven niner", "079"),
        ("five ate two", "582"),
        ("one for five", "145"),
        ("i want to check for claim two oh four five one eight", "204518"),
        ("no two oh four five one eight", "204518"),
        ("not two three", "23"),
        ("one hundred twenty three", "123"),
        ("three three one oh double four one seven", "33104417"),
        ("thirty three ten forty four seventeen", "33104417"),
        ("1,250", "1250"),
        ("seventeen", "17"),
    ],
)
def test_english_digits_are_read_as_they_are_meant(said: str, digits: str) -> None:
    found = find_digits(said, "en")
    assert found is not None
    assert found.value == digits


@pytest.mark.parametrize(
    ("said", "readings"),
    [
        ("eight hundred five", ("8005", "805")),
        ("eight hundred and five", ("805", "8005")),
        ("eight hundred five five five", ("800555", "80555")),
        ("twenty five", ("25", "205")),
        ("two thousand four", ("2004", "20004")),
        ("oh two oh four", ("0204", "204")),
        ("a hundred and five", ("105", "1005")),
    ],
)
def test_what_is_ambiguous_by_nature_keeps_all_readings(said: str, readings: tuple[str, ...]) -> None:
    found = find_digits(said, "en")
    assert found is not None
    assert found.readings == readings
    assert found.confidence < 1.0


@pytest.mark.parametrize(
    ("said", "first", "also"),
    [
        ("no, seven two", "72", "72"),
        ("four five one no seven two", "72", "472"),
        ("two oh four sorry two oh five", "205", "204205"),
        ("two oh four five one nine no eight", "204518", "8"),
        ("two oh four sorry five one eight", "518", "204518"),
        ("not two, it's three", "3", "3"),
        ("two oh four five one eight no wait two oh four five one nine", "204519", "204519"),
    ],
)
def test_the_last_word_wins_when_callers_correct_themselves(said: str, first: str, also: str) -> None:
    found = find_digits(said, "en")
    assert found is not None
    assert found.value == first
    assert also in found.readings


@pytest.mark.parametrize(
    "said", ["", "no", "oh my god", "i want to talk to someone", "for what", "double trouble", "and then", "hundredth"]
)
def test_a_sentence_without_digits_has_none(said: str) -> None:
    assert find_digits(said, "en") is None


def test_the_longest_digits_win_over_small_talk_around_them() -> None:
    found = find_digits("i waited two weeks now the number is two oh four five one eight since one year", "en")
    assert found is not None
    assert found.value == "204518"


def test_the_span_covers_the_digits_in_the_original_text() -> None:
    text = "Well, it's Two oh FOUR - five, I think"
    found = find_digits(text, "en")
    assert found is not None
    assert text[found.start : found.end] == "Two oh FOUR - five"


@pytest.mark.parametrize(
    ("said", "readings"),
    [
        ("два ноль четыре пять один восемь", ("204518",)),
        ("двадцать сорок пять восемнадцать", ("204518", "2040518")),
        ("сто пять ноль один", ("10501", "100501")),
        ("четыре пятёрки", ("5555",)),
        ("два раза три", ("33",)),
        ("дважды семь", ("77",)),
        ("не два, а три", ("3",)),
        ("номер двести четыре, пятьсот восемнадцать", ("204518",)),
    ],
)
def test_russian_digits_are_read_as_they_are_meant(said: str, readings: tuple[str, ...]) -> None:
    found = find_digits(said, "ru")
    assert found is not None
    assert found.readings[: len(readings)] == readings


def test_a_region_of_a_language_is_that_language_and_an_unknown_one_gives_nothing() -> None:
    assert find_digits("two", "en-GB") is not None
    assert find_digits("two", "fi") is None


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=16), st.sampled_from([("en", FIGURES), ("ru", RUSSIAN_FIGURES)])
)
def test_digits_said_one_by_one_have_exactly_one_reading(
    digits: list[int], language: tuple[str, tuple[str, ...]]
) -> None:
    found = find_digits(" ".join(language[1][d] for d in digits), language[0])
    assert found is not None
    assert found.readings == ("".join(map(str, digits)),)


@given(st.lists(st.sampled_from(PILE)))
def test_any_pile_of_number_words_gives_digits_or_nothing(said: list[str]) -> None:
    found = find_digits(" ".join(said), "en")
    assert found is None or (
        0 < len(found.readings) <= MAX_READINGS and all(r.isdigit() for r in found.readings) and found.start < found.end
    )
