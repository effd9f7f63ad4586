"""The pages people look at, and the streams that keep them fresh. Owns templates and the wording of events for the
browser; every text a caller said passes Jinja's escaping, and scripts only ever set textContent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import aiohttp_jinja2
from aiohttp import web

from ivr.log import get_log
from ivr.model.errors import StorageError
from ivr.model.routing import AgentState
from ivr.web.api import DESK, body_of, find_agent, limit_of, recording_path, state_of
from ivr.web.desk import Desk
from ivr.web.guard import COOKIE, SESSION_S, Guard
from ivr.web.live import LiveEvent, LivePage
from ivr.web.screen import line_of, screen_of

GUARD = web.AppKey("guard", Guard)
KEEP_ALIVE_S = 10.0
STATE_WORDS = {
    "offline": "Offline",
    "available": "Ready",
    "reserved": "Call coming",
    "talking": "Talking",
    "wrap_up": "Wrap-up",
    "not_ready": "Not ready",
}
routes = web.RouteTableDef()
_log = get_log("web.pages")


@routes.get("/")
async def front(request: web.Request) -> web.Response:
    """The way in."""
    return web.Response(status=303, headers={"Location": "/agent"})


@routes.get("/login")
async def login_form(request: web.Request) -> web.Response:
    """Ask for the access token."""
    if not request.app[GUARD].needs_login:
        return web.Response(status=303, headers={"Location": "/agent"})
    return aiohttp_jinja2.render_template(
        "login.html", request, {"next": _inner(request.query.get("next")), "wrong": ""}
    )


@routes.post("/login")
async def login(request: web.Request) -> web.Response:
    """Check the token; leave a session cookie."""
    body, guard = await body_of(request), request.app[GUARD]
    following = _inner(body.get("next"))
    if not guard.knows(str(body.get("token", ""))):
        _log.warning("web.login_refused", remote=request.remote)
        words = {"next": following, "wrong": "That is not the access token."}
        return aiohttp_jinja2.render_template("login.html", request, words, status=403)
    answer = web.Response(status=303, headers={"Location": following})
    answer.set_cookie(
        COOKIE, guard.session(), max_age=SESSION_S, httponly=True, samesite="Strict", secure=request.secure, path="/"
    )
    return answer


@routes.post("/logout")
async def logout(request: web.Request) -> web.Response:
    """Take the cookie back."""
    answer = web.Response(status=303, headers={"Location": "/login"})
    answer.del_cookie(COOKIE, path="/")
    return answer


@routes.get("/agent")
async def choose_agent(request: web.Request) -> web.Response:
    """Who sits here?"""
    rows = [
        {"agent": a, "state": s.value, "words": STATE_WORDS[s.value]} for a, s, _ in request.app[DESK].agent_states()
    ]
    return _page("agents.html", request, {"agents": rows})


@routes.get("/agent/{agent_id}")
async def agent_page(request: web.Request) -> web.Response:
    """The agent's screen, complete without scripts but for the live parts."""
    desk = request.app[DESK]
    row = find_agent(desk, request.match_info["agent_id"])
    if row is None:
        raise web.HTTPNotFound(reason="no such agent")
    agent, state, since_ms = row
    pop = desk.hub.screen(f"agent:{agent.agent_id}") if state is not AgentState.AVAILABLE else None
    return _page(
        "agent.html",
        request,
        {
            "agent": agent,
            "state": state.value,
            "since_ms": since_ms,
            "state_words": STATE_WORDS,
            "screen": screen_of(pop.data) if pop else None,
            "lines": await _transcript(desk, str(pop.data.get("call_id", ""))) if pop else [],
            "callbacks": await desk.store.callbacks("due"),
        },
    )


@routes.get("/agent/{agent_id}/events")
async def agent_events(request: web.Request) -> web.StreamResponse:
    """What happens, for the agent's page: state, pop, history, transcript, ended, clear, callbacks."""
    desk, agent_id = request.app[DESK], request.match_info["agent_id"]
    row = find_agent(desk, agent_id)
    if row is None:
        raise web.HTTPNotFound(reason="no such agent")
    response = await _begin(request)
    with desk.hub.subscribe(f"agent:{agent_id}") as page, suppress(ConnectionError):  # the page was closed
        await _send(response, "state", state_of(row[1], row[2]))
        while not page.closed:
            event = await _next(request, response, page)
            now = find_agent(desk, agent_id)
            if event is None and now is not None and not page.closed:
                await _send(response, "state", state_of(now[1], now[2]))  # a wrap-up ends without an event
            if event is None or (event.replayed and now is not None and now[1] is AgentState.AVAILABLE):
                continue  # nothing happened, or that call is over
            if event.event == "pop":
                await _send_pop(request, response, event)
            else:
                await _send(response, event.event, event.data)
    return response


@routes.post("/agent/{agent_id}/shown/{pop_id}")
async def shown(request: web.Request) -> web.Response:
    """The agent's page displays the pop: the phone may ring."""
    topic = f"agent:{request.match_info['agent_id']}"
    if not request.app[DESK].hub.shown(topic, request.match_info["pop_id"]):
        return web.json_response({"error": "no such pop"}, status=404)
    return web.Response(status=204)


@routes.get("/calls")
async def calls_page(request: web.Request) -> web.Response:
    """The newest calls."""
    limit = limit_of(request)
    found = await request.app[DESK].store.calls(limit, before=request.query.get("before"))
    older = f"/calls?limit={limit}&before={quote(found[-1].call_id)}" if len(found) == limit else ""
    return _page("calls.html", request, {"calls": found, "older": older, "paged": "before" in request.query})


@routes.get("/calls/events")
async def calls_events(request: web.Request) -> web.StreamResponse:
    """Every published event of every call, as "call" with its kind."""
    response = await _begin(request)
    with request.app[DESK].hub.subscribe("calls") as page, suppress(ConnectionError):  # the page was closed
        while not page.closed:
            event = await _next(request, response, page)
            if event is not None:
                await _send(response, "call", {**event.data, "kind": event.event})
    return response


@routes.get("/calls/{call_id}")
async def call_page(request: web.Request) -> web.Response:
    """One call and its log."""
    desk, call_id = request.app[DESK], request.match_info["call_id"]
    record = await desk.store.call(call_id)
    if record is None:
        raise web.HTTPNotFound(reason="no such call")
    entries = await desk.store.events(call_id)
    has_recording = recording_path(desk.recordings, record.recording) is not None
    began_ms = entries[0].at_ms if entries else 0
    return _page(
        "call.html",
        request,
        {"call": record, "entries": entries, "began_ms": began_ms, "has_recording": has_recording},
    )


@web.middleware
async def polite(request: web.Request, handler: Any) -> web.StreamResponse:
    """A missing page is said in the same look as the others."""
    try:
        answer: web.StreamResponse = await handler(request)
    except web.HTTPException as trouble:
        if trouble.status < 400 or request.path.startswith(("/api/", "/static/", "/healthz", "/metrics")):
            raise
        return aiohttp_jinja2.render_template("error.html", request, {"words": trouble.reason}, status=trouble.status)
    return answer


def clock_time(moment: str) -> str:
    """21 Nov 10:02:11 of an ISO 8601 moment, UTC; the text itself when it is none."""
    try:
        return datetime.fromisoformat(moment).astimezone(UTC).strftime("%-d %b %H:%M:%S")
    except ValueError:
        return moment


def fields_of(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The data of a log entry as (name, value) texts."""
    return [(k, v if isinstance(v, str) else json.dumps(v, ensure_ascii=False)) for k, v in data.items() if v != ""]


def _page(template: str, request: web.Request, words: dict[str, Any]) -> web.Response:
    shared = {"assistant": request.app[DESK].assistant, "login": request.app[GUARD].needs_login}
    return aiohttp_jinja2.render_template(template, request, {**shared, **words})


def _inner(path: object) -> str:
    """A path of ours to go on to; anything that could lead elsewhere becomes /agent."""
    text = str(path or "")
    return text if text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() else "/agent"


async def _transcript(desk: Desk, call_id: str) -> list[dict[str, Any]]:
    try:
        entries = await desk.store.events(call_id)
    except StorageError as trouble:  # the screen matters more than its history
        _log.error("web.no_transcript", call=call_id, error=str(trouble))
        return []
    return [line for line in map(line_of, entries) if line]


async def _begin(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
    await response.prepare(request)
    await response.write(b"retry: 1000\n\n")
    return response


async def _next(request: web.Request, response: web.StreamResponse, page: LivePage) -> LiveEvent | None:
    event = await page.next(KEEP_ALIVE_S)
    if request.transport is None or request.transport.is_closing():
        page.close()
        return None
    if event is None and not page.closed:
        await response.write(b": still here\n\n")
    return event


async def _send(response: web.StreamResponse, event: str, data: Mapping[str, Any]) -> None:
    body = json.dumps(data, ensure_ascii=False, default=str)
    await response.write(f"event: {event}\ndata: {body}\n\n".encode())


async def _send_pop(request: web.Request, response: web.StreamResponse, pop: LiveEvent) -> None:
    """First the screen, so that it is seen at once; then what was said until now."""
    screen = screen_of(pop.data)
    html = aiohttp_jinja2.render_string("screen.html", request, {"screen": screen, "lines": []})
    title = screen.name or screen.number or "number withheld"
    await _send(response, "pop", {"pop_id": screen.pop_id, "call_id": screen.call_id, "title": title, "html": html})
    await _send(response, "history", {"lines": await _transcript(request.app[DESK], screen.call_id)})
