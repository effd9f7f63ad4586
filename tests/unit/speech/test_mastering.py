"""Every prompt has one loudness by ITU-R BS.1770, no silence to wait for, no clicks and no clipping."""

import numpy as np
import pytest
from scipy.signal import lfilter, resample_poly

from ivr.speech.loudness import SILENCE_LUFS, loudness
from ivr.speech.mastering import AUDIBLE, CEILING, LEAD_MS, LEVEL_LUFS, TAIL_MS, master
from tests.audio.phone_line import line_noise


def tone(hz: float, seconds: float, peak: float = 1.0, rate: int = 8000) -> np.ndarray:
    return (peak * np.sin(2 * np.pi * hz * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


def speechlike(seconds: float = 2.0, rms: float = 0.05) -> np.ndarray:
    """Noise in syllables, 4 a second."""
    noise = line_noise(seconds, rms=rms)
    return (noise * np.abs(np.sin(2 * np.pi * 2 * np.arange(noise.size) / 8000))).astype(np.float32)


def test_a_full_scale_sine_has_the_loudness_the_recommendation_names() -> None:
    assert loudness(tone(997, 3)) == pytest.approx(-3.01, abs=0.02)


@pytest.mark.parametrize("hz", [60, 200, 500, 1000, 2000, 3400])
def test_the_weighting_is_that_of_the_filters_of_the_recommendation(hz: int) -> None:
    wide = resample_poly(tone(hz, 2), 6, 1)
    shelf = lfilter(
        (1.53512485958697, -2.69169618940638, 1.19839281085285), (1, -1.69065929318241, 0.73248077421585), wide
    )
    heard = lfilter((1, -2, 1), (1, -1.99004745483398, 0.99007225036621), shelf)[24000:-24000]
    assert loudness(tone(hz, 2)) == pytest.approx(-0.691 + 10 * np.log10(np.mean(heard**2)), abs=0.1)


def test_pauses_do_not_make_speech_quieter() -> None:
    speech = speechlike()
    paused = np.concatenate([speech, np.zeros(24000, dtype=np.float32), speech])
    assert loudness(paused) == pytest.approx(loudness(speech), abs=0.5)  # without the gate 4 less


def test_silence_has_no_loudness() -> None:
    assert loudness(np.zeros(8000, dtype=np.float32)) == SILENCE_LUFS
    assert loudness(np.zeros(0, dtype=np.float32)) == SILENCE_LUFS
    assert master(np.zeros(8000, dtype=np.float32), 8000).size == 0


@pytest.mark.parametrize("rms", [0.002, 0.02, 0.2])
@pytest.mark.parametrize("seconds", [0.3, 1.0, 4.0])
def test_quiet_and_loud_short_and_long_come_out_at_one_level(rms: float, seconds: float) -> None:
    found = master(speechlike(seconds, rms), 8000)
    assert loudness(found) == pytest.approx(LEVEL_LUFS, abs=0.5)
    assert np.abs(found).max() <= CEILING + 1e-6


def test_a_bang_in_a_quiet_recording_neither_clips_nor_makes_the_rest_quieter() -> None:
    speech = speechlike(3, 0.01)
    speech[8000:8010] = 0.9
    found = master(speech, 8000)
    assert np.abs(found).max() <= CEILING + 1e-6
    assert loudness(found) == pytest.approx(LEVEL_LUFS, abs=1.0)


def test_nobody_waits_for_silence_at_the_edges() -> None:
    raw = np.concatenate([np.zeros(8000), speechlike(1), np.zeros(8000)]).astype(np.float32)
    found = master(raw, 8000)
    loud = np.flatnonzero(np.abs(found) > AUDIBLE)
    assert loud[0] / 8 <= LEAD_MS + 5 <= 20
    assert (found.size - loud[-1]) / 8 <= TAIL_MS + 5
    assert (master(raw, 8000, pause_ms=200).size - found.size) / 8 == 200


def test_edges_are_zero_so_that_nothing_clicks() -> None:
    found = master(np.full(8000, 0.3, dtype=np.float32) + tone(300, 1, 0.2), 8000)
    assert found[0] == found[-1] == 0.0
    assert np.abs(np.diff(found)).max() < 0.2
    assert abs(float(found.mean())) < 0.01  # a constant offset is gone too
