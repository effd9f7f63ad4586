"""Checks a packet against context-1.schema.json, the one description of context/1 that peers are given too.

Knows the keywords that file uses and refuses a schema with others, so that nothing in it is silently ignored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

SCHEMA_PATH = Path(__file__).parent / "context-1.schema.json"

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": Mapping,
    "array": (list, tuple),
    "string": str,
    "integer": int,
    "boolean": bool,
}
_NOTES = frozenset({"$schema", "$id", "title", "description"})
_CHECKED = frozenset(
    {"type", "const", "enum", "pattern", "maxLength", "minimum", "maximum", "maxItems", "items"}
    | {"required", "properties", "additionalProperties"}
)


@cache
def context_schema() -> Mapping[str, Any]:
    """context/1 as JSON Schema."""
    schema: Mapping[str, Any] = json.loads(SCHEMA_PATH.read_text(encoding="utf-8"))
    return schema


def packet_faults(packet: object) -> tuple[str, ...]:
    """Every way in which packet is not a context/1; () when it is one."""
    return tuple(violations(packet, context_schema()))


def violations(value: object, schema: Mapping[str, Any], at: str = "$") -> Iterator[str]:
    """Each place where value deviates from schema, as "path: what". Raises ValueError for an unknown keyword."""
    unknown = schema.keys() - _NOTES - _CHECKED
    if unknown:
        raise ValueError(f"{at}: schema keywords not checked here: {', '.join(sorted(unknown))}")
    if "type" in schema and not _is(value, schema["type"]):
        yield f"{at}: not {schema['type']}"
        return
    yield from _of_scalar(value, schema, at)
    if isinstance(value, Mapping):
        yield from _of_object(value, schema, at)
    elif isinstance(value, list | tuple):
        if len(value) > schema.get("maxItems", len(value)):
            yield f"{at}: more than {schema['maxItems']} items"
        for index, item in enumerate(value):
            yield from violations(item, schema.get("items", {}), f"{at}[{index}]")


def _is(value: object, type_name: str) -> bool:
    # True is an int in Python, not in JSON
    return isinstance(value, _TYPES[type_name]) and (type_name == "boolean" or not isinstance(value, bool))


def _of_scalar(value: object, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if "const" in schema and value != schema["const"]:
        yield f"{at}: not {schema['const']}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: none of {', '.join(schema['enum'])}"
    if isinstance(value, str):
        if len(value) > schema.get("maxLength", len(value)):
            yield f"{at}: longer than {schema['maxLength']}"
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{at}: does not match {schema['pattern']}"
    if isinstance(value, int):
        if value < schema.get("minimum", value):
            yield f"{at}: less than {schema['minimum']}"
        if value > schema.get("maximum", value):
            yield f"{at}: more than {schema['maximum']}"


def _of_object(value: Mapping[Any, Any], schema: Mapping[str, Any], at: str) -> Iterator[str]:
    properties = schema.get("properties", {})
    yield from (f"{at}: {name} is missing" for name in schema.get("required", ()) if name not in value)
    others = schema.get("additionalProperties", True)
    for name, item in value.items():
        if name in properties:
            yield from violations(item, properties[name], f"{at}.{name}")
        elif others is False:
            yield f"{at}: {name} is unknown"
        elif isinstance(others, Mapping):
            yield from violations(item, others, f"{at}.{name}")
