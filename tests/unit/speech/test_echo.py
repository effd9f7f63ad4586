"""The echo of our own prompt is taken out of what the line sends back; a caller who talks over it is not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from ivr.speech.audio import from_pcm, to_pcm
from ivr.speech.echo import FRAME, EchoCanceller

Array = npt.NDArray[np.float64]
RATE = 8000


def voice(seed: int, seconds: float = 2.5, level: float = 0.1) -> Array:
    """Something like speech: pulses of a changing pitch and breath through formants that move, in syllables."""
    rng = np.random.default_rng(seed)
    count = int(seconds * RATE)
    at = np.arange(count) / RATE
    pitch = 110 + 60 * rng.random() + 25 * np.sin(2 * np.pi * (0.7 + rng.random()) * at)
    source = (np.diff(np.floor(np.cumsum(pitch) / RATE), prepend=0) > 0) + 0.05 * rng.standard_normal(count)
    out = np.zeros(count)
    for low, span in ((500, 300), (1500, 600), (2600, 300)):
        centre = low + span * np.sin(2 * np.pi * (2 + rng.random()) * at + 6 * rng.random())
        one = two = 0.0
        for n in range(count):
            one, two = source[n] + 1.88 * np.cos(2 * np.pi * centre[n] / RATE) * one - 0.885 * two, one
            out[n] += one
    syllables = np.clip(np.sin(2 * np.pi * 2.5 * at) + 0.6, 0, 1)
    out *= syllables
    return out / np.abs(out).max() * level * 4


def heard_by_the_bot(said: Array, line: Array) -> Array:
    """What is left of the line, frame by frame."""
    canceller = EchoCanceller()
    parts = []
    for first in range(0, line.size // FRAME * FRAME, FRAME):
        told = said[first : first + FRAME]
        clean = canceller.clean(to_pcm(line[first : first + FRAME]), to_pcm(told) if told.any() else b"")
        parts.append(from_pcm(clean))
    return np.concatenate(parts).astype(np.float64)


def echo(said: Array, delay_ms: int, db: float) -> Array:
    late = np.concatenate([np.zeros(delay_ms * 8), said])[: said.size]
    return late * 10 ** (db / 20)


def loudness_db(samples: Array) -> float:
    return float(10 * np.log10(np.mean(samples**2) + 1e-12))


PROMPT = voice(1)
CALLER = voice(2)
NOISE = np.random.default_rng(9).standard_normal(PROMPT.size) * 5e-4


@pytest.mark.parametrize("db", [-12, -20])
@pytest.mark.parametrize("delay_ms", [20, 180, 460])
def test_an_echo_is_quieter_by_15_db_before_it_can_be_taken_for_speech(db: int, delay_ms: int) -> None:
    back = echo(PROMPT, delay_ms, db)
    left = heard_by_the_bot(PROMPT, back + NOISE)
    begins = delay_ms * 8 + int(np.flatnonzero(np.abs(PROMPT) > 0.02)[0])
    late = slice(begins + 800, None)
    assert loudness_db(left[late]) < loudness_db(back[late]) - 15


def test_a_caller_who_talks_over_the_echo_is_heard_as_loud_as_ever() -> None:
    both = echo(PROMPT, 180, -12) + CALLER + NOISE
    left = heard_by_the_bot(PROMPT, both)
    alike = float(np.corrcoef(left, CALLER[: left.size])[0, 1])
    assert alike > 0.9
    assert abs(loudness_db(left) - loudness_db(CALLER)) < 2


def test_without_an_echo_the_caller_comes_through_untouched() -> None:
    line = CALLER + NOISE
    left = heard_by_the_bot(PROMPT, line)
    assert np.abs(left - line[: left.size]).max() < 1e-4


def test_without_a_prompt_nothing_is_even_looked_at() -> None:
    canceller = EchoCanceller()
    pcm = to_pcm(CALLER[:FRAME])
    for _ in range(60):
        assert canceller.clean(pcm, b"") is pcm or canceller.delay is None
    assert canceller.clean(pcm, b"") is pcm


def test_an_echo_that_slips_by_a_frame_is_found_again_before_two_chunks_have_passed() -> None:
    back = echo(PROMPT, 180, -12)
    at = 11_000
    slipped = np.concatenate([back[:at], np.zeros(320), back[at:-320]])
    left = heard_by_the_bot(PROMPT, slipped + NOISE)
    for first in range(at, at + 4000, 320):
        loud = loudness_db(slipped[first : first + 640])
        if loud > -45 and first > at + 640:
            assert loudness_db(left[first : first + 640]) < loud - 10, f"{(first - at) // 8} ms after the slip"
