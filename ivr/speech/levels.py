"""Where sound ends inside a chunk, by its energy: the network that hears voice is 15-85 ms late in noticing its end.

Owns the level of the line's noise and of the caller's voice, from samples alone. Refuses to decide what is voice: quiet
is only what lies near the noise or far below the voice, and on a noisy line nothing is.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from ivr.speech.audio import Samples

BLOCK = 64  # samples: 8 ms, a pitch period of a low voice
_NEAR_NOISE = 4.0  # 6 dB over the noise is still noise
_FAR_BELOW = 10**-3.5  # 35 dB below the voice: its echo in the room, and what coders leave of silence
_CLEAR = 10**-1.8  # the line must be so quiet beside the voice that energy says anything
_FADING = 10**-0.02  # a chunk: the voice's level is forgotten by 6 dB a second
_LEAST = 1e-9  # mean square of digital silence
_NOISE_CHUNKS = 94  # 3 s: nobody speaks so long without a gap of one chunk


@dataclass(frozen=True, slots=True)
class Weight:
    """tail: samples at the end of a chunk that are quiet. stirs: something in it is surely not."""

    tail: int
    stirs: bool


UNKNOWN = Weight(0, False)


class Levels:
    """The levels of one call."""

    def __init__(self) -> None:
        self._noise: deque[float] = deque(maxlen=_NOISE_CHUNKS)
        self._voice = _LEAST

    def weigh(self, samples: Samples) -> Weight:
        """A chunk of whole BLOCKs; UNKNOWN when energy cannot tell."""
        energies = np.mean(samples.reshape(-1, BLOCK) ** 2, axis=1) + _LEAST
        self._noise.append(float(np.mean(energies)))
        self._voice = max(self._voice * _FADING, float(energies.max()))
        limit = max(min(self._noise) * _NEAR_NOISE, self._voice * _FAR_BELOW)
        if limit > self._voice * _CLEAR:
            return UNKNOWN
        loud = np.flatnonzero(energies > limit)
        if loud.size == 0:
            return Weight(samples.size, False)
        return Weight((energies.size - 1 - int(loud[-1])) * BLOCK, True)
