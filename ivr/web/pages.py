"""The pages of calls, what all pages are given, and how events are written into a stream. Every text a caller said
passes Jinja's escaping, and scripts only ever set textContent.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import aiohttp_jinja2
from aiohttp import web

from ivr.model.accounts import Right, WrapUp
from ivr.model.errors import StorageError
from ivr.routing.desk_terms import title
from ivr.web.agent_words import WORDS
from ivr.web.api import DESK, limit_of, recording_path
from ivr.web.call_words import CALL_WORDS
from ivr.web.guard import VISITOR, Guard, is_api, note_access, visitor_of
from ivr.web.language import language_of
from ivr.web.live import LiveEvent, LivePage

GUARD = web.AppKey("guard", Guard)
KEEP_ALIVE_S = 10.0
CHECKED_S = 10.0  # how long a stream may outlast its session
ASKED_AGAIN_DAYS = 30
routes = web.RouteTableDef()


@routes.get("/calls")
async def calls_page(request: web.Request) -> web.Response:
    """The newest calls; an agent's own."""
    desk, limit, visitor = request.app[DESK], limit_of(request), visitor_of(request)
    own = visitor.agent_id if visitor.only_own else None
    found = await desk.store.calls(limit, before=request.query.get("before"), agent=own)
    older = f"/calls?limit={limit}&before={quote(found[-1].call_id)}" if len(found) == limit else ""
    notes: dict[str, WrapUp] = {}
    for note in await desk.store.wrap_ups([call.call_id for call in found]):
        notes[note.call_id] = note
    since_ms = round((time.time() - ASKED_AGAIN_DAYS * 86400) * 1000)
    told, asked = (0, 0) if visitor.only_own else await desk.store.asked_again(since_ms)
    words = {"calls": found, "older": older, "paged": "before" in request.query, "notes": notes}
    share = {"told": told, "asked": asked, "days": ASKED_AGAIN_DAYS, **_called(request)}
    return page("calls.html", request, {**words, **share})


@routes.get("/calls/events")
async def calls_events(request: web.Request) -> web.StreamResponse:
    """Every published event of every call, as "call" with its kind."""
    response = await begin_stream(request)
    with request.app[DESK].hub.subscribe("calls") as opened, suppress(ConnectionError):  # the page was closed
        follower = Follower(request, response, opened)
        while not opened.closed:
            event = await follower.next()
            if event is not None:
                await send_event(response, "call", {**event.data, "kind": event.event})
    return response


@routes.get("/calls/{call_id}")
async def call_page(request: web.Request) -> web.Response:
    """One call and its log."""
    desk, call_id = request.app[DESK], request.match_info["call_id"]
    record = await desk.store.call(call_id)
    if record is None:
        raise web.HTTPNotFound(reason="no such call")
    await note_access(request, desk, "transcript", call_id)
    entries = await desk.store.events(call_id)
    may_hear = visitor_of(request).may(Right.RECORDINGS)
    has_recording = may_hear and recording_path(desk.recordings, record.recording) is not None
    began_ms = entries[0].at_ms if entries else 0
    notes = await desk.store.wrap_ups([call_id])
    words = {"call": record, "entries": entries, "began_ms": began_ms, "notes": notes, **_called(request)}
    return page("call.html", request, {**words, "has_recording": has_recording})


@web.middleware
async def polite(request: web.Request, handler: Any) -> web.StreamResponse:
    """A missing page, or one that is not for this account, is said in the same look as the others."""
    try:
        answer: web.StreamResponse = await handler(request)
    except web.HTTPException as trouble:
        if trouble.status < 400 or is_api(request) or request.path.startswith("/static/"):
            raise
        words = {"words": trouble.reason, "status": trouble.status}
        return page("error.html", request, words, trouble.status)
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


def page(template: str, request: web.Request, words: Mapping[str, Any], status: int = 200) -> web.Response:
    """A page, with what all of them are given; its own words count."""
    return aiohttp_jinja2.render_template(template, request, {**_shared(request), **words}, status=status)


def rendered(template: str, request: web.Request, words: Mapping[str, Any]) -> str:
    """A part of a page, with what all pages are given."""
    return aiohttp_jinja2.render_string(template, request, {**_shared(request), **words})


def _called(request: web.Request) -> dict[str, Any]:
    """Words of the pages of calls."""
    language, dispositions = language_of(request), request.app[DESK].terms().dispositions
    return {"c": CALL_WORDS[language], "titles": {code: title(each, language) for code, each in dispositions.items()}}


def _shared(request: web.Request) -> dict[str, Any]:
    visitor, language = request.get(VISITOR), language_of(request)
    return {
        "assistant": request.app[DESK].assistant,
        "visitor": visitor,
        "csrf": visitor.csrf if visitor else "",
        "may": visitor.may if visitor else lambda _: False,
        "R": Right,
        "language": language,
        "languages": {code: words["language"] for code, words in WORDS.items()},
        "t": WORDS[language],
        "here": request.path_qs,
    }


async def begin_stream(request: web.Request) -> web.StreamResponse:
    """Server-sent events begin; a browser that loses them asks again after a second."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
    await response.prepare(request)
    await response.write(b"retry: 1000\n\n")
    return response


class Follower:
    """One page's stream: the next event, as long as whoever asked may still see it."""

    def __init__(self, request: web.Request, response: web.StreamResponse, page: LivePage) -> None:
        self._request, self._response, self._page = request, response, page
        self._checked = time.monotonic()

    @property
    def over(self) -> bool:
        """Nobody is told any more."""
        return self._page.closed

    async def next(self, timeout_s: float = KEEP_ALIVE_S) -> LiveEvent | None:
        """The next event, None when there was none for a while; the page is closed when it is over."""
        event = await self._page.next(timeout_s)
        gone = self._request.transport is None or self._request.transport.is_closing()
        if not gone and time.monotonic() - self._checked >= CHECKED_S:
            self._checked = time.monotonic()
            try:
                gone = not await self._request.app[GUARD].still_admits(self._request)
            except StorageError:  # a database that stumbles signs nobody out
                gone = False
        if gone:
            self._page.close()
            return None
        if event is None and not self._page.closed:
            await self._response.write(b": still here\n\n")
        return event


async def send_event(response: web.StreamResponse, event: str, data: Mapping[str, Any]) -> None:
    """One event. Raises ConnectionError when the page is gone."""
    body = json.dumps(data, ensure_ascii=False, default=str)
    await response.write(f"event: {event}\ndata: {body}\n\n".encode())
