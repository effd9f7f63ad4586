"""Recordings of designers: every usual format becomes a prompt, a bad file is a finding that says how to mend it."""

import struct
from pathlib import Path

import numpy as np
import pytest

from ivr.model.errors import SpeechError
from ivr.speech.audio import from_pcm
from ivr.speech.loudness import loudness
from ivr.speech.mastering import LEVEL_LUFS, TOLERANCE_LU
from ivr.speech.recorded import complaint, prompt_of


def sound(rate_hz: int, peak: float = 0.3) -> np.ndarray:
    at = np.arange(rate_hz) / rate_hz
    return peak * np.sin(2 * np.pi * 440 * at) * np.abs(np.sin(2 * np.pi * 3 * at))


def wav(path: Path, data: bytes, *, code: int = 1, bits: int = 16, rate_hz: int = 8000, channels: int = 1) -> Path:
    form = struct.pack("<HHIIHH", code, channels, rate_hz, 0, channels * bits // 8, bits)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"LIST\x03\x00\x00\x00abc\x00"
    body += b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def mulaw(samples: np.ndarray) -> bytes:
    """G.711, by the segments of its table."""
    size = np.minimum((np.abs(samples) * 32768).astype(int), 32635) + 132
    exponent = np.floor(np.log2(size)).astype(int) - 7
    mantissa = (size >> (exponent + 3)) & 15
    return bytes((~(np.where(samples < 0, 128, 0) | exponent << 4 | mantissa) & 255).astype(np.uint8))


def alaw(samples: np.ndarray) -> bytes:
    size = np.minimum((np.abs(samples) * 32768).astype(int), 32767) >> 4
    segment = np.maximum(np.floor(np.log2(np.maximum(size, 1))).astype(int) - 3, 0)
    mantissa = np.where(segment > 1, size >> np.maximum(segment - 1, 0), size) & 15
    return bytes((np.where(samples >= 0, 128, 0) | segment << 4 | mantissa).astype(np.uint8) ^ 0x55)


def int24(samples: np.ndarray) -> bytes:
    return b"".join(struct.pack("<i", int(s * (2**23 - 1)))[:3] for s in samples)


FORMATS = {
    "8 bit": (8000, 1, 8, lambda s: bytes((s * 127 + 128).astype(np.uint8))),
    "16 bit 44.1 kHz": (44100, 1, 16, lambda s: (s * 32767).astype("<i2").tobytes()),
    "24 bit 48 kHz": (48000, 1, 24, int24),
    "32 bit": (16000, 1, 32, lambda s: (s * (2**31 - 1)).astype("<i4").tobytes()),
    "float": (22050, 3, 32, lambda s: s.astype("<f4").tobytes()),
    "A-law": (8000, 6, 8, alaw),
    "mu-law": (8000, 7, 8, mulaw),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_usual_format_becomes_the_same_prompt(tmp_path: Path, name: str) -> None:
    rate_hz, code, bits, coded = FORMATS[name]
    found = from_pcm(prompt_of(wav(tmp_path / "a.wav", coded(sound(rate_hz)), code=code, bits=bits, rate_hz=rate_hz)))
    plain = from_pcm(prompt_of(wav(tmp_path / "b.wav", (sound(8000) * 32767).astype("<i2").tobytes())))
    assert loudness(found) == pytest.approx(LEVEL_LUFS, abs=TOLERANCE_LU)
    size = min(found.size, plain.size)
    likeness = np.corrcoef(np.abs(np.fft.rfft(found[:size])), np.abs(np.fft.rfft(plain[:size])))[0, 1]
    assert abs(found.size - plain.size) < 400 and likeness > 0.95


def test_two_channels_become_one(tmp_path: Path) -> None:
    both = np.repeat((sound(8000) * 32767).astype("<i2"), 2).tobytes()
    assert len(prompt_of(wav(tmp_path / "a.wav", both, channels=2))) / 16000 == pytest.approx(1.05, abs=0.1)


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"ID3\x03 this is an mp3", "no WAV file"),
        (b"", "no WAV file"),
        (b"RIFF\x00\x00\x00\x00WAVE", "no sound"),
    ],
)
def test_what_is_no_wav_is_said_to_be_none(tmp_path: Path, raw: bytes, what: str) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(raw)
    with pytest.raises(SpeechError, match=what):
        prompt_of(path)


def test_silence_low_rates_and_unknown_codings_are_refused_with_advice(tmp_path: Path) -> None:
    with pytest.raises(SpeechError, match="silence"):
        prompt_of(wav(tmp_path / "a.wav", bytes(16000)))
    with pytest.raises(SpeechError, match="less than a telephone"):
        prompt_of(wav(tmp_path / "b.wav", bytes(16000), rate_hz=4000))
    with pytest.raises(SpeechError, match=r"format 85.*export it"):
        prompt_of(wav(tmp_path / "c.wav", bytes(16000), code=85))
    with pytest.raises(SpeechError, match="cannot be read"):
        prompt_of(tmp_path / "absent.wav")


def test_quiet_and_clipped_recordings_are_complained_of(tmp_path: Path) -> None:
    quiet = wav(tmp_path / "a.wav", (sound(8000, 0.002) * 32767).astype("<i2").tobytes())
    clipped = wav(tmp_path / "b.wav", (np.clip(sound(8000, 3), -1, 1) * 32767).astype("<i2").tobytes())
    good = wav(tmp_path / "c.wav", (sound(8000) * 32767).astype("<i2").tobytes())
    assert "quiet" in complaint(quiet) and "clipped" in complaint(clipped) and complaint(good) == ""
