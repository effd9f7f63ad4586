"""G.711 frames of a caller who speaks at a given level over a noisy line, and what is loud in frames that come back.

Owns mu-law (ITU-T G.711) and levels. dBFS are of a full-scale square wave (32768), for samples and RMS alike; dBov of
ITU-T P.56 counts the same way over the active part of the speech.
"""

from __future__ import annotations

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ivr.model.errors import MediaError
from ivr.model.media import SAMPLE_RATE_HZ

Pcm = npt.NDArray[np.int16]

FRAME_SAMPLES = 160
SPEECH_DBOV = -24.0
NOISE_DBFS = -66.0
LOUD_DBFS = -45.0  # a sample above is speech, ours and the bot's
_ACTIVE_DB = 16.0  # frames this far below the loudest are pauses and count for no level (ITU-T P.56 margin)
_NOISE_FRAMES = 500
_BIAS, _CLIP = 33, 8158  # of G.711 mu-law, 14 bits
_FULL = 32768.0


def _decoded(code: int) -> int:
    inverted = ~code & 0xFF
    size = (((inverted & 0x0F) << 1) + _BIAS) << (inverted >> 4 & 0x07)
    return (_BIAS - size if inverted & 0x80 else size - _BIAS) * 4


MU_LAW: Pcm = np.array([_decoded(code) for code in range(256)], dtype=np.int16)
"""Mu-law byte -> sample."""

_LEAST_LOUD = _FULL * 10 ** (LOUD_DBFS / 20)
_LOUD = bytes(int(abs(int(sample)) > _LEAST_LOUD) for sample in MU_LAW)


def encode(samples: Pcm) -> bytes:
    """16-bit samples as mu-law bytes."""
    size = np.minimum(np.abs(samples.astype(np.int32)) >> 2, _CLIP) + _BIAS
    exponent = np.floor(np.log2(size)).astype(np.int32) - 5
    mantissa = (size >> (exponent + 1)) & 0x0F
    sign = np.where(samples < 0, 0x80, 0)
    return bytes((~(sign | exponent << 4 | mantissa) & 0xFF).astype(np.uint8))


def decoded(frames: Sequence[bytes]) -> npt.NDArray[np.float32]:
    """Frames of mu-law as samples of -1..1."""
    found: npt.NDArray[np.float32] = MU_LAW[np.frombuffer(b"".join(frames), dtype=np.uint8)].astype(np.float32) / _FULL
    return found


def first_loud(frame: bytes) -> int:
    """The place of the first sample above LOUD_DBFS in a mu-law frame, -1 when there is none."""
    return frame.translate(_LOUD).find(b"\x01")


def noise_frames(seed: int) -> tuple[bytes, ...]:
    """Ten seconds of line noise at NOISE_DBFS."""
    return _frames(_noise(np.random.default_rng(seed), _NOISE_FRAMES * FRAME_SAMPLES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A sentence as frames. frames end with the one that holds the last sample above LOUD_DBFS: the end of speech."""

    frames: tuple[bytes, ...]

    @property
    def seconds(self) -> float:
        """How long it takes to say."""
        return len(self.frames) * FRAME_SAMPLES / SAMPLE_RATE_HZ


def spoken(samples: Pcm, seed: int) -> Spoken:
    """A recording at 8 kHz as a caller says it: SPEECH_DBOV, line noise under it, nothing but speech at its ends."""
    levelled = _levelled(samples)
    loud = np.flatnonzero(np.abs(levelled) > _LEAST_LOUD)
    if loud.size == 0:
        raise MediaError("a recording without speech")
    speech = levelled[loud[0] : loud[-1] + 1]
    # Filled up at the beginning: the last sample of the last frame is the end of speech.
    speech = np.concatenate([np.zeros(-speech.size % FRAME_SAMPLES), speech])
    noisy = speech + _noise(np.random.default_rng(seed), speech.size)
    return Spoken(frames=_frames(noisy))


def read_wav(path: Path) -> Pcm:
    """The samples of a WAV file. Raises MediaError unless it is 8 kHz, mono, 16 bit."""
    try:
        with wave.open(str(path), "rb") as wav:
            shape = (wav.getframerate(), wav.getnchannels(), wav.getsampwidth())
            pcm = wav.readframes(wav.getnframes())
    except (wave.Error, EOFError, OSError) as error:
        raise MediaError(f"cannot read {path}: {error}") from error
    if shape != (SAMPLE_RATE_HZ, 1, 2):
        raise MediaError(f"{path} is not 8 kHz, mono, 16 bit")
    return np.frombuffer(pcm, dtype="<i2").astype(np.int16)


def silence(ms: int) -> Pcm:
    """Nothing, for so long."""
    return np.zeros(ms * SAMPLE_RATE_HZ // 1000, dtype=np.int16)


def trimmed(samples: Pcm) -> Pcm:
    """A recording without the quiet at its ends, relative to its own peak."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > 0.03 * max(1, int(np.abs(samples.astype(np.int32)).max())))
    return samples[loud[0] : loud[-1] + 1] if loud.size else samples


def _levelled(samples: Pcm) -> npt.NDArray[np.float64]:
    whole = samples[: samples.size // FRAME_SAMPLES * FRAME_SAMPLES].astype(np.float64).reshape(-1, FRAME_SAMPLES)
    power = (whole**2).mean(axis=1)
    if not power.size or power.max() <= 0:
        raise MediaError("a recording without speech")
    active = power[power > power.max() * 10 ** (-2 * _ACTIVE_DB / 10)]
    gain = _FULL * 10 ** (SPEECH_DBOV / 20) / float(np.sqrt(active.mean()))
    return samples.astype(np.float64) * gain


def _noise(rng: np.random.Generator, count: int) -> npt.NDArray[np.float64]:
    return rng.standard_normal(count) * (_FULL * 10 ** (NOISE_DBFS / 20))


def _frames(samples: npt.NDArray[np.float64]) -> tuple[bytes, ...]:
    clipped: Pcm = np.clip(np.round(samples), -32768, 32767).astype(np.int16)
    coded = encode(clipped)
    return tuple(coded[at : at + FRAME_SAMPLES] for at in range(0, len(coded), FRAME_SAMPLES))
