"""Voice activity: the probability of speech for every 32 ms of a call (silero v6, ONNX).

Owns the network and its state per call. Knows nothing of turns: see endpointing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ivr.speech.audio import Samples, Upsampler, from_pcm
from ivr.speech.levels import UNKNOWN, Levels, Weight
from ivr.speech.tones import is_keypad_tone

CHUNK = 256  # samples at 8 kHz: the 512 at 16 kHz the network was trained on
CHUNK_MS = 32
_CONTEXT = 64
_STATE = 128
_DEAF = 0.02
_DEAF_CHUNKS = 4000 // CHUNK_MS  # 4 s of sound without a trace of voice


class SileroModel:
    """The network, loaded once and shared by all calls. About 0.1 ms of CPU a chunk."""

    def __init__(self, path: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = 1
        options.intra_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(
            str(path), providers=["CPUExecutionProvider"], sess_options=options
        )

    def run(self, window: Samples, h: Samples, c: Samples) -> tuple[float, Samples, Samples]:
        """Probability of speech in the last 512 of 576 samples at 16 kHz, and the next state."""
        inputs: dict[str, Any] = {"input": window[None, :], "h": h, "c": c}
        probability, h, c = self._session.run(None, inputs)
        return float(np.asarray(probability).reshape(-1)[0]), h, c


@dataclass(frozen=True, slots=True)
class Sound:
    """What one chunk sounds like. probability: of speech, 0..1; weight: what its energy says."""

    probability: float
    weight: Weight = UNKNOWN


class VoiceActivity:
    """The ear of one call: feed PCM, get one Sound for every whole chunk."""

    def __init__(self, model: SileroModel) -> None:
        self._model = model
        self._upsampler = Upsampler()
        self._levels = Levels()
        self._rest = b""
        self._deaf_chunks = 0
        self._forget()

    def feed(self, pcm: bytes) -> list[Sound]:
        """What the chunks completed by pcm (8 kHz, any length) sound like. Keypad tones have probability 0."""
        self._rest += pcm
        found = []
        while len(self._rest) >= 2 * CHUNK:
            chunk, self._rest = self._rest[: 2 * CHUNK], self._rest[2 * CHUNK :]
            found.append(self._chunk(from_pcm(chunk)))
        return found

    def _forget(self) -> None:
        self._context: Samples = np.zeros(_CONTEXT, dtype=np.float32)
        self._h: Samples = np.zeros((1, 1, _STATE), dtype=np.float32)
        self._c: Samples = np.zeros((1, 1, _STATE), dtype=np.float32)

    def _chunk(self, samples: Samples) -> Sound:
        weight = self._levels.weigh(samples)
        wide = self._upsampler.feed(samples)
        window = np.concatenate([self._context, wide])
        self._context = wide[-_CONTEXT:]
        probability, self._h, self._c = self._model.run(window, self._h, self._c)
        if is_keypad_tone(samples):
            return Sound(0.0, weight)
        self._watch(probability, weight)
        return Sound(probability if math.isfinite(probability) else 0.0, weight)

    def _watch(self, probability: float, weight: Weight) -> None:
        """A network whose state has run away hears nothing for the rest of the call: it begins anew."""
        if probability >= _DEAF:
            self._deaf_chunks = 0
        elif weight.stirs:
            self._deaf_chunks += 1
        if not math.isfinite(probability) or self._deaf_chunks >= _DEAF_CHUNKS:
            self._deaf_chunks = 0
            self._forget()
