"""The table of findings holds every code a designer can be shown, and none that is gone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TABLE = (ROOT / "docs" / "findings.md").read_text("utf-8")
CODE_AT = {"fault": 0, "add": 1, "warn": 1}
ROOMS = ("dialog", "design", "nlu")
MINE = re.compile(r"[a-z]+(\.[a-z]+)?(-[a-z]+)*")


def codes(file: Path) -> Iterator[str]:
    """The codes of the findings a file makes."""
    for call in ast.walk(ast.parse(file.read_text("utf-8"))):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        values = [k.value for k in call.keywords if k.arg == "code"]
        if name in CODE_AT and len(call.args) > CODE_AT[name] + 1:
            at = CODE_AT[name] + (file.name == "training_data.py")
            values.append(call.args[at])
        prefix = "nlu." if file.name == "training_data.py" else ""
        yield from (prefix + v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str))
        if name in ("known", "_known"):
            kinds = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str) and a.value]
            yield from (f"unknown-{kind}" for kind in kinds[:1])


def made() -> set[str]:
    files = [file for room in ROOMS for file in (ROOT / "ivr" / room).rglob("*.py")]
    return {code for file in files for code in codes(file) if MINE.fullmatch(code)}


def listed() -> set[str]:
    rows = re.findall(r"^\| (`[^|]+`) \|", TABLE, re.MULTILINE)
    return {code for row in rows for code in re.findall(r"`([^`]+)`", row)}


def test_every_code_stands_in_the_table() -> None:
    assert len(made()) > 80
    assert made() - listed() == set(), "docs/findings.md lacks these"


@pytest.mark.slow
def test_every_code_of_the_table_is_one() -> None:
    own = listed() - made()
    sources = "\n".join(p.read_text("utf-8") for p in (ROOT / "ivr").rglob("*.py"))
    assert {code for code in own if f'"{code}"' not in sources} == set()
