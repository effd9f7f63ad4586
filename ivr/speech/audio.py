"""Samples: conversion between 16-bit PCM and float, resampling by windowed sinc.

Owns arithmetic on audio only. Floats are float32 in -1..1; PCM is little-endian 16-bit mono.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ivr.model.media import SAMPLE_RATE_HZ

Samples = npt.NDArray[np.float32]

_HALF_TAPS = 16
_INTERPOLATOR = (np.sinc(np.arange(2 * _HALF_TAPS) - _HALF_TAPS + 0.5) * np.kaiser(2 * _HALF_TAPS, 6.0)).astype(
    np.float32
)[::-1]
_STOPBAND_BETA = 7.0  # Kaiser window, about 70 dB
_ROWS = 8192  # output samples resampled at a time, to bound memory


def from_pcm(pcm: bytes) -> Samples:
    """16-bit PCM as floats."""
    return np.frombuffer(pcm, dtype="<i2").astype(np.float32) / 32768.0


def to_pcm(samples: Samples) -> bytes:
    """Floats as 16-bit PCM, clipped."""
    return (np.clip(samples, -1.0, 1.0) * 32767.0).round().astype("<i2").tobytes()


class Upsampler:
    """8 kHz to 16 kHz for a stream, 2 ms late (16 input samples)."""

    def __init__(self) -> None:
        self._tail: Samples = np.zeros(2 * _HALF_TAPS - 1, dtype=np.float32)

    def feed(self, samples: Samples) -> Samples:
        """Twice as many samples as fed."""
        joined = np.concatenate([self._tail, samples])
        self._tail = joined[-(2 * _HALF_TAPS - 1) :]
        out = np.empty(2 * samples.size, dtype=np.float32)
        out[0::2] = joined[_HALF_TAPS - 1 : _HALF_TAPS - 1 + samples.size]
        out[1::2] = np.convolve(joined, _INTERPOLATOR, mode="valid")
        return out


def upsample(samples: Samples) -> Samples:
    """8 kHz to 16 kHz for a whole recording, without delay."""
    padded = np.concatenate([samples, np.zeros(_HALF_TAPS, dtype=np.float32)])
    return Upsampler().feed(padded)[2 * _HALF_TAPS :]


def resample(samples: Samples, from_hz: int, to_hz: int = SAMPLE_RATE_HZ) -> Samples:
    """Any rate to a lower or equal one, polyphase windowed sinc, flat to 0.42 of to_hz, 70 dB above to_hz / 2."""
    if from_hz == to_hz or samples.size == 0:
        return samples.astype(np.float32)
    common = math.gcd(from_hz, to_hz)
    phases, step = to_hz // common, from_hz // common
    cutoff = 0.46 * min(1.0, to_hz / from_hz)  # cycles per input sample
    half = math.ceil(4.5 / (2 * (0.5 * to_hz / from_hz - cutoff * 0.92)) / 2)
    offsets = np.arange(-half + 1, half + 1)
    distance = np.arange(phases)[:, None] / phases - offsets[None, :]
    window = np.i0(_STOPBAND_BETA * np.sqrt(np.clip(1 - (distance / half) ** 2, 0, 1))) / np.i0(_STOPBAND_BETA)
    taps = (2 * cutoff * np.sinc(2 * cutoff * distance) * window).astype(np.float32)
    taps /= taps.sum(axis=1, keepdims=True)
    count = math.ceil(samples.size * phases / step)
    padded = np.pad(samples, (half, half + 1))
    out = np.empty(count, dtype=np.float32)
    for first in range(0, count, _ROWS):
        at = np.arange(first, min(first + _ROWS, count)) * step
        rows = padded[(at // phases)[:, None] + (offsets + half)[None, :]]
        out[first : first + at.size] = np.einsum("ij,ij->i", rows, taps[at % phases])
    return out
