"""Marks of an utterance: a few hashes of its samples that come out the same when the same recording is played again.

Owns which samples are hashed. Of all windows of 100 ms that are loud enough, those whose hash is smallest stand for the
utterance: they are the same ones wherever the playback began, and a lost packet costs one of them, not all. A person
never makes the same samples twice. Over codecs that are not exact (Opus, G.722), and louder or quieter, a recording is
another one: then nothing is found. Sources: winnowing (Schleimer, Wilkerson, Aiken 2003), sketches (Broder 1997).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

MARKS = 4
WINDOW = 800  # samples: 100 ms
LEAST_LOUD = 8000  # windows that must be loud, a second of speech: every "yes" of one machine voice is the same
_LOUD = 200  # mean of |sample| in a window, about -44 dBFS
_LEAST_LEVELS = 24  # different samples in a window: a tone of a network has few, speech in G.711 some hundred
_TRIED = 8 * MARKS  # windows looked at until enough of them are no tones
_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that it has an inverse modulo 2**64
_MIX = np.uint64(0xFF51AFD7ED558CCD)

Words = npt.NDArray[np.uint64]


def marks_of(pcm: bytes) -> tuple[str, ...]:
    """MARKS hashes of an utterance of 16-bit PCM at 8 kHz, () when there is too little speech in it."""
    samples = np.frombuffer(pcm, dtype="<i2")
    if samples.size < LEAST_LOUD + WINDOW:
        return ()
    loud = _sums(np.abs(samples.astype(np.int64))) > _LOUD * WINDOW
    if int(loud.sum()) < LEAST_LOUD:
        return ()
    hashes = _hashes(samples)
    smallest = np.where(loud, hashes, np.uint64(2**64 - 1))
    tried = np.argpartition(smallest, _TRIED)[:_TRIED]
    found: list[str] = []
    for at in tried[np.argsort(smallest[tried])]:
        mark = f"{int(hashes[at]):016x}"
        if mark not in found and np.unique(samples[at : at + WINDOW]).size >= _LEAST_LEVELS:
            found.append(mark)
        if len(found) == MARKS:
            return tuple(found)
    return ()


def _sums(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The sum of every window."""
    total = np.concatenate([[0], np.cumsum(values)])
    return np.asarray(total[WINDOW:] - total[:-WINDOW], dtype=np.int64)


def _hashes(samples: npt.NDArray[np.int16]) -> Words:
    """A polynomial hash of every window, modulo 2**64, mixed so that the smallest ones are nobody's choice."""
    with np.errstate(over="ignore"):
        powers = _powers(_BASE, samples.size)
        shifted = (samples.astype(np.int64) + 32769).astype(np.uint64)
        total = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(shifted * powers, dtype=np.uint64)])
        windows = total[WINDOW:] - total[:-WINDOW]
        back = _powers(np.uint64(pow(int(_BASE), -1, 2**64)), windows.size)
        words = windows * back
        words ^= words >> np.uint64(33)
        words *= _MIX
        words ^= words >> np.uint64(33)
    return np.asarray(words, dtype=np.uint64)


def _powers(base: np.uint64, count: int) -> Words:
    powers = np.full(count, base, dtype=np.uint64)
    powers[0] = 1
    return np.cumprod(powers, dtype=np.uint64)
