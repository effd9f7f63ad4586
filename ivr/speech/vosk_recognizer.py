"""The Vosk recogniser (Kaldi): decodes while the caller speaks, by a grammar where the dialog knows what to expect.

Owns the library: the only file that imports vosk. It is given the folder of a verified model and never a name or a
language, for which the library would download by itself. One recogniser a turn; a model serves all turns.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ivr.log import get_log
from ivr.model.errors import SpeechError
from ivr.model.hearing import Expectation, ExpectationKind, Hypothesis
from ivr.model.media import SAMPLE_RATE_HZ
from ivr.speech.audio import from_pcm
from ivr.speech.digit_words import digit_words
from ivr.speech.grammar_results import Segment, as_digits, as_phrase, as_text, joined, segment_of
from ivr.speech.silence import nothing_to_hear

NAME = "vosk"
UNKNOWN = "[unk]"
_ALTERNATIVES = 5
_NO_MODEL = "vosk is not installed: pip install vosk"

log = get_log("speech.vosk")


class VoskModel:
    """One loaded model. Its lexicon is asked before a grammar is made: words it lacks are silently dropped by Kaldi."""

    def __init__(self, path: Path) -> None:
        try:
            import vosk
        except ImportError as error:
            raise SpeechError(_NO_MODEL) from error
        vosk.SetLogLevel(-1)
        if not (path / "am" / "final.mdl").is_file() and not (path / "final.mdl").is_file():
            raise SpeechError(f"{path} is no Vosk model: it has no am/final.mdl")
        try:
            self._model = vosk.Model(str(path))
        except Exception as error:  # the library raises nothing more special
            raise SpeechError(f"cannot load the Vosk model at {path}: {error}") from error
        self._recognizer = vosk.KaldiRecognizer
        self._told: set[str] = set()

    def knows(self, text: str) -> bool:
        """Are all words of a phrase in the lexicon?"""
        missing = [word for word in text.split() if self._model.vosk_model_find_word(word) < 0]
        if missing and missing[0] not in self._told:
            self._told.add(missing[0])
            log.warning("vosk.word_unknown", word=missing[0], phrase=text)
        return not missing

    def grammar(self, phrases: Iterable[str]) -> str:
        """The phrases it can hear as a Kaldi grammar, "" when there is none."""
        known = sorted({phrase for phrase in phrases if self.knows(phrase)})
        if not known:
            return ""
        listed = [*known, *([UNKNOWN] if self._model.vosk_model_find_word(UNKNOWN) >= 0 else [])]
        return json.dumps(listed, ensure_ascii=False)  # Vosk takes \\u escapes for words it does not know

    def recognizer(self, grammar: str) -> Any:
        """A decoder of one turn. Raises SpeechError."""
        try:
            arguments = (self._model, SAMPLE_RATE_HZ, grammar) if grammar else (self._model, SAMPLE_RATE_HZ)
            made = self._recognizer(*arguments)
        except Exception as error:  # as above
            raise SpeechError(f"Vosk cannot decode with this grammar: {error}") from error
        made.SetMaxAlternatives(_ALTERNATIVES)
        return made


class VoskStream:
    """One turn. A decode closes a segment: what follows is decoded on its own, and the texts are joined."""

    live = True

    def __init__(self, model: VoskModel, language: str, expectation: Expectation) -> None:
        self._model, self._language, self._expectation = model, language, expectation
        self._grammar = model.grammar(_phrases(language, expectation))
        self._decoder = model.recognizer(self._grammar)
        self._pcm = bytearray()
        self._segments: list[Segment] = []
        self._fed = False

    def feed(self, pcm: bytes) -> None:
        """More of the turn, decoded at once. Raises SpeechError."""
        whole = bytes(pcm[: len(pcm) // 2 * 2])
        if whole:
            self._pcm += whole
            self._fed = True
            self._take(self._decoder, whole, self._segments)

    def decode(self, *, final: bool) -> Hypothesis:
        """The text of everything fed so far. Raises SpeechError."""
        reason = nothing_to_hear(from_pcm(bytes(self._pcm)))
        if reason:
            return Hypothesis(text="", confidence=0.0, engine=NAME, reason=reason)
        if self._fed:
            self._segments.append(segment_of(self._decoder.FinalResult()))
            self._fed = False
        heard = joined(self._segments)
        found: Hypothesis | None = None
        if self._grammar and self._expectation.kind is ExpectationKind.DIGITS:
            found = as_digits(heard, self._expectation, self._language, NAME)
        elif self._grammar:
            found = as_phrase(heard, self._expectation, NAME)
        if found is None and self._grammar:
            heard = self._freely()  # something else was said than the grammar holds
        return found or as_text(heard, NAME)

    def give_up(self) -> None:
        """Nothing to cut short: it has decoded nearly all of it already."""

    def close(self) -> None:
        """Forget the audio."""
        self._pcm = bytearray()
        self._segments = []

    def _freely(self) -> Segment:
        """The whole turn again, without a grammar."""
        segments: list[Segment] = []
        decoder = self._model.recognizer("")
        self._take(decoder, bytes(self._pcm), segments)
        segments.append(segment_of(decoder.FinalResult()))
        return joined(segments)

    @staticmethod
    def _take(decoder: Any, pcm: bytes, segments: list[Segment]) -> None:
        try:
            if decoder.AcceptWaveform(pcm):
                segments.append(segment_of(decoder.Result()))
        except Exception as error:  # as above
            raise SpeechError(f"Vosk failed: {error}") from error


class VoskRecognizer:
    """Vosk models by language, loaded once, shared by all calls."""

    name = NAME

    def __init__(self, models: Mapping[str, VoskModel]) -> None:
        if not models:
            raise SpeechError("Vosk has no model for any language: ivr models list shows them")
        self._models = dict(models)
        self.languages = tuple(models)

    def open(self, language: str, expectation: Expectation) -> VoskStream:
        """A turn in a language. Raises SpeechError when there is no model for it."""
        model = self._models.get(language)
        if model is None:
            raise SpeechError(f"no Vosk model for language {language!r}, only {', '.join(self.languages)}")
        return VoskStream(model, language, expectation)


def _phrases(language: str, expectation: Expectation) -> list[str]:
    """What the grammar of an expectation holds; [] for open speech."""
    if expectation.kind is ExpectationKind.DIGITS:
        return list(digit_words(language))
    if expectation.kind is ExpectationKind.OPEN:
        return []
    return [" ".join(phrase.text.lower().split()) for phrase in expectation.phrases]
