"""A voice somebody plugged in: all there is to it is in this one file. It hums."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ivr.speech.audio import Samples
from ivr.speech.catalogue import Catalogue
from ivr.speech.voice_child import Synthesize, serve
from ivr.speech.voice_process import ProcessVoice

RATE_HZ = 16000


def voice(_catalogue: Catalogue, languages: Sequence[str], *, steady: bool = False) -> ProcessVoice | None:
    """Hums every language."""
    return ProcessVoice("hum", __name__, [], {language: f"hum-{language}" for language in languages})


def _load() -> Synthesize:
    def synthesize(text: str, _language: str, pace: float) -> tuple[Samples, int]:
        seconds = 0.06 * len(text) / pace
        at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
        return (0.1 * np.sin(2 * np.pi * 300 * at)).astype(np.float32), RATE_HZ

    return synthesize


if __name__ == "__main__":
    serve(_load)
