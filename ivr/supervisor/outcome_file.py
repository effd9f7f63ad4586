"""Outcomes of opportunities in a CSV file: `opportunity,outcome,value`, and optionally `at` (ISO 8601 with its offset
from UTC; now) and `source` (the file's name). Owns reading and the words about every wrong line; stores nothing."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ivr.model.errors import ConfigError
from ivr.model.offers import OfferOutcome
from ivr.offers.outcomes import complaint_about
from ivr.offers.proof import SKEW

COLUMNS = ("opportunity", "outcome", "value")
OPTIONAL = ("at", "source")
Row = dict[str | Any, str | Any]
"""Column -> value, None where it is left out; None -> values beyond the columns."""


def read_outcomes(path: Path) -> tuple[OfferOutcome, ...]:
    """What the file tells; the same told twice once. Raises ConfigError with every wrong line."""
    told: dict[tuple[str, str], tuple[int, OfferOutcome]] = {}
    wrong, now = [], datetime.now(UTC)
    for line, row in _rows(path):
        try:
            outcome = _outcome(row, path, now)
        except ValueError as error:
            wrong.append(f"{path}:{line}: {error}")
            continue
        what = (outcome.opportunity_id, outcome.outcome)
        before, first = told.setdefault(what, (line, outcome))
        if first.value != outcome.value:
            wrong.append(f"{path}:{line}: line {before} tells {first.value:g} for {what[1]} of {what[0]}")
    if wrong:
        raise ConfigError("\n".join(wrong))
    return tuple(outcome for _, outcome in told.values())


def _rows(path: Path) -> Iterator[tuple[int, Row]]:
    """Every line that is not empty, with its number. Raises ConfigError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            problem = _of_columns(rows.fieldnames or ())
            if problem:
                raise ConfigError(f"{path}:1: {problem}")
            for row in rows:
                yield rows.line_num, row
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: the file is not UTF-8 (byte {error.start}): save it as UTF-8") from error
    except (OSError, csv.Error) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error


def _of_columns(names: Sequence[str]) -> str:
    """What is wrong with the first line, "" when nothing is."""
    if len(names) == 1 and ";" in names[0]:
        return "the columns are separated by semicolons: save the file with commas"
    if any(name not in names for name in COLUMNS):
        return f"the first line must name the columns {', '.join(COLUMNS)}"
    unknown = [name for name in names if name not in (*COLUMNS, *OPTIONAL)]
    return f"unknown column {unknown[0]!r}: beside these there may be {' and '.join(OPTIONAL)}" if unknown else ""


def _outcome(row: Row, path: Path, now: datetime) -> OfferOutcome:
    """Raises ValueError with what is wrong with the line."""
    if None in row:
        raise ValueError("more values than columns: put a value that holds a comma in quotes")
    texts = {str(name): (value or "").strip() for name, value in row.items()}
    missing = [name for name in COLUMNS if not texts[name]]
    if missing:
        raise ValueError(f"{missing[0]} is missing")
    try:
        value = float(texts["value"])
    except ValueError:
        raise ValueError(f"value {texts['value']!r} is no number: write it as 46.80") from None
    problem = complaint_about(texts["outcome"], value)
    if problem:
        raise ValueError(problem)
    return OfferOutcome(
        opportunity_id=texts["opportunity"],
        outcome=texts["outcome"],
        value=value,
        at=_moment(texts.get("at", ""), now),
        source=texts.get("source") or path.name,
    )


def _moment(text: str, now: datetime) -> str:
    """In UTC, as everything is stored. Raises ValueError."""
    try:
        at = datetime.fromisoformat(text) if text else now
    except ValueError:
        raise ValueError(f"at {text!r} is no moment: write it as 2026-11-01T10:00:00Z") from None
    if at.tzinfo is None:
        raise ValueError(f"at {text!r} lacks its offset from UTC: write it as 2026-11-01T10:00:00Z")
    if at > now + SKEW:
        raise ValueError(f"at {text!r} has not come yet")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
