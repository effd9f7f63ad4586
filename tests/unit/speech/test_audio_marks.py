"""A recording played again has the marks it had, wherever it begins; nothing else has them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from ivr.speech.audio_marks import MARKS, marks_of

Pcm = npt.NDArray[np.int16]


def speech(seed: int, seconds: float = 2.0) -> Pcm:
    """Noise in bursts, as speech comes in words."""
    random = np.random.default_rng(seed)
    size = int(8000 * seconds)
    words = np.sin(np.arange(size) * 2 * np.pi * 3 / 8000) > -0.5
    return (random.normal(0, 2500, size) * words).astype("<i2")


def shared(one: Pcm, other: Pcm) -> int:
    return len(set(marks_of(one.tobytes())) & set(marks_of(other.tobytes())))


def test_the_same_recording_has_the_same_marks_wherever_it_begins() -> None:
    said = speech(1)
    assert len(marks_of(said.tobytes())) == MARKS
    before = np.random.default_rng(9).integers(-30, 30, 1237).astype("<i2")
    assert shared(said, np.concatenate([before, said, before[:501]])) == MARKS


def test_a_lost_packet_costs_some_marks_and_not_all() -> None:
    said = speech(2, 4.0)
    holed = said.copy()
    holed[16000:16160] = 0
    assert shared(said, holed) >= MARKS / 2


def test_another_recording_of_the_same_words_shares_nothing() -> None:
    said = speech(3)
    again = (said * 0.97 + np.random.default_rng(4).normal(0, 20, said.size)).astype("<i2")
    assert shared(said, again) == 0
    assert shared(said, speech(5)) == 0


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.9])
def test_a_short_answer_has_no_marks_because_machine_voices_say_it_alike(seconds: float) -> None:
    assert marks_of(speech(6, seconds).tobytes()) == ()


def test_silence_and_tones_have_no_marks() -> None:
    assert marks_of(bytes(40_000)) == ()
    tone = (8000 * np.sin(2 * np.pi * 400 * np.arange(24_000) / 8000)).astype("<i2")
    assert marks_of(tone.tobytes()) == ()
