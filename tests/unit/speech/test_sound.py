"""Resampling, trimming, keypad tones and silence: arithmetic on samples."""

import numpy as np
import pytest

from ivr.speech.audio import Upsampler, from_pcm, resample, to_pcm, upsample
from ivr.speech.silence import nothing_to_hear
from ivr.speech.tones import BLOCK, is_keypad_tone
from tests.audio.phone_line import keypad, line_noise


def tone(hz: float, rate: int, seconds: float = 0.5) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(round(rate * seconds)) / rate).astype(np.float32)


def level_db(samples: np.ndarray) -> float:
    middle = samples[len(samples) // 4 : -len(samples) // 4]
    return float(10 * np.log10(np.mean(middle**2) + 1e-12) - 10 * np.log10(0.5))


@pytest.mark.parametrize("rate", [22050, 16000, 48000])
def test_resampling_keeps_the_telephone_band(rate: int) -> None:
    for hz in (300, 1000, 3300):
        assert abs(level_db(resample(tone(hz, rate), rate))) < 0.5


@pytest.mark.parametrize("rate", [22050, 16000, 48000])
def test_resampling_leaves_nothing_to_fold_back(rate: int) -> None:
    for hz in (4600, 6000):
        assert level_db(resample(tone(hz, rate), rate)) < -55


def test_resampling_keeps_the_length() -> None:
    assert abs(resample(np.zeros(22050, dtype=np.float32), 22050).size - 8000) <= 1


def test_upsampling_keeps_the_tone_and_makes_no_mirror() -> None:
    wide = upsample(tone(1000, 8000))
    assert wide.size == 8000
    spectrum = np.abs(np.fft.rfft(wide * np.hanning(wide.size)))
    assert np.argmax(spectrum) == pytest.approx(1000 * wide.size / 16000, abs=1)
    assert 20 * np.log10(spectrum[wide.size * 6500 // 16000 :].max() / spectrum.max()) < -50


def test_upsampling_in_pieces_gives_the_same_as_at_once() -> None:
    samples = line_noise(0.3, rms=0.1)
    whole, pieces = Upsampler(), Upsampler()
    together = np.concatenate([pieces.feed(part) for part in np.split(samples, [100, 256, 1000])])
    assert np.allclose(whole.feed(samples), together, atol=1e-6)


def test_pcm_there_and_back_is_the_same_to_one_step() -> None:
    samples = line_noise(0.1, rms=0.2)
    assert np.abs(from_pcm(to_pcm(samples)) - samples).max() < 2 / 32768


def test_every_key_is_known_as_a_tone() -> None:
    for digit in "1234567890*#":
        assert is_keypad_tone(keypad(digit)[100 : 100 + BLOCK])


def test_one_tone_noise_and_silence_are_no_keys() -> None:
    assert not is_keypad_tone(tone(941, 8000)[:BLOCK])
    assert not is_keypad_tone(line_noise(1.0, rms=0.1)[:BLOCK])
    assert not is_keypad_tone(np.zeros(BLOCK, dtype=np.float32))


def test_silence_clicks_and_keys_hold_no_speech() -> None:
    click = np.zeros(8000, dtype=np.float32)
    click[4000:4040] = 0.8
    assert nothing_to_hear(np.zeros(0, dtype=np.float32)) == "no_speech"
    assert nothing_to_hear(line_noise(1.0)) == "no_speech"
    assert nothing_to_hear(click) == "too_short"
    assert nothing_to_hear(keypad("457891")) == "no_speech"
    assert nothing_to_hear(line_noise(1.0, rms=0.05)) == "no_speech"  # a hiss has no syllables
    assert nothing_to_hear(tone(200, 8000, 1.0)) == "no_speech"
    syllables = 0.5 + 0.5 * np.sin(2 * np.pi * 4 * np.arange(8000) / 8000)
    assert nothing_to_hear((line_noise(1.0, rms=0.05) * syllables).astype(np.float32)) == ""
