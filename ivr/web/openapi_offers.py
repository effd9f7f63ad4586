"""The offers' part of the description of the interface. Owns the description; the tests hold it against the answers."""

from __future__ import annotations

from typing import Any

from ivr.web.offer_bodies import DecideBody, OutcomeBody, described

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
_YES_NO: Schema = {"type": "boolean"}
_TEXTS: Schema = {"type": "array", "items": TEXT}


def offers_paths(answers: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """The paths. answers: status -> the description of that refusal."""
    decided = _json("Speak, or stay silent. A conversation of the holdout looks like one without an offer", _DECISION)
    stored = {
        "type": "object",
        "properties": {"opportunity": TEXT, "answered": _YES_NO, "outcomes": {"type": "integer"}},
        "required": ["opportunity", "answered", "outcomes"],
        "additionalProperties": False,
    }
    return {
        "/api/offers/decide": {
            "post": {
                "operationId": "offerDecide",
                "summary": "May something be offered now, and what? The same key gets the same answer",
                "requestBody": _body(described(DecideBody)),
                "responses": {"200": decided, **_refusals(answers, 400, 404, 409)},
            }
        },
        "/api/offers/outcome": {
            "post": {
                "operationId": "offerOutcome",
                "summary": "How an offer ended and what became of the caller; told once, it stays",
                "requestBody": _body(described(OutcomeBody)),
                "responses": {"200": _json("Stored", stored), **_refusals(answers, 400, 404, 409, 422)},
            }
        },
    }


_SCRIPT = dict.fromkeys(
    ("ask", "pitch", "confirm", "accepted", "declined", "notice", "version", "otherwise", "sms"), TEXT
)
_DECISION: Schema = {
    "type": "object",
    "properties": {
        "opportunity": TEXT,
        "speak": _YES_NO,
        "product": TEXT,
        "relation": TEXT,
        "script": {"type": ["object", "null"], "properties": _SCRIPT, "additionalProperties": False},
        "fulfil": {**TEXT, "description": "what follows a yes; who asked sees to it"},
        "survey": TEXT,
        "stated": TEXT,
        "closed_by": _TEXTS,
    },
    "required": ["opportunity", "speak", "product", "relation", "script", "fulfil", "survey", "stated", "closed_by"],
    "additionalProperties": False,
}


def _json(words: str, schema: Schema) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": schema}}}


def _body(schema: Schema) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _refusals(answers: dict[int, dict[str, Any]], *codes: int) -> dict[str, Any]:
    return {str(code): answers[code] for code in codes}
