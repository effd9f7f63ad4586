"""Voice activity: the probability of speech for every 32 ms of a call (silero v6, ONNX).

Owns the network and its state per call, and when it runs: one chunk at a time costs most of the time of a silent call,
so chunks that cannot be voice wait until the network can take many at once. Knows nothing of turns: see endpointing.
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
_BYTES = 2 * CHUNK
_CONTEXT = 64
_WINDOW = _CONTEXT + 2 * CHUNK  # samples at 16 kHz
_STATE = 128
AT_ONCE = 24  # chunks that wait at most: 0.8 s, 1.5 ms of computing, so that many calls do not hold each other up
_CALM = 8  # chunks at the line's noise, heard as no voice, before the next ones are taken for the same: 256 ms
_DOUBT = 0.35  # probability from which a chunk may be voice
_DEAF = 0.02
_DEAF_CHUNKS = 4000 // CHUNK_MS  # 4 s of sound without a trace of voice


class SileroModel:
    """The network, loaded once and shared by all calls.

    About 0.06 ms of CPU a chunk when many are run together, 0.1 ms alone, and 0.5 ms alone after other work.
    """

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

    def run(self, windows: Samples, h: Samples, c: Samples) -> tuple[list[float], Samples, Samples]:
        """Probability of speech in the last 512 of the 576 samples at 16 kHz of each row, and the state after them all.

        Rows follow each other in time: the same as one run a row.
        """
        inputs: dict[str, Any] = {"input": windows, "h": h, "c": c}
        probabilities, h, c = self._session.run(None, inputs)
        return np.asarray(probabilities, dtype=float).reshape(-1).tolist(), h, c


@dataclass(frozen=True, slots=True)
class Sound:
    """What one chunk sounds like. probability: of speech, 0..1; weight: what its energy says."""

    probability: float
    weight: Weight = UNKNOWN


class VoiceActivity:
    """The ear of one call: feed PCM, get one Sound for every whole chunk.

    resting: chunks that are quiet by their energy have probability 0, and the network hears them later, with others,
    before it hears the next one that counts. So its state is always what it would be.
    """

    def __init__(self, model: SileroModel, *, resting: bool = False) -> None:
        self._model, self._resting = model, resting
        self._upsampler = Upsampler()
        self._levels = Levels()
        self._rest = b""
        self._waiting: list[tuple[bytes, Weight]] = []
        self._owed = 0  # of those waiting, the last ones whose sound was not told yet
        self._calm_chunks = 0
        self._deaf_chunks = 0
        self._forget()

    def feed(self, pcm: bytes, *, patience: int = 0) -> list[Sound]:
        """What the chunks completed by pcm (8 kHz, any length) sound like. Keypad tones have probability 0.

        patience: so many loud chunks in a row may be told later, with the next one. AT_ONCE: nobody acts upon any of
        them, and all have probability 0. Only a resting ear makes use of it.
        """
        self._rest += pcm
        if len(self._rest) < _BYTES:
            return []
        whole, found = len(self._rest) // _BYTES * _BYTES, list[Sound]()
        for at in range(0, whole, _BYTES):
            found += self._chunk(self._rest[at : at + _BYTES], patience if self._resting else 0)
        self._rest = self._rest[whole:]
        return found

    @property
    def calm(self) -> bool:
        """Has nothing but the line's noise been heard for a quarter of a second?"""
        return self._calm_chunks >= _CALM

    def _forget(self) -> None:
        self._context: Samples = np.zeros(_CONTEXT, dtype=np.float32)
        self._h: Samples = np.zeros((1, 1, _STATE), dtype=np.float32)
        self._c: Samples = np.zeros((1, 1, _STATE), dtype=np.float32)

    def _chunk(self, pcm: bytes, patience: int) -> list[Sound]:
        weight = self._levels.weigh(pcm)
        if (self._resting and self._may_wait(weight)) or patience >= AT_ONCE:
            told = self._catch_up() if self._owed or len(self._waiting) >= AT_ONCE else []
            self._waiting.append((pcm, weight))
            return [*told, Sound(0.0, weight)]
        self._waiting.append((pcm, weight))
        self._owed += 1
        if self._owed <= patience and weight.stirs and not weight.tail:
            return []
        return self._catch_up()

    def _may_wait(self, weight: Weight) -> bool:
        """Would nobody take the chunk for voice, whatever the network says?"""
        if weight.tail >= CHUNK:
            self._calm_chunks += 1
            return True
        if not weight.still:
            self._calm_chunks = 0
        return self.calm

    def _catch_up(self) -> list[Sound]:
        """Let the network hear all that waits. Returns the sounds that are owed."""
        waiting, owed = self._waiting, self._owed
        self._waiting, self._owed = [], 0
        samples = from_pcm(b"".join([pcm for pcm, _ in waiting]))
        wide = np.concatenate([self._context, self._upsampler.feed(samples)])
        self._context = wide[-_CONTEXT:]
        windows = np.stack([wide[at : at + _WINDOW] for at in range(0, wide.size - _CONTEXT, 2 * CHUNK)])
        probabilities, self._h, self._c = self._model.run(windows, self._h, self._c)
        for probability, (_, weight) in zip(probabilities, waiting, strict=True):
            self._watch(probability, weight)
        untold = range(len(waiting) - owed, len(waiting))
        return [self._told(probabilities[at], waiting[at][1], samples[at * CHUNK : (at + 1) * CHUNK]) for at in untold]

    def _told(self, probability: float, weight: Weight, samples: Samples) -> Sound:
        self._calm_chunks = self._calm_chunks + 1 if weight.still and probability < _DOUBT else 0
        if not math.isfinite(probability) or is_keypad_tone(samples):
            return Sound(0.0, weight)
        return Sound(probability, weight)

    def _watch(self, probability: float, weight: Weight) -> None:
        """A network whose state has run away hears nothing for the rest of the call: it begins anew."""
        if probability >= _DEAF:
            self._deaf_chunks = 0
        elif weight.stirs:
            self._deaf_chunks += 1
        if not math.isfinite(probability) or self._deaf_chunks >= _DEAF_CHUNKS:
            self._deaf_chunks = 0
            self._forget()
