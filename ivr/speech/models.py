"""The engines a worker runs, made from its settings and the catalogue.

Owns which class stands behind which engine name; everything else in the worker knows only the ports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ivr.log import get_log
from ivr.model.errors import SpeechError
from ivr.model.ports import Recognizer
from ivr.speech.catalogue import Catalogue
from ivr.speech.engine_chain import EngineChain
from ivr.speech.vad import SileroModel
from ivr.speech.voices import make_voices
from ivr.speech.vosk_recognizer import NAME as VOSK
from ivr.speech.vosk_recognizer import VoskModel, VoskRecognizer
from ivr.speech.whisper import NAME as WHISPER
from ivr.speech.whisper import WhisperRecognizer
from ivr.speech.whisper_model import WhisperModel

__all__ = ["AUTO", "RECOGNIZERS", "load_recognizer", "load_vad", "make_voices"]

AUTO = "auto"
RECOGNIZERS = (AUTO, WHISPER, VOSK)

log = get_log("speech.models")


def load_vad(catalogue: Catalogue) -> SileroModel:
    """The voice activity network. Raises SpeechError."""
    model = catalogue.find("vad", "silero", "*")
    return SileroModel(catalogue.resolve(model) / model.files[0].name)


def load_recognizer(
    catalogue: Catalogue,
    engine: str,
    languages: Sequence[str],
    threads: int,
    by_language: Mapping[str, str] | None = None,
) -> Recognizer:
    """The recognisers, warm, for those of the languages a model exists for. Raises SpeechError when there is none.

    engine: "auto" (Vosk where its model is installed, else Whisper), "vosk" or "whisper"; by_language names another for
    single languages. Where Vosk hears, Whisper stands in when it fails.
    """
    chosen = {language: (by_language or {}).get(language, engine) for language in languages}
    for name in chosen.values():
        if name not in RECOGNIZERS:
            raise SpeechError(f"there is no recogniser {name!r}: set recognizer to {', '.join(RECOGNIZERS)}")
    whisper: dict[str, WhisperModel] = {}
    vosk: dict[str, VoskModel] = {}
    reasons: list[str] = []
    for language, name in chosen.items():
        missing = {WHISPER: _whisper(catalogue, language, threads, whisper)}
        if name != WHISPER:
            missing[VOSK] = _vosk(catalogue, language, vosk)
        lacking = [missing[each] for each in (missing if name == AUTO else (name,)) if missing[each]]
        if len(lacking) == (len(missing) if name == AUTO else 1):
            log.warning("models.language_not_heard", language=language, engine=name, error="; ".join(lacking))
            reasons += lacking
    return _joined(chosen, whisper, vosk, reasons)


def _joined(
    chosen: Mapping[str, str], whisper: dict[str, WhisperModel], vosk: dict[str, VoskModel], reasons: Sequence[str]
) -> Recognizer:
    """One recogniser of all that was loaded."""
    if not whisper and not vosk:
        raise SpeechError("; ".join(reasons) or "no language to hear is configured")
    hears: list[Recognizer] = []
    if whisper:
        first = WhisperRecognizer(whisper)
        first.warm_up()
        hears.append(first)
    if vosk:
        hears.append(VoskRecognizer(vosk))
    if len(hears) == 1:
        return hears[0]
    order = {WHISPER: hears, VOSK: hears[::-1], AUTO: hears[::-1]}
    chains = {lang: [r for r in order[name] if lang in r.languages] for lang, name in chosen.items()}
    return EngineChain(chains)


def _whisper(catalogue: Catalogue, language: str, threads: int, loaded: dict[str, WhisperModel]) -> str:
    """Load the first Whisper model for a language; why there is none, "" when there is."""
    reasons = []
    for model in catalogue.all("asr", WHISPER, language):
        try:
            folder = catalogue.resolve(model)
            sharing = next((m for m in loaded.values() if m.folder == folder), None)
            loaded[language] = WhisperModel(folder, language, threads, sharing=sharing)
            return ""
        except SpeechError as error:
            reasons.append(str(error))
    return "; ".join(reasons) or f"the catalogue has no {WHISPER} model for language {language!r}"


def _vosk(catalogue: Catalogue, language: str, loaded: dict[str, VoskModel]) -> str:
    """Load the first Vosk model for a language that is here; why there is none, "" when there is."""
    reasons = []
    for model in catalogue.all("asr", VOSK, language):
        try:
            loaded[language] = VoskModel(catalogue.resolve(model))
            return ""
        except SpeechError as error:
            if catalogue.here(model):
                log.error("models.unusable", model=model.model_id, error=str(error))
            reasons.append(str(error))
    return "; ".join(reasons) or f"the catalogue has no {VOSK} model for language {language!r}"
