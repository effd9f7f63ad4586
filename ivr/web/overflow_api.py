"""The JSON a contact center asks for and tells: how a call it sent stands, and how long its callers wait."""

from __future__ import annotations

from dataclasses import asdict

from aiohttp import web

from ivr.model.call import OverflowResult
from ivr.web.api import DESK, body_of, limit_of
from ivr.web.guard import error

MOST_WAIT_S = 4 * 3600
MOST_NAME = 64
routes = web.RouteTableDef()


@routes.get("/api/overflow")
async def results(request: web.Request) -> web.Response:
    """The newest first; ?sip_call_id= finds that of an INVITE, for a contact center that knows no token."""
    store = request.app[DESK].store
    if "sip_call_id" in request.query:
        one = await store.overflow_of(request.query["sip_call_id"])
        found = [one] if one is not None else []
    else:
        found = await store.overflows(limit_of(request))
    return web.json_response({"overflow": [_shown(each) for each in found]})


@routes.get("/api/overflow/{token}")
async def result(request: web.Request) -> web.Response:
    """How the call with this token stands; outcome is "open" while it goes on."""
    found = await request.app[DESK].store.overflow(request.match_info["token"])
    return error(404, "unknown token") if found is None else web.json_response(_shown(found))


@routes.post("/api/overflow/waits")
async def waits(request: web.Request) -> web.Response:
    """A contact center says how long the next caller of a queue waits; told to callers for two minutes."""
    tell = request.app[DESK].tell_wait
    body = await body_of(request)
    queue, expected_s = body.get("queue"), body.get("expected_s")
    if type(expected_s) is not int or not 0 <= expected_s <= MOST_WAIT_S:  # a bool is an int, too
        return error(400, f'send {{"queue": name, "expected_s": 0 to {MOST_WAIT_S}}}')
    if not isinstance(queue, str) or not 0 < len(queue) <= MOST_NAME:
        return error(400, f'send {{"queue": name, "expected_s": 0 to {MOST_WAIT_S}}}')
    if not tell(queue, expected_s * 1000):
        return error(404, "no such queue in overflow: of routing.yml")
    return web.json_response({"queue": queue, "expected_s": expected_s})


def _shown(found: OverflowResult) -> dict[str, object]:
    return {**dict(found.data), **{name: value for name, value in asdict(found).items() if name != "data"}}
