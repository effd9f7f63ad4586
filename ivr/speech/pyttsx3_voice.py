"""pyttsx3 over eSpeak NG: a voice that needs no model. Runs as a process of its own: `python -m` this module.

Owns how pyttsx3 is asked. It is reliable only as one text per save_to_file and runAndWait, in one thread of one
process: its queue loses files, threads hang it, rate and voice are globals of the process.
"""

from __future__ import annotations

import ctypes
import os
import tempfile
import wave
from collections.abc import Sequence
from pathlib import Path

from ivr.speech.audio import Samples, from_pcm
from ivr.speech.catalogue import Catalogue
from ivr.speech.pace import at_pace
from ivr.speech.voice_child import Synthesize, serve
from ivr.speech.voice_process import ProcessVoice

NAME = "pyttsx3"
VOICES = {"en": "gmw/en-us", "ru": "zle/ru"}
_WORDS_PER_MINUTE = 160


def voice(_catalogue: Catalogue, languages: Sequence[str], *, steady: bool = False) -> ProcessVoice | None:
    """The fallback voice for those of the languages it speaks; it always sounds the same."""
    found = {language: f"{NAME}-{VOICES[language].replace('/', '-')}" for language in languages if language in VOICES}
    return ProcessVoice(NAME, __name__, [], found) if found else None


def _load() -> Synthesize:
    import espeakng_loader

    os.environ["ESPEAK_DATA_PATH"] = espeakng_loader.get_data_path()
    # pyttsx3 opens the library by soname: loading it here first makes the packaged one answer to it.
    ctypes.CDLL(espeakng_loader.get_library_path() + ".1", mode=ctypes.RTLD_GLOBAL)
    import pyttsx3

    engine = pyttsx3.init("espeak")
    engine.setProperty("rate", _WORDS_PER_MINUTE)

    def synthesize(text: str, language: str, pace: float) -> tuple[Samples, int]:
        engine.setProperty("voice", VOICES[language])
        with tempfile.TemporaryDirectory(prefix="ivr-voice-") as folder:
            path = Path(folder) / "prompt.wav"
            engine.save_to_file(text, str(path))
            engine.runAndWait()
            with wave.open(str(path), "rb") as file:
                samples, rate_hz = from_pcm(file.readframes(file.getnframes())), file.getframerate()
        return at_pace(samples, rate_hz, pace), rate_hz  # a rate set between two texts is not always obeyed

    synthesize("Ready.", "en", 1.0)
    return synthesize


if __name__ == "__main__":
    serve(_load)
