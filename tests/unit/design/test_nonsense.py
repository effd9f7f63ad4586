"""Nonsense in any file of an assistant is a finding, never a traceback."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from ivr.config import NluSettings
from ivr.design.findings import validate
from ivr.model.errors import Fault

TFIDF = NluSettings(engine="tfidf")

SHIPPED = Path(__file__).parents[3] / "dialogs" / "insurance"
FILES = (
    *("dialog.yml", "domain.yml", "services.yml", "offers.yml", "routing.yml", "flows/main.yml"),
    *("responses.en.yml", "nlu.en.yml", "tests/first.yml"),
)
BOMBS = [
    b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    b"a: " + b"[" * 3000,
    b"\xff\xfea\x00:\x00",
    "а: 1".encode("cp1251"),
    b"a: 2026-13-45\n",
    b"<<: {nlu: 1}\nversion: !foo {}\n",
    b"? [1, 2]\n: 3\n",
    b"x" * 5_000_000,
    b"a: 1\na: 2\n",
    b"\x00\x01",
    b"!!set {a, b}",
]


@pytest.fixture
def small(small: Path) -> Path:
    """The small assistant, with the products of the shipped one."""
    shutil.copy(SHIPPED / "offers.yml", small)
    return small


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_a_bomb_in_any_file_is_a_finding(small: Path, file: str) -> None:
    kept = (small / file).read_bytes()
    for raw in BOMBS:
        (small / file).write_bytes(raw)
        assert [f for f in validate(small, TFIDF) if isinstance(f, Fault) and f.severity == "error"], (file, raw[:20])
    (small / file).write_bytes(kept)


WORDS = some.sampled_from(
    ["null", "true", "3", "-1", "[]", "{}", "x", "''", "[1, [2]]", "{a: {b: c}}", "2026-13-45", "1e999", "*", "&a 1"]
)


@pytest.mark.slow
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(some.sampled_from(FILES), some.lists(some.tuples(some.integers(0, 400), WORDS), min_size=1, max_size=4))
def test_no_edit_of_any_file_ends_in_a_traceback(small: Path, file: str, edits: list[tuple[int, str]]) -> None:
    kept = (small / file).read_text("utf-8")
    lines = kept.splitlines()[:60] if "nlu" in file else kept.splitlines()
    for at, word in edits:
        number = at % len(lines)
        head, colon, _ = lines[number].partition(": ")
        lines[number] = f"{head}: {word}" if colon else f"{lines[number]} {word}"
    (small / file).write_text("\n".join(lines), "utf-8")
    assert all(isinstance(f, Fault) and f.fix and f.what for f in validate(small, TFIDF))
    (small / file).write_text(kept, "utf-8")


@pytest.mark.slow
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(some.sampled_from(FILES), some.binary(max_size=200))
def test_no_bytes_in_any_file_end_in_a_traceback(small: Path, file: str, raw: bytes) -> None:
    kept = (small / file).read_bytes()
    (small / file).write_bytes(raw)
    assert all(isinstance(f, Fault) for f in validate(small, TFIDF))
    (small / file).write_bytes(kept)
