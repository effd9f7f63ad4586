"""The offers' part of the description of the interface. Owns the description; the tests hold it against the answers."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from ivr.model.fulfilment import Acceptance, Fulfilment, FulfilState
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
        **_accepted_paths(answers),
    }


def _accepted_paths(answers: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """What people said yes to, and orders."""
    since = {"name": "since", "in": "query", "schema": TEXT, "description": "UTC ISO 8601"}
    ends = {"type": "string", "enum": ["confirmed", "cancelled"]}
    order = {"type": "object", "properties": {"state": ends, "by": TEXT}, "required": ["state"]}
    settled = {"type": "object", "properties": {"order_id": TEXT, "state": ends, "by": TEXT}}
    return {
        "/api/offers/accepted": {
            "get": {
                "operationId": "offersAccepted",
                "summary": "Every yes with its proof and what became of it, the newest first",
                "parameters": [since],
                "responses": {"200": _json("The newest first", _ACCEPTED), **_refusals(answers, 400)},
            }
        },
        "/api/offers/orders/{order_id}": {
            "post": {
                "operationId": "offerOrder",
                "summary": "The customer has confirmed an order, or will not have it",
                "parameters": [{"name": "order_id", "in": "path", "required": True, "schema": TEXT}],
                "requestBody": _body(order),
                "responses": {"200": _json("Noted", settled), **_refusals(answers, 400, 409)},
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


_FULFILMENT: Schema = {
    "type": ["object", "null"],
    "properties": {
        **{field.name: TEXT for field in fields(Fulfilment)},
        "state": {"type": "string", "enum": [state.value for state in FulfilState]},
    },
    "additionalProperties": False,
}
_ACCEPTED: Schema = {
    "type": "object",
    "properties": {
        "accepted": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    **{field.name: TEXT for field in fields(Acceptance)},
                    "fulfilment": _FULFILMENT,
                    "callback": {"type": ["object", "null"], "description": "see Callback"},
                },
                "additionalProperties": False,
            },
        }
    },
    "required": ["accepted"],
    "additionalProperties": False,
}


def _json(words: str, schema: Schema) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": schema}}}


def _body(schema: Schema) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _refusals(answers: dict[int, dict[str, Any]], *codes: int) -> dict[str, Any]:
    return {str(code): answers[code] for code in codes}
