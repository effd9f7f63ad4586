"""Who is about to keep a promise to call back: claimed by one person at a time, and let go of again."""

from __future__ import annotations

from aiohttp import web

from ivr.web.api import DESK, body_of, find_agent
from ivr.web.guard import doer_of, error

routes = web.RouteTableDef()


@routes.post("/api/callbacks/{callback_id}/claim")
async def claim(request: web.Request) -> web.Response:
    """Somebody is about to call; all agents' pages learn it. 409 when somebody else is, or it was called already."""
    return await _claimed(request, claimed=True)


@routes.post("/api/callbacks/{callback_id}/release")
async def release(request: web.Request) -> web.Response:
    """Whoever claimed it does not call after all."""
    return await _claimed(request, claimed=False)


async def _claimed(request: web.Request, *, claimed: bool) -> web.Response:
    desk, callback_id = request.app[DESK], request.match_info["callback_id"]
    by = doer_of(request, (await body_of(request)).get("by"))
    if not by:
        return error(400, 'send {"by": who calls}')
    done = await (desk.store.claim_callback if claimed else desk.store.release_callback)(callback_id, by)
    if not done:
        return error(409, "not due, or somebody else's" if claimed else "not claimed by you")
    state = "claimed" if claimed else "due"
    for agent, *_ in desk.agent_states():
        desk.hub.publish(f"agent:{agent.agent_id}", "callbacks", {"callback_id": callback_id, "state": state, "by": by})
    if request.content_type == "application/x-www-form-urlencoded" and find_agent(desk, by):
        return web.Response(status=303, headers={"Location": f"/agent/{by}"})
    return web.json_response({"callback_id": callback_id, "state": state, "by": by})
