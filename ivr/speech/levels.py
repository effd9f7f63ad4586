"""Where sound ends inside a chunk, by its energy: the network that hears voice is 15-85 ms late in noticing its end.

Owns the level of the line's noise and of the caller's voice, from samples alone. Refuses to decide what is voice: quiet
is only what lies near the noise or far below the voice, and on a noisy line nothing is. Whether nothing stirs at all is
told apart from that: it needs no voice to compare with.
"""

from __future__ import annotations

from array import array
from collections import deque
from dataclasses import dataclass
from operator import mul

BLOCK = 64  # samples: 8 ms, a pitch period of a low voice
_NEAR_NOISE = 4.0  # 6 dB over the noise is still noise
_FAR_BELOW = 10**-3.5  # 35 dB below the voice: its echo in the room, and what coders leave of silence
_CLEAR = 10**-1.8  # the line must be so quiet beside the voice that energy says anything
_FADING = 10**-0.02  # a chunk: the voice's level is forgotten by 6 dB a second
_LEAST = 1e-9  # mean square of digital silence
_FULL_SCALE = 32768.0**2
_NOISE_CHUNKS = 94  # 3 s: nobody speaks so long without a gap of one chunk
_AT_NOISE = 2.0  # 3 dB over the noise: no voice was ever found in a chunk like that after a quarter second of them
_HUSH = 1e-5  # mean square, -50 dBFS: no line is called still above it


@dataclass(frozen=True, slots=True)
class Weight:
    """tail: samples at the end of a chunk that are quiet. stirs: something in it is surely not. still: it is the
    line's noise and no more, however loud a voice is on this line."""

    tail: int
    stirs: bool
    still: bool = False


UNKNOWN = Weight(0, False)
_STILL = Weight(0, False, still=True)


class Levels:
    """The levels of one call."""

    def __init__(self) -> None:
        self._noise: deque[float] = deque(maxlen=_NOISE_CHUNKS)
        self._voice = _LEAST

    def weigh(self, pcm: bytes) -> Weight:
        """A chunk of 16-bit PCM, whole BLOCKs; UNKNOWN, or still, when energy cannot tell."""
        energies = [energy / BLOCK + _LEAST for energy in energies_of(pcm, BLOCK)]
        loudest = max(energies)
        self._noise.append(sum(energies) / len(energies))
        self._voice = max(self._voice * _FADING, loudest)
        noise = min(self._noise)
        limit = max(noise * _NEAR_NOISE, self._voice * _FAR_BELOW)
        if limit > self._voice * _CLEAR:
            return _STILL if loudest <= min(noise * _AT_NOISE, _HUSH) else UNKNOWN
        tail = 0
        for energy in reversed(energies):
            if energy > limit:
                return Weight(tail, True)
            tail += BLOCK
        return Weight(tail, False, still=True)


def energies_of(pcm: bytes, block: int) -> list[float]:
    """The energy (sum of squares of -1..1) of each block of so many samples of 16-bit PCM.

    Without numpy: for so little its calls cost several times as much, in a process that does other things in between.
    """
    samples = array("h", pcm)
    blocks = (samples[at : at + block] for at in range(0, len(samples), block))
    return [sum(map(mul, each, each)) / _FULL_SCALE for each in blocks]
