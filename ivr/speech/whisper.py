"""The Whisper recogniser: what to make of a turn, given what the dialog expects.

Owns the choice of decoding (free, digits, closed list), rejection and confidence. The network is in whisper_model;
when a turn begins and ends is decided elsewhere. An expectation is a hint: a caller who says something else is heard
too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from ivr.model.errors import SpeechError
from ivr.model.hearing import Alternative, Expectation, ExpectationKind, Hypothesis
from ivr.speech.audio import Samples, from_pcm
from ivr.speech.closed_list import Scored, choose, spelled
from ivr.speech.digit_strings import Reading, best_reading, digit_tokens, possible
from ivr.speech.silence import INVENTED, nothing_to_hear
from ivr.speech.text import broken_number, normal, split_digits, unlooped
from ivr.speech.whisper_model import Decoded, Encoded, WhisperModel

NAME = "whisper"
NO_SPEECH = 0.6  # noise is above 0.8, speech below 0.45 with the English model
NO_SPEECH_INVENTED = 0.25  # for texts the model writes when it hears nothing
LEAST_MEAN = -2.2  # mean log-probability of a token: below, the text is a guess
DIGITS_REPETITION_PENALTY = 1.15
_BEAM = 5
_TEMPERATURE = 1.5  # nats: turns a margin into a confidence, 0.5 at 0 and 0.8 at 2
_EDGES_S = 0.45  # of a turn's audio before and after its speech
_PREFIX_WORDS = 6  # "my policy number is": more words before digits mean a sentence, not an answer


class WhisperStream:
    """One turn: collects audio, decodes all of it on every call."""

    def __init__(self, model: WhisperModel, expectation: Expectation) -> None:
        self._model, self._expectation = model, expectation
        self._pcm = bytearray()

    def feed(self, pcm: bytes) -> None:
        """More of the turn."""
        self._pcm += pcm

    def decode(self, *, final: bool) -> Hypothesis:
        """The text of everything fed so far. Raises SpeechError."""
        samples = from_pcm(bytes(self._pcm[: len(self._pcm) // 2 * 2]))
        reason = nothing_to_hear(samples)
        if reason:
            return _nothing(reason)
        try:
            return self._decode(samples)
        except (RuntimeError, ValueError, MemoryError) as error:
            raise SpeechError(f"Whisper failed on {samples.size / 8000:.1f} s of audio: {error}") from error

    def close(self) -> None:
        """Forget the audio."""
        self._pcm = bytearray()

    def _decode(self, samples: Samples) -> Hypothesis:
        encoded = self._model.encode(samples)
        digits = self._expectation.kind is ExpectationKind.DIGITS
        penalty = DIGITS_REPETITION_PENALTY if digits else 1.0
        free = self._model.generate(encoded, repetition_penalty=penalty)[0]
        text = normal(free.text)
        if free.no_speech > NO_SPEECH or (text in INVENTED and free.no_speech > NO_SPEECH_INVENTED):
            return _nothing("no_speech")
        if digits:
            return self._digits(encoded, free, text)
        if self._expectation.phrases:
            matched = self._closed(encoded, unlooped(text))
            if matched is not None:
                return matched
        return _open(free, text)

    def _closed(self, encoded: Encoded, text: str) -> Hypothesis | None:
        """The phrase of the closed list that fits, or None when the caller said something else."""
        phrases = self._expectation.phrases
        texts = [self._model.tokens(spelled(phrase.text)) for phrase in phrases]
        heard = self._model.tokens(spelled(text)) if text else []
        scores = self._model.score(encoded, [*texts, heard] if heard else texts)
        free_score = scores[len(phrases)] if heard else -math.inf
        chosen = choose([Scored(p, s) for p, s in zip(phrases, scores, strict=False)], text, free_score)
        if chosen is None:
            return None
        margin = chosen.margin
        fit = min(1.0, math.exp((chosen.best.log_probability - free_score + 1.0) / 8.0))
        return Hypothesis(
            text=normal(chosen.best.phrase.text),
            value=chosen.best.phrase.value,
            confidence=_confidence(margin) * fit,
            margin=margin,
            alternatives=chosen.alternatives,
            engine=NAME,
        )

    def _digits(self, encoded: Encoded, free: Decoded, text: str) -> Hypothesis:
        """The digit string that fits, or the open text when the caller said something else."""
        before, said, after = split_digits(text)
        if broken_number(text):  # "2 oh bar 5 1 8": one misread word within a number, no lead and no tail
            before, said, after = [], "", []
        elif not said and len(text.split()) > 2 and free.mean > -1.0:
            return _open(free, text)
        if len(before) > _PREFIX_WORDS or len(after) > _PREFIX_WORDS:
            return _open(free, text)
        lead = before if said else []
        reading, readings = self._best(encoded, free, lead, said if not after else "")
        if lead and not (reading and possible(len(reading.digits), self._expectation)):
            # The words before may be a misread first digit: "b 1 7" for "three one seven".
            whole, others = self._best(encoded, free, [], "")
            if whole and possible(len(whole.digits), self._expectation):
                lead, reading, readings = [], whole, others
        if reading is None:
            return _open(free, text) if text else _nothing("length")
        wordless = not said and not broken_number(text)
        if wordless and text and not possible(len(reading.digits), self._expectation):
            return _open(free, text)  # forced into digits that fit nothing: "operator" is no zero
        if wordless and free.mean - reading.mean > 1.0 and free.mean > -1.0:
            return _open(free, text)  # one or two clear words that are no digits
        margin = reading.margin
        certainty = min(1.0, math.exp(reading.mean + 0.2))
        return Hypothesis(
            text=" ".join([*lead, *reading.digits]),
            value=reading.digits,
            confidence=certainty * (_confidence(margin) if margin is not None else 0.9),
            margin=margin,
            alternatives=tuple(
                Alternative(text=" ".join([*lead, *r.digits]), log_probability=r.log_probability)
                for r in readings
                if r.digits != reading.digits
            ),
            engine=NAME,
        )

    def _best(
        self, encoded: Encoded, free: Decoded, lead: list[str], said: str
    ) -> tuple[Reading | None, list[Reading]]:
        """The digit string after the words of lead, and all that were considered."""
        prefix = self._model.tokens(" ".join(lead)) if lead else []
        found = self._model.generate(
            encoded, prefix=prefix, allowed=digit_tokens(self._model), beam=_BEAM, hypotheses=_BEAM
        )
        readings = self._readings(found, free, said)
        scorer = _DigitScorer(self._model, encoded, prefix)
        spoken_s = encoded.seconds - _EDGES_S
        return best_reading(readings, self._expectation, scorer, free=said, seconds=spoken_s), readings

    @staticmethod
    def _readings(found: list[Decoded], free: Decoded, said: str) -> list[Reading]:
        """Different digit strings with their best score, likeliest first; the free text counts as one of them."""
        best: dict[str, Reading] = {}
        entries = [("".join(split_digits(normal(d.text))[1]), d) for d in found]
        if said:
            entries.append((said, free))
        for digits, decoded in entries:
            if digits and (digits not in best or decoded.mean > best[digits].mean):
                best[digits] = Reading(digits=digits, log_probability=decoded.log_probability, mean=decoded.mean)
        return sorted(best.values(), key=lambda r: -r.mean)


class _DigitScorer:
    """Scores whole digit strings on one recording, in the spelling Whisper prefers."""

    def __init__(self, model: WhisperModel, encoded: Encoded, prefix: list[int]) -> None:
        self._model, self._encoded, self._prefix = model, encoded, prefix

    def __call__(self, strings: list[str]) -> list[float]:
        texts = [[*self._prefix, *self._model.tokens(", ".join(s) + ".")] for s in strings]
        return self._model.score(self._encoded, texts)


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
        model = self._models.get(language)
        if model is None:
            raise SpeechError(f"no Whisper model for language {language!r}, only {', '.join(self.languages)}")
        return WhisperStream(model, expectation)

    def warm_up(self) -> None:
        """Decode once per model and kind: the first decode of a process is several times slower."""
        noise = np.random.default_rng(1).standard_normal(8000).astype(np.float32) * 0.05
        for model in self._models.values():
            encoded = model.encode(noise)
            model.generate(encoded)
            model.generate(encoded, allowed=digit_tokens(model), beam=_BEAM, hypotheses=_BEAM)
            model.score(encoded, [model.tokens("Yes."), model.tokens("No.")])


def _confidence(margin: float | None) -> float:
    return 1.0 if margin is None else 1.0 / (1.0 + math.exp(-margin / _TEMPERATURE))


def _open(free: Decoded, text: str) -> Hypothesis:
    """Free text; its confidence is the mean probability of a token."""
    once = unlooped(text)
    text = text if split_digits(once)[1] else once
    if not text or free.mean < LEAST_MEAN:
        return _nothing("no_speech")
    return Hypothesis(text=text, confidence=min(1.0, math.exp(free.mean)), engine=NAME)


def _nothing(reason: str) -> Hypothesis:
    return Hypothesis(text="", confidence=0.0, engine=NAME, reason=reason)
