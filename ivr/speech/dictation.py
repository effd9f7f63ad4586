"""A dictated number as Whisper hears it: which digits, or none because something else was said.

Owns what is asked of the network for a number, and what becomes of the words before it: "my number is" is kept, a
word that is nothing of the kind may be a misread first digit. Which string to believe is in digit_strings.
"""

from __future__ import annotations

import math

from ivr.model.hearing import Alternative, Expectation, Hypothesis
from ivr.speech.digit_strings import Reading, best_reading, digit_tokens, possible
from ivr.speech.free_speech import DOUBTFUL_MEAN
from ivr.speech.text import DIGIT_WORDS, broken_number, normal, split_digits
from ivr.speech.whisper_model import Decoded, Encoded, WhisperModel

BEAM = 5
_REPETITION_PENALTY = 1.15
_TEMPERATURE = 1.5  # nats: turns a margin into a confidence, 0.5 at 0 and 0.8 at 2
_PREFIX_WORDS = 6  # "my policy number is": more words before digits mean a sentence, not an answer
_MISREAD_WORDS = 2  # before the digits, that may be a first digit misread: "next 8 2", "bye bye 1"
_CLEARLY_NATS = 1.0  # a token: how much likelier the free text must be to be no misread number
# Words people do say before a number; any other word or two is a digit misread.
_ANNOUNCING = frozenset(
    """
    my the this that a an and is it's its it are was be number numbers account card policy claim order code pin phone
    yes yeah ok okay sure so well um uh er hmm right no not sorry please hi hello one moment double triple
    мой моя номер карты договора счета счёта полиса телефона код это да нет так вот ну э ээ эм пожалуйста
    """.split()  # noqa: SIM905 - a list of words reads better as words
)
# Words between digits that take back those before them; "no" by itself may be a digit misread.
_CORRECTING = frozenset(
    ("sorry", "mean", "wait", "correction", "rather", "нет", "простите", "извините", "ошибся", "ошиблась", "точнее")
)


def repetition_penalty(model: WhisperModel) -> float:
    """What keeps a model from saying digits again and again; it makes the multilingual one drop Russian ones."""
    return 1.0 if model.multilingual else _REPETITION_PENALTY


def confidence(margin: float | None) -> float:
    """How sure a margin in nats makes, 0.5..1; None: nothing else was possible."""
    return 1.0 if margin is None else 1.0 / (1.0 + math.exp(-margin / _TEMPERATURE))


def dictated(
    model: WhisperModel, encoded: Encoded, expectation: Expectation, free: Decoded, spoken_s: float
) -> Hypothesis | None:
    """The digit string that fits, None when the caller said something else. free: the text without any constraint."""
    text = normal(free.text)
    if corrected(text) and not one_digit_short(text, free, expectation):
        return None
    before, said, after = split_digits(text)
    if broken_number(text):  # "2 oh bar 5 1 8": one misread word within a number, no lead and no tail
        before, said, after = [], "", []
    elif not said and len(text.split()) > 2 and free.mean > -1.0:
        return None
    if len(before) > _PREFIX_WORDS or len(after) > _PREFIX_WORDS:
        return None
    listening = _Listening(model, encoded, expectation, free, spoken_s)
    lead = before if said else []
    reading, readings = listening.after(lead, said if not after else "")
    if lead and (_misread(lead) or not (reading and possible(len(reading.digits), expectation))):
        whole, others = listening.after([], "")
        if whole and possible(len(whole.digits), expectation):
            lead, reading, readings = [], whole, others
    if reading is None or _is_no_number(reading, free, text, said, expectation):
        return None
    return _hypothesis(reading, readings, lead)


def corrected(text: str) -> bool:
    """Are there digits, words that take them back, and digits again? Then no single string was said: whoever reads the
    text knows which is meant."""
    words = text.split()
    at = [n for n, word in enumerate(words) if word.isdigit() or word in DIGIT_WORDS]
    return bool(at) and any(word in _CORRECTING and at[0] < n < at[-1] for n, word in enumerate(words))


def one_digit_short(text: str, free: Decoded, expectation: Expectation) -> bool:
    """Is the word that takes back a digit misread? So in "2 oh sorry 5 1 8", when it is a guess and one or two lack."""
    said = sum(len(word) if word.isdigit() else word in DIGIT_WORDS for word in text.split())
    return free.mean < DOUBTFUL_MEAN and said + 1 in (expectation.max_length, expectation.max_length - 1)


def _misread(lead: list[str]) -> bool:
    return len(lead) <= _MISREAD_WORDS and not _ANNOUNCING & set(lead)


def _is_no_number(reading: Reading, free: Decoded, text: str, said: str, expectation: Expectation) -> bool:
    """Was the reading forced out of words?"""
    if said or broken_number(text):
        return False
    if text and not possible(len(reading.digits), expectation):
        return True  # forced into digits that fit nothing: "operator" is no zero
    return free.mean - reading.mean > _CLEARLY_NATS and free.mean > -1.0  # one or two clear words that are no digits


def _hypothesis(reading: Reading, readings: list[Reading], lead: list[str]) -> Hypothesis:
    certainty = min(1.0, math.exp(reading.mean + 0.2))
    return Hypothesis(
        text=" ".join([*lead, *reading.digits]),
        value=reading.digits,
        confidence=certainty * (confidence(reading.margin) if reading.margin is not None else 0.9),
        margin=reading.margin,
        log_probability=reading.log_probability,
        alternatives=tuple(
            Alternative(text=" ".join([*lead, *r.digits]), log_probability=r.log_probability)
            for r in readings
            if r.digits != reading.digits
        ),
        engine="whisper",
    )


class _Listening:
    """One recording, asked for digits."""

    def __init__(
        self, model: WhisperModel, encoded: Encoded, expectation: Expectation, free: Decoded, spoken_s: float
    ) -> None:
        self._model, self._encoded, self._expectation = model, encoded, expectation
        self._free, self._spoken_s = free, spoken_s
        self._prefix: list[int] = []

    def after(self, lead: list[str], said: str) -> tuple[Reading | None, list[Reading]]:
        """The digit string after the words of lead, and all that were considered; said: that of the free text."""
        self._prefix = self._model.tokens(" ".join(lead)) if lead else []
        found = self._model.generate(
            self._encoded, prefix=self._prefix, allowed=digit_tokens(self._model), beam=BEAM, hypotheses=BEAM
        )
        readings = self._readings(found, said)
        best = best_reading(readings, self._expectation, self._score, free=said, seconds=self._spoken_s)
        return best, readings

    def _readings(self, found: list[Decoded], said: str) -> list[Reading]:
        """Different digit strings with their best score, likeliest first; the free text counts as one of them."""
        best: dict[str, Reading] = {}
        entries = [("".join(split_digits(normal(d.text))[1]), d) for d in found]
        if said:
            entries.append((said, self._free))
        for digits, decoded in entries:
            if digits and (digits not in best or decoded.mean > best[digits].mean):
                best[digits] = Reading(digits=digits, log_probability=decoded.log_probability, mean=decoded.mean)
        return sorted(best.values(), key=lambda r: -r.mean)

    def _score(self, strings: list[str]) -> list[float]:
        """Whole digit strings on this recording, in the spelling Whisper prefers."""
        texts = [[*self._prefix, *self._model.tokens(", ".join(s) + ".")] for s in strings]
        return self._model.score(self._encoded, texts)
