"""pyttsx3 over eSpeak NG: a voice that needs no model. Runs as a process of its own: `python -m` this module.

Owns how pyttsx3 is asked. It is reliable only as one text per save_to_file and runAndWait, in one thread of one
process: its queue loses files, threads hang it, rate and voice are globals of the process.
"""

from __future__ import annotations

import ctypes
import os
import tempfile
import wave
from pathlib import Path

from ivr.speech.audio import Samples, from_pcm
from ivr.speech.voice_child import Synthesize, serve
from ivr.speech.voice_process import ProcessVoice

NAME = "pyttsx3"
VOICES = {"en": "gmw/en-us", "ru": "zle/ru"}
_WORDS_PER_MINUTE = 160


def pyttsx3_voice(languages: tuple[str, ...]) -> ProcessVoice:
    """The fallback voice for those of the languages it speaks."""
    return ProcessVoice(
        NAME,
        __name__,
        [],
        {language: f"{NAME}-{VOICES[language].replace('/', '-')}" for language in languages if language in VOICES},
    )


def _load() -> Synthesize:
    import espeakng_loader

    os.environ["ESPEAK_DATA_PATH"] = espeakng_loader.get_data_path()
    # pyttsx3 opens the library by soname: loading it here first makes the packaged one answer to it.
    ctypes.CDLL(espeakng_loader.get_library_path() + ".1", mode=ctypes.RTLD_GLOBAL)
    import pyttsx3

    engine = pyttsx3.init("espeak")
    engine.setProperty("rate", _WORDS_PER_MINUTE)

    def synthesize(text: str, language: str) -> tuple[Samples, int]:
        engine.setProperty("voice", VOICES[language])
        with tempfile.TemporaryDirectory(prefix="ivr-voice-") as folder:
            path = Path(folder) / "prompt.wav"
            engine.save_to_file(text, str(path))
            engine.runAndWait()
            with wave.open(str(path), "rb") as file:
                return from_pcm(file.readframes(file.getnframes())), file.getframerate()

    synthesize("Ready.", "en")
    return synthesize


if __name__ == "__main__":
    serve(_load)
