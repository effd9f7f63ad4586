"""The offers' part of the description of the interface. Owns the description; the tests hold it against the answers."""

from __future__ import annotations

from typing import Any

from ivr.model.offers import OfferAnswer
from ivr.offers.outcomes import RANGES

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
_YES_NO: Schema = {"type": "boolean"}
_TEXTS: Schema = {"type": "array", "items": TEXT}
_ANY: Schema = {"type": "object"}


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
                "requestBody": _body(_DECIDE),
                "responses": {"200": decided, **_refusals(answers, 400, 404, 409)},
            }
        },
        "/api/offers/outcome": {
            "post": {
                "operationId": "offerOutcome",
                "summary": "How an offer ended and what became of the caller; told once, it stays",
                "requestBody": _body(_OUTCOME),
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
_CUSTOMER: Schema = {
    "type": "object",
    "properties": {
        "id": TEXT,
        "household": TEXT,
        "language": TEXT,
        "lines": _TEXTS,
        "owns": _TEXTS,
        "flags": _TEXTS,
        "profile": _ANY,
    },
    "required": ["id"],
}
LEFT_OUT = "left out: nothing is offered"
_CALL: Schema = {
    "type": "object",
    "properties": {
        "id": TEXT,
        "intent": TEXT,
        "no_offers": {"type": "boolean", "default": False, "description": "the caller wants none: for good, at once"},
        "other_intents": {**_TEXTS, "description": f"what else the conversation was about; {LEFT_OUT}"},
        **{
            name: {"type": "boolean", "default": False}
            for name in ("resolved", "confirmed", "bot_disclosed", "recorded")
        },
        **{
            name: {"type": "boolean", "description": LEFT_OUT}
            for name in ("agent_requested", "open_ticket", "overflow")
        },
        **{
            name: {"type": "integer", "minimum": 0, "description": LEFT_OUT}
            for name in ("repairs", "recent_failures", "latency_p95_ms")
        },
        **{name: {"type": "number", "minimum": 0, "description": LEFT_OUT} for name in ("seconds", "waited_s", "load")},
        "said": {**_TEXTS, "description": f"what the caller said, for the assistant's lists of words; {LEFT_OUT}"},
    },
    "required": ["id", "intent"],
}
_DECIDE: Schema = {
    "type": "object",
    "properties": {
        "key": {**TEXT, "description": "yours, one for each conversation"},
        "language": TEXT,
        "level": {"type": "string", "enum": ["L0", "L1", "L2", "L3", "L4"], "default": "L0"},
        "customer": _CUSTOMER,
        "call": _CALL,
    },
    "required": ["key", "call"],
}
_PROOF: Schema = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("read_back", "heard", "digits", "recording"), TEXT),
        **{name: {"type": "string", "format": "date-time"} for name in ("asked_at", "answered_at")},
        "method": {"type": "string", "enum": ["dtmf", "speech"]},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
    },
    "required": ["read_back", "asked_at", "answered_at", "method"],
}
_OUTCOME: Schema = {
    "type": "object",
    "properties": {
        "opportunity": TEXT,
        "answer": {"type": "string", "enum": [answer.value for answer in OfferAnswer]},
        "proof": _PROOF,
        "outcomes": {
            "type": "object",
            "properties": {
                name: {"type": "number", "minimum": least, "maximum": most} for name, (least, most) in RANGES.items()
            },
        },
    },
    "required": ["opportunity"],
}


def _json(words: str, schema: Schema) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": schema}}}


def _body(schema: Schema) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _refusals(answers: dict[int, dict[str, Any]], *codes: int) -> dict[str, Any]:
    return {str(code): answers[code] for code in codes}
