"""The description of what an agent's page asks of a live call. The tests hold it against the routes."""

from __future__ import annotations

from typing import Any

from ivr.model.objections import CareReason
from ivr.web.offer_card import ANSWERS

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}


def desk_paths(answers: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """The paths. answers: status -> the description of that refusal."""
    do = {"type": "string", "enum": ["take", "return", "pass_on", "keep"]}
    act = {"agent_id": TEXT, "do": do, "target": TEXT, "queue": TEXT, "to": TEXT, "why": TEXT}
    ended = {"agent_id": TEXT, "answer": {"type": "string", "enum": list(ANSWERS)}, "told": TEXT}
    card = _object(state=TEXT, html=TEXT)
    call, page = _path("call_id"), {"200": {"description": "Page", "content": {"text/html": {"schema": TEXT}}}}
    acted = _post(
        "callAct", "Take, give back, pass on, keep", act, _object(call_id=TEXT, do=do), _some(answers, 400, 409)
    )
    decided = _post("callOffer", "Solved: may something be offered?", {"agent_id": TEXT}, card, _some(answers, 404))
    told = _post("callOfferAnswer", "How the offer ended", ended, card, _some(answers, 400, 404, 409, 422))
    cared = {"agent_id": TEXT, "why": {"type": "string", "enum": list(CareReason)}}
    parts = _object(call_id=TEXT, warnings=TEXT, offer=TEXT)
    care = _post("callCare", "The customer needs care: no offers any more", cared, parts, _some(answers, 400, 404, 409))
    plain = {"operationId": "agentPlain", "summary": "State, in a frame", "parameters": [_path("agent_id")]}
    return {
        "/api/calls/{call_id}/act": {"post": {**acted, "parameters": [call]}},
        "/api/calls/{call_id}/offer": {"post": {**decided, "parameters": [call]}},
        "/api/calls/{call_id}/offer/answer": {"post": {**told, "parameters": [call]}},
        "/api/calls/{call_id}/care": {"post": {**care, "parameters": [call]}},
        "/agent/{agent_id}/plain": {"get": {**plain, "responses": {**page, **_some(answers, 404)}}},
    }


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _path(name: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": TEXT}


def _some(answers: dict[int, dict[str, Any]], *codes: int) -> dict[str, Any]:
    return {str(code): answers[code] for code in codes}


def _post(name: str, summary: str, body: Schema, answer: Schema, refusals: dict[str, Any]) -> dict[str, Any]:
    sent = {"schema": {"type": "object", "properties": body}}
    done = {"200": {"description": "Done", "content": {"application/json": {"schema": answer}}}}
    form = {"303": {"description": "To the agent page (form)"}}
    return {
        "operationId": name,
        "summary": summary,
        "requestBody": {"content": {"application/json": sent}},
        "responses": {**done, **form, **refusals},
    }
