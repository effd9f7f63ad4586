"""The description of what contact centers and those who call back use. The tests hold it against the answers."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from ivr.model.call import OverflowResult
from ivr.routing.returning import OverflowOutcome

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer"}
_STATES = ["open", *(outcome.value for outcome in OverflowOutcome)]


def overflow_paths(answers: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """The paths. answers: status -> the description of that refusal."""
    listed = _object(overflow={"type": "array", "items": _RESULT})
    told = _object(queue=TEXT, expected_s=_COUNT)
    by_call = [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in (("sip_call_id", TEXT), ("limit", _COUNT))
    ]
    one = _get("overflowResult", "How a call stands", _RESULT, _refusals(answers, 404), [_path("token")])
    every = _get("overflowResults", "The newest, or that of an INVITE", listed, _refusals(answers, 400), by_call)
    wait = _post("overflowWait", "How long callers of a queue wait", told, told, _refusals(answers, 400, 404))
    return {
        "/api/overflow": {"get": every},
        "/api/overflow/{token}": {"get": one},
        "/api/overflow/waits": {"post": wait},
        "/api/callbacks/{callback_id}/claim": {"post": _claim("callbackClaim", "About to call back", answers)},
        "/api/callbacks/{callback_id}/release": {"post": _claim("callbackRelease", "Not calling after all", answers)},
    }


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


_NAMES = [field.name for field in fields(OverflowResult) if field.name != "data"]
_RESULT: Schema = {
    "type": "object",
    "properties": {
        **dict.fromkeys(_NAMES, TEXT),
        "outcome": {"type": "string", "enum": _STATES},
        **dict.fromkeys(("intent", "level"), TEXT),
        **dict.fromkeys(("bot_s", "waited_s", "priority"), _COUNT),
    },
    "required": _NAMES,
    "additionalProperties": False,
}


def _claim(name: str, summary: str, answers: dict[int, dict[str, Any]]) -> dict[str, Any]:
    done = _object(callback_id=TEXT, state={"type": "string", "enum": ["claimed", "due"]}, by=TEXT)
    claim = _post(name, summary, _object(by=TEXT), done, _refusals(answers, 400, 409))
    claim["responses"]["303"] = {"description": "To the agent page (form)"}
    return {**claim, "parameters": [_path("callback_id")]}


def _get(name: str, summary: str, answer: Schema, refusals: dict[str, Any], parameters: list[Schema]) -> dict[str, Any]:
    responses = {"200": {"description": summary, "content": {"application/json": {"schema": answer}}}, **refusals}
    return {"operationId": name, "summary": summary, "parameters": parameters, "responses": responses}


def _post(name: str, summary: str, body: Schema, answer: Schema, refusals: dict[str, Any]) -> dict[str, Any]:
    asked = {"content": {"application/json": {"schema": body}}}
    return {**_get(name, summary, answer, refusals, []), "requestBody": asked}


def _refusals(answers: dict[int, dict[str, Any]], *codes: int) -> dict[str, Any]:
    return {str(code): answers[code] for code in codes}


def _path(name: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": TEXT}
