"""The JSON side: health, calls, contexts, callbacks, agents. Owns parameters and status codes; see openapi.py."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aiohttp import web

from ivr.model.errors import IvrError, StorageError
from ivr.model.ids import monotonic_ms
from ivr.model.routing import Agent, AgentState
from ivr.web.agent_words import WORDS
from ivr.web.desk import Desk
from ivr.web.guard import doer_of, error, note_access, visitor_of
from ivr.web.language import language_of
from ivr.web.openapi import description

DESK = web.AppKey("desk", Desk)
MOST_CALLS = 500
routes = web.RouteTableDef()


@routes.get("/healthz")
async def health(request: web.Request) -> web.Response:
    """200 when new calls are welcome, 503 with the reasons when not."""
    desk = request.app[DESK]
    state = dict(desk.health())
    reasons = [str(reason) for reason in state.pop("reasons", ())]
    ready = bool(state.pop("ready", False))
    if desk.store.trouble and not any(desk.store.trouble in reason for reason in reasons):
        reasons.append(f"event log: {desk.store.trouble}")
    if not ready and not reasons:
        reasons.append("not ready")
    body = {"ready": not reasons, "reasons": reasons, "assistant": desk.assistant, **state}
    return web.json_response(body, status=503 if reasons else 200)


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """Prometheus text."""
    headers = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
    return web.Response(body=request.app[DESK].metrics(), headers=headers)


@routes.get("/api/openapi.json")
async def openapi(request: web.Request) -> web.Response:
    """This interface, described."""
    return web.json_response(description())


@routes.get("/api/calls")
async def calls(request: web.Request) -> web.Response:
    """Newest first, an agent's own; next is the `before` of the following page, null at the end."""
    limit, visitor = limit_of(request), visitor_of(request)
    own = visitor.agent_id if visitor.only_own else None
    found = await request.app[DESK].store.calls(limit, before=request.query.get("before"), agent=own)
    following = found[-1].call_id if len(found) == limit else None
    return web.json_response({"calls": [asdict(record) for record in found], "next": following})


@routes.get("/api/calls/{call_id}")
async def call(request: web.Request) -> web.Response:
    """One call with its log."""
    store, call_id = request.app[DESK].store, request.match_info["call_id"]
    record = await store.call(call_id)
    if record is None:
        return error(404, "no such call")
    await note_access(request, request.app[DESK], "transcript", call_id)
    events = [asdict(entry) for entry in await store.events(call_id)]
    record = await store.call(call_id) or record  # not older than the log: who reads of the end reads a closed record
    return web.json_response({"call": asdict(record), "events": events})


@routes.get("/api/calls/{call_id}/recording")
async def recording(request: web.Request) -> web.StreamResponse:
    """The stereo WAV, if there is one."""
    desk = request.app[DESK]
    record = await desk.store.call(request.match_info["call_id"])
    path = recording_path(desk.recordings, record.recording) if record else None
    if path is None:
        return error(404, "no recording of this call")
    await note_access(request, desk, "recording", request.match_info["call_id"])
    return web.FileResponse(path, headers={"Content-Type": "audio/wav"})


@routes.post("/api/calls/{call_id}/recording")
async def record(request: web.Request) -> web.Response:
    """Begin to record a live call."""
    begin = request.app[DESK].record
    if begin is None:
        return error(409, "recording on request is switched off")
    if not begin(request.match_info["call_id"]):
        return error(404, "no such live call")
    return web.json_response({"call_id": request.match_info["call_id"], "recording": True}, status=202)


@routes.get("/api/callbacks")
async def callbacks(request: web.Request) -> web.Response:
    """Promises to call back, most urgent first; ?queue= those of a full queue, in the order of their places."""
    state = request.query.get("state")
    if state not in (None, "due", "done", "failed"):
        return error(400, "state is due, done or failed")
    found = await request.app[DESK].store.callbacks(state, queue=request.query.get("queue", ""))
    return web.json_response({"callbacks": [asdict(callback) for callback in found]})


@routes.post("/api/callbacks/{callback_id}/done")
async def callback_done(request: web.Request) -> web.StreamResponse:
    """A promise was kept (or failed); all agents' pages learn it."""
    desk, callback_id = request.app[DESK], request.match_info["callback_id"]
    body = await body_of(request)
    state = body.get("state", "done")
    said = body.get("by", "")
    by = doer_of(request, said)
    if state not in ("done", "failed") or not isinstance(said, str):
        return error(400, 'send {"by": agent id, "state": "done" or "failed"}')
    if not await desk.store.finish_callback(callback_id, by, state):
        return error(404, "no callback due by that id")
    for agent, _, _ in desk.agent_states():
        desk.hub.publish(f"agent:{agent.agent_id}", "callbacks", {"callback_id": callback_id, "state": state})
    return answered(request, {"callback_id": callback_id, "state": state}, by)


@routes.get("/api/agents")
async def agents(request: web.Request) -> web.Response:
    """Agents and their states; an agent's own."""
    desk, visitor = request.app[DESK], visitor_of(request)
    rows = [row for row in desk.agent_states() if not visitor.only_own or row[0].agent_id == visitor.agent_id]
    return web.json_response({"agents": [_agent(desk, *row) for row in rows]})


@routes.post("/api/agents/{agent_id}/state")
async def set_state(request: web.Request) -> web.StreamResponse:
    """An agent says ready or not_ready."""
    desk, agent_id = request.app[DESK], request.match_info["agent_id"]
    body = await body_of(request)
    reason = str(body.get("reason", ""))[:80]
    wanted = body.get("state", "not_ready" if reason else None)
    if wanted not in ("ready", "not_ready"):
        return error(400, 'send {"state": "ready"} or {"state": "not_ready", "reason": "..."}')
    row = find_agent(desk, agent_id)
    if row is None:
        return error(404, "no such agent")
    by_hand = visitor_of(request).role is not None or "page" in body
    if by_hand and await _owes_disposition(desk, agent_id, row[1]):
        return _refused(request, agent_id, WORDS[language_of(request)]["choose_first"])
    try:
        await desk.set_agent_state(agent_id, wanted, reason if wanted == "not_ready" else "")
    except StorageError:
        raise
    except IvrError as refusal:
        return error(409, str(refusal))
    row = told_state(desk, agent_id) or row
    return answered(request, _agent(desk, *row), agent_id)


def told_state(desk: Desk, agent_id: str) -> tuple[Agent, AgentState, int] | None:
    """An agent's state was set by hand: the pages are told, and put away the last call, as none is on."""
    row = find_agent(desk, agent_id)
    if row is not None:
        desk.hub.publish(f"agent:{agent_id}", "state", state_of(desk, *row))
        desk.hub.publish(f"agent:{agent_id}", "clear", {})
    return row


async def _owes_disposition(desk: Desk, agent_id: str, state: AgentState) -> bool:
    """Whoever wraps up says how the call ended before anything else."""
    screen = desk.hub.screen(f"agent:{agent_id}")
    if state is not AgentState.WRAP_UP or screen is None or not desk.terms().disposition_required:
        return False
    noted = await desk.store.wrap_up(str(screen.data.get("call_id", "")), agent_id)
    return noted is None or not noted.code


def _refused(request: web.Request, agent_id: str, words: str) -> web.StreamResponse:
    """409; a form sent without scripts goes back to the page, at the place that is missing."""
    if request.content_type == "application/x-www-form-urlencoded":
        return web.Response(status=303, headers={"Location": f"/agent/{agent_id}?missing=code#code"})
    return error(409, words)


def find_agent(desk: Desk, agent_id: str) -> tuple[Agent, AgentState, int] | None:
    """The agent, its state and milliseconds since it began."""
    return next((row for row in desk.agent_states() if row[0].agent_id == agent_id), None)


def state_of(desk: Desk, agent: Agent, state: AgentState, since_ms: int) -> dict[str, Any]:
    """The data of a "state" event."""
    detail = desk.agent_detail(agent.agent_id)
    return {"state": state.value, "since_ms": since_ms, "reason": detail.reason, "left_ms": detail.left_ms}


def limit_of(request: web.Request) -> int:
    """?limit=, 1..500. Raises 400."""
    text = request.query.get("limit", "50")
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= MOST_CALLS):
        raise web.HTTPBadRequest(reason=f"limit is a number from 1 to {MOST_CALLS}")
    return int(text)


async def body_of(request: web.Request) -> dict[str, Any]:
    """The body, a JSON object or a form. Raises 400."""
    if request.content_type == "application/x-www-form-urlencoded":
        return {name: str(value) for name, value in (await request.post()).items()}
    if not request.can_read_body:
        return {}
    try:
        body = await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError) as trouble:
        raise web.HTTPBadRequest(reason="the body is not JSON") from trouble
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(reason="the body is not a JSON object")
    return body


def recording_path(folder: Path | None, name: str) -> Path | None:
    """The recording's file, only if it exists and lies within the folder of recordings."""
    if folder is None or not name:
        return None
    path = (folder / name).resolve()
    return path if path.is_relative_to(folder.resolve()) and path.is_file() else None


def _agent(desk: Desk, agent: Agent, state: AgentState, since_ms: int) -> dict[str, Any]:
    return {
        "agent_id": agent.agent_id,
        "name": agent.name,
        **state_of(desk, agent, state, since_ms),
        "skills": dict(agent.skills),
        "queues": list(agent.queues),
        "pages": desk.hub.pages(f"agent:{agent.agent_id}"),
        "here": desk.attendance.is_there(agent.agent_id, monotonic_ms()),
    }


def answered(request: web.Request, body: dict[str, Any], agent_id: str) -> web.StreamResponse:
    """JSON; a form sent by the page without scripts goes back to the page."""
    if request.content_type == "application/x-www-form-urlencoded" and find_agent(request.app[DESK], agent_id):
        return web.Response(status=303, headers={"Location": f"/agent/{agent_id}"})
    return web.json_response(body)
