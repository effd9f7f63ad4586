"""Speech faster or slower at the same pitch, for engines that cannot do it themselves.

Waveform similarity overlap-add (Verhelst and Roelands 1993): pieces of 30 ms are laid over each other, each taken where
it fits the one before best.
"""

from __future__ import annotations

import numpy as np

from ivr.speech.audio import Samples

_FRAME_S, _SEARCH_S = 0.030, 0.008


def at_pace(samples: Samples, rate_hz: int, pace: float) -> Samples:
    """The same words in 1 / pace of the time. pace: 0.5..2; 1 changes nothing."""
    frame = int(_FRAME_S * rate_hz) // 2 * 2
    if abs(pace - 1.0) < 0.01 or samples.size < 2 * frame:
        return samples
    hop, reach = frame // 2, int(_SEARCH_S * rate_hz)
    window = np.hanning(frame + 1)[:-1].astype(np.float32)
    count = int((samples.size - frame - reach) / (hop * pace))
    padded = np.pad(samples, (reach, 2 * frame + 2 * reach))
    out = np.zeros(count * hop + frame, dtype=np.float32)
    follows = padded[reach : reach + hop]
    for at in range(count):
        ideal = int(at * hop * pace)
        around = padded[ideal : ideal + 2 * reach + hop]
        fits = np.correlate(around, follows, mode="valid")
        start = ideal + int(fits.argmax())
        out[at * hop : at * hop + frame] += padded[start : start + frame] * window
        follows = padded[start + hop : start + 2 * hop]
    return out
