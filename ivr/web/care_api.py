"""A customer who needs care, as an agent finds in a call: easily noted, and seen at once wherever the call is shown.

Owns who may note it (the agent at that call, where the page shows who it is) and why (model.objections.CareReason, so
that nobody writes down an illness). Taking it back is no matter of a page: `ivr offers clear-care`.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ivr.call.journal import wall_clock
from ivr.log import get_log
from ivr.model.accounts import WrapUp
from ivr.model.objections import CareReason
from ivr.model.routing import AgentState
from ivr.web.api import DESK, answered, body_of, find_agent
from ivr.web.desk import Desk
from ivr.web.guard import doer_of, error, visitor_of
from ivr.web.language import language_of
from ivr.web.live import LiveEvent
from ivr.web.offer_card import card_of
from ivr.web.pages import rendered
from ivr.web.screen import Screen, screen_of, with_care

AT_THE_CALL = (AgentState.TALKING, AgentState.WRAP_UP)
routes = web.RouteTableDef()
_log = get_log("web.care")


@routes.post("/api/calls/{call_id}/care")
async def needs_care(request: web.Request) -> web.StreamResponse:
    """The customer of this call needs care: no offers, in this call and in all later ones. Noted once."""
    desk, call_id, body = request.app[DESK], request.match_info["call_id"], await body_of(request)
    visitor = visitor_of(request)
    agent_id = visitor.agent_id or str(body.get("agent_id", ""))
    if not visitor.is_at(agent_id):
        return error(403, "this is another agent's desk")
    if body.get("why") not in tuple(CareReason):
        return error(400, f"why is one of {', '.join(CareReason)}")
    pop, row = desk.hub.screen(f"agent:{agent_id}"), find_agent(desk, agent_id)
    if pop is None or pop.data.get("call_id") != call_id:
        return error(404, "this call is on no screen of yours")
    if row is None or row[1] not in AT_THE_CALL:
        return error(409, "take the call first")
    screen = await screen_on(desk, pop, language_of(request))
    if not screen.is_known:
        return error(409, "nobody is known in this call: say who it is first")
    if screen.care is None:
        by, why = doer_of(request, agent_id), str(body["why"])
        await desk.store.note_care(screen.customer_id, wall_clock(), by, call_id, why)
        _log.info("care.noted", call=call_id, by=by, why=why)
        for each, _, _ in desk.agent_states():
            shown = desk.hub.screen(f"agent:{each.agent_id}")
            if shown is not None and shown.data.get("call_id") == call_id:
                desk.hub.publish(f"agent:{each.agent_id}", "care", {"call_id": call_id})
    return answered(request, await care_shown(request, pop, agent_id), agent_id)


async def care_shown(request: web.Request, pop: LiveEvent, agent_id: str) -> dict[str, Any]:
    """What changes on a page that shows this call: {"call_id", "warnings", "offer"}, the last two as HTML."""
    desk, language = request.app[DESK], language_of(request)
    screen = await screen_on(desk, pop, language)
    noted = await desk.store.wrap_up(screen.call_id, agent_id) or WrapUp(call_id=screen.call_id, agent_id=agent_id)
    card = await card_of(desk, screen, solved=bool(noted.solved), language=language)
    words = {"screen": screen, "agent_id": agent_id, "offer": card}
    warnings, offer = rendered("warnings.html", request, words), rendered("offer.html", request, words)
    return {"call_id": screen.call_id, "warnings": warnings, "offer": offer}


async def screen_on(desk: Desk, pop: LiveEvent, language: str) -> Screen:
    """What pages show of a pop's call: the packet, and whether somebody has noted by now that the customer needs care.
    Raises StorageError."""
    screen = screen_of(pop.data, language)
    return with_care(screen, await desk.store.needs_care(screen.customer_id) if screen.is_known else None, language)
