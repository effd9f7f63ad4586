"""The interface described (OpenAPI 3.1). Owns the description; the tests hold it against the routes and answers."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_args, get_origin, get_type_hints

from ivr.model.call import Callback, CallRecord, LogEntry, Outcome
from ivr.model.routing import AgentState
from ivr.web.openapi_desk import desk_paths
from ivr.web.openapi_offers import offers_paths
from ivr.web.openapi_overflow import overflow_paths

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer"}
ANY_OBJECT: Schema = {"type": "object"}


def description() -> dict[str, Any]:
    """The whole document."""
    paths = {**_operating(), **_calls(), **_agents(), **_offers(), **_overflow(), **_pages()}
    for operations in paths.values():
        for method, operation in operations.items():
            operation["responses"].update(_guarded(method, open_to_all=operation.get("security") == []))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ivr",
            "version": "1",
            "description": "Calls, handoff contexts, callbacks and agents of a voice bot. Times are UTC ISO 8601; "
            "*_ms are milliseconds.",
        },
        "security": [{"bearer": []}, {"session": []}],
        "paths": paths,
        "components": {"schemas": _schemas(), "securitySchemes": _security()},
    }


def _operating() -> dict[str, Any]:
    health = {"200": _json("Ready", _ref("Health")), "503": _json("Not ready, with reasons", _ref("Health"))}
    return {
        "/healthz": {"get": {**_op("health", "Ready for new calls?", health), "security": []}},
        "/metrics": {"get": _op("metrics", "Prometheus metrics", {"200": _text("Prometheus text", "text/plain")})},
        "/api/openapi.json": {"get": _op("openapi", "This document", {"200": _json("OpenAPI 3.1", ANY_OBJECT)})},
    }


def _calls() -> dict[str, Any]:
    page = [_query("limit", {"type": "integer", "minimum": 1, "maximum": 500, "default": 50}), _query("before", TEXT)]
    one = [_path("call_id")]
    wav = {"200": _text("Stereo WAV", "audio/wav"), **_errors(404)}
    begun = {"202": _json("Recording", _object(call_id=TEXT, recording={"type": "boolean"})), **_errors(404, 409)}
    listed = {"200": _json("Newest first", _ref("Calls")), **_errors(400)}
    state = _query("state", {"type": "string", "enum": ["due", "done", "failed"]})
    ended = _object(callback_id=TEXT, state={"type": "string", "enum": ["done", "failed"]})
    done = {"200": _json("Stored", ended), **_errors(400, 404), "303": _nothing("To the agent page (form)")}
    body = {"by": TEXT, "state": {"type": "string", "enum": ["done", "failed"], "default": "done"}}
    promises = {"200": _json("Most urgent first", _object(callbacks=_list("Callback"))), **_errors(400)}
    found = {"200": _json("Record and ordered log", _object(call=_ref("CallRecord"), events=_list("LogEntry")))}
    packet = "The packet, schema context/1; flat, connect: flat keys; twilio: attributes and priority of a task"
    context = {"200": _json(packet, ANY_OBJECT), **_errors(400, 404, 429)}
    forms = _query("as", {"type": "string", "enum": ["full", "flat", "connect", "twilio"], "default": "full"})
    return {
        "/api/calls": {"get": _op("calls", "Calls, newest first", listed, page)},
        "/api/calls/{call_id}": {"get": _op("call", "One call", {**found, **_errors(404)}, one)},
        "/api/calls/{call_id}/recording": {
            "get": _op("recording", "The recording, if there is one", wav, one),
            "post": _op("record", "Begin to record a live call", begun, one),
        },
        "/api/contexts/{token}": {"get": _op("context", "By token or keys", context, [_path("token"), forms])},
        "/api/callbacks": {"get": _op("callbacks", "Promises to call back", promises, [state])},
        "/api/callbacks/{callback_id}/done": {
            "post": _op("callbackDone", "A due promise ended", done, [_path("callback_id")], body)
        },
    }


def _agents() -> dict[str, Any]:
    agent = [_path("agent_id")]
    told = {"200": _json("The agent now", _ref("Agent")), **_errors(400, 404, 409)}
    told["303"] = _nothing("To the agent page (form)")
    body = {"state": {"type": "string", "enum": ["ready", "not_ready"]}, "reason": TEXT}
    alive = {"page": TEXT, "leaving": {"type": "boolean"}}
    yes: Schema = {"type": "boolean"}
    note = {"agent_id": TEXT, "code": TEXT, "note": TEXT, "solved": yes, "asked_again": yes}
    noted = {"200": _json("What is noted now", _ref("WrapUp")), **_errors(400, 404)}
    noted["303"] = _nothing("To the agent page (form)")
    shown = {"204": _nothing("Noted"), **_errors(404)}
    listed = {"200": _json("All agents", _object(agents=_list("Agent")))}
    return {
        "/api/agents": {"get": _op("agents", "Agents and their states", listed)},
        "/api/agents/{agent_id}/state": {"post": _op("agentState", "Become ready or not", told, agent, body)},
        "/agent/{agent_id}/events": {"get": _op("agentEvents", _AGENT_EVENTS, {**_stream(), **_errors(404)}, agent)},
        "/agent/{agent_id}/shown/{pop_id}": {
            "post": _op("shown", "The page displays the pop", shown, [*agent, _path("pop_id")])
        },
        "/agent/{agent_id}/beat": {"post": _op("beat", "A page is open, or takes leave", shown, agent, alive)},
        "/api/calls/{call_id}/wrap-up": {
            "post": _op(
                "wrapUp", "What an agent notes of a call; what is left out stays", noted, [_path("call_id")], note
            )
        },
        **desk_paths({int(code): refusal for code, refusal in _errors(400, 404, 409, 422).items()}),
        "/calls/events": {"get": _op("callEvents", "Server-sent events: call {call_id, kind}", _stream())},
    }


def _offers() -> dict[str, Any]:
    form = {"group": TEXT, "by": TEXT, "language": TEXT}
    reopened = {"303": _nothing("To the page"), **{c: _text("Not done", "text/html") for c in ("400", "404")}}
    reopen = _op("effectsReopen", "Take the suspension of a group back", reopened, body=form)
    reopen = _as_form(reopen)
    data = {"200": _json("What the page shows", ANY_OBJECT), **_errors(404)}
    table = {"200": _text("A figure a line", "text/csv"), **_errors(404)}
    page = _op("effectsPage", "Effects", {"200": _text("Page", "text/html")}, [_query("language", TEXT)])
    return {
        **offers_paths({int(code): refusal for code, refusal in _errors(400, 404, 409, 422).items()}),
        "/api/effects": {"get": _op("effects", "Effects of offers and of the automation", data)},
        "/api/effects.csv": {"get": _op("effectsTable", "The figures of it", table)},
        "/effects": {"get": page},
        "/direct": {"get": {**page, "operationId": "directPage", "summary": "Direct and indirect effect"}},
        "/effects/reopen": {"post": reopen},
    }


def _overflow() -> dict[str, Any]:
    return overflow_paths({int(code): refusal for code, refusal in _errors(400, 404, 409).items()})


def _pages() -> dict[str, Any]:
    html, away = {"200": _text("Page", "text/html")}, {"303": _nothing("Elsewhere")}
    missing = {"404": _text("No such page", "text/html")}
    form = {"name": TEXT, "password": TEXT, "token": TEXT, "next": TEXT}
    refused = {"403": _text("Wrong name, password or token", "text/html"), "429": _text("Too many tries", "text/html")}
    login = _as_form(_op("login", "Sign in", {**away, **refused}, body=form))
    wish = _as_form(_op("language", "Read the pages in another language", {**away, **_errors(400)}, body=_LANGUAGE))
    public: dict[str, Any] = {"security": []}
    return {
        "/": {"get": _op("front", "To the agents", away)},
        "/login": {"get": {**_op("loginForm", "Sign in", {**html, **away}), **public}, "post": {**login, **public}},
        "/language": {"post": {**wish, **public}},
        "/logout": {"post": _op("logout", "Sign out", away)},
        "/agent": {"get": _op("chooseAgent", "Choose an agent, or to one's own desk", {**html, **away})},
        "/agent/{agent_id}": {"get": _op("agentPage", "Agent page", {**html, **missing}, [_path("agent_id")])},
        "/calls": {"get": _op("callsPage", "Table of calls", html)},
        "/calls/{call_id}": {"get": _op("callPage", "One call", {**html, **missing}, [_path("call_id")])},
    }


_AGENT_EVENTS = (
    "Server-sent events: state {state, since_ms, reason, left_ms}, pop {pop_id, call_id, title, html, noted}, "
    "history {lines}, transcript {seq, who, text, at}, ended {}, clear {}, callbacks {}, beat {}, "
    "passing {what, to, result}"
)
_LANGUAGE: dict[str, Schema] = {"language": TEXT, "next": TEXT}


def _schemas() -> dict[str, Any]:
    state = {"type": "string", "enum": [s.value for s in AgentState]}
    numbers = {"type": "object", "additionalProperties": COUNT}
    health = _object(ready={"type": "boolean"}, reasons={"type": "array", "items": TEXT}, assistant=TEXT)
    return {
        "Error": _object(error=TEXT),
        "Health": {**health, "additionalProperties": True},
        "CallRecord": _of(CallRecord),
        "LogEntry": _of(LogEntry),
        "Callback": _of(Callback),
        "Calls": _object(calls=_list("CallRecord"), next={"type": ["string", "null"]}),
        "Agent": _object(
            agent_id=TEXT,
            name=TEXT,
            state=state,
            since_ms=COUNT,
            reason=TEXT,
            left_ms=COUNT,
            skills=numbers,
            queues={"type": "array", "items": TEXT},
            pages=COUNT,
            here={"type": "boolean"},
        ),
        "WrapUp": _object(
            call_id=TEXT,
            agent_id=TEXT,
            code=TEXT,
            note=TEXT,
            solved={"type": ["boolean", "null"]},
            asked_again={"type": "boolean"},
            by=TEXT,
            at=TEXT,
        ),
    }


def _security() -> dict[str, Any]:
    cookie = {"type": "apiKey", "in": "cookie", "name": "ivr_session"}
    return {"bearer": {"type": "http", "scheme": "bearer"}, "session": cookie}


def _of(noun: type) -> Schema:
    """The schema of one of our frozen dataclasses."""
    hints = get_type_hints(noun)
    return _object(**{field.name: _typed(hints[field.name]) for field in fields(noun)})


def _typed(hint: Any) -> Schema:
    if hint is Outcome:
        return {"type": "string", "enum": [o.value for o in Outcome]}
    if hint in (str, int, float):
        return {"type": {str: "string", int: "integer", float: "number"}[hint]}
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _typed(get_args(hint)[0])}
    values = get_args(hint)[1]
    return ANY_OBJECT if values is Any else {"type": "object", "additionalProperties": _typed(values)}


def _object(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(name: str) -> Schema:
    return {"type": "array", "items": _ref(name)}


def _op(
    name: str,
    summary: str,
    responses: dict[str, Any],
    parameters: list[Schema] | None = None,
    body: dict[str, Schema] | None = None,
) -> dict[str, Any]:
    operation: dict[str, Any] = {"operationId": name, "summary": summary, "responses": responses}
    if parameters:
        operation["parameters"] = parameters
    if body is not None:
        schema = {"type": "object", "properties": body}
        operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return operation


def _as_form(operation: dict[str, Any]) -> dict[str, Any]:
    content = operation["requestBody"]["content"]
    content["application/x-www-form-urlencoded"] = content.pop("application/json")
    return operation


def _json(words: str, schema: Schema) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": schema}}}


def _text(words: str, kind: str) -> dict[str, Any]:
    return {"description": words, "content": {kind: {"schema": TEXT}}}


def _stream() -> dict[str, Any]:
    return {"200": _text("Server-sent events", "text/event-stream")}


def _nothing(words: str) -> dict[str, Any]:
    return {"description": words}


def _guarded(method: str, *, open_to_all: bool) -> dict[str, Any]:
    """What may be answered before a request is looked at: pages without a session lead to /login, data says 401."""
    strangers = {} if open_to_all else _errors(401, 403) | {"303": _nothing("A page without a session: to /login")}
    forged = _errors(403, 413) if method == "post" else {}
    return strangers | forged | ({} if open_to_all else _errors(503))


def _errors(*codes: int) -> dict[str, Any]:
    words = {
        400: "Wrong request",
        401: "Not signed in, and no token",
        403: "Not for this account, or sent by another site's page, or from elsewhere while nobody has an account",
        404: "Not found",
        409: "Not possible now",
        413: "The body is larger than any that is needed",
        422: "An acceptance without its proof",
        429: "Too many wrong tokens; Retry-After says when to come back",
        503: "The database does not answer",
    }
    return {str(code): _json(words[code], _ref("Error")) for code in codes}


def _path(name: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": TEXT}


def _query(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "required": False, "schema": schema}
