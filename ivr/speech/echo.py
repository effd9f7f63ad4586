"""Our own prompt in what the caller's line sends back, taken out: telephones and gateways echo, and nobody cancels it.

Owns finding the echo's way (its delay by cross-correlation, its shape by least squares) and subtracting it, frame by
frame. What it gives is heard by everything after it: voice activity and the recogniser alike. Without a prompt in the
last half second it costs nothing; without an echo it changes nothing. Floats are -1..1, times are samples at 8 kHz.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ivr.speech.audio import from_pcm, to_pcm

FRAME = 160
LONGEST_DELAY = 4000  # 500 ms: round trips over mobile networks reach 300
TAPS = 96  # 12 ms of echo: a hybrid and the early part of a room
_LEAD_TAPS = 16  # before the delay found: the strongest tap need not be the first
_WINDOW = 1024  # 128 ms of both sides, correlated to find the delay
_AUDIBLE = 6e-7  # mean square, -62 dBFS: less can not be mistaken for a caller
_FOUND = 0.4  # share of the whitened window's energy that one delay explains: an echo 0.65-0.98, a stranger 0.13 (p99)
_AGREE = 8  # samples by which two findings may differ and be the same way
_MEMORY = 0.985  # a frame: the way is learnt from the last second or so
_RIDGE = 1e-3
_EXPLAINED = 0.4  # residual beside the echo taken out, from which on there is surely a caller in it
_CLEAN = 0.06  # the same on a line that only delays: what is left there are coder's errors
_LEAKS = 0.03  # mean share of an echo that is left: above it there is a room behind the telephone
_LEAK_LEARNT = 0.1  # a frame
_MUFFLED = 0.05  # what is left of an echo that was not taken out whole
_WHITENER = 0.9
_LOST_FRAMES = 25  # half a second in which the way explains nothing of what it should: it has changed

_EVERY = 2  # frames between two searches, and between two solutions
_DISTANCES = np.abs(np.arange(TAPS)[:, None] - np.arange(TAPS)[None, :])

Array = npt.NDArray[np.float64]


class EchoCanceller:
    """The echo of one call."""

    def __init__(self) -> None:
        self._said: Array = np.zeros(LONGEST_DELAY + _WINDOW + TAPS)
        self._heard: Array = np.zeros(_WINDOW)
        self._silent_frames = self._said.size
        self.delay: int | None = None
        self._forget()

    def clean(self, pcm: bytes, said: bytes) -> bytes:
        """20 ms of 16-bit PCM from the line, without the echo of what was said to it in the last half second.

        said: what the line was told in the same 20 ms, b"" for silence.
        """
        self._silent_frames = 0 if said else self._silent_frames + 1
        if self._silent_frames * FRAME > LONGEST_DELAY + _WINDOW:
            return pcm
        heard = from_pcm(pcm).astype(np.float64)
        told = from_pcm(said).astype(np.float64) if len(said) == len(pcm) else np.zeros(heard.size)
        self._said = np.concatenate([self._said[told.size :], told])
        self._heard = np.concatenate([self._heard[heard.size :], heard])
        if float(np.mean(heard**2)) < _AUDIBLE:
            return pcm
        self._search()
        if self.delay is None:
            return pcm
        residual = self._cancel(heard)
        return to_pcm(residual.astype(np.float32))

    def _forget(self) -> None:
        self._autocorrelation: Array = np.zeros(TAPS)
        self._correlation: Array = np.zeros(TAPS)
        self._way: Array = np.zeros(TAPS)
        self._lost = 0
        self._frames = 0
        self._leak = _EXPLAINED

    def _search(self) -> None:
        """Correlate the last 128 ms with everything said within reach."""
        self._frames += 1
        if self.delay is not None and (self._lost == 0 or self._frames % _EVERY):
            return
        heard = _whitened(self._heard)
        said = _whitened(self._said[TAPS:])
        size = 8192
        products = np.fft.irfft(np.fft.rfft(said, size) * np.conj(np.fft.rfft(heard, size)), size)
        products = products[: LONGEST_DELAY + 1]
        squares = np.concatenate([[0.0], np.cumsum(said**2)])
        energies = squares[_WINDOW : _WINDOW + LONGEST_DELAY + 1] - squares[: LONGEST_DELAY + 1]
        floor = max(float(energies.max()) * 1e-2, 1e-9)
        shares = np.maximum(products, 0.0) ** 2 / np.maximum(energies, floor) / max(float(np.sum(heard**2)), 1e-9)
        best = int(np.argmax(shares))
        if shares[best] < _FOUND:
            return
        delay = LONGEST_DELAY - best
        if self.delay is None or abs(delay - self.delay) > _AGREE:
            self.delay = delay
            self._forget()
            self._learn(self._rows(_WINDOW), self._heard)
        self._lost = 0

    def _rows(self, count: int) -> Array:
        """What the taps see for the last count samples, newest last."""
        assert self.delay is not None
        first = self._said.size - count - self.delay + _LEAD_TAPS - TAPS + 1
        # Beyond the newest sample nothing was said yet: an echo does not come before its cause.
        reach = max(0, first + count + TAPS - 1 - self._said.size)
        said = np.concatenate([self._said, np.zeros(reach)]) if reach else self._said
        return np.lib.stride_tricks.sliding_window_view(said[first : first + count + TAPS - 1], TAPS)

    def _learn(self, rows: Array, heard: Array) -> None:
        self._autocorrelation += rows[:, -1] @ rows
        self._correlation += heard @ rows

    def _cancel(self, heard: Array) -> Array:
        rows = self._rows(heard.size)
        self._autocorrelation *= _MEMORY
        self._correlation *= _MEMORY
        self._learn(rows, heard)
        if self._frames % _EVERY == 0:
            powers = self._autocorrelation[::-1].copy()  # by distance between taps
            powers[0] += _RIDGE * powers[0] + 1e-9
            self._way = np.linalg.solve(powers[_DISTANCES], self._correlation)
        echo = rows @ self._way
        echoed, whole = float(np.sum(echo**2)), float(np.sum(heard**2))
        residual: Array = heard - echo
        left = float(np.sum(residual**2))
        expected = echoed > _AUDIBLE * heard.size
        self._lost = self._lost + 1 if expected and left > 0.8 * whole else 0 if left < 0.5 * whole else self._lost
        if self._lost > _LOST_FRAMES:
            self.delay = None
        if expected and left < _EXPLAINED * echoed:
            self._leak += (left / echoed - self._leak) * _LEAK_LEARNT
        if left < (_CLEAN if self._leak < _LEAKS else _EXPLAINED) * echoed:
            return residual * _MUFFLED
        return residual


def _whitened(samples: Array) -> Array:
    """Without the tilt of speech, so that two voiced sounds are alike only when they are the same."""
    out = samples.copy()
    out[1:] -= _WHITENER * samples[:-1]
    return out
