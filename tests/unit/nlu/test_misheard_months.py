"""A month the recogniser did not know is told by its sound, where a day and a full year leave nothing else."""

from __future__ import annotations

import pytest

from ivr.model.understanding import SlotContext
from ivr.nlu.spoken import find

BORN = SlotContext(today="2026-11-22", past=True)


@pytest.mark.parametrize(
    ("language", "heard", "day"),
    [
        ("ru", "29 го артабря 1941 года", "1941-10-29"),
        ("ru", "23 его артабря 1941", "1941-10-23"),
        ("ru", "22 я в густо тысяча девятьсот пятьдесят седьмого", "1957-08-22"),
        ("en", "the 14th of ocktober 1957", "1957-10-14"),
    ],
)
def test_a_month_is_known_by_its_sound(language: str, heard: str, day: str) -> None:
    found = find("date", heard, language, BORN)
    assert found is not None and found.readings == (day,)


@pytest.mark.parametrize(
    ("language", "heard"),
    [("ru", "20 ый конкурят 1945 го"), ("ru", "16 в б 1969 года"), ("en", "the 12th of made 1968")],
)
def test_what_may_be_several_months_or_none_is_no_date(language: str, heard: str) -> None:
    """Nor is it the last twentieth of a month: a full year was said."""
    assert find("date", heard, language, BORN) is None


def test_a_year_a_word_later_is_the_year_of_the_day() -> None:
    found = find("date", "25 июня от 1983 года", "ru", BORN)
    assert found is not None and found.value == "1983-06-25"


def test_without_a_year_a_day_is_the_last_one_as_before() -> None:
    found = find("date", "двадцать пятого числа", "ru", BORN)
    assert found is not None and found.value == "2026-10-25"
