"""The sound a caller hears while a human is fetched: two soft notes every three seconds. Made here, owned by nobody."""

from __future__ import annotations

import array
import math
import wave
from pathlib import Path

from ivr.model.media import SAMPLE_RATE_HZ

LEVEL = 0.08
NOTES = ((0.0, 523.25), (0.22, 659.25))  # seconds, Hz
NOTE_S = 0.6
LENGTH_S = 3.0


def write_comfort(path: Path) -> Path:
    """Write the sound as a WAV file (8 kHz, mono, 16 bit), loopable."""
    samples = [0.0] * int(LENGTH_S * SAMPLE_RATE_HZ)
    for start_s, pitch_hz in NOTES:
        first = int(start_s * SAMPLE_RATE_HZ)
        for at in range(int(NOTE_S * SAMPLE_RATE_HZ)):
            t = at / SAMPLE_RATE_HZ
            attack = min(1.0, t / 0.02)
            samples[first + at] += LEVEL * attack * math.exp(-5 * t) * math.sin(2 * math.pi * pitch_hz * t)
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE_HZ)
        out.writeframes(array.array("h", (int(s * 32767) for s in samples)).tobytes())
    return path
