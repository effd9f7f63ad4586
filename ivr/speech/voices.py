"""Which module stands behind which voice name, and the voices a worker speaks with.

A voice is one module with voice(catalogue, languages, steady=...) -> ProcessVoice | None. Those of the product have
short names; any other is named by its dotted path in [speech] voices, so that a new one needs no change here.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType, ModuleType

from ivr.log import get_log
from ivr.model.errors import SpeechError
from ivr.speech.catalogue import Catalogue
from ivr.speech.voice_process import ProcessVoice

log = get_log("speech.voices")

MODULES: Mapping[str, str] = MappingProxyType(
    {
        "piper": "ivr.speech.piper_voice",
        "festival": "ivr.speech.festival_voice",
        "pyttsx3": "ivr.speech.pyttsx3_voice",
    }
)


def make_voices(
    catalogue: Catalogue, engines: Sequence[str], languages: Sequence[str], *, steady: bool = False
) -> list[ProcessVoice]:
    """The voices that can speak, in order of preference; one that cannot is left out with a line in the log.

    steady: the same sentence always sounds the same: for callers of tests and measurements. Raises SpeechError for a
    name that is no voice.
    """
    voices = []
    for engine in engines:
        voice = _module(engine).voice(catalogue, tuple(languages), steady=steady)
        if voice is None:
            log.info("voices.left_out", voice=engine, languages=",".join(languages))
        else:
            voices.append(voice)
    return voices


def module_path(engine: str) -> str:
    """Where a voice is. Raises SpeechError for a name that is no voice."""
    path = MODULES.get(engine, engine)
    if "." not in path:
        raise SpeechError(f"there is no voice {engine!r}: write one of {', '.join(MODULES)}, or a module's dotted path")
    return path


def _module(engine: str) -> ModuleType:
    try:
        return importlib.import_module(module_path(engine))
    except ImportError as error:
        raise SpeechError(f"the voice {engine!r} cannot be loaded: {error}") from error
