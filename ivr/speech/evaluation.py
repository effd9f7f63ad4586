"""How well a recogniser hears: recordings with their texts, through the way of a call, into figures.

Owns the table of recordings, the comparison and the figures of `ivr asr evaluate`. A recording without speech never
reaches the engine, as in a call.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ivr.model.errors import ConfigError
from ivr.model.hearing import EndpointProfile, Expectation, ExpectationKind, Phrase
from ivr.model.ports import Recognizer
from ivr.speech.recordings import on_a_line, read_wav, turns
from ivr.speech.spoken_form import digit_string, errors, forms
from ivr.speech.vad import SileroModel

_HEADER = ["file", "text"]


@dataclass(frozen=True, slots=True)
class Row:
    """One recording and what is said in it, "" for nothing."""

    path: Path
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What came of one recording. took_ms: the engine's time for all of its turns."""

    row: Row
    text: str
    value: str | None
    confidence: float
    right: bool
    word_errors: int
    words: int
    took_ms: float


def read_manifest(path: Path) -> list[Row]:
    """A TSV with the header file, text; relative files are taken from its folder. Raises ConfigError."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from error
    table = list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    if not table or [cell.strip().lower() for cell in table[0][:2]] != _HEADER:
        raise ConfigError(f"{path}:1: the first line must be: file<TAB>text")
    rows = []
    for number, cells in enumerate(table[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        file = path.parent / cells[0].strip()
        if not file.is_file():
            raise ConfigError(f"{path}:{number}: there is no file {file}")
        rows.append(Row(file, cells[1].strip() if len(cells) > 1 else ""))
    if not rows:
        raise ConfigError(f"{path}: no recordings in it")
    return rows


def expectation_of(expect: str, language: str) -> Expectation:
    """ "open", "digits:N" (0: any length), "choice:FILE". Raises ConfigError."""
    kind, _, detail = expect.partition(":")
    if kind == "open" and not detail:
        return Expectation()
    if kind == "digits" and (detail.isdigit() or not detail):
        length = int(detail or 0)
        return Expectation(
            kind=ExpectationKind.DIGITS,
            profile=EndpointProfile.LONG,
            min_length=length,
            max_length=length,
        )
    if kind == "choice" and detail:
        return Expectation(
            kind=ExpectationKind.CHOICE, profile=EndpointProfile.SHORT, phrases=_phrases(Path(detail), language)
        )
    raise ConfigError(f"--expect {expect}: want open, digits:N or choice:FILE")


def _phrases(path: Path, language: str) -> tuple[Phrase, ...]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from error
    found = []
    for line in filter(str.strip, lines):
        text, _, value = line.partition("\t")
        said = " ".join(forms(text, language)[0])
        found.append(Phrase(text=said, value=value.strip() or text.strip()))
    if not found:
        raise ConfigError(f"{path}: no phrases in it; one a line, or phrase<TAB>value")
    return tuple(found)


def hear(recognizer: Recognizer, vad: SileroModel, row: Row, language: str, expectation: Expectation) -> Heard:
    """One recording through voice activity and engine. Raises SpeechError."""
    parts = turns(on_a_line(read_wav(row.path)), vad)
    found, took_ms = [], 0.0
    for pcm in parts:
        stream = recognizer.open(language, expectation)
        began = time.perf_counter_ns()
        stream.feed(pcm)
        found.append(stream.decode(final=True))
        took_ms += (time.perf_counter_ns() - began) / 1e6
        stream.close()
    text = " ".join(each.text for each in found if each.text)
    value = next((each.value for each in found if each.value is not None), None)
    wrong, words = _errors(text, value, row.text, language, expectation)
    meant = _meant(row.text, language, expectation)
    return Heard(
        row=row,
        text=text,
        value=value,
        confidence=min((each.confidence for each in found if each.text), default=0.0),
        right=value in meant if meant else wrong == 0,
        word_errors=wrong,
        words=words,
        took_ms=took_ms,
    )


def _errors(text: str, value: str | None, said: str, language: str, expectation: Expectation) -> tuple[int, int]:
    if expectation.kind is ExpectationKind.DIGITS:
        digits = digit_string(said, language)
        if digits:
            return errors(" ".join(value) if value else text, " ".join(digits), language)
    return errors(text, said, language)


def _meant(said: str, language: str, expectation: Expectation) -> list[str]:
    """The values that are right for what was said; [] when the words themselves are compared."""
    if expectation.kind is ExpectationKind.DIGITS:
        return [digit_string(said, language)] if digit_string(said, language) else []
    phrases = expectation.phrases
    words = set(forms(said, language))
    return [p.value for p in phrases if words & set(forms(p.text, language)) or p.value == said]


def summary(heard: Sequence[Heard]) -> dict[str, float | int]:
    """wer, exact and rejected as shares, p50_ms and p95_ms of the engine, n."""
    took = sorted(each.took_ms for each in heard if each.took_ms > 0) or [0.0]
    words = sum(each.words for each in heard)
    return {
        "wer": round(sum(each.word_errors for each in heard) / max(words, 1), 4),
        "exact": round(sum(each.right for each in heard) / len(heard), 4),
        "rejected": round(sum(not each.text for each in heard) / len(heard), 4),
        "p50_ms": round(took[len(took) // 2]),
        "p95_ms": round(took[min(len(took) - 1, int(len(took) * 0.95))]),
        "n": len(heard),
    }
