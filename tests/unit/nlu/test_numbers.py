import pytest

from ivr.nlu.spoken.quantities import find_number


@pytest.mark.parametrize(
    ("language", "said", "number"),
    [
        ("en", "twelve hundred and fifty", "1250"),
        ("en", "one thousand two hundred fifty euros", "1250"),
        ("en", "about 1,250", "1250"),
        ("en", "three hundred thousand and one", "300001"),
        ("en", "a hundred", "100"),
        ("en", "forty-two", "42"),
        ("en", "zero", "0"),
        ("ru", "тысяча двести пятьдесят рублей", "1250"),
        ("ru", "двадцать одна", "21"),
        ("ru", "сорока двух", "42"),
    ],
)
def test_whole_numbers_are_read(language: str, said: str, number: str) -> None:
    found = find_number(said, language)
    assert found is not None
    assert found.value == number


def test_no_number_is_none() -> None:
    assert find_number("nothing to count", "en") is None
    assert find_number("one", "fi") is None
