"""Every wrong line of a file of outcomes is told with its place, in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.model.errors import ConfigError
from ivr.supervisor.outcome_file import read_outcomes

FIRST = "opportunity,outcome,value"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "1: the first line must name the columns opportunity, outcome, value"),
        ("opportunity;outcome;value\nO1;csat;5\n", "1: the columns are separated by semicolons"),
        (f"{FIRST},sorce\nO1,csat,5,x\n", "1: unknown column 'sorce': beside these there may be at and source"),
        (f"{FIRST}\nO1,csat\n", "2: value is missing"),
        (f"{FIRST}\nO1,csat,\n", "2: value is missing"),
        (f'{FIRST}\nO1,revenue_30d,"46,80"\n', "2: value '46,80' is no number: write it as 46.80"),
        (f"{FIRST}\nO1,csat,nan\n", "2: csat is between 1 and 5, not nan"),
        (f"{FIRST}\nO1,csat,3.5\n", "2: csat is a whole grade from 1 to 5, not 3.5"),
        (f"{FIRST}\nO1,revenue_30d,46,80\n", "2: more values than columns"),
        (f"{FIRST},at\nO1,csat,5,yesterday\n", "2: at 'yesterday' is no moment"),
        (f"{FIRST},at\nO1,csat,5,2026-11-01T10:00\n", "2: at '2026-11-01T10:00' lacks its offset from UTC"),
        (f"{FIRST},at\nO1,csat,5,2999-11-01T10:00Z\n", "2: at '2999-11-01T10:00Z' has not come yet"),
        (f"{FIRST}\nO1,csat,5\n\nO1,csat,1\n", "4: line 2 tells 5 for csat of O1"),
    ],
)
def test_a_line_that_cannot_be_is_told_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "told.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_outcomes(path)
    assert str(caught.value).startswith(f"{path}:{words}")


def test_what_is_told_twice_counts_once_and_times_are_utc(tmp_path: Path) -> None:
    path = tmp_path / "told.csv"
    path.write_text(f"{FIRST},at\nO1,csat,5,2025-11-01T12:00:00+02:00\nO1,csat,5.0,\n", encoding="utf-8")
    (told,) = read_outcomes(path)
    assert (told.value, told.at, told.source) == (5.0, "2025-11-01T10:00:00.000Z", "told.csv")


def test_a_file_that_is_not_utf_8_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "told.csv"
    path.write_bytes(f"{FIRST}\nO\xe9,csat,5\n".encode("latin-1"))
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_outcomes(path)
