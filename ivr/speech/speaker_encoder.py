"""What a voice sounds like, as 256 numbers: the GE2E encoder of Resemblyzer in numpy, without PyTorch.

Owns the network and the sound it wants; refuses to say whose voice it is (ivr.identity.voiceprint compares). Source:
Wan et al., Generalized End-to-End Loss for Speaker Verification (2018); the weights are those of the package
Resemblyzer 0.1.4 (Apache-2.0).
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ivr.model.errors import SpeechError
from ivr.model.voiceprint import VoiceSample
from ivr.speech.audio import Samples, upsample
from ivr.speech.speaker_weights import Weights, read_weights

ENGINE = "resemblyzer"
_RATE_HZ, _WINDOW, _HOP, _MELS = 16000, 400, 160, 40
_PARTIAL, _PARTIAL_STEP = 160, 77  # spectrogram frames; as the network was trained and is used by its authors
_LAYERS, _HIDDEN = 3, 256
_LEVEL = 10 ** (-30 / 20)  # -30 dBFS: quiet recordings are raised to it, loud ones left
_BLOCK = 160  # 20 ms at 8 kHz
_PAUSE_DB = 22.0  # a block this far below the loud ones is a pause and tells nothing of the voice

Matrix = npt.NDArray[np.float32]


class SpeakerEncoder:
    """The network. Takes about 40 ms of one core for a second of speech. Raises SpeechError when weights do not fit."""

    def __init__(self, checkpoint: Path) -> None:
        weights = read_weights(checkpoint, "model_state")
        try:
            self._layers = [_Layer(weights, number) for number in range(_LAYERS)]
            self._linear, self._bias = weights["linear.weight"], weights["linear.bias"]
        except KeyError as error:
            raise SpeechError(f"{checkpoint} lacks the weights {error}") from error
        if self._linear.shape != (_HIDDEN, _HIDDEN):
            raise SpeechError(f"{checkpoint} is of another network")
        self._filters = _mel_filters()

    def sample(self, speech: Samples) -> VoiceSample | None:
        """The voice in a recording of 8 kHz, None when there is less than half a second of speech in it."""
        voiced, snr_db = _voiced(speech)
        if voiced.size < 4000:
            return None
        mels = self._spectrogram(upsample(_raised(voiced)))
        vector = self._embed(_partials(mels))
        numbers = tuple(float(number) for number in vector)
        return VoiceSample(engine=ENGINE, vector=numbers, seconds=round(voiced.size / 8000, 2), snr_db=round(snr_db, 1))

    def _spectrogram(self, samples: Samples) -> Matrix:
        """Power in 40 mel bands every 10 ms; not its logarithm."""
        padded = np.pad(samples, _WINDOW // 2)
        frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)
        power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
        return (power @ self._filters.T).astype(np.float32)

    def _embed(self, batch: Matrix) -> Matrix:
        for layer in self._layers:
            batch = layer.run(batch)
        raw = np.maximum(batch[:, -1] @ self._linear.T + self._bias, 0)
        each = raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-9)
        mean = each.mean(axis=0)
        return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), dtype=np.float32)


class _Layer:
    """One LSTM layer; gates in PyTorch's order: input, forget, cell, output."""

    def __init__(self, weights: Weights, number: int) -> None:
        self._input = weights[f"lstm.weight_ih_l{number}"].T
        self._own = np.ascontiguousarray(weights[f"lstm.weight_hh_l{number}"].T)
        self._bias = weights[f"lstm.bias_ih_l{number}"] + weights[f"lstm.bias_hh_l{number}"]

    def run(self, batch: Matrix) -> Matrix:
        """(sequences, frames, in) to (sequences, frames, 256)."""
        count, frames, _ = batch.shape
        gates_in = batch @ self._input + self._bias
        hidden = np.zeros((count, _HIDDEN), dtype=np.float32)
        cell = np.zeros_like(hidden)
        out = np.empty((count, frames, _HIDDEN), dtype=np.float32)
        for at in range(frames):
            gates = gates_in[:, at] + hidden @ self._own
            gates[:, : 2 * _HIDDEN] = _sigmoid(gates[:, : 2 * _HIDDEN])
            cell = gates[:, _HIDDEN : 2 * _HIDDEN] * cell
            cell += gates[:, :_HIDDEN] * np.tanh(gates[:, 2 * _HIDDEN : 3 * _HIDDEN])
            hidden = _sigmoid(gates[:, 3 * _HIDDEN :]) * np.tanh(cell)
            out[:, at] = hidden
        return out


def _sigmoid(x: Matrix) -> Matrix:
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * x), dtype=np.float32)


def _voiced(speech: Samples) -> tuple[Samples, float]:
    """The speech without its pauses, and how far it stands above them in dB."""
    blocks = speech[: speech.size // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    if not blocks.size:
        return speech[:0], 0.0
    energy = (blocks**2).mean(axis=1) + 1e-9
    loud, hush = float(np.percentile(energy, 90)), float(np.percentile(energy, 10))
    spoken = energy > max(loud * 10 ** (-_PAUSE_DB / 10), 2 * hush)
    signal = max(float(energy[spoken].mean()) - hush, 1e-9) if spoken.any() else 1e-9
    # A sound in the middle of speech shorter than 60 ms is kept: plosives are pauses, too.
    kept = np.convolve(spoken, np.ones(7), mode="same") >= 1
    return blocks[kept].reshape(-1), min(max(10 * math.log10(signal / hush), 0.0), 60.0)


def _raised(samples: Samples) -> Samples:
    level = float(np.sqrt((samples**2).mean()))
    return samples * np.float32(_LEVEL / level) if 0 < level < _LEVEL else samples


def _partials(mels: Matrix) -> Matrix:
    """Windows of 1.6 s that overlap by half; the last one only when it is mostly full."""
    if len(mels) <= _PARTIAL:
        return np.pad(mels, ((0, _PARTIAL - len(mels)), (0, 0)))[None]
    starts = list(range(0, len(mels) - _PARTIAL + 1, _PARTIAL_STEP))
    if len(mels) - (starts[-1] + _PARTIAL_STEP) >= 0.75 * _PARTIAL:
        mels = np.pad(mels, ((0, _PARTIAL), (0, 0)))
        starts.append(starts[-1] + _PARTIAL_STEP)
    return np.stack([mels[at : at + _PARTIAL] for at in starts])


def _mel_filters() -> Matrix:
    """Slaney's mel scale and normalisation, as librosa has them: (40, 201)."""
    bends, step = 15.0, math.log(6.4) / 27.0  # linear to 1 kHz = mel 15, then by logarithm
    points = np.linspace(0, bends + math.log(_RATE_HZ / 2 / 1000) / step, _MELS + 2)
    hertz = np.where(points < bends, points * 200 / 3, 1000 * np.exp(step * (points - bends)))
    bins = np.linspace(0, _RATE_HZ / 2, _WINDOW // 2 + 1)
    rising = (bins[None, :] - hertz[:-2, None]) / (hertz[1:-1] - hertz[:-2])[:, None]
    falling = (hertz[2:, None] - bins[None, :]) / (hertz[2:] - hertz[1:-1])[:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    return np.asarray(triangles * (2 / (hertz[2:] - hertz[:-2]))[:, None], dtype=np.float32)
