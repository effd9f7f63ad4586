"""The engines a worker runs, made from its settings and the catalogue.

Owns which class stands behind which engine name; everything else in the worker knows only the ports.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ivr.log import get_log
from ivr.model.errors import SpeechError
from ivr.speech.catalogue import Catalogue
from ivr.speech.piper_voice import NAME as PIPER
from ivr.speech.piper_voice import piper_voice
from ivr.speech.pyttsx3_voice import NAME as PYTTSX3
from ivr.speech.pyttsx3_voice import pyttsx3_voice
from ivr.speech.vad import SileroModel
from ivr.speech.voice_process import ProcessVoice
from ivr.speech.whisper import NAME as WHISPER
from ivr.speech.whisper import WhisperRecognizer
from ivr.speech.whisper_model import WhisperModel

log = get_log("speech.models")


def load_vad(catalogue: Catalogue) -> SileroModel:
    """The voice activity network. Raises SpeechError."""
    model = catalogue.find("vad", "silero", "*")
    return SileroModel(catalogue.resolve(model) / model.files[0].name)


def load_recognizer(catalogue: Catalogue, engine: str, languages: Sequence[str], threads: int) -> WhisperRecognizer:
    """The recogniser, warm, for those of the languages a model exists for. Raises SpeechError when there is none."""
    if engine != WHISPER:
        raise SpeechError(f"there is no recogniser {engine!r}: set recognizer to {WHISPER!r}")
    models, reasons = {}, []
    for language in languages:
        try:
            folder = catalogue.resolve(catalogue.find("asr", engine, language))
            models[language] = WhisperModel(folder, language, threads)
        except SpeechError as error:
            log.warning("models.language_not_heard", language=language, error=str(error))
            reasons.append(str(error))
    if not models:
        raise SpeechError("; ".join(reasons) or "no language to hear is configured")
    recognizer = WhisperRecognizer(models)
    recognizer.warm_up()
    return recognizer


def make_voices(
    catalogue: Catalogue, engines: Sequence[str], languages: Sequence[str], *, steady: bool = False
) -> list[ProcessVoice]:
    """The voices that can speak, in order of preference; one that cannot is left out with a warning.

    steady: see piper_voice.
    """
    voices = []
    for engine in engines:
        voice = _piper(catalogue, languages, steady=steady) if engine == PIPER else None
        if engine == PYTTSX3:
            voice = pyttsx3_voice(tuple(languages))
        if voice is None:
            log.warning("models.voice_left_out", voice=engine)
        else:
            voices.append(voice)
    return voices


def _piper(catalogue: Catalogue, languages: Sequence[str], *, steady: bool) -> ProcessVoice | None:
    found: dict[str, tuple[str, Path]] = {}
    for language in languages:
        try:
            model = catalogue.find("tts", PIPER, language)
            found[language] = (model.model_id, catalogue.resolve(model) / model.files[0].name)
        except SpeechError as error:
            log.warning("models.language_not_spoken", voice=PIPER, language=language, error=str(error))
    return piper_voice(found, steady=steady) if found else None
