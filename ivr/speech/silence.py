"""What must never reach a generative recogniser: silence, clicks and keypad tones. It invents words for them.

Owns the gate before decoding and the list of what Whisper says to nothing. Decides from samples only.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ivr.model.media import SAMPLE_RATE_HZ
from ivr.speech.audio import Samples
from ivr.speech.tones import BLOCK, is_keypad_tone

_FLOOR_RMS = 0.003  # -50 dBFS: quieter than any caller on a telephone line
_LOUD_BLOCKS = 3  # about 100 ms of sound
_TONE_SHARE = 0.5
_HALF = 0.5  # of the peak: what counts when a sound is asked for its syllables
_STEADY_BLOCKS = 16  # half a second
_STEADY = 0.1  # spread of the level: white noise 0.045, tones 0.02, half a second of speech never below 0.12

# What the English models write when there is nothing to write; believed only when the model itself is sure of speech.
INVENTED = frozenset(
    {"you", "thank you", "thanks for watching", "thank you for watching", "bye", "bye bye", "the end", "so", "uh", "i"}
)


def nothing_to_hear(samples: Samples) -> str:
    """Why 8 kHz audio holds no speech ("no_speech" or "too_short"), or "" when it may."""
    blocks = samples[: samples.size // BLOCK * BLOCK].reshape(-1, BLOCK)
    rms = np.sqrt(np.mean(blocks**2, axis=1)) if blocks.size else np.zeros(0)
    loud = blocks[rms > _FLOOR_RMS]
    if len(loud) == 0:
        return "no_speech"
    if len(loud) < _LOUD_BLOCKS:
        return "too_short"
    strong = blocks[rms > 0.3 * float(rms.max())]
    if _steady(rms):
        return "no_speech"
    tones = sum(is_keypad_tone(block) for block in strong)
    return "no_speech" if tones >= _TONE_SHARE * len(strong) else ""


def _steady(rms: npt.NDArray[np.floating]) -> bool:
    """Is it a sound without syllables, like a hum, a dial tone or hiss? rms: of each block."""
    loud = rms[rms > _HALF * float(rms.max())]
    return len(loud) >= _STEADY_BLOCKS and float(loud.std()) < _STEADY * float(loud.mean())


def sounding_s(samples: Samples) -> float:
    """How many seconds of 8 kHz audio are louder than any quiet line."""
    blocks = samples[: samples.size // BLOCK * BLOCK].reshape(-1, BLOCK)
    if not blocks.size:
        return 0.0
    return int(np.sum(np.sqrt(np.mean(blocks**2, axis=1)) > _FLOOR_RMS)) * BLOCK / SAMPLE_RATE_HZ
