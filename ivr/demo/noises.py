"""Sounds of telephone lines that are no speech, made on the spot: noise, hum, tones, keys, clicks, tunes.

Owns the clips every recogniser has to stay silent at; the same in every run. Floats of 8 kHz.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ivr.model.media import SAMPLE_RATE_HZ as RATE_HZ
from ivr.speech.audio import Samples

_LEVELS = (0.001, 0.004, 0.015, 0.05, 0.15)


_ROWS, _COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477)  # of a keypad, Hz (ITU-T Q.23)


def _quiet(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE_HZ), dtype=np.float32)


def _samples(sound: npt.NDArray[np.floating]) -> Samples:
    return sound.astype(np.float32)


def _time(seconds: float) -> Samples:
    return (np.arange(round(seconds * RATE_HZ)) / RATE_HZ).astype(np.float32)


def _coloured(seconds: float, rms: float, power: float, seed: int) -> Samples:
    """Noise whose spectrum falls with frequency ** power: 0 white, 1 pink, 2 brown."""
    rng = np.random.default_rng(seed)
    count = round(seconds * RATE_HZ)
    spectrum = rng.standard_normal(count // 2 + 1) + 1j * rng.standard_normal(count // 2 + 1)
    spectrum /= np.maximum(np.arange(count // 2 + 1), 1) ** (power / 2)
    found = np.fft.irfft(spectrum, count)
    return _samples(rms * found / np.sqrt(np.mean(found**2)))


def _tones(seconds: float, hz: tuple[float, ...], on_s: float, off_s: float, level: float) -> Samples:
    t = _time(seconds)
    sound = sum(np.sin(2 * np.pi * f * t) for f in hz) / len(hz)
    gate = (t % (on_s + off_s)) < on_s
    return _samples(level * sound * gate)


def _note(hz: float, seconds: float, level: float) -> Samples:
    t = _time(seconds)
    body = sum(np.sin(2 * np.pi * hz * k * t) / k**1.5 for k in range(1, 7))
    return _samples(level * body * np.exp(-2.5 * t / seconds) * np.minimum(1, t * 60))


def _melody(seed: int, level: float, chords: bool) -> Samples:
    rng = np.random.default_rng(seed)
    scale = 220 * 2 ** (np.array([0, 2, 4, 7, 9, 12, 14, 16]) / 12)
    parts = []
    for _ in range(12):
        root = float(rng.choice(scale))
        notes = (root, root * 1.25, root * 1.5) if chords else (root,)
        parts.append(sum((_note(hz, 0.25, level / len(notes)) for hz in notes), start=_quiet(0.25)))
    return np.concatenate(parts)


def _keys(digits: str, level: float) -> Samples:
    t = _time(0.12)
    parts = []
    for digit in digits:
        at = "123456789*0#".index(digit)
        tone = np.sin(2 * np.pi * _ROWS[at // 3] * t) + np.sin(2 * np.pi * _COLUMNS[at % 3] * t)
        parts += [(level * tone).astype(np.float32), _quiet(0.08)]
    return np.concatenate(parts)


def _clicks(seed: int, level: float) -> Samples:
    rng = np.random.default_rng(seed)
    sound = _quiet(3.0)
    for at in rng.integers(0, sound.size - 40, 8):
        sound[at : at + 24] += (level * rng.standard_normal(24)).astype(np.float32)
    return np.clip(sound, -1, 1)


def no_speech() -> Iterator[tuple[str, Samples]]:
    """Names and clips of 2 to 3 s, 8 kHz."""
    yield "silence", _quiet(3.0)
    for at, rms in enumerate(_LEVELS):
        for name, power in (("white", 0.0), ("pink", 1.0), ("brown", 2.0)):
            for seed in range(3):
                yield f"{name} noise {rms} {seed}", _coloured(3.0, rms, power, 100 * at + seed)
    for level in (0.02, 0.1, 0.3):
        yield f"hum 50 Hz {level}", _tones(3.0, (50, 100, 150, 250, 350), 9, 0, level)
        yield f"hum 60 Hz {level}", _tones(3.0, (60, 120, 180, 300), 9, 0, level)
        yield f"ringing US {level}", _tones(3.0, (440, 480), 2, 4, level)
        yield f"ringing EU {level}", _tones(3.0, (425,), 1, 0.5, level)
        yield f"busy {level}", _tones(3.0, (480, 620), 0.5, 0.5, level)
        yield f"congestion {level}", _tones(3.0, (425,), 0.25, 0.25, level)
        yield f"dial tone {level}", _tones(3.0, (350, 440), 9, 0, level)
        yield f"fax {level}", _tones(3.0, (1100,), 0.5, 1.0, level)
        yield f"beep {level}", _tones(2.0, (1000,), 0.4, 9, level)
        yield f"keys {level}", _keys("1590#*37", level / 2)
        for seed in range(3):
            yield f"clicks {level} {seed}", _clicks(seed, 2 * level)
            yield f"tune {level} {seed}", _melody(seed, level, chords=False)
            yield f"chords {level} {seed}", _melody(seed + 10, level, chords=True)
