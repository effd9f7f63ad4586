"""JSON Schemas of a designer's files, for editors: completion, hover texts and red lines while typing.

Owns putting together what the readers look for (ivr.design.observed) and the few shapes no reader tells of itself.
A schema is looser than `ivr validate`: it sees one file alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ivr.design.observed import TEXT, TEXTS, Schema, Watching, watch
from ivr.design.words import WORDS, about
from ivr.dialog import assistant, script, services
from ivr.dialog.joining import FlowReader, Surroundings
from ivr.dialog.reading import HANDOFF_OUTCOMES, READERS, read_flow
from ivr.dialog.slot_options import OPTIONS, read_slots
from ivr.dialog.slots import TYPES
from ivr.dialog.source import Node
from ivr.dialog.steps import NEXT, Policy, Target
from ivr.dialog.texts import read_responses
from ivr.identity.policy_file import IdentityShape
from ivr.offers.catalogue_file import CatalogueShape
from ivr.routing.plan import PlanShape

DRAFT = "http://json-schema.org/draft-07/schema#"  # what editors understand best
VERSION: Schema = {"enum": ["1", 1]}
RASA_VERSION: Schema = {"enum": ["3.1", 3.1]}
STEPS: Schema = {"$ref": "#/definitions/steps"}
TARGET: Schema = {"$ref": "#/definitions/target"}

_AROUND = Surroundings(flows=frozenset(), policy=Policy(), language="en")
_VALUES: Schema = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "properties": {"dtmf": {"type": "string", "pattern": "^[0-9*#]$"}},
        "patternProperties": {"^[a-z]{2}$": TEXTS},
        "additionalProperties": False,
    },
}
_PAIR: Schema = {"type": "array", "minItems": 2, "maxItems": 2}


class _Reader(FlowReader):
    """Reads one step; where it leads to is written down as a target."""

    def target(self, node: Node | None, after: str) -> Target:
        if isinstance(node, Watching):
            node.seen.add(TARGET)
        return NEXT


def _flows() -> Schema:
    flow = watch(lambda node: read_flow("any", node, _AROUND))
    flow["properties"] |= {"steps": STEPS, "escape": TARGET}
    flow["required"] = ["steps"]
    step = {"anyOf": [{"$ref": f"#/definitions/{kind}"} for kind in READERS]}
    target = {"anyOf": [TEXT, STEPS], "description": WORDS["target"]}
    steps = {"type": "array", "items": step}
    return {
        **_file({"flows": {"type": "object", "additionalProperties": flow}}),
        "definitions": {**{kind: _step(kind) for kind in READERS}, "target": target, "steps": steps},
    }


def _step(kind: str) -> Schema:
    def read(node: Watching) -> None:
        reader = _Reader("any", READERS, _AROUND, Policy())
        READERS[kind](reader, node, {"id": "any", "next": "", "where": ("", 0, 0)})

    step = watch(read)
    words = step["properties"]
    words["id"] = TEXT
    if kind in ("offer", "return"):
        words[kind] = {"const": True}
    if kind == "handoff":
        words["outcomes"]["propertyNames"] = {"enum": sorted(HANDOFF_OUTCOMES | {"else"})}
    step["required"] = [kind]
    words[kind] = {**words[kind], "description": WORDS[f"step {kind}"]}
    return step


def _dialog() -> Schema:
    def read(node: Watching) -> None:
        domain = Watching(node.seen.__class__(), node.mood)
        assistant.read_assistant(Path("no such folder"), node, domain, node.faults)

    schema = watch(read)
    schema["properties"]["texts"]["propertyNames"] = {"enum": sorted(assistant.TEXTS)}
    return _with_version(schema, VERSION)


def _domain() -> Schema:
    slots = watch(lambda node: read_slots(node, "EUR"))
    slot = slots["additionalProperties"]
    slot["properties"] |= {"values": _VALUES, "between": _PAIR}
    slot["required"] = ["type"]
    slot["allOf"] = [
        {
            "if": {"properties": {"type": {"const": kind}}, "required": ["type"]},
            "then": {"propertyNames": {"enum": [option for option in OPTIONS if kind in OPTIONS[option]]}},
        }
        for kind in TYPES
    ]
    return _file({"intents": TEXTS, "slots": slots})


def _services() -> Schema:
    kinds = [_service(kind) for kind in ("url", "rasa_action", "python", "identity")]
    service = {"anyOf": [schema for schema in kinds if schema]}
    return _file({"services": {"type": "object", "additionalProperties": service}})


def _service(kind: str) -> Schema:
    """A service that is told by this word; {} when there is no such kind."""
    service = watch(lambda node: services.read_service("any", node), frozenset({kind}))
    words = service["properties"]
    if kind not in words:
        return {}
    if "idempotent" in words:  # looked at only where a retry needs it
        words["idempotent"] = {"type": "boolean"}
    return {**service, "required": [kind, "outcomes"] if "outcomes" in words else [kind]}


def _responses() -> Schema:
    schema = watch(lambda node: read_responses(node, "en"))
    ways = schema["properties"]["responses"]
    ways["propertyNames"] = {"pattern": "^utter_"}
    way = ways["additionalProperties"]["items"]
    way["properties"]["channel"] = TEXT
    way["required"] = ["text"]
    return _with_version(schema, RASA_VERSION)


def _tests() -> Schema:
    kinds = (*script.ACTIONS, *script.EXPECTED)
    turns = [_turn(kind) for kind in kinds]
    test = watch(lambda node: script.read_conversation(node, node))
    # What stands in a test may stand in the file, for all of its tests.
    shared = {word: test["properties"].get(word, {}) for word in script.SHARED}
    test["properties"]["turns"] = {"type": "array", "items": {"anyOf": turns}}
    test["required"] = ["name", "turns"]
    return _file({**shared, "tests": {"type": "array", "items": test}})


def _turn(kind: str) -> Schema:
    turn = watch(script.read_line, frozenset({kind}))
    turn["properties"][kind] = {"type": ["string", "boolean", "null"], "description": WORDS[f"turn {kind}"]}
    turn["required"] = [kind]
    return turn


def _nlu() -> Schema:
    text = {"type": "object", "properties": {"text": TEXT}, "required": ["text"]}
    examples = {"anyOf": [TEXT, {"type": "array", "items": {"anyOf": [TEXT, text]}}]}
    sections = [
        {
            "type": "object",
            "properties": {kind: {**TEXT, "minLength": 1}, "examples": examples},
            "required": [kind, "examples"],
        }
        for kind in ("intent", "synonym", "lookup", "regex")
    ]
    schema = _file({"nlu": {"type": "array", "items": {"anyOf": sections}}})
    return _with_version(schema, RASA_VERSION) | {"required": ["nlu"]}


def _file(properties: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "properties": {"version": VERSION, **properties}, "additionalProperties": False}


def _with_version(schema: Schema, version: Schema) -> Schema:
    return {**schema, "properties": {**schema["properties"], "version": version}}


def _model(shape: Any) -> Schema:
    schema: Schema = shape.model_json_schema(ref_template="#/definitions/{model}")
    return schema


_MADE: Mapping[str, Callable[[], Schema]] = {
    "dialog": _dialog,
    "domain": _domain,
    "flows": _flows,
    "responses": _responses,
    "services": _services,
    "identity": lambda: _model(IdentityShape),
    "offers": lambda: _model(CatalogueShape),
    "routing": lambda: _model(PlanShape),
    "nlu": _nlu,
    "tests": _tests,
}


def schemas() -> dict[str, Schema]:
    """Kind of file -> its schema, with a hover text for every word."""
    return {kind: _finished(kind, make()) for kind, make in _MADE.items()}


def _finished(kind: str, schema: Schema) -> Schema:
    definitions = {**schema.pop("definitions", {}), **schema.pop("$defs", {})}
    if definitions:
        schema["definitions"] = definitions
    return {"$schema": DRAFT, **_described(kind, schema), "title": f"ivr: {kind}"}


def _described(kind: str, value: Any) -> Any:
    """The schema with a sentence about every word; the shapes' notes for programmers and made-up titles left out."""
    if isinstance(value, list):
        return [_described(kind, one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {name: one if name == "properties" else _described(kind, one) for name, one in value.items()}
    words = value.get("properties")
    if not isinstance(words, dict):
        return found
    if value.get("type") != "object":  # under `if`: a test, not words to complete
        return found
    found.pop("description", None)
    found.pop("title", None)
    found["properties"] = {word: _with_sentence(kind, word, one) for word, one in words.items()}
    return found


def _with_sentence(kind: str, word: str, schema: Schema) -> Schema:
    shape = _described(kind, schema)
    # draft-07 ignores what stands beside a $ref
    alone = {"allOf": [shape]} if "$ref" in shape else {name: one for name, one in shape.items() if name != "title"}
    return {**alone, "description": schema.get("description") or about(kind, word)}


def texts_of_schemas() -> dict[str, str]:
    """File name -> its content."""
    return {
        f"{kind}.schema.json": json.dumps(schema, ensure_ascii=False, indent=1) + "\n"
        for kind, schema in schemas().items()
    }


def write(folder: Path) -> str:
    """Write every schema into folder, made when absent; returns what was done, in a line."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = texts_of_schemas()
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    return f"{len(texts)} schemas in {folder}"
