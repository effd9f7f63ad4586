"""Choosing a digit string among readings: by length, by the strings known to exist, by score.

Owns the grammar of tokens and the choice; the decoder is elsewhere. A known length repairs two errors of three.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

from rapidfuzz.distance import Levenshtein

from ivr.model.hearing import Expectation
from ivr.speech.digit_words import digit_words, repeats
from ivr.speech.whisper_model import WhisperModel

_NEAREST = 8  # candidates scored on the audio
_REACH = 2  # edits between what was read and a candidate worth scoring
_PREFER_NATS = 6.0  # how much less likely a known string may be than an unknown one and still be meant
_AS_LIKELY_NATS = 0.5
_THIN_MEAN = 0.15  # nats a token between two readings of a possible length: worth scoring both on the audio
_LOOP_DIGITS = 2  # a last digit said twice is common in real numbers, and no loop
_SLOWEST_DIGIT_S = 1.0

Scorer = Callable[[list[str]], list[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One digit string. margin: nats to the next admissible one, None when there is none."""

    digits: str
    log_probability: float
    mean: float
    margin: float | None = None


@functools.lru_cache(maxsize=4)
def digit_tokens(model: WhisperModel) -> frozenset[int]:
    """Tokens a dictated number is written with: digits, digit words, comma and full stop.

    A language whose callers say numbers in pairs and threes ("двадцать три") has them as tokens too.
    """
    words = (*digit_words(model.language), *repeats(model.language))
    numbers = range(10) if model.language == "en" else range(1000)
    singles = [model.tokens(word) for word in (*words, *map(str, numbers))]
    marks = [model.tokens(f"1{mark}")[1:] for mark in ",."]
    return frozenset(tokens[0] for tokens in [*singles, *marks] if len(tokens) == 1)


def best_reading(
    readings: list[Reading], expectation: Expectation, score: Scorer, *, free: str = "", seconds: float = 0.0
) -> Reading | None:
    """The reading to believe (readings: likeliest first), or None when there is none at all.

    Strings of a possible length go before others; a candidate goes before both when the audio allows it. free: the
    digits of the free text, the best guess when no length is known. seconds: length of the audio.
    """
    if not readings:
        return None
    known = _candidate(readings, expectation.candidates, score)
    if known is not None:
        return known
    if not expectation.max_length:
        readings = sorted(readings, key=lambda r: (r.digits != free, -r.log_probability))
    ranked = [r for r in readings if possible(len(r.digits), expectation)] or readings
    if expectation.max_length and len(ranked) > 1 and ranked[0].mean - ranked[1].mean < _THIN_MEAN:
        ranked = _scored(ranked, score)
    best = _unlooped(ranked[0], readings, seconds)
    if best is not ranked[0] or len(ranked) == 1:
        return best
    return replace(best, margin=max(0.0, best.log_probability - ranked[1].log_probability))


def _scored(ranked: list[Reading], score: Scorer) -> list[Reading]:
    """The same, ordered by how well each explains the whole recording: a beam sees it from left to right only."""
    scores = score([reading.digits for reading in ranked])
    order = sorted(zip(scores, ranked, strict=True), key=lambda pair: -pair[0])
    return [replace(reading, log_probability=log_probability) for log_probability, reading in order]


def _unlooped(best: Reading, readings: list[Reading], seconds: float) -> Reading:
    """The shorter string the decoder filled up to the length wanted by saying its digits again, if there is one.

    "457" of a caller who pauses becomes "457457"; then the whole of "457" is about as likely as the whole of "457457".
    A real "457457" leaves "457" unlikely, and takes longer to say.
    """
    for short in readings:
        rest = best.digits[len(short.digits) :]
        if (
            len(rest) >= _LOOP_DIGITS
            and best.digits.startswith(short.digits)
            and set(rest) <= set(short.digits)
            and short.log_probability >= best.log_probability - _AS_LIKELY_NATS
            and seconds <= _SLOWEST_DIGIT_S * len(short.digits)
        ):
            return short
    return best


def possible(length: int, expectation: Expectation) -> bool:
    """May a digit string of this length be the answer?"""
    return length >= expectation.min_length and (not expectation.max_length or length <= expectation.max_length)


def _candidate(readings: list[Reading], candidates: tuple[str, ...], score: Scorer) -> Reading | None:
    distance = {c: min(Levenshtein.distance(c, r.digits) for r in readings) for c in candidates}
    near = sorted((c for c in candidates if distance[c] <= _REACH), key=lambda c: distance[c])[:_NEAREST]
    if not near:
        return None
    scores = score([*near, readings[0].digits])
    unknown = scores.pop()
    ranked = sorted(zip(scores, near, strict=True), reverse=True)
    best_score, best = ranked[0]
    if unknown - best_score > _PREFER_NATS:
        return None
    rival = max([s for s, _ in ranked[1:]], default=best_score - 2 * _PREFER_NATS)
    return Reading(
        digits=best,
        log_probability=best_score,
        mean=max(best_score / (2 * len(best) + 1), readings[0].mean),
        margin=max(0.0, best_score - rival),
    )
