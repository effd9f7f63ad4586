"""English values as the caller hears them."""

from __future__ import annotations

import pytest

from ivr.dialog.tongues import FORMATTERS, TONGUES

SAY = TONGUES["en"].formatters


def test_every_formatter_exists_in_every_language() -> None:
    assert all(set(tongue.formatters) == FORMATTERS for tongue in TONGUES.values())


@pytest.mark.parametrize(
    ("formatter", "value", "extra", "said"),
    [
        ("digits", "4111111111111111", "", "four one one one, one one one one, one one one one, one one one one"),
        ("number", 2.5, "", "two point five"),
        ("number", "100", "", "one hundred"),
        ("number", 1000000, "", "one million"),
        ("money", "1250.50 EUR", "USD", "one thousand two hundred and fifty euros and fifty cents"),
        ("money", {"amount": 1, "currency": "USD"}, "", "one dollar"),
        ("money", 0.01, "GBP", "zero pounds and one penny"),
        ("money", -5, "USD", "minus five dollars"),
        ("date", "1985-03-05", "2026-11-20", "the fifth of March nineteen eighty-five"),
        ("date", "2005-06-21", "2026-11-20", "the twenty-first of June two thousand and five"),
        ("time", "16:30", "", "four thirty in the afternoon"),
        ("time", "09:05", "", "nine oh five in the morning"),
        ("time", "12:00", "", "noon"),
        ("time", "00:15", "", "twelve fifteen in the morning"),
        ("time", "2026-11-20T18:00:00", "", "six in the evening"),
        ("phone", "+442079460123", "", "plus four four, two oh, seven nine four six, oh one two three"),
        ("phone", "+12125550123", "", "two one two, five five five, oh one two three"),
        ("phone", "5550123", "", "five five five, oh one two three"),
        ("name", " Ann  Lee ", "", "Ann Lee"),
        ("count", 1, "day/days", "one day"),
        ("count", 3, "day/days", "three days"),
        ("count", 0, "claim/claims", "zero claims"),
    ],
)
def test_a_value_is_said_as_people_say_it(formatter: str, value: object, extra: str, said: str) -> None:
    assert SAY[formatter](value, extra) == said


@pytest.mark.parametrize(
    ("formatter", "value", "extra"),
    [
        ("digits", "none", ""),
        ("number", "many", ""),
        ("number", "nan", ""),
        ("money", 5, "XYZ"),
        ("date", "soon", ""),
        ("time", "25:00", ""),
        ("count", 3, "day"),
    ],
)
def test_what_is_no_such_value_is_refused(formatter: str, value: object, extra: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        SAY[formatter](value, extra)
