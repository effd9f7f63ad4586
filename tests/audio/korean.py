"""A synthetic Korean caller: eSpeak NG straight from its library. It proves the Vosk adapter, not its accuracy."""

from __future__ import annotations

import ctypes
import functools

import espeakng_loader
import numpy as np

from ivr.speech.audio import resample
from tests.audio.phone_line import Samples, quiet

_RETRIEVE, _UTF8, _DONT_EXIT = 1, 1, 0x8000
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


@functools.cache
def _library() -> tuple[ctypes.CDLL, int]:
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = library.espeak_Initialize(_RETRIEVE, 0, espeakng_loader.get_data_path().encode(), _DONT_EXIT)
    assert rate > 0
    return library, rate


def korean(text: str) -> Samples:
    """The text said in Korean, 8 kHz, with a little silence around it."""
    library, rate = _library()
    parts: list[np.ndarray] = []

    @_Callback
    def take(wav, count, _events):
        if wav and count > 0:
            parts.append(np.ctypeslib.as_array(wav, (count,)).copy())
        return 0

    library.espeak_SetSynthCallback(take)
    assert library.espeak_SetVoiceByName(b"ko") == 0
    raw = text.encode()
    assert library.espeak_Synth(raw, len(raw) + 1, 0, 0, 0, _UTF8, None, None) == 0
    library.espeak_Synchronize()
    samples = np.concatenate(parts).astype(np.float32) / 32768
    return np.concatenate([quiet(0.3), 0.6 * resample(samples, rate), quiet(0.3)])
