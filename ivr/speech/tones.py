"""Keypad tones in audio (ITU-T Q.23): they are not speech, and a recogniser makes words of them.

Owns the test of one block of samples. Digits themselves are read from RFC 4733 events elsewhere.
"""

from __future__ import annotations

import numpy as np

from ivr.model.media import SAMPLE_RATE_HZ
from ivr.speech.audio import Samples

ROWS_HZ = (697, 770, 852, 941)
COLUMNS_HZ = (1209, 1336, 1477, 1633)
BLOCK = 256  # samples: 32 ms, 31 Hz apart, enough to tell the rows from each other
_SHARE = 0.75  # of the block's energy in one row and one column tone together
_EACH = 0.12  # of the block's energy in each of the two: speech has one strong low band, not a pair
_SILENCE = 1e-4  # mean square

_PROBES = np.exp(
    -2j * np.pi * np.outer(np.array(ROWS_HZ + COLUMNS_HZ), np.arange(BLOCK)) / SAMPLE_RATE_HZ
) * np.hanning(BLOCK)
_GAIN = 2.0 / (np.hanning(BLOCK).sum() ** 2)  # power of a unit tone as its mean square, 1/2


def is_keypad_tone(block: Samples) -> bool:
    """True when BLOCK samples hold one row and one column tone and little else."""
    energy = float(np.mean(block**2))
    if energy < _SILENCE:
        return False
    power = np.abs(_PROBES @ block) ** 2 * _GAIN / energy
    row, column = float(power[:4].max()), float(power[4:].max())
    return row > _EACH and column > _EACH and row + column > _SHARE
