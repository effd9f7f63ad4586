"""Audio as it comes over the telephone: G.711 mu-law there and back, line noise, tones. For tests only."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
RATE_HZ = 8000


def over_mu_law(samples: Samples) -> Samples:
    """What is left after G.711 mu-law (ITU-T G.711, by its formula in 8 bits)."""
    mu = 255.0
    squeezed = np.sign(samples) * np.log1p(mu * np.abs(np.clip(samples, -1, 1))) / np.log1p(mu)
    code = np.round(squeezed * 127) / 127
    return (np.sign(code) * np.expm1(np.abs(code) * np.log1p(mu)) / mu).astype(np.float32)


def line_noise(seconds: float, rms: float = 5e-4, seed: int = 7) -> Samples:
    """A quiet line."""
    return (np.random.default_rng(seed).standard_normal(round(seconds * RATE_HZ)) * rms).astype(np.float32)


def quiet(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE_HZ), dtype=np.float32)


def keypad(digits: str, tone_s: float = 0.12, gap_s: float = 0.08) -> Samples:
    """Keypad tones (ITU-T Q.23)."""
    rows, columns = (697, 770, 852, 941), (1209, 1336, 1477)
    parts = []
    for digit in digits:
        at = "123456789*0#".index(digit)
        t = np.arange(int(tone_s * RATE_HZ)) / RATE_HZ
        tone = np.sin(2 * np.pi * rows[at // 3] * t) + np.sin(2 * np.pi * columns[at % 3] * t)
        parts += [(0.25 * tone).astype(np.float32), quiet(gap_s)]
    return np.concatenate(parts)


def pcm(samples: Samples) -> bytes:
    """16-bit PCM in whole 20 ms frames, over mu-law, on a line that is never digitally silent."""
    padded = np.pad(samples, (0, -samples.size % 160))
    noisy = padded + line_noise(padded.size / RATE_HZ)[: padded.size]
    return (over_mu_law(noisy) * 32767).round().astype("<i2").tobytes()


def read(path: Path) -> Samples:
    """An 8 kHz mono WAV."""
    with wave.open(str(path), "rb") as file:
        assert file.getframerate() == RATE_HZ and file.getnchannels() == 1
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.float32) / 32768


def spoken_digits(fsdd: Path, digits: str, speaker: str, take: int = 7, gap_s: float = 0.12) -> Samples:
    """Real digits one after another, each from another recording of the speaker."""
    parts = []
    for i, digit in enumerate(digits):
        parts += [read(fsdd / f"{digit}_{speaker}_{5 + (take + i) % 10}.wav"), quiet(gap_s)]
    return np.concatenate(parts[:-1])


def last_voiced(samples: Samples, share: float = 0.03) -> int:
    """The last sample above a share of the peak."""
    return int(np.flatnonzero(np.abs(samples) > share * float(np.abs(samples).max()))[-1])
