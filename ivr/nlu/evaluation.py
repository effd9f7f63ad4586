"""How well an engine understands: trained on one table of sentences, asked about another.

Owns the measures and the tables (TSV with the header `text<TAB>intent`; the intent `oos` is out of scope). Refuses to
choose anything by what it measures: thresholds and weights come from the training rows alone.
"""

from __future__ import annotations

import asyncio
import random
import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ivr.log import get_log
from ivr.model.errors import ConfigError
from ivr.model.understanding import Understanding
from ivr.nlu.embedded import MAX_EXAMPLES, EmbeddedEngine, LanguageModel
from ivr.nlu.features import Vector
from ivr.nlu.sentences import features_of
from ivr.nlu.training_data import Example, TrainingData

OUT_OF_SCOPE = "oos"
FALSE_REJECTS = 0.10
BINS = 10
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
FILLERS = ("uh", "um", "er", "well", "like", "you know")

_log = get_log("nlu.evaluation")

Report = dict[str, float | int | str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One sentence of a table and what is right for it."""

    text: str
    intent: str


def evaluate(
    train: Path, test: Path, *, engine: str = "auto", per_intent: int = 0, seed: int = 1, noise: float = 0.0
) -> Report:
    """Measures of one training and one test table. per_intent: examples drawn of each intent, 0 for all;
    of more than MAX_EXAMPLES as many of each intent as fit (n_train says how many).

    noise: the share of the test words that are lost, replaced or preceded by a filler. Times are wall clock of this
    machine. auroc, rejected_at_10 and rejected are None without oos rows. Raises ConfigError for unusable tables.
    """
    asked = spoiled(read_table(test), noise, seed)
    known = [row for row in read_table(train) if row.intent != OUT_OF_SCOPE]
    intents = len({row.intent for row in known})
    if not 2 <= intents <= MAX_EXAMPLES // 2:
        raise ConfigError(f"{train}: {intents} intents; 2 intents to {MAX_EXAMPLES // 2} are needed")
    examples = drawn(known, per_intent, seed)
    if len(examples) > MAX_EXAMPLES:
        _log.warning("nlu.examples_drawn", found=len(examples), most=MAX_EXAMPLES)
        examples = drawn(examples, MAX_EXAMPLES // intents, seed)
    if all(row.intent == OUT_OF_SCOPE for row in asked):
        raise ConfigError(f"{test}: there is no row with an intent other than {OUT_OF_SCOPE}")
    language = "ru" if _is_cyrillic(examples) else "en"
    with tempfile.TemporaryDirectory(prefix="ivr-nlu-") as cache:
        model, name, train_s = _trained(examples, engine, language, Path(cache))
        edited = [*examples[:-1], replace(examples[-1], text=f"{examples[-1].text} {examples[0].text}")]
        retrain_s = _trained(edited, engine, language, Path(cache))[2]
    answers, times_ms = asyncio.run(_ask(EmbeddedEngine({language: model}, name), asked, language))
    return {
        "engine": name,
        **_measures(asked, answers),
        "parse_p50_ms": round(float(np.percentile(times_ms, 50)), 2),
        "parse_p95_ms": round(float(np.percentile(times_ms, 95)), 2),
        "train_s": round(train_s, 2),
        "retrain_s": round(retrain_s, 2),
        "n_train": len(examples),
        "n": len(asked),
    }


def read_table(path: Path) -> list[Row]:
    """The rows of a TSV file with the header `text<TAB>intent` (other columns are ignored, blank lines too).

    Raises ConfigError with file and line.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    try:
        content = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}:{line}: not a UTF-8 table: {error.reason} at byte {error.start}") from error
    lines = [(number, line) for number, line in enumerate(re.split("\r\n|\n|\r", content), start=1) if line.strip()]
    header = [name.strip().lower() for name in lines[0][1].split("\t")] if lines else []
    if not {"text", "intent"} <= set(header):
        raise ConfigError(f"{path}:1: the header must name the columns text and intent, with a tab between")
    columns = header.index("text"), header.index("intent")
    rows = [_row(path, number, line.split("\t"), columns) for number, line in lines[1:]]
    if not rows:
        raise ConfigError(f"{path}:{lines[0][0]}: a row needs a text and an intent, and there is no row")
    return rows


def _row(path: Path, number: int, fields: Sequence[str], columns: tuple[int, int]) -> Row:
    text, intent = (" ".join(fields[at].split()) if at < len(fields) else "" for at in columns)
    if _QUOTED.fullmatch(text) and '""' in text:  # a spreadsheet's way to write quotation marks
        text = text[1:-1].replace('""', '"')
    if not text or not intent:
        raise ConfigError(f"{path}:{number}: a row needs a text and an intent, with a tab between")
    return Row(text=text, intent=OUT_OF_SCOPE if intent.lower() == OUT_OF_SCOPE else intent)


def drawn(rows: Sequence[Row], per_intent: int, seed: int) -> list[Row]:
    """per_intent rows of every intent, 0 for all; the same for the same seed, whatever else the table holds."""
    if not per_intent:
        return list(rows)
    chosen: list[Row] = []
    for intent in sorted({row.intent for row in rows}):
        own = [row for row in rows if row.intent == intent]
        draw = random.Random(f"{seed} {intent}")
        chosen += draw.sample(own, min(per_intent, len(own)))
    return chosen


def spoiled(rows: Sequence[Row], share: float, seed: int) -> list[Row]:
    """The rows as a bad line leaves them: this share of the words lost, replaced by any other, or after a filler."""
    if not 0 <= share <= 1:
        raise ConfigError(f"--noise is a share of words, 0 to 1, got {share}")
    draw = random.Random(seed)
    vocabulary = sorted({word for row in rows for word in row.text.split()})
    return [replace(row, text=_spoil(row.text, share, draw, vocabulary)) for row in rows] if share else list(rows)


def _spoil(text: str, share: float, draw: random.Random, vocabulary: Sequence[str]) -> str:
    heard: list[str] = []
    for word in text.split():
        fate = draw.choice(("lost", "replaced", "after a filler")) if draw.random() < share else "heard"
        if fate == "after a filler":
            heard.append(draw.choice(FILLERS))
        if fate != "lost":
            heard.append(draw.choice(vocabulary) if fate == "replaced" else word)
    return " ".join(heard) or text


def _trained(rows: Sequence[Row], engine: str, language: str, cache: Path) -> tuple[LanguageModel, str, float]:
    """(model, name of its features, seconds it took, loading included)."""
    began = time.perf_counter()
    features = features_of(engine, cache)(language)
    examples = tuple(Example(text=row.text, intent=row.intent, line=number) for number, row in enumerate(rows, start=2))
    model = LanguageModel(TrainingData(examples=examples), features)
    return model, features.name, time.perf_counter() - began


async def _ask(engine: EmbeddedEngine, rows: Sequence[Row], language: str) -> tuple[list[Understanding], Vector]:
    """Answers, and milliseconds each took; one after the other, as a call asks."""
    answers, times = [], []
    await engine.parse(rows[0].text, language=language)
    for row in rows:
        began = time.perf_counter()
        answers.append(await engine.parse(row.text, language=language))
        times.append((time.perf_counter() - began) * 1000)
    await engine.close()
    return answers, np.array(times, dtype=np.float32)


def _measures(rows: Sequence[Row], answers: Sequence[Understanding]) -> Mapping[str, float | None]:
    scores = np.array([answer.intent.confidence for answer in answers], dtype=np.float32)
    inside = np.array([row.intent != OUT_OF_SCOPE for row in rows])
    right = np.array(
        [a.ranking[0].name == row.intent if a.ranking else False for row, a in zip(rows, answers, strict=True)]
    )
    refused = np.array([answer.intent.name == "" for answer in answers])
    strange = scores[~inside]
    return {
        "accuracy": round(float(right[inside].mean()), 4),
        "auroc": round(auroc(scores[inside], strange), 4) if len(strange) else None,
        "rejected_at_10": round(rejected_at(FALSE_REJECTS, scores[inside], strange), 4) if len(strange) else None,
        "rejected": round(float(refused[~inside].mean()), 4) if len(strange) else None,
        "false_rejects": round(float((refused & inside).sum() / inside.sum()), 4),
        "ece": round(calibration_error(scores[inside], right[inside]), 4),
    }


def auroc(inside: Vector, outside: Vector) -> float:
    """The chance that a sentence in scope scores above one out of scope; a tie counts half."""
    ordered = np.sort(outside)
    below, up_to = np.searchsorted(ordered, inside, side="left"), np.searchsorted(ordered, inside, side="right")
    return float((below + up_to).sum() / (2 * len(inside) * len(outside)))


def rejected_at(false_rejects: float, inside: Vector, outside: Vector) -> float:
    """The share out of scope that is rejected where this share of sentences in scope is."""
    return float((outside < np.quantile(inside, false_rejects)).mean())


def calibration_error(confidences: Vector, right: np.typing.NDArray[np.bool_]) -> float:
    """Expected calibration error over BINS equal bins (Guo et al., On Calibration of Modern Neural Networks, 2017)."""
    bins = np.minimum((confidences * BINS).astype(np.int64), BINS - 1)
    gaps = [
        (bins == b).mean() * abs(confidences[bins == b].mean() - right[bins == b].mean()) for b in set(bins.tolist())
    ]
    return float(sum(gaps))


def _is_cyrillic(rows: Sequence[Row]) -> bool:
    return sum(any("а" <= letter <= "я" for letter in row.text.lower()) for row in rows) > len(rows) / 10
