"""What an agent notes of a call: solved, had to ask again, how it ended. Owns what may be noted; see openapi.py.

What is left out stays as it was: the buttons of the page each send their own part while the call goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from aiohttp import web

from ivr.model.errors import IvrError
from ivr.web.api import DESK, body_of, told_state
from ivr.web.guard import error, visitor_of

LONGEST_NOTE = 2000
_SAID = {"true": True, "false": False}
routes = web.RouteTableDef()


@routes.post("/api/calls/{call_id}/wrap-up")
async def wrap_up(request: web.Request) -> web.StreamResponse:
    """Note something of a call."""
    desk, call_id, visitor = request.app[DESK], request.match_info["call_id"], visitor_of(request)
    body = await body_of(request)
    agent_id = visitor.agent_id or str(body.get("agent_id", ""))
    if not any(agent.agent_id == agent_id for agent, _, _ in desk.agent_states()):
        return error(400, "say whose note it is: agent_id")
    screen = desk.hub.screen(f"agent:{agent_id}")
    on_screen = screen is not None and screen.data.get("call_id") == call_id
    if not on_screen and await desk.store.call(call_id) is None:
        return error(404, "no such call")
    try:
        parts = _told(body, desk.terms().dispositions)
    except ValueError as fault:
        return error(400, str(fault))
    before, told = await desk.store.note_wrap_up(call_id, agent_id, parts, visitor.name)
    desk.wrapped_up(told, before)
    if told.solved and not before.solved:
        await desk.decide_offer(call_id)
    if request.content_type == "application/x-www-form-urlencoded":
        if body.get("then") != "ready" or not told.code:
            missing = "?missing=code#code" if body.get("then") == "ready" else ""
            return web.Response(status=303, headers={"Location": f"/agent/{agent_id}{missing}"})
        with suppress(IvrError):  # the call goes on: what was noted is kept
            await desk.set_agent_state(agent_id, "ready", "")
            told_state(desk, agent_id)
        return web.Response(status=303, headers={"Location": f"/agent/{agent_id}"})
    return web.json_response(asdict(told))


def _told(body: Mapping[str, Any], codes: Mapping[str, Any]) -> dict[str, Any]:
    """The parts that were sent. Raises ValueError with what is wrong."""
    told: dict[str, Any] = {}
    if "code" in body:
        told["code"] = str(body["code"])
        if told["code"] and told["code"] not in codes:
            raise ValueError(f"code is one of {', '.join(codes)}")
    if "note" in body:
        told["note"] = str(body["note"])[:LONGEST_NOTE]
    for name in ("solved", "asked_again"):
        if name in body:
            if str(body[name]).lower() not in _SAID:
                raise ValueError(f"{name} is true or false")
            told[name] = _SAID[str(body[name]).lower()]
    return told
