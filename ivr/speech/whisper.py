"""The Whisper recogniser: what to make of a turn, given what the dialog expects.

Owns the choice of decoding (free, digits, closed list), rejection and confidence. The network is in whisper_model;
when a turn begins and ends is decided elsewhere. An expectation is a hint: a caller who says something else is heard
too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ivr.model.errors import SpeechError
from ivr.model.hearing import Alternative, Expectation, ExpectationKind, Hypothesis, Phrase
from ivr.speech.audio import Samples, from_pcm
from ivr.speech.closed_list import Choice, Scored, choose, spelled
from ivr.speech.digit_strings import Reading, best_reading, digit_tokens, possible
from ivr.speech.digit_words import first_words
from ivr.speech.free_speech import PIECE_S, joined, pieces, transcribe
from ivr.speech.silence import INVENTED, nothing_to_hear
from ivr.speech.text import DIGIT_WORDS, broken_number, normal, split_digits, unlooped
from ivr.speech.whisper_model import Decoded, Encoded, WhisperModel

NAME = "whisper"
NO_SPEECH = 0.6  # noise is above 0.8, speech below 0.45 with the English model
NO_SPEECH_INVENTED = 0.25  # for texts the model writes when it hears nothing
LEAST_MEAN = -2.2  # mean log-probability of a token: below, the text is a guess
DIGITS_REPETITION_PENALTY = 1.15
_BEAM = 5
_TEMPERATURE = 1.5  # nats: turns a margin into a confidence, 0.5 at 0 and 0.8 at 2
_EDGES_S = 0.45  # of a turn's audio before and after its speech
THIN_MARGIN = 1.5  # nats between two values of a closed list: worth a second look
QUIETER_PEAK = 0.25
SURE_SILENCE = 0.8  # of no_speech: with the English model noise is above it
CLEAR_MEAN = -0.6  # mean log-probability of a text believed although the model doubts it is speech
RESCUE_MARGIN = 4.0  # nats that make a short word believed although the model doubts it is speech
_TELLING_S = 0.2  # of speech that tell a language
_PLAIN_LANGUAGE = 0.85  # how probable another language must be to be believed
_PREFIX_WORDS = 6  # "my policy number is": more words before digits mean a sentence, not an answer


class WhisperStream:
    """One turn: collects audio, decodes all of it on every call; of long turns only what is new."""

    def __init__(self, models: Mapping[str, WhisperModel], language: str, expectation: Expectation) -> None:
        self._models, self._language, self._expectation = models, language, expectation
        self._model = models[language]
        self._phrases = _phrases(language, expectation)
        self._told = not expectation.languages
        self._pcm = bytearray()
        self._settled: list[tuple[int, Decoded]] = []
        self._last: tuple[WhisperModel, int, Encoded] | None = None

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
            if not self._told:
                self._tell(samples, final=final)
            found = self._decode(samples)
            return replace(found, language=self._language) if found.text and self._expectation.languages else found
        except (RuntimeError, ValueError, MemoryError) as error:
            raise SpeechError(f"Whisper failed on {samples.size / 8000:.1f} s of audio: {error}") from error

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
            self._last = (model, samples.size, model.encode(samples))
        return self._last[2]

    def _decode(self, samples: Samples) -> Hypothesis:
        digits = self._expectation.kind is ExpectationKind.DIGITS and not self._phrases
        if not digits and samples.size > PIECE_S * 8000:
            return _open(self._long(samples))
        encoded = self._encoded(self._model, samples)
        if digits:
            penalty = 1.0 if self._model.multilingual else DIGITS_REPETITION_PENALTY  # it spoils Russian numbers
            free = self._model.generate(encoded, repetition_penalty=penalty)[0]
        else:
            free = transcribe(self._model, samples, encoded)
        text = normal(free.text)
        silent = not_said(free)
        if digits and not silent:
            return self._digits(encoded, free, text)
        if self._phrases and free.no_speech < SURE_SILENCE:
            matched = self._closed(samples, encoded, unlooped(text))
            if matched is not None and (not silent or (matched.margin or 0.0) >= RESCUE_MARGIN):
                return matched
        return _nothing("no_speech") if silent else _open(free)

    def _long(self, samples: Samples) -> Decoded:
        """The text of a long turn, piece by piece; what was decoded before and did not change is kept."""
        parts: list[tuple[int, Decoded]] = []
        for at, piece in enumerate(pieces(samples)):
            if at < len(self._settled) and self._settled[at][0] == piece.size:
                parts.append(self._settled[at])
                continue
            parts.append((piece.size, transcribe(self._model, piece, self._model.encode(piece))))
        self._settled = parts
        said = [decoded for _, decoded in parts if not not_said(decoded)]
        return joined(said or [decoded for _, decoded in parts])

    def _closed(self, samples: Samples, encoded: Encoded, text: str) -> Hypothesis | None:
        """The phrase of the closed list that fits, or None when the caller said something else."""
        texts = [self._model.tokens(spelled(phrase.text)) for phrase in self._phrases]
        if text:
            texts.append(self._model.tokens(spelled(text)))
        scores = self._model.score(encoded, texts)
        chosen = self._chosen(scores, text)
        if chosen is not None and chosen.margin < THIN_MARGIN:
            # Quieter, it is another recording to the network: what both hear is what was said.
            again = self._model.score(self._model.encode(samples, peak=QUIETER_PEAK), texts)
            scores = [(one + other) / 2 for one, other in zip(scores, again, strict=True)]
            chosen = self._chosen(scores, text)
        if chosen is None:
            return None
        free_score = scores[len(self._phrases)] if text else -math.inf
        fit = min(1.0, math.exp(min(0.0, chosen.best.log_probability - free_score + 1.0) / 8.0))
        return Hypothesis(
            text=normal(chosen.best.phrase.text),
            value=chosen.best.phrase.value,
            confidence=_confidence(chosen.margin) * fit,
            margin=chosen.margin,
            alternatives=chosen.alternatives,
            engine=NAME,
        )

    def _chosen(self, scores: list[float], text: str) -> Choice | None:
        free_score = scores[len(self._phrases)] if text else -math.inf
        return choose([Scored(p, s) for p, s in zip(self._phrases, scores, strict=False)], text, free_score)

    def _digits(self, encoded: Encoded, free: Decoded, text: str) -> Hypothesis:
        """The digit string that fits, or the open text when the caller said something else."""
        before, said, after = split_digits(text)
        if broken_number(text):  # "2 oh bar 5 1 8": one misread word within a number, no lead and no tail
            before, said, after = [], "", []
        elif not said and len(text.split()) > 2 and free.mean > -1.0:
            return _open(free)
        if len(before) > _PREFIX_WORDS or len(after) > _PREFIX_WORDS:
            return _open(free)
        lead = before if said else []
        reading, readings = self._best(encoded, free, lead, said if not after else "")
        if lead and not (reading and possible(len(reading.digits), self._expectation)):
            # The words before may be a misread first digit: "b 1 7" for "three one seven".
            whole, others = self._best(encoded, free, [], "")
            if whole and possible(len(whole.digits), self._expectation):
                lead, reading, readings = [], whole, others
        if reading is None:
            return _open(free) if text else _nothing("length")
        wordless = not said and not broken_number(text)
        if wordless and text and not possible(len(reading.digits), self._expectation):
            return _open(free)  # forced into digits that fit nothing: "operator" is no zero
        if wordless and free.mean - reading.mean > 1.0 and free.mean > -1.0:
            return _open(free)  # one or two clear words that are no digits
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
        if language not in self._models:
            raise SpeechError(f"no Whisper model for language {language!r}, only {', '.join(self.languages)}")
        return WhisperStream(self._models, language, expectation)

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


def _open(free: Decoded) -> Hypothesis:
    """Free text; its confidence is the mean probability of a token."""
    text = normal(free.text)
    once = unlooped(text)
    text = text if split_digits(once)[1] else once
    if not text or free.mean < LEAST_MEAN:
        return _nothing("no_speech")
    return Hypothesis(text=text, confidence=min(1.0, math.exp(free.mean)), engine=NAME)


def _nothing(reason: str) -> Hypothesis:
    return Hypothesis(text="", confidence=0.0, engine=NAME, reason=reason)
