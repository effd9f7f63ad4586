"""How loud speech is: ITU-R BS.1770-5 loudness, for one channel at 8 kHz.

Owns the measure only. The K-weighting is the one of the Recommendation (its 48 kHz filters, tables 1 and 2): their
frequency response, which does not depend on the rate the signal is stored at, is applied to the spectrum up to 4 kHz.
Gating as in the Recommendation: blocks of 400 ms every 100 ms, absolute gate -70 LUFS, relative gate -10 LU.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ivr.model.media import SAMPLE_RATE_HZ
from ivr.speech.audio import Samples

SILENCE_LUFS = -70.0  # what has no block above the absolute gate
_DIGITAL_SILENCE = 1e-4  # of full scale, -80 dB
_OFFSET_DB = -0.691
_RELATIVE_GATE_LU = -10.0
_BLOCK, _STEP = SAMPLE_RATE_HZ * 2 // 5, SAMPLE_RATE_HZ // 10
_TABLES_HZ = 48_000
_SHELF = (
    (1.53512485958697, -2.69169618940638, 1.19839281085285),
    (1.0, -1.69065929318241, 0.73248077421585),
)
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))

Powers = npt.NDArray[np.float64]


def loudness(samples: Samples) -> float:
    """Integrated loudness in LUFS, SILENCE_LUFS for silence. A full-scale 997 Hz sine has -3.01.

    Digital silence at the edges is not measured: in a word shorter than a block it would count as speech.
    """
    heard = np.flatnonzero(np.abs(samples) > _DIGITAL_SILENCE)
    if heard.size == 0:
        return SILENCE_LUFS
    samples = samples[heard[0] : heard[-1] + 1]
    blocks = _block_powers(_weighted(samples))
    loud = blocks[_lufs(blocks) > SILENCE_LUFS]
    if loud.size == 0:
        return SILENCE_LUFS
    gate = float(_lufs(loud.mean())) + _RELATIVE_GATE_LU
    return float(_lufs(loud[_lufs(loud) > gate].mean()))


def _lufs(power: Powers | float) -> Powers:
    return np.asarray(_OFFSET_DB + 10 * np.log10(np.maximum(power, 1e-12)))


def _weighted(samples: Samples) -> npt.NDArray[np.float64]:
    """The K-weighted signal, zero padded so that the filters' ringing does not come round to the beginning."""
    size = 1 << math.ceil(math.log2(samples.size + SAMPLE_RATE_HZ // 4 + 1))
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(size, 1 / SAMPLE_RATE_HZ) / _TABLES_HZ)
    response = np.ones_like(z)
    for above, below in (_SHELF, _HIGH_PASS):
        response *= (above[0] + above[1] * z + above[2] * z**2) / (below[0] + below[1] * z + below[2] * z**2)
    return np.fft.irfft(np.fft.rfft(samples.astype(np.float64), size) * response, size)[: samples.size]


def _block_powers(samples: npt.NDArray[np.float64]) -> Powers:
    """Mean square of each block; what is shorter than a block is one block."""
    if samples.size <= _BLOCK:
        return np.array([np.mean(samples**2) if samples.size else 0.0])
    sums = np.concatenate([[0.0], np.cumsum(samples**2)])
    first = np.arange(0, samples.size - _BLOCK + 1, _STEP)
    return np.asarray((sums[first + _BLOCK] - sums[first]) / _BLOCK)
