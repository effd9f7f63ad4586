"""Our own prompt in what the caller's line sends back, taken out: telephones and gateways echo, and nobody cancels it.

Owns finding the echo's way (its delay by cross-correlation, its shape by least squares) and subtracting it, frame by
frame. What it gives is heard by everything after it: voice activity and the recogniser alike. Without a prompt in the
last half second it costs nothing; without an echo it changes nothing. Floats are -1..1, times are samples at 8 kHz.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from ivr.speech.audio import from_pcm, to_pcm
from ivr.speech.levels import energies_of

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
_SHORT = 320  # 40 ms: enough to find a way again that is known but for its length
_SLIP = 1280  # 160 ms to either side
_FOUND_NEAR = 0.5
_SLIPPING = 4  # frames in which it must be found again
_SLIPPED = 2.0  # a caller is more than 3 dB louder than the echo expected

_EVERY = 2  # frames between two searches, and between two solutions
_DISTANCES = np.abs(np.arange(TAPS)[:, None] - np.arange(TAPS)[None, :])

_KEPT = -(-(LONGEST_DELAY + _WINDOW + TAPS) // FRAME)  # frames
_SILENCE = bytes(2 * FRAME)

Array = npt.NDArray[np.float64]


class EchoCanceller:
    """The echo of one call."""

    def __init__(self) -> None:
        self._said: Array = np.zeros(_KEPT * FRAME)
        self._heard: Array = np.zeros(_WINDOW)
        self._recent: deque[tuple[bytes, bytes]] = deque(maxlen=_KEPT)
        self._silent_frames = self._said.size
        self.delay: int | None = None
        self.moved = False  # the last frame showed that the echo was not where it was taken out
        self._forget()

    @property
    def over(self) -> bool:
        """Has nothing been said for so long that no echo of it can come any more?"""
        return self._silent_frames * FRAME > LONGEST_DELAY + _WINDOW

    def clean(self, pcm: bytes, said: bytes) -> bytes:
        """20 ms of 16-bit PCM from the line, without the echo of what was said to it in the last half second.

        said: what the line was told in the same 20 ms, b"" for silence.
        """
        self.moved = False
        self._silent_frames = 0 if said else self._silent_frames + 1
        if self.over:
            self._recent.clear()
            return pcm
        self._recent.append((pcm, said if len(said) == len(pcm) else _SILENCE))
        if energies_of(pcm, FRAME)[0] < _AUDIBLE * FRAME:
            return pcm
        self._said, self._heard = self._both()
        heard = self._heard[-FRAME:]
        self._search()
        if self.delay is None:
            return pcm
        residual = self._cancel(heard)
        return to_pcm(residual.astype(np.float32))

    def _both(self) -> tuple[Array, Array]:
        """What was said in the last half second, and what was heard in the last _WINDOW of it."""
        missing = _SILENCE * (_KEPT - len(self._recent))
        said = from_pcm(missing + b"".join(each for _, each in self._recent)).astype(np.float64)
        heard = from_pcm((missing + b"".join(each for each, _ in self._recent))[-2 * _WINDOW :]).astype(np.float64)
        return said, heard

    def _forget(self) -> None:
        self._autocorrelation: Array = np.zeros(TAPS)
        self._correlation: Array = np.zeros(TAPS)
        self._way: Array = np.zeros(TAPS)
        self._lost = 0
        self._frames = 0
        self._leak = _EXPLAINED
        self._gain = 0.0

    def _search(self) -> None:
        """Look for the echo where it is not known, or not where it was."""
        self._frames += 1
        if self.delay is not None and self._lost == 0:
            return
        if self.delay is not None:
            # A jitter buffer that slips moves the echo by some frames and leaves its shape as it is.
            near = _likeliest(self._heard[-_SHORT:], self._said, max(0, self.delay - _SLIP), self.delay + _SLIP)
            if near[1] >= _FOUND_NEAR:
                if abs(near[0] - self.delay) > _AGREE:
                    self.delay, self.moved = near[0], True
                self._lost = 0
                return
            if self._frames % _EVERY:
                return
        found = _likeliest(self._heard, self._said, 0, LONGEST_DELAY)
        if found[1] < _FOUND:
            return
        if self.delay is None or abs(found[0] - self.delay) > _AGREE:
            self.delay, self.moved = found[0], True
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
        whole, residual = float(np.sum(heard**2)), heard - echo
        return residual * self._share_of_a_caller(float(np.sum(echo**2)), whole, float(np.sum(residual**2)), rows)

    def _share_of_a_caller(self, echoed: float, whole: float, left: float, rows: Array) -> float:
        """1 when there may be a caller in the residual, _MUFFLED when it is all echo."""
        told = float(np.sum(rows[:, -1 - _LEAD_TAPS] ** 2))
        if left < _EXPLAINED * echoed:
            self._lost = 0
            self._gain += (echoed / max(told, 1e-9) - self._gain) * _LEAK_LEARNT
            self._leak += (left / echoed - self._leak) * _LEAK_LEARNT
        elif self._gain * told > _AUDIBLE * rows.shape[0]:
            self._lost += 1
            if self._lost <= _SLIPPING and whole < _SLIPPED * self._gain * told:
                return _MUFFLED  # as loud as the echo should be: it is, only not where it should be
        return _MUFFLED if left < (_CLEAN if self._leak < _LEAKS else _EXPLAINED) * echoed else 1.0


def _likeliest(heard: Array, said: Array, shortest: int, longest: int) -> tuple[int, float]:
    """The delay of that range that explains most of what was heard, and its share of the energy."""
    longest = min(longest, said.size - heard.size)
    reach = _whitened(said[said.size - heard.size - longest : said.size - shortest])
    heard = _whitened(heard)
    size = 1 << (reach.size + heard.size).bit_length()
    products = np.fft.irfft(np.fft.rfft(reach, size) * np.conj(np.fft.rfft(heard, size)), size)
    products = products[: longest - shortest + 1]
    squares = np.concatenate([[0.0], np.cumsum(reach**2)])
    energies = squares[heard.size : heard.size + products.size] - squares[: products.size]
    floor = max(float(energies.max()) * 1e-2, 1e-9)
    shares = np.maximum(products, 0.0) ** 2 / np.maximum(energies, floor) / max(float(np.sum(heard**2)), 1e-9)
    best = int(np.argmax(shares))
    return longest - best, float(shares[best])


def _whitened(samples: Array) -> Array:
    """Without the tilt of speech, so that two voiced sounds are alike only when they are the same."""
    out = samples.copy()
    out[1:] -= _WHITENER * samples[:-1]
    return out
