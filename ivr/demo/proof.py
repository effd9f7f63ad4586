"""Who really heard whom: a piece of audio is looked for in a recording by normalised cross-correlation."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# The same words through G.711 and two jitter buffers correlate above 0.8; other speech below 0.2.
HEARD = 0.5
NOT_HEARD = 0.3
SOUND = 0.005


def likeness(piece: Path, recording: Path, *, first_s: float = 0.0) -> float:
    """How surely the recording contains the piece: the highest normalised cross-correlation, 0..1.

    first_s: only the first so many seconds of the piece, from its first sound on, are looked for (0 = all of it). A
    silent piece is in no recording.
    """
    wanted, heard = samples(piece), samples(recording)
    sounding = np.flatnonzero(np.abs(wanted) > SOUND)
    wanted = wanted[sounding[0] :] if sounding.size else wanted[:0]
    if first_s:
        wanted = wanted[: int(first_s * 8000)]
    if not len(wanted) or len(heard) < len(wanted):
        return 0.0
    size = 1 << (len(heard) + len(wanted) - 1).bit_length()
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size))
    products = np.fft.irfft(spectrum, size)[: len(heard) - len(wanted) + 1]
    energies = np.concatenate(([0.0], np.cumsum(heard**2)))
    windows = np.sqrt(np.maximum(energies[len(wanted) :] - energies[: -len(wanted)], 1e-9))
    # Near-silent stretches would divide noise by nothing.
    windows = np.maximum(windows, 0.05 * windows.max())
    return float(np.max(np.abs(products) / (windows * np.linalg.norm(wanted))))


def samples(path: Path) -> NDArray[np.float64]:
    """The samples of a mono 16-bit WAV, -1..1."""
    with wave.open(str(path), "rb") as wav:
        return np.frombuffer(wav.readframes(wav.getnframes()), dtype="<i2").astype(np.float64) / 32768.0
