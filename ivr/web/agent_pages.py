"""The agent's desk: who sits there, the page, its stream, and its signs of life. Owns what a page must say so that
calls come; whoever looks at another's desk watches, and neither confirms what is shown nor counts as being there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from aiohttp import web

from ivr.log import get_log
from ivr.model.accounts import Right, WrapUp
from ivr.model.call import Callback
from ivr.model.errors import StorageError
from ivr.model.fulfilment import Acceptance
from ivr.model.ids import monotonic_ms
from ivr.model.objections import CareReason
from ivr.model.routing import Agent, AgentState
from ivr.routing.desk_terms import title
from ivr.web.agent_words import WORDS
from ivr.web.api import DESK, body_of, find_agent, state_of
from ivr.web.attendance import BEAT_S
from ivr.web.care_api import care_shown, screen_on
from ivr.web.desk import Desk
from ivr.web.guard import WITHIN_OURS, error, note_access, visitor_of
from ivr.web.language import language_of
from ivr.web.live import LiveEvent
from ivr.web.login import home_of
from ivr.web.offer_card import card_of
from ivr.web.pages import Follower, begin_stream, rendered, send_event
from ivr.web.pages import page as show
from ivr.web.screen import line_of

LONGEST_PAGE_ID = 40
routes = web.RouteTableDef()
_log = get_log("web.agents")


@routes.get("/agent")
async def choose_agent(request: web.Request) -> web.Response:
    """Who sits here? An agent's account leads to its desk."""
    visitor, desk, language = visitor_of(request), request.app[DESK], language_of(request)
    if not visitor.may(Right.DESK):
        raise web.HTTPSeeOther(home_of(visitor))
    if visitor.only_own:
        if find_agent(desk, visitor.agent_id) is None:
            raise web.HTTPForbidden(reason=WORDS[language]["no_desk"])
        raise web.HTTPSeeOther(f"/agent/{visitor.agent_id}")
    rows = [_row(desk, agent, state, since_ms, language) for agent, state, since_ms in desk.agent_states()]
    return show("agents.html", request, {"agents": rows})


@routes.get("/agent/{agent_id}")
async def agent_page(request: web.Request) -> web.Response:
    """The agent's screen, complete without scripts but for the live parts."""
    desk, language = request.app[DESK], language_of(request)
    row = find_agent(desk, request.match_info["agent_id"])
    if row is None:
        raise web.HTTPNotFound(reason="no such agent")
    agent, state, since_ms = row
    pop = desk.hub.screen(f"agent:{agent.agent_id}") if state is not AgentState.AVAILABLE else None
    call_id = str(pop.data.get("call_id", "")) if pop else ""
    mine = visitor_of(request).is_at(agent.agent_id)
    if pop and not mine:
        await note_access(request, desk, "screen", call_id)
    if mine and "still" in request.query:
        _seen(desk, agent.agent_id)
    noted = await _noted(desk, call_id, agent.agent_id)
    terms, callbacks = desk.terms(), await desk.store.callbacks("due")
    words = {
        **_row(desk, agent, state, since_ms, language),
        **(await _shown(request, pop, agent.agent_id, noted)),
        "mine": mine,
        "lines": await _transcript(desk, call_id) if pop else [],
        "noted": noted,
        "missing": request.query.get("missing", ""),
        "callbacks": callbacks,
        "accepted": await _accepted(desk, callbacks),
        "dispositions": {code: title(each, language) for code, each in terms.dispositions.items()},
        "reasons": {code: title(each, language) for code, each in terms.not_ready.items()},
    }
    return show("agent.html", request, words)


async def _accepted(desk: Desk, callbacks: Sequence[Callback]) -> Mapping[str, Acceptance]:
    """Opportunity -> the yes that a promised call is about."""
    ids = tuple(each.opportunity_id for each in callbacks if each.opportunity_id)
    found = await desk.store.acceptances(opportunity_ids=ids) if ids else []
    return {each.opportunity_id: each for each in found}


@routes.get("/agent/{agent_id}/plain")
async def plain(request: web.Request) -> web.Response:
    """A small frame within the page for browsers without scripts: it loads itself again and again, which says that the
    page is open, and tells the state and whether there is another call; what is being typed beside it stays."""
    desk, language = request.app[DESK], language_of(request)
    row = find_agent(desk, request.match_info["agent_id"])
    if row is None:
        raise web.HTTPNotFound(reason="no such agent")
    agent = row[0]
    if visitor_of(request).is_at(agent.agent_id):
        _seen(desk, agent.agent_id)
    pop = desk.hub.screen(f"agent:{agent.agent_id}")
    showing = row[1] is not AgentState.AVAILABLE and pop is not None
    call_id = str(pop.data.get("call_id", "")) if pop and showing else ""
    words = {**_row(desk, *row, language), "call_id": call_id, "seen": request.query.get("call", "")}
    answer = show("plain.html", request, words)
    answer.headers["Content-Security-Policy"] = WITHIN_OURS
    return answer


@routes.get("/agent/{agent_id}/events")
async def agent_events(request: web.Request) -> web.StreamResponse:
    """Server-sent events: state, pop, care, history, transcript, ended, clear, callbacks, and beat, which asks for a
    sign of life: a page in the background may not count seconds itself."""
    desk, agent_id = request.app[DESK], request.match_info["agent_id"]
    row = find_agent(desk, agent_id)
    if row is None:
        return error(404, "no such agent")
    watches = not visitor_of(request).is_at(agent_id)
    response = await begin_stream(request)
    with desk.hub.subscribe(f"agent:{agent_id}", watches=watches) as page, suppress(ConnectionError):
        await send_event(response, "state", state_of(desk, *row))
        follower, asked_ms = Follower(request, response, page), monotonic_ms()
        if not watches:
            await send_event(response, "beat", {})
        while not page.closed:
            event = await follower.next(BEAT_S)
            now = find_agent(desk, agent_id)
            if follower.over:
                break
            if not watches and monotonic_ms() - asked_ms >= BEAT_S * 1000:
                asked_ms = monotonic_ms()
                await send_event(response, "beat", {})
            if event is None and now is not None:
                await send_event(response, "state", state_of(desk, *now))  # a wrap-up ends without an event
            if event is None or (event.replayed and now is not None and now[1] is AgentState.AVAILABLE):
                continue  # nothing happened, or that call is over
            if event.event == "pop":
                await _send_pop(request, response, event, agent_id)
            elif event.event == "care":
                pop = desk.hub.screen(f"agent:{agent_id}")
                if pop is not None and pop.data.get("call_id") == event.data["call_id"]:
                    await send_event(response, "care", await care_shown(request, pop, agent_id))
            else:
                await send_event(response, event.event, event.data)
    return response


@routes.post("/agent/{agent_id}/shown/{pop_id}")
async def shown(request: web.Request) -> web.Response:
    """The agent's page displays the pop: the phone may ring."""
    agent_id = request.match_info["agent_id"]
    if not visitor_of(request).is_at(agent_id):
        return error(403, "this is another agent's desk")
    if not request.app[DESK].hub.shown(f"agent:{agent_id}", request.match_info["pop_id"]):
        return error(404, "no such pop")
    return web.Response(status=204)


@routes.post("/agent/{agent_id}/beat")
async def beat(request: web.Request) -> web.Response:
    """A page is open, or takes leave."""
    desk, agent_id = request.app[DESK], request.match_info["agent_id"]
    if not visitor_of(request).is_at(agent_id):
        return error(403, "this is another agent's desk")
    if find_agent(desk, agent_id) is None:
        return error(404, "no such agent")
    body, now_ms = await body_of(request), monotonic_ms()
    page = str(body.get("page", ""))[:LONGEST_PAGE_ID]
    if body.get("leaving") is True or body.get("leaving") == "true":
        desk.attendance.leave(agent_id, page, now_ms=now_ms)
    else:
        desk.attendance.beat(agent_id, page, now_ms=now_ms, lasts_ms=desk.terms().page_gone_ms)
    return web.Response(status=204)


def _seen(desk: Desk, agent_id: str) -> None:
    """A page without scripts was loaded again."""
    desk.attendance.beat(agent_id, "plain", now_ms=monotonic_ms(), lasts_ms=desk.terms().page_gone_ms)


async def _shown(request: web.Request, pop: LiveEvent | None, agent_id: str, noted: WrapUp) -> dict[str, Any]:
    """What screen.html is given."""
    desk, language = request.app[DESK], language_of(request)
    screen = await screen_on(desk, pop, language) if pop else None
    words, others = WORDS[language], [row for row in desk.agent_states() if row[0].agent_id != agent_id]
    people = [{"agent_id": a.agent_id, "name": a.name, "words": words[s.value]} for a, s, _ in others if a.queues]
    return {
        "screen": screen,
        "agent_id": agent_id,
        "targets": {"queues": desk.queues(), "agents": people},
        "offer": await card_of(desk, screen, solved=bool(noted.solved), language=language) if screen else None,
        "care_reasons": tuple(CareReason),
        "may_note_care": bool(screen and screen.is_known and not screen.vulnerable)
        and visitor_of(request).is_at(agent_id),
    }


def _row(desk: Desk, agent: Agent, state: AgentState, since_ms: int, language: str) -> dict[str, Any]:
    told = state_of(desk, agent, state, since_ms)
    words = WORDS[language]
    reason = told["reason"]
    titles = desk.terms().not_ready
    said = title(titles[reason], language) if reason in titles else words.get(reason, reason)
    return {"agent": agent, **told, "words": words[state.value], "reason_words": said}


async def _noted(desk: Desk, call_id: str, agent_id: str) -> WrapUp:
    found = await desk.store.wrap_up(call_id, agent_id) if call_id else None
    return found or WrapUp(call_id=call_id, agent_id=agent_id)


async def _transcript(desk: Desk, call_id: str) -> list[dict[str, Any]]:
    try:
        entries = await desk.store.events(call_id)
    except StorageError as trouble:  # the screen matters more than its history
        _log.error("web.no_transcript", call=call_id, error=str(trouble))
        return []
    return [line for line in map(line_of, entries) if line]


async def _send_pop(request: web.Request, response: web.StreamResponse, pop: LiveEvent, agent_id: str) -> None:
    """First the screen, so that it is seen at once; then what was said until now, and what was noted."""
    desk, language = request.app[DESK], language_of(request)
    call_id = str(pop.data.get("call_id", ""))
    noted = await _noted(desk, call_id, agent_id) if pop.replayed else WrapUp(call_id=call_id, agent_id=agent_id)
    shown = await _shown(request, pop, agent_id, noted)
    screen = shown["screen"]
    html = rendered("screen.html", request, {**shown, "lines": []})
    told = {"solved": noted.solved is True, "asked_again": noted.asked_again, "code": noted.code, "note": noted.note}
    heading = screen.name or screen.number or WORDS[language]["withheld"]
    await send_event(
        response,
        "pop",
        {"pop_id": screen.pop_id, "call_id": screen.call_id, "title": heading, "html": html, "noted": told},
    )
    await send_event(response, "history", {"lines": await _transcript(desk, screen.call_id)})
