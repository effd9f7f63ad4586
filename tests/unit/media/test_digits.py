"""Keys become collections, in virtual time."""

from __future__ import annotations

import pytest

from ivr.media.digits import MAX_TYPE_AHEAD, Collected, Collection, DigitCollector


def asked(
    max_digits: int = 4, terminator: str = "#", inter_digit_ms: int = 3000, stop_playback: bool = True
) -> Collection:
    return Collection(
        max_digits=max_digits, terminator=terminator, inter_digit_ms=inter_digit_ms, stop_playback=stop_playback
    )


def dial(keys: DigitCollector, digits: str, at_ms: int = 0) -> list[Collected]:
    return [done for done in (keys.press(digit, at_ms) for digit in digits) if done]


@pytest.mark.parametrize(
    ("keys_pressed", "result", "ended_by"),
    [("1234", "1234", "length"), ("12#", "12", "terminator"), ("#", "", "terminator"), ("1*A#", "1*A", "terminator")],
)
def test_a_collection_ends_by_length_or_terminator(keys_pressed: str, result: str, ended_by: str) -> None:
    keys = DigitCollector()
    keys.collect(asked(), 0)
    assert dial(keys, keys_pressed) == [Collected(digits=result, ended_by=ended_by)]


def test_the_gap_counts_from_the_last_key_and_not_before_the_first() -> None:
    keys = DigitCollector()
    keys.collect(asked(inter_digit_ms=1000), 0)
    assert keys.on_time(50_000) is None
    keys.press("7", 50_000)
    keys.press("8", 50_900)
    assert keys.on_time(51_899) is None
    assert keys.on_time(51_900) == Collected(digits="78", ended_by="gap")
    assert keys.on_time(99_000) is None


def test_keys_pressed_ahead_count_and_the_rest_is_kept_for_the_next_question() -> None:
    keys = DigitCollector()
    dial(keys, "12345")
    assert keys.collect(asked(max_digits=2), 10) == (Collected(digits="12", ended_by="length"), True)
    assert keys.collect(asked(max_digits=2), 20) == (Collected(digits="34", ended_by="length"), True)
    assert keys.collect(asked(max_digits=2), 30) == (None, True)
    assert dial(keys, "6", 40) == [Collected(digits="56", ended_by="length")]


def test_a_terminator_right_behind_a_full_collection_says_nothing_about_the_next_question() -> None:
    keys = DigitCollector()
    keys.collect(asked(), 0)
    dial(keys, "1234", 1000)
    keys.collect(asked(), 1100)
    assert keys.press("#", 1500) is None
    assert keys.press("#", 1600) == Collected(digits="", ended_by="terminator")


def test_a_late_terminator_is_an_answer() -> None:
    keys = DigitCollector()
    keys.collect(asked(), 0)
    dial(keys, "1234", 1000)
    keys.collect(asked(), 1100)
    assert keys.press("#", 4000) == Collected(digits="", ended_by="terminator")


def test_stopping_throws_type_ahead_away() -> None:
    keys = DigitCollector()
    dial(keys, "12")
    keys.stop()
    assert keys.collect(asked(max_digits=2), 10) == (None, False)


def test_a_new_collection_replaces_the_old_one_and_keeps_its_keys() -> None:
    keys = DigitCollector()
    keys.collect(asked(max_digits=4), 0)
    dial(keys, "12")
    assert keys.collect(asked(max_digits=2), 10) == (Collected(digits="12", ended_by="length"), True)


def test_the_prompt_is_stopped_only_when_asked_and_collecting() -> None:
    keys = DigitCollector()
    assert not keys.stops_playback
    keys.collect(asked(stop_playback=False), 0)
    assert not keys.stops_playback
    keys.collect(asked(), 0)
    assert keys.stops_playback


def test_type_ahead_is_bounded() -> None:
    keys = DigitCollector()
    dial(keys, "1" * 100)
    done, _ = keys.collect(asked(max_digits=100), 0)
    assert done is None
    assert keys.on_time(10_000) == Collected(digits="1" * MAX_TYPE_AHEAD, ended_by="gap")
