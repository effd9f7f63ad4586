"""What Vosk answers, as hypotheses: segments joined, phrases and digit strings looked for, scores compared.

Owns the reading of Vosk's JSON and the choice among its alternatives; refuses to know the library.
"""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import dataclass

from ivr.model.errors import SpeechError
from ivr.model.hearing import Alternative, Expectation, Hypothesis
from ivr.speech.digit_words import digit_words
from ivr.speech.text import digits_of, normal

_UNKNOWN = "[unk]"
_KEPT = 5
_TEMPERATURE = 4.0  # Vosk's scores are sums over frames: their differences are larger than a margin in nats
_LONE = 9.0


@dataclass(frozen=True, slots=True)
class Reading:
    """A text with its score; higher is better, only differences mean anything."""

    text: str
    score: float


Segment = tuple[Reading, ...]


def segment_of(answer: str) -> Segment:
    """Vosk's JSON, with or without alternatives, best first. Raises SpeechError when it is none."""
    try:
        found = json.loads(answer)
        if "alternatives" in found:
            readings = [Reading(str(each["text"]).strip(), float(each["confidence"])) for each in found["alternatives"]]
        else:
            readings = [Reading(str(found.get("text", "")).strip(), 0.0)]
    except (ValueError, TypeError, KeyError) as error:
        raise SpeechError(f"Vosk answered {answer[:80]!r}") from error
    return tuple(sorted(readings, key=lambda reading: -reading.score)) or (Reading("", 0.0),)


def joined(segments: list[Segment]) -> Segment:
    """Readings of a whole turn, best first: the best combinations of its segments' readings."""
    whole: list[Reading] = [Reading("", 0.0)]
    for segment in segments:
        pairs = itertools.product(whole, segment)
        combined = [Reading(f"{a.text} {b.text}".strip(), a.score + b.score) for a, b in pairs]
        whole = sorted(combined, key=lambda reading: -reading.score)[:_KEPT]
    return tuple(whole)


def as_text(heard: Segment, engine: str) -> Hypothesis:
    """The best reading as open text."""
    readings = _distinct([Reading(normal(r.text.replace(_UNKNOWN, " ")), r.score) for r in heard])
    if not readings or not readings[0].text:
        return Hypothesis(text="", confidence=0.0, engine=engine, reason="no_speech")
    margin = _margin(readings)
    return Hypothesis(
        text=readings[0].text,
        confidence=_confidence(margin),
        margin=margin,
        alternatives=_alternatives(readings),
        engine=engine,
    )


def as_phrase(heard: Segment, expectation: Expectation, engine: str) -> Hypothesis | None:
    """The phrase of the closed list that was said; None when something else was."""
    values = {normal(phrase.text): phrase.value for phrase in expectation.phrases}
    found: dict[str, Reading] = {}
    for reading in heard:
        text = normal(reading.text)
        if text in values and _UNKNOWN not in reading.text:
            found.setdefault(values[text], Reading(text, reading.score))
    if not found or _UNKNOWN in heard[0].text or normal(heard[0].text) not in values:
        return None
    ranked = sorted(found.items(), key=lambda pair: -pair[1].score)
    margin = ranked[0][1].score - ranked[1][1].score if len(ranked) > 1 else _LONE
    value, best = ranked[0]
    return Hypothesis(
        text=best.text,
        value=value,
        confidence=_confidence(margin),
        margin=margin,
        alternatives=_alternatives([reading for _, reading in ranked]),
        engine=engine,
    )


def as_digits(heard: Segment, expectation: Expectation, language: str, engine: str) -> Hypothesis | None:
    """The digit string that fits best: one that exists, else one of a possible length; None without digits."""
    readings = []
    for reading in heard:
        digits = _digits(reading.text, language)
        if digits:
            readings.append(Reading(digits, reading.score))
    readings = _distinct(readings)
    if not readings or _UNKNOWN in heard[0].text:
        return None
    best = next((r for r in readings if r.text in expectation.candidates), None)
    best = best or next((r for r in readings if _possible(len(r.text), expectation)), None) or readings[0]
    others = [reading for reading in readings if reading is not best]
    margin = max(0.0, best.score - others[0].score) if others else _LONE
    return Hypothesis(
        text=" ".join(best.text),
        value=best.text,
        confidence=_confidence(margin),
        margin=margin,
        alternatives=tuple(Alternative(text=" ".join(r.text), log_probability=r.score - best.score) for r in others),
        engine=engine,
    )


def _digits(text: str, language: str) -> str:
    names = digit_words(language)
    return digits_of([names.get(word, word) for word in text.split() if word != _UNKNOWN]) or ""


def _possible(length: int, expectation: Expectation) -> bool:
    return length >= expectation.min_length and (not expectation.max_length or length <= expectation.max_length)


def _distinct(readings: list[Reading]) -> list[Reading]:
    best: dict[str, Reading] = {}
    for reading in readings:
        best.setdefault(reading.text, reading)
    return list(best.values())


def _margin(readings: list[Reading]) -> float | None:
    return readings[0].score - readings[1].score if len(readings) > 1 else None


def _confidence(margin: float | None) -> float:
    return 0.9 if margin is None else 1.0 / (1.0 + math.exp(-margin / _TEMPERATURE))


def _alternatives(readings: list[Reading]) -> tuple[Alternative, ...]:
    best = readings[0].score
    return tuple(Alternative(text=r.text, log_probability=r.score - best) for r in readings[1:4])
