"""The arithmetic of all-MiniLM-L6-v2, in numpy: a BERT of 6 layers, 12 heads and 384 numbers, without padding.

Owns the order of the weights in their file and what is done with them; refuses to know text. The weights stay where the
system maps them from disk: a runtime for any network would hold them a second time, in an order of its own, and be
larger itself than all of this process's other code. Source: Devlin et al., BERT (2019); weights as exported to ONNX,
where they lie in the file one behind the other, as they are used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SIZE, HEADS, INNER, LAYERS = 384, 12, 1536, 6
PIECES, POSITIONS = 30522, 512
NUMBERS = 22_565_376  # float32 in the file
_EPSILON = np.float32(1e-12)

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layer:
    """Weights are input x output."""

    ask: tuple[Array, Array, Array]
    ask_bias: tuple[Array, Array, Array]
    mix: Array
    mix_bias: Array
    norm: tuple[Array, Array]
    widen: Array
    widen_bias: Array
    narrow: Array
    narrow_bias: Array
    last_norm: tuple[Array, Array]


class Network:
    """The weights in a file. Raises OSError, and ValueError when the file has another length."""

    def __init__(self, path: Path) -> None:
        numbers = np.memmap(path, dtype="<f4", mode="r")
        if len(numbers) != NUMBERS:
            raise ValueError(f"{path} has {len(numbers)} numbers, wanted {NUMBERS}")
        parts = _Parts(np.asarray(numbers))
        self._pieces = parts.take(PIECES, SIZE)
        self._type = parts.take(2, SIZE)[0]
        self._positions = parts.take(POSITIONS, SIZE)
        self._norm = (parts.take(SIZE), parts.take(SIZE))
        self._layers = [_layer(parts) for _ in range(LAYERS)]

    def states(self, pieces: list[int]) -> Array:
        """The last layer for a sentence, len(pieces) x SIZE; at most POSITIONS pieces of the vocabulary."""
        state = self._pieces[pieces] + self._positions[: len(pieces)] + self._type
        state = _normal(state, *self._norm)
        for layer in self._layers:
            heard = _attention(layer, state) @ layer.mix + layer.mix_bias
            state = _normal(heard + state, *layer.norm)
            wide = _gelu(state @ layer.widen + layer.widen_bias)
            state = _normal(wide @ layer.narrow + layer.narrow_bias + state, *layer.last_norm)
        return state


class _Parts:
    """Numbers taken from the front, piece by piece."""

    def __init__(self, numbers: Array) -> None:
        self._numbers, self._at = numbers, 0

    def take(self, *shape: int) -> Array:
        begin = self._at
        self._at += int(np.prod(shape))
        return self._numbers[begin : self._at].reshape(shape)

    def thrice(self, *shape: int) -> tuple[Array, Array, Array]:
        return self.take(*shape), self.take(*shape), self.take(*shape)


def _layer(parts: _Parts) -> _Layer:
    """Fields are filled in the order of the file."""
    return _Layer(
        ask=parts.thrice(SIZE, SIZE),
        ask_bias=parts.thrice(SIZE),
        mix=parts.take(SIZE, SIZE),
        mix_bias=parts.take(SIZE),
        norm=(parts.take(SIZE), parts.take(SIZE)),
        widen=parts.take(SIZE, INNER),
        widen_bias=parts.take(INNER),
        narrow=parts.take(INNER, SIZE),
        narrow_bias=parts.take(SIZE),
        last_norm=(parts.take(SIZE), parts.take(SIZE)),
    )


def _attention(layer: _Layer, state: Array) -> Array:
    query, key, value = _asked(layer, state)
    scores = query @ key.transpose(0, 2, 1) * np.float32((SIZE // HEADS) ** -0.5)
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    heard: Array = (shares @ value).transpose(1, 0, 2).reshape(len(state), SIZE)
    return heard


def _asked(layer: _Layer, state: Array) -> Iterator[Array]:
    for weights, bias in zip(layer.ask, layer.ask_bias, strict=True):
        yield (state @ weights + bias).reshape(len(state), HEADS, -1).transpose(1, 0, 2)


def _normal(rows: Array, weight: Array, bias: Array) -> Array:
    centred = rows - rows.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + _EPSILON)
    normal: Array = centred / spread * weight + bias
    return normal


def _gelu(x: Array) -> Array:
    """x times the chance that a normal number is below x. erf by Abramowitz and Stegun, 7.1.26: off by 1.5e-7."""
    half = np.abs(x) * np.float32(0.5**0.5)
    t = 1 / (1 + np.float32(0.3275911) * half)
    series = np.float32(1.061405429) * t
    for factor in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = (series + np.float32(factor)) * t
    erf = np.copysign(1 - series * np.exp(-half * half), x)
    result: Array = np.float32(0.5) * x * (1 + erf)
    return result
