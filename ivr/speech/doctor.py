"""Does everything that hears and speaks work here? Each part is run once, really, and says what to do when it does not.

Owns the list of things tried. The clip that is transcribed is a sentence the machine's own voice has just spoken, so
that no recording has to be shipped.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rapidfuzz import fuzz

from ivr.model.errors import SpeechError
from ivr.model.hearing import Expectation
from ivr.model.ports import Recognizer
from ivr.speech.audio import Samples, from_pcm
from ivr.speech.catalogue import Catalogue
from ivr.speech.models import load_recognizer, load_vad, make_voices
from ivr.speech.recordings import on_a_line, turns
from ivr.speech.vad import SileroModel

SENTENCES = {
    "en": "I would like to check the status of my claim.",
    "ru": "Проверьте, пожалуйста, состояние моей заявки.",
}
_ALIKE = 60.0  # rapidfuzz ratio, 0..100: a voice that is not human may cost a word
_UNHEARD = "a voice that is not human speaks this language here: only that it is spoken is checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was tried, whether it worked, and what came of it."""

    what: str
    works: bool
    detail: str
    took_ms: int


async def examine(models_dir: Path, languages: Sequence[str], recognizer: str, voices: Sequence[str]) -> list[Finding]:
    """Everything, one finding each. Never raises for a model that is missing or broken: that is a finding."""
    began = time.monotonic()
    try:
        catalogue = Catalogue(models_dir)
        vad = load_vad(catalogue)
    except SpeechError as error:
        return [_finding("voice activity", began, error=str(error))]
    found = [_finding("voice activity", began, detail=_silent(vad))]
    for language in languages:
        spoken, clip = await _speak(catalogue, language, voices)
        found += [spoken, _hear(catalogue, vad, language, recognizer, clip)]
    return found


def _silent(vad: SileroModel) -> str:
    """Noise must be no speech. Raises SpeechError when it is."""
    noise = 0.01 * np.random.default_rng(3).standard_normal(16000)
    if turns(on_a_line(noise.astype(np.float32)), vad):
        raise SpeechError("voice activity takes noise for speech: install faster-whisper again")
    return "noise is no speech"


async def _speak(catalogue: Catalogue, language: str, voices: Sequence[str]) -> tuple[Finding, Samples | None]:
    began = time.monotonic()
    reasons = []
    for voice in make_voices(catalogue, voices, [language]):
        try:
            clip = from_pcm(await voice.render(SENTENCES.get(language, SENTENCES["en"]), language))
            detail = f"{voice.voice_id(language)} said {clip.size / 8000:.1f} s"
            return _finding(f"speak {language}", began, detail=detail), clip if voice.name != "pyttsx3" else None
        except SpeechError as error:
            reasons.append(str(error))
        finally:
            await voice.close()
    return _finding(f"speak {language}", began, error="; ".join(reasons) or "no voice is set up"), None


def _hear(catalogue: Catalogue, vad: SileroModel, language: str, engine: str, clip: Samples | None) -> Finding:
    began = time.monotonic()
    what = f"hear {language}"
    try:
        recognizer = load_recognizer(catalogue, engine, [language], 1)
        if clip is None:
            return _finding(what, began, detail=f"{recognizer.name} is loaded; {_UNHEARD}")
        heard = _transcribe(recognizer, vad, language, clip)
    except SpeechError as error:
        return _finding(what, began, error=str(error))
    said = SENTENCES[language].lower().rstrip(".")
    if fuzz.ratio(heard, said) < _ALIKE:
        return _finding(what, began, error=f"{recognizer.name} heard {heard!r} instead of {said!r}")
    return _finding(what, began, detail=f"{recognizer.name} heard {heard!r}")


def _transcribe(recognizer: Recognizer, vad: SileroModel, language: str, clip: Samples) -> str:
    heard = []
    for pcm in turns(on_a_line(clip), vad):
        stream = recognizer.open(language, Expectation())
        stream.feed(pcm)
        heard.append(stream.decode(final=True).text)
        stream.close()
    return " ".join(filter(None, heard))


def _finding(what: str, began: float, *, detail: str = "", error: str = "") -> Finding:
    took_ms = round((time.monotonic() - began) * 1000)
    return Finding(what=what, works=not error, detail=error or detail, took_ms=took_ms)
