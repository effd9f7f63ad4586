"""Recorded prompts: WAV files of any rate and width, made ready for the telephone like rendered ones.

Owns the formats a studio or a softphone may deliver: PCM of 8 to 32 bit, floats, A-law and mu-law, extensible headers,
any number of channels, 8 kHz and more. What is none of these is the designer's to mend: SpeechError says how.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ivr.model.errors import SpeechError
from ivr.model.media import SAMPLE_RATE_HZ
from ivr.speech.audio import Samples, resample, to_pcm
from ivr.speech.loudness import loudness
from ivr.speech.mastering import master

LONGEST_S = 120.0
QUIETEST_LUFS = -45.0  # below, raising the level raises the noise with it
_FULL = 0.999
_CLIPPED_SHARE = 0.001  # of the samples at full scale: audible distortion
_EXTENSIBLE = 0xFFFE
_ADVICE = "export it as a WAV file: PCM, 16 bit, mono, 8 kHz or more"


def prompt_of(path: Path) -> bytes:
    """The recording as 16-bit 8 kHz PCM at the level of all prompts. Raises SpeechError."""
    samples, rate_hz = read(path)
    finished = master(samples, rate_hz)
    if finished.size == 0:
        raise SpeechError(f"{path.name} holds silence: record it again")
    return to_pcm(finished)


def complaint(path: Path) -> str:
    """What is wrong with the sound of a readable recording, "" when nothing is. Raises SpeechError."""
    samples, rate_hz = read(path)
    level = loudness(resample(samples, rate_hz))
    if level < QUIETEST_LUFS:
        return f"it is very quiet ({level:.0f} LUFS): record it louder, its noise is raised with it"
    if float(np.mean(np.abs(samples) >= _FULL)) > _CLIPPED_SHARE:
        return "it is clipped: record it with less gain"
    return ""


def read(path: Path) -> tuple[Samples, int]:
    """(mono samples, rate in Hz) of a WAV file. Raises SpeechError."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SpeechError(f"{path.name} cannot be read: {error.strerror}") from error
    chunks = _chunks(raw, path.name)
    form, data = chunks.get(b"fmt ", b""), chunks.get(b"data", b"")
    if len(form) < 16 or not data:
        raise SpeechError(f"{path.name} has no sound in it; {_ADVICE}")
    code, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", form)
    if code == _EXTENSIBLE and len(form) >= 26:
        (code,) = struct.unpack_from("<H", form, 24)
    if rate_hz < SAMPLE_RATE_HZ or not channels:
        raise SpeechError(f"{path.name} has {rate_hz} Hz, less than a telephone; {_ADVICE}")
    samples = _decoded(data, code, bits, path.name)
    mono = samples[: samples.size // channels * channels].reshape(-1, channels).mean(axis=1)
    if not 0 < mono.size <= LONGEST_S * rate_hz:
        raise SpeechError(f"{path.name} lasts {mono.size / rate_hz:.0f} s; a prompt has {LONGEST_S:.0f} s at most")
    return mono.astype(np.float32), rate_hz


def _chunks(raw: bytes, name: str) -> dict[bytes, bytes]:
    if raw[:4] != b"RIFF" or raw[8:12] != b"WAVE":
        raise SpeechError(f"{name} is no WAV file, whatever it is called; {_ADVICE}")
    found: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= len(raw):
        kind, size = raw[at : at + 4], struct.unpack_from("<I", raw, at + 4)[0]
        found.setdefault(kind, raw[at + 8 : at + 8 + size])  # a size beyond the end, as streams write it, ends there
        at += 8 + size + size % 2
    return found


def _decoded(data: bytes, code: int, bits: int, name: str) -> Samples:
    """All channels, interleaved, -1..1."""
    return np.asarray(_numbers(data, code, bits, name), dtype=np.float32)


def _numbers(data: bytes, code: int, bits: int, name: str) -> npt.NDArray[np.floating]:
    width = bits // 8
    data = data[: len(data) // max(width, 1) * max(width, 1)]
    match (code, bits):
        case (1, 8):
            return (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / 128
        case (1, 16):
            return np.frombuffer(data, "<i2").astype(np.float32) / 2**15
        case (1, 24):
            low = np.frombuffer(data, np.uint8).reshape(-1, 3).astype(np.int32)
            whole = (low[:, 0] << 8 | low[:, 1] << 16 | low[:, 2] << 24) >> 8
            return (whole / 2**23).astype(np.float32)
        case (1, 32):
            return np.frombuffer(data, "<i4").astype(np.float32) / 2**31
        case (3, 32) | (3, 64):
            floats = np.frombuffer(data, "<f4" if bits == 32 else "<f8").astype(np.float32)
            return np.nan_to_num(floats)
        case (6, 8):
            return _alaw(np.frombuffer(data, np.uint8))
        case (7, 8):
            return _mulaw(np.frombuffer(data, np.uint8))
    raise SpeechError(f"{name} is coded in a way (format {code}, {bits} bit) that is not understood; {_ADVICE}")


def _mulaw(coded: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> Samples:
    """ITU-T G.711."""
    value = (~coded).astype(np.int32)
    size = ((value & 0x0F) * 8 + 132 << (value >> 4 & 7)) - 132
    return (np.where(value & 0x80, -size, size) / 2**15).astype(np.float32)


def _alaw(coded: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> Samples:
    """ITU-T G.711."""
    value = (coded ^ 0x55).astype(np.int32)
    step, base = value >> 4 & 7, (value & 0x0F) * 16 + 8
    size = np.where(step == 0, base, base + 256 << np.maximum(step - 1, 0))
    return (np.where(value & 0x80, size, -size) / 2**15).astype(np.float32)
