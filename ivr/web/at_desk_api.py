"""What an agent's page asks of a call: take it, give it back, pass it on; decide on an offer, tell how it ended.

The offer goes the one way all offers go (ivr/call/opportunities.py): decided and stored before anybody hears of it,
answered once, an acceptance with its proof.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from ivr.call.at_desk import OfferSettled, OffersUnwanted
from ivr.call.following import led
from ivr.call.journal import wall_clock
from ivr.call.opportunities import Opportunities
from ivr.model.offers import OfferAnswer, OfferProof
from ivr.model.routing import AgentAct, WhisperAnswer
from ivr.offers.proof import faults
from ivr.storage.offers import StoredOffer
from ivr.web.api import DESK, answered, body_of
from ivr.web.care_api import screen_on
from ivr.web.desk import Desk
from ivr.web.guard import doer_of, error, visitor_of
from ivr.web.language import language_of
from ivr.web.offer_card import ANSWERS, card_of, drawn_in, lacking, words_of
from ivr.web.pages import rendered

LONGEST_WHY = 100
LONGEST_S = 86_400.0
routes = web.RouteTableDef()


@routes.post("/api/calls/{call_id}/act")
async def act(request: web.Request) -> web.StreamResponse:
    """Take or return the call that rings; pass it on to a queue, or to an agent there; or keep it after all."""
    desk, call_id, body = request.app[DESK], request.match_info["call_id"], await body_of(request)
    agent_id = visitor_of(request).agent_id or str(body.get("agent_id", ""))
    try:
        wish = _wish(desk, agent_id, body)
    except ValueError as fault:
        return error(400, str(fault))
    screen = desk.hub.screen(f"agent:{agent_id}")
    if screen is None or screen.data.get("call_id") != call_id:
        return error(409, "this call is not at your desk")
    if not desk.post_to_call(call_id, wish):
        return error(409, "this call is over")
    return answered(request, {"call_id": call_id, "do": body.get("do")}, agent_id)


@routes.post("/api/calls/{call_id}/offer")
async def offer(request: web.Request) -> web.StreamResponse:
    """The request is solved: may something be offered? Asked again, the answer is the same."""
    desk, call_id, body = request.app[DESK], request.match_info["call_id"], await body_of(request)
    agent_id = visitor_of(request).agent_id or str(body.get("agent_id", ""))
    noted = await desk.store.wrap_up(call_id, agent_id)
    if noted is not None and noted.solved:
        await desk.decide_offer(call_id)
    return await _card(request, call_id, agent_id)


@routes.post("/api/calls/{call_id}/offer/answer")
async def answer(request: web.Request) -> web.StreamResponse:
    """How the offer ended: accepted (with told: what was ticked), declined, not_now, never_again. Told once.
    never_again works without an offer as well: the caller wants none, ever."""
    desk, call_id, body = request.app[DESK], request.match_info["call_id"], await body_of(request)
    agent_id = visitor_of(request).agent_id or str(body.get("agent_id", ""))
    said = ANSWERS.get(str(body.get("answer", "")))
    if said is None:
        return error(400, f"answer is one of {', '.join(ANSWERS)}")
    stored, by = await drawn_in(desk, call_id), doer_of(request, agent_id)
    if said is OfferAnswer.NEVER_AGAIN and (stored is None or not stored.decision.speak or stored.answer):
        await _no_offers(desk, call_id, stored, by)
        return await _card(request, call_id, agent_id)
    if stored is None or not stored.decision.speak or desk.offers is None:
        return error(409, "nothing was offered in this call")
    if stored.answer:
        return error(409, f"it was answered already: {stored.answer}")
    if stored.decision.asks_consent:
        return error(409, "there is no consent to advertising")
    if said is OfferAnswer.ACCEPTED and await desk.store.needs_care(stored.customer_id) is not None:
        return error(409, "this customer needs care: nothing is sold")
    told = await _ticked(request, body)
    missing = lacking(desk, stored, told) if said is OfferAnswer.ACCEPTED else ()
    if missing:
        return error(422, f"tell it first, and tick it: {', '.join(missing)}")
    proof = _proof(desk, stored, told, by, _ticked_s(body)) if said is OfferAnswer.ACCEPTED else None
    product = desk.offers().catalogue.products.get(stored.decision.product)
    doubts = faults(proof, product, decided_at=stored.at, now=datetime.now(UTC)) if proof is not None else ()
    if doubts:
        return error(422, "; ".join(doubts))
    following = None
    if proof is not None:
        record = await desk.store.call(call_id)
        following = led(stored, product, record.ani if record else "", desk.called_within_s())
    await Opportunities(desk.offers(), desk.store).answer(stored.decision, said, proof, call_id, following=following)
    desk.learn()
    settled = OfferSettled(opportunity_id=stored.decision.opportunity_id, product=stored.decision.product, answer=said)
    desk.post_to_call(call_id, settled)
    if said is OfferAnswer.NEVER_AGAIN:
        await _no_offers(desk, call_id, stored, by)
    return await _card(request, call_id, agent_id)


async def _ticked(request: web.Request, body: dict[str, Any]) -> tuple[str, ...]:
    """The boxes: codes by commas, or each by itself in a form sent without scripts."""
    if request.content_type == "application/x-www-form-urlencoded":
        return tuple(str(code) for code in (await request.post()).getall("told", []))
    return tuple(filter(None, str(body.get("told", "")).split(",")))


def _wish(desk: Desk, agent_id: str, body: dict[str, Any]) -> AgentAct:
    """Raises ValueError with what is wrong."""
    do, queue, to = (str(body.get(name, "")) for name in ("do", "queue", "to"))
    kind, _, name = str(body.get("target", "")).partition(":")  # what the page chooses from
    queue, to = (name, "") if kind == "queue" else ("", name) if kind == "agent" else (queue, to)
    people = {agent.agent_id: agent for agent, _, _ in desk.agent_states()}
    if agent_id not in people:
        raise ValueError("say whose page it is: agent_id")
    match do:
        case "take" | "return":
            return AgentAct(agent_id=agent_id, answer=WhisperAnswer(do))
        case "keep":
            return AgentAct(agent_id=agent_id)
        case "pass_on":
            if to and (to not in people or to == agent_id):
                raise ValueError(f"there is no other agent {to}")
            queue = queue or (people[to].queues[:1] or ("",))[0] if to else queue
            if queue not in desk.queues():
                raise ValueError(f"queue is one of {', '.join(desk.queues())}")
            return AgentAct(agent_id=agent_id, queue=queue, to=to, why=str(body.get("why", ""))[:LONGEST_WHY])
    raise ValueError("do is take, return, pass_on or keep")


def _ticked_s(body: dict[str, Any]) -> float:
    """How many seconds before the answer the box "product and price read back" was ticked; 0 where nobody saw: then the
    tick came with the answer."""
    try:
        return min(LONGEST_S, max(0.0, float(body.get("ticked_s", 0.0))))
    except (TypeError, ValueError):
        return 0.0


def _proof(desk: Desk, stored: StoredOffer, told: tuple[str, ...], agent: str, ticked_s: float) -> OfferProof:
    """An agent answers for it: who, what was told, when. Read back: the words that name product and price; asked when
    the agent ticked that they were."""
    words, now = words_of(desk, stored), datetime.now(UTC)
    ticked = max(now - timedelta(seconds=ticked_s), datetime.fromisoformat(stored.at))
    return OfferProof(
        script_version=words.version if words else "",
        read_back=words.confirm if words else "",
        asked_at=min(ticked, now).isoformat(),
        answered_at=now.isoformat(),
        method="agent",
        heard="",
        confidence=0.0,
        digits="",
        agent=agent,
        disclosures=",".join(told),
    )


async def _no_offers(desk: Desk, call_id: str, stored: StoredOffer | None, by: str) -> None:
    """For good, at once; whoever is not known by name, by the number that called."""
    if stored is not None and desk.offers is not None:
        await Opportunities(desk.offers(), desk.store).objected(stored, by)
    if desk.post_to_call(call_id, OffersUnwanted()):
        return
    record = await desk.store.call(call_id)
    who = (record.household or (f"tel:{record.ani}" if record.ani else "")) if record else ""
    if who:
        await desk.store.opt_out(who, wall_clock(), call_id, by)


async def _card(request: web.Request, call_id: str, agent_id: str) -> web.StreamResponse:
    """The card as it is now: {"state", "html"}; a form goes back to the page."""
    desk, language = request.app[DESK], language_of(request)
    pop = desk.hub.screen(f"agent:{agent_id}")
    if pop is None or pop.data.get("call_id") != call_id:
        return error(404, "this call is on no screen of yours")
    noted = await desk.store.wrap_up(call_id, agent_id)
    screen = await screen_on(desk, pop, language)
    card = await card_of(desk, screen, solved=bool(noted and noted.solved), language=language)
    html = rendered("offer.html", request, {"offer": card, "screen": screen, "agent_id": agent_id})
    return answered(request, {"state": card.state, "html": html}, agent_id)
