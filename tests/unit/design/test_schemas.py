"""The schemas editors use: what the readers look for, no more and no less, with a word about every word."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from ivr.cli import main
from ivr.design.schemas import schemas, texts_of_schemas
from ivr.dialog.reading import READERS
from ivr.dialog.source import Faults, read

DIALOGS = Path(__file__).parents[3] / "dialogs"
SCHEMAS = schemas()
FILES = {
    **{path: path.name.split(".")[0] for path in DIALOGS.glob("*/*.yml")},
    **{path: path.parent.name for path in DIALOGS.glob("*/*/*.yml")},
}


def errors(kind: str, value: Any) -> list[str]:
    return [error.message for error in Draft7Validator(SCHEMAS[kind]).iter_errors(value)]


def plain(path: Path) -> Any:
    faults = Faults()
    top = read(path, DIALOGS, faults)
    assert top is not None, faults.found
    return top.plain()


def flow(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"version": "1", "flows": {"main": {"steps": list(steps)}}}


def words(schema: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield from schema.get("properties", {}).items()
        for inner in schema.values():
            yield from words(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from words(inner)


def test_the_schemas_in_the_repository_are_what_the_readers_look_for() -> None:
    shipped = {path.name: path.read_text("utf-8") for path in (DIALOGS / "schema").iterdir()}
    assert shipped == texts_of_schemas(), "ivr schema --write dialogs/schema"


@pytest.mark.parametrize("kind", sorted(SCHEMAS))
def test_every_schema_is_one_and_says_something_about_every_word(kind: str) -> None:
    Draft7Validator.check_schema(SCHEMAS[kind])
    assert [word for word, of in words(SCHEMAS[kind]) if not of.get("description")] == []


@pytest.mark.parametrize("path", sorted(FILES), ids=lambda path: path.relative_to(DIALOGS).as_posix())
def test_every_shipped_file_fits_its_schema(path: Path) -> None:
    assert errors(FILES[path], plain(path)) == []


def test_all_kinds_of_files_are_shipped() -> None:
    assert set(FILES.values()) == set(SCHEMAS)


def test_every_step_has_its_words() -> None:
    assert set(READERS) < set(SCHEMAS["flows"]["definitions"])


@pytest.mark.parametrize(
    "step",
    [
        {"say": "utter_greet", "barge_inn": False},
        {"colect": "claim_number"},
        {"collect": "claim_number", "confirm": "sometimes"},
        {"action": "get_claim", "timeout": 3},
        {"branch": [{"if": "x == 1", "than": "next"}]},
        {"choose": "utter_menu", "options": [{"intent": "payment", "dtmf": 1, "go": "next"}]},
        {"ask": "utter_solved", "deny": [{"sya": "utter_sorry"}]},
        {"offer": "please"},
        {"handoff": "service", "outcomes": {"bussy": "next"}},
        {"collect": "claim_number", "noinput": {"timeout": "5 seconds"}},
    ],
    ids=str,
)
def test_a_mistake_in_a_step_is_refused(step: dict[str, Any]) -> None:
    assert errors("flows", flow(step))


@pytest.mark.parametrize(
    "step",
    [
        {"say": ["utter_a", "utter_b"], "barge_in": {"speech": False}},
        {"collect": "pin", "ask": "utter_pin", "confirm": "never", "confidence": {"margin": 12}},
        {"branch": [{"if": "x == 1", "then": [{"go": "main"}]}, {"else": "return"}]},
        {
            "choose": "utter_menu",
            "options": [{"intent": "payment", "dtmf": "1", "phrases": {"en": ["pay"]}, "go": "x"}],
        },
        {"set": {"claim": None, "tries": 3}},
        {"return": True},
    ],
    ids=str,
)
def test_what_the_reader_takes_the_schema_takes(step: dict[str, Any]) -> None:
    assert errors("flows", flow(step)) == []


def test_an_option_that_says_nothing_about_a_type_is_refused() -> None:
    assert errors("domain", {"slots": {"born": {"type": "date", "past": True}}}) == []
    assert errors("domain", {"slots": {"born": {"type": "date", "checksum": "luhn"}}})
    assert errors("domain", {"slots": {"born": {"type": "dates"}}})


def test_the_command_writes_and_prints_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--write", str(tmp_path / "new")]) == 0
    assert {path.name: path.read_text("utf-8") for path in (tmp_path / "new").iterdir()} == texts_of_schemas()
    capsys.readouterr()
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == SCHEMAS


def test_the_guide_maps_every_shipped_file_to_its_schema() -> None:
    guide = (DIALOGS.parent / "docs" / "designing.md").read_text("utf-8")
    (settings,) = re.findall(r"^```json\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
    mapped = json.loads(settings)["yaml.schemas"]
    found = {file: schema for schema, pattern in mapped.items() for file in DIALOGS.parent.glob(pattern)}
    wanted = {file: f"dialogs/schema/{kind}.schema.json" for file, kind in FILES.items()}
    assert wanted.items() <= found.items()
    assert all((DIALOGS.parent / schema).is_file() for schema in mapped)
