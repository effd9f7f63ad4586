"""What people said yes to and what became of it, and orders that a customer confirmed or will not have."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from aiohttp import web

from ivr.model.fulfilment import FulfilState
from ivr.web.api import DESK, body_of
from ivr.web.guard import doer_of, error

routes = web.RouteTableDef()
ORDER_ENDS = {state.value: state for state in (FulfilState.CONFIRMED, FulfilState.CANCELLED)}


@routes.get("/api/offers/accepted")
async def accepted(request: web.Request) -> web.Response:
    """Every yes with its proof and what follows it, the newest first; since: UTC ISO 8601."""
    since = request.query.get("since", "")
    try:
        datetime.fromisoformat(since or "2000-01-01")
    except ValueError:
        return error(400, "since is a moment, such as 2026-11-21T10:00:00Z")
    found = await request.app[DESK].store.acceptances(since=since)
    return web.json_response({"accepted": [asdict(each) for each in found]})


@routes.post("/api/offers/orders/{order_id}")
async def order(request: web.Request) -> web.Response:
    """The customer has answered the message: confirmed or cancelled, once."""
    order_id, body = request.match_info["order_id"], await body_of(request)
    state = ORDER_ENDS.get(str(body.get("state", "")))
    if state is None:
        return error(400, f"state is one of {', '.join(ORDER_ENDS)}")
    by = doer_of(request, body.get("by"))
    if not by:
        return error(400, 'send {"by": who says so}')
    if not await request.app[DESK].store.settle_order(order_id, state, by):
        return error(409, "no such order is pending")
    return web.json_response({"order_id": order_id, "state": state.value, "by": by})
