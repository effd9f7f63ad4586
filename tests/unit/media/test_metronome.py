"""The beat of the bridge, in virtual time."""

from __future__ import annotations

import pytest

from ivr.media.metronome import BEAT_S, MOST_AT_ONCE, Metronome


def beating() -> Metronome:
    metronome = Metronome()
    metronome.start(10.0)
    return metronome


def test_a_beat_every_20_ms_wherever_in_between_one_looks() -> None:
    metronome = beating()
    beats = sum(metronome.beats(10.0 + at * 0.003) for at in range(1000))
    assert beats == int(999 * 0.003 / BEAT_S) + 1


def test_a_late_beat_does_not_move_the_next() -> None:
    metronome = beating()
    assert metronome.beats(10.019) == 1
    assert metronome.due_in_s(10.019) == pytest.approx(0.001)


def test_a_short_pause_is_made_up_for() -> None:
    metronome = beating()
    assert metronome.beats(10.07) == 4
    assert metronome.due_in_s(10.07) == pytest.approx(0.01)


def test_after_a_long_pause_the_rest_is_left_out_and_the_grid_begins_anew() -> None:
    metronome = beating()
    assert metronome.beats(13.333) == MOST_AT_ONCE
    assert metronome.beats(13.333) == 0
    assert metronome.due_in_s(13.333) == pytest.approx(BEAT_S)


def test_it_stands_still_until_it_is_started_and_after_it_is_stopped() -> None:
    metronome = Metronome()
    assert (metronome.beats(10.0), metronome.due_in_s(10.0)) == (0, None)
    metronome.start(10.0)
    metronome.start(10.01)
    assert metronome.beats(10.0) == 1, "a second start moves nothing"
    metronome.stop()
    assert (metronome.beats(11.0), metronome.due_in_s(11.0)) == (0, None)
