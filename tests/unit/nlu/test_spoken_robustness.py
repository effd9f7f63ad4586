"""No words, however odd, break a parser; what it finds has a shape its type promises."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.model.understanding import SlotContext
from ivr.nlu.spoken import PARSERS, find

DATA = Path(__file__).parents[2] / "data"
SHAPES = {
    "digits": r"\d+",
    "number": r"-?\d+(\.\d+)?",
    "money": r"-?\d+(\.\d\d)? [A-Z]{3}",
    "date": r"\d{4}-\d\d-\d\d",
    "time": r"([01]\d|2[0-3]):[0-5]\d",
    "phone": r"\+\d{7,15}",
    "yes_no": r"yes|no",
    "offer_reply": r"yes|likely|no|later|price|about",
    "choice": r"car|flat",
    "name": r"Ann Lee|Иван Петров",
    "text": r"(?s).+",
}
CONTEXT = SlotContext(
    today="2026-11-18",
    currency="EUR",
    choices=(("car", "car"), ("my flat", "flat"), ("машина", "car")),
    candidates=("Ann Lee", "Иван Петров"),
)
SAID = sorted(
    {word for lang in ("en", "ru") for word in (DATA / f"spoken.{lang}.tsv").read_text(encoding="utf-8").split()}
)
WORDS = st.one_of(st.sampled_from(SAID), st.text(max_size=6), st.integers(min_value=0).map(str))
SENTENCES = st.lists(WORDS, max_size=12).map(" ".join)


@settings(max_examples=400, deadline=None)
@given(text=SENTENCES, language=st.sampled_from(["en", "ru"]), past=st.booleans())
def test_any_words_give_a_value_of_the_promised_shape_or_none(text: str, language: str, past: bool) -> None:
    context = SlotContext(
        today=CONTEXT.today,
        currency=CONTEXT.currency,
        choices=CONTEXT.choices,
        candidates=CONTEXT.candidates,
        past=past,
    )
    for slot_type in PARSERS:
        found = find(slot_type, text, language, context)
        if found is None:
            continue
        assert found.entity == slot_type and found.value == found.readings[0]
        assert all(re.fullmatch(SHAPES[slot_type], reading) for reading in found.readings), (slot_type, found)
        assert len(set(found.readings)) == len(found.readings)
        assert 0 <= found.start < found.end <= len(text)
        if slot_type == "date":
            days = [datetime.date.fromisoformat(reading) for reading in found.readings]
            assert not past or all(day <= datetime.date(2026, 11, 18) for day in days), (text, days)


@pytest.mark.parametrize(
    "text",
    [
        "9" * 1000,
        "five " * 200,
        "thousand " * 110,
        "million " * 120,
        "1,000" + ",000" * 200,
        "²²²² ² ² ²",
        "٣ ٣",
        "point " * 99,
    ],
)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_nonsense_of_a_thousand_characters_is_survived(text: str, language: str) -> None:
    for slot_type in PARSERS:
        find(slot_type, text, language, CONTEXT)


@pytest.mark.parametrize("slot_type", sorted(PARSERS))
def test_without_context_or_table_nothing_is_invented(slot_type: str) -> None:
    found = find(slot_type, "yesterday", "fi")
    assert found is None or slot_type in ("text", "name")
    assert find(slot_type, "", "en") is None


def test_a_name_comes_with_scores_and_the_distance_to_the_next() -> None:
    context = SlotContext(candidates=("John Smith", "Joan Smyth", "Maria Garcia"))
    found = find("name", "jon smith", "en", context)
    assert found is not None and found.readings[0] == "John Smith" and len(found.scores) == len(found.readings) == 2
    assert found.scores[0] - found.scores[1] < 0.15


def test_a_value_has_its_place_in_the_sentence() -> None:
    text = "I was born on March 5th, 1982 in Leeds"
    found = find("date", text, "en", CONTEXT)
    assert found is not None and text[found.start : found.end] == "March 5th, 1982"
