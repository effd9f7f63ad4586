"""The Whisper recogniser: what to make of a turn, given what the dialog expects.

Owns the choice of decoding (free, digits, closed list), rejection and confidence. The network is in whisper_model;
when a turn begins and ends is decided elsewhere. An expectation is a hint: a caller who says something else is heard
too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ivr.model.errors import SpeechError
from ivr.model.hearing import Alternative, Expectation, ExpectationKind, Hypothesis, Phrase
from ivr.speech.audio import Samples, from_pcm
from ivr.speech.closed_list import SURE_MARGIN, Choice, Scored, choose, shortlist, spelled
from ivr.speech.dictation import BEAM, confidence, dictated, repetition_penalty
from ivr.speech.digit_strings import digit_tokens
from ivr.speech.digit_words import first_words
from ivr.speech.free_speech import PIECE_S, glance, joined, mended, other_readings, pieces, transcribe
from ivr.speech.silence import INVENTED, nothing_to_hear
from ivr.speech.text import DIGIT_WORDS, normal, split_digits, unlooped
from ivr.speech.whisper_model import Decoded, Encoded, WhisperModel

NAME = "whisper"
NO_SPEECH = 0.6  # noise is above 0.8, speech below 0.45 with the English model
NO_SPEECH_INVENTED = 0.25  # for texts the model writes when it hears nothing
LEAST_MEAN = -2.2  # mean log-probability of a token: below, the text is a guess
_EDGES_S = 0.45  # of a turn's audio before and after its speech
THIN_MARGIN = 1.5  # nats between two values of a closed list: worth a second look
QUIETER_PEAK = 0.25
SURE_SILENCE = 0.8  # of no_speech: with the English model noise is above it
CLEAR_MEAN = -0.6  # mean log-probability of a text believed although the model doubts it is speech
RESCUE_MARGIN = 4.0  # nats that make a short word believed although the model doubts it is speech
_PARSED = (ExpectationKind.DATE, ExpectationKind.MONEY, ExpectationKind.NAME)  # others choose among the readings
_TELLING_S = 0.2  # of speech that tell a language
_PLAIN_LANGUAGE = 0.85  # how probable another language must be to be believed


class WhisperStream:
    """One turn: collects audio, decodes all of it on every call; of long turns only what is new."""

    live = False

    def __init__(self, models: Mapping[str, WhisperModel], language: str, expectation: Expectation) -> None:
        self._models, self._language, self._expectation = models, language, expectation
        self._model = models[language]
        self._phrases = _phrases(language, expectation)
        self._told = not expectation.languages
        self._pcm = bytearray()
        self._settled: list[tuple[int, Decoded]] = []
        self._last: tuple[WhisperModel, int, Encoded] | None = None
        self._wanted = True

    def feed(self, pcm: bytes) -> None:
        """More of the turn."""
        self._pcm += pcm

    def decode(self, *, final: bool) -> Hypothesis:
        """The text of everything fed so far. Raises SpeechError, AbandonedError."""
        self._wanted = True
        samples = from_pcm(bytes(self._pcm[: len(self._pcm) // 2 * 2]))
        reason = nothing_to_hear(samples)
        if reason:
            return _nothing(reason)
        try:
            if not self._told:
                self._tell(samples, final=final)
            found = self._decode(samples)
            return replace(found, language=self._language) if found.text and self._expectation.languages else found
        except (RuntimeError, ValueError, MemoryError) as error:
            raise SpeechError(f"Whisper failed on {samples.size / 8000:.1f} s of audio: {error}") from error

    def give_up(self) -> None:
        """End the decode under way at its next step: a step takes 50-100 ms, a number has four of them."""
        self._wanted = False

    def close(self) -> None:
        """Forget the audio."""
        self._pcm = bytearray()
        self._settled, self._last = [], None

    def _tell(self, samples: Samples, *, final: bool) -> None:
        """Which of the expected languages is spoken? Told once, of enough speech; plainly, or not at all."""
        among = [language for language in self._expectation.languages if language in self._models]
        judge = next((m for m in self._models.values() if m.multilingual), None)
        if judge is None or len(among) < 2:
            self._told = True
            return
        seconds = samples.size / 8000 - _EDGES_S
        if seconds < _TELLING_S and not final:
            return
        self._told = True
        if seconds < _TELLING_S:
            return
        found = judge.languages(self._encoded(judge, samples), among)
        language = max(found, key=lambda each: found[each])
        if language != self._language and found[language] >= _PLAIN_LANGUAGE:
            self._language, self._model, self._phrases = language, self._models[language], ()

    def _encoded(self, model: WhisperModel, samples: Samples) -> Encoded:
        """The turn as a model sees it; the one that told the language has seen it already."""
        if self._last is None or self._last[0] is not model or self._last[1] != samples.size:
            self._last = (model, samples.size, model.encode(samples, wanted=lambda: self._wanted))
        return self._last[2]

    def _decode(self, samples: Samples) -> Hypothesis:
        digits = self._expectation.kind is ExpectationKind.DIGITS and not self._phrases
        if not digits and samples.size > PIECE_S * 8000:
            return _open(self._long(samples))
        encoded = self._encoded(self._model, samples)
        if digits:
            return self._digits(encoded)
        free = glance(self._model, encoded)
        matched = self._closed(samples, encoded, free)
        if matched is not None and (matched.margin or 0.0) >= SURE_MARGIN:
            return matched
        encoded.check()
        again = mended(self._model, samples, free)
        if again is not free:
            free, matched = again, self._closed(samples, encoded, again)
        if matched is not None or not_said(free):
            return matched or _nothing("no_speech")
        found = _open(free)
        if self._expectation.kind not in _PARSED or not found.text:
            return found
        others = other_readings(self._model, encoded, found.text)
        return replace(
            found,
            alternatives=tuple(Alternative(text=normal(o.text), log_probability=o.log_probability) for o in others),
        )

    def _digits(self, encoded: Encoded) -> Hypothesis:
        free = self._model.generate(encoded, repetition_penalty=repetition_penalty(self._model))[0]
        if not_said(free):
            return _nothing("no_speech")
        said = dictated(self._model, encoded, self._expectation, free, encoded.seconds - _EDGES_S)
        return said or _open(free, "length")

    def _long(self, samples: Samples) -> Decoded:
        """The text of a long turn, piece by piece; what was decoded before and did not change is kept."""
        parts: list[tuple[int, Decoded]] = []
        for at, piece in enumerate(pieces(samples)):
            if at < len(self._settled) and self._settled[at][0] == piece.size:
                parts.append(self._settled[at])
                continue
            encoded = self._model.encode(piece, wanted=lambda: self._wanted)
            parts.append((piece.size, transcribe(self._model, piece, encoded)))
        self._settled = parts
        said = [decoded for _, decoded in parts if not not_said(decoded)]
        return joined(said or [decoded for _, decoded in parts])

    def _closed(self, samples: Samples, encoded: Encoded, free: Decoded) -> Hypothesis | None:
        """The phrase of the closed list that fits, or None when there is no list or the caller said something else.

        A clear text that is one of the phrases is compared with those first that are written most like it.
        """
        if not self._phrases or free.no_speech >= SURE_SILENCE:
            return None
        text = unlooped(normal(free.text))
        near = shortlist(self._phrases, text) if free.mean >= CLEAR_MEAN else self._phrases
        chosen: Choice | None = None
        if len(near) < len(self._phrases):
            chosen = choose(*self._scored(encoded, near, text))
        if chosen is None or chosen.margin < SURE_MARGIN:
            found = self._scored(encoded, self._phrases, text)
            chosen = choose(*found)
            if chosen is not None and chosen.margin < THIN_MARGIN:
                # Quieter, it is another recording to the network: what both hear is what was said.
                again = self._scored(self._model.encode(samples, peak=QUIETER_PEAK), self._phrases, text)
                chosen = choose(*_mean(found, again))
        if chosen is None or (not_said(free) and chosen.margin < RESCUE_MARGIN):
            return None
        fit = min(1.0, math.exp(min(0.0, 1.0 - chosen.behind) / 8.0))
        return Hypothesis(
            text=normal(chosen.best.phrase.text),
            value=chosen.best.phrase.value,
            confidence=confidence(chosen.margin) * fit,
            margin=chosen.margin,
            alternatives=chosen.alternatives,
            engine=NAME,
        )

    def _scored(self, encoded: Encoded, phrases: Sequence[Phrase], text: str) -> tuple[list[Scored], str, float]:
        """Phrases with their scores, the free text and its score: what a choice is made from."""
        texts = [self._model.tokens(spelled(phrase.text)) for phrase in phrases]
        if text:
            texts.append(self._model.tokens(spelled(text)))
        scores = self._model.score(encoded, texts)
        free_score = scores[-1] if text else -math.inf
        return [Scored(p, s) for p, s in zip(phrases, scores, strict=False)], text, free_score


class WhisperRecognizer:
    """Whisper models by language, loaded once, shared by all calls."""

    name = NAME

    def __init__(self, models: Mapping[str, WhisperModel]) -> None:
        if not models:
            raise SpeechError("Whisper has no model for any language: see voice_models/README.md")
        self._models = dict(models)
        self.languages = tuple(models)

    def open(self, language: str, expectation: Expectation) -> WhisperStream:
        """A turn in a language. Raises SpeechError when there is no model for it."""
        if language not in self._models:
            raise SpeechError(f"no Whisper model for language {language!r}, only {', '.join(self.languages)}")
        return WhisperStream(self._models, language, expectation)

    def warm_up(self) -> None:
        """Decode once per model and kind: the first decode of a process is several times slower."""
        noise = np.random.default_rng(1).standard_normal(8000).astype(np.float32) * 0.05
        for model in self._models.values():
            encoded = model.encode(noise)
            model.generate(encoded)
            model.generate(encoded, allowed=digit_tokens(model), beam=BEAM, hypotheses=BEAM)
            model.score(encoded, [model.tokens("Yes."), model.tokens("No.")])


def _mean(
    one: tuple[list[Scored], str, float], other: tuple[list[Scored], str, float]
) -> tuple[list[Scored], str, float]:
    """Two opinions as one."""
    phrases = [
        Scored(a.phrase, (a.log_probability + b.log_probability) / 2) for a, b in zip(one[0], other[0], strict=True)
    ]
    return phrases, one[1], (one[2] + other[2]) / 2


def _phrases(language: str, expectation: Expectation) -> tuple[Phrase, ...]:
    """The closed list of an expectation. A single digit is one of ten words; Whisper also writes it as a figure."""
    phrases = expectation.phrases
    if expectation.kind is ExpectationKind.DIGITS and expectation.max_length == 1:
        phrases = tuple(Phrase(text=word, value=str(digit)) for digit, word in enumerate(first_words(language)))
    said = {phrase.text.lower(): phrase.value for phrase in phrases}
    figures = {DIGIT_WORDS[word]: value for word, value in said.items() if word in DIGIT_WORDS}
    return (*phrases, *(Phrase(text=f, value=value) for f, value in figures.items() if f not in said))


def not_said(free: Decoded) -> bool:
    """Is this what Whisper writes when nobody speaks?"""
    if free.no_speech > NO_SPEECH:
        return free.no_speech > SURE_SILENCE or free.mean < CLEAR_MEAN
    return normal(free.text) in INVENTED and free.no_speech > NO_SPEECH_INVENTED


def _open(free: Decoded, reason: str = "no_speech") -> Hypothesis:
    """Free text; its confidence is the mean probability of a token. reason: why there is none, when there is none."""
    text = normal(free.text)
    if not text:
        return _nothing(reason)
    once = unlooped(text)
    text = text if split_digits(once)[1] else once
    if not text or free.mean < LEAST_MEAN:
        return _nothing("no_speech")
    certainty = min(1.0, math.exp(free.mean))
    return Hypothesis(text=text, confidence=certainty, log_probability=free.log_probability, engine=NAME)


def _nothing(reason: str) -> Hypothesis:
    return Hypothesis(text="", confidence=0.0, engine=NAME, reason=reason)
