"""Offers for others: another bot or an agent's desktop asks whether to offer something, and tells what came of it.

The same gate, experiment and store as our own calls have. Whoever asks again with the same key gets the same answer,
and nothing is drawn or stored a second time.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from ivr.call.following import seen_to_elsewhere
from ivr.call.journal import wall_clock
from ivr.call.opportunities import Opportunities
from ivr.model.errors import StorageError
from ivr.model.identity import Customer, Level
from ivr.model.offers import OfferAnswer, OfferDecision, OfferOutcome, OfferProof, household_of
from ivr.nlu.spoken.offer_answers import OfferReply, find_offer_reply
from ivr.offers.catalogue import Product
from ivr.offers.desk import OfferDesk
from ivr.offers.gate import OfferFacts, OfferHistory
from ivr.offers.outcomes import complaint_about
from ivr.offers.proof import faults
from ivr.storage.offers import StoredOffer
from ivr.storage.store import Store
from ivr.web.api import DESK, body_of
from ivr.web.guard import error
from ivr.web.offer_bodies import CallBody, DecideBody, OutcomeBody, parsed

SOURCE = "api"
routes = web.RouteTableDef()


@routes.post("/api/offers/decide")
async def decide(request: web.Request) -> web.Response:
    """May something be offered now, and what?"""
    desk = request.app[DESK]
    if desk.offers is None:
        return error(404, "no offers are configured")
    body = parsed(DecideBody, await body_of(request))
    offers = desk.offers()
    opportunity_id = f"api-{hashlib.sha256(body.key.encode()).hexdigest()[:32]}"
    customer_id = body.customer.id if body.customer else ""
    facts, opportunities = _facts(body, offers), Opportunities(offers, desk.store)
    if body.call.no_offers:
        await opportunities.refuse(facts.customer, "", body.call.id)
    stored = await desk.store.opportunity(opportunity_id)
    if stored is None:
        await _note_requests(desk.store, facts, body.call)
        try:
            decision = await opportunities.decide(facts, opportunity_id=opportunity_id, call_id=body.call.id)
            return web.json_response(_told(decision, decision.speak))
        except StorageError:
            stored = await desk.store.opportunity(opportunity_id)  # somebody asked with this key a moment ago
            if stored is None:
                raise
    if (stored.customer_id, stored.call_id) != (customer_id, body.call.id):
        return error(409, "this key was used for another conversation")
    unwanted = await desk.store.opted_out(stored.decision.household)
    return web.json_response(_told_again(stored, offers, unwanted=unwanted))


@routes.post("/api/offers/outcome")
async def outcome(request: web.Request) -> web.Response:
    """How an offer ended, and what became of the caller. Told once: what is told again stays as it was. never_again and
    optout hold at once and for good, whatever was said in this conversation, also when nothing was."""
    desk = request.app[DESK]
    if desk.offers is None:
        return error(404, "no offers are configured")
    body = parsed(OutcomeBody, await body_of(request))
    problem = next(filter(None, (complaint_about(name, value) for name, value in body.outcomes.items())), "")
    if problem or (body.answer is None and not body.outcomes):
        return error(400, problem or "tell an answer, outcomes, or both")
    stored = await desk.store.opportunity(body.opportunity)
    if stored is None:
        return error(404, "no such opportunity")
    decision, opportunities = stored.decision, Opportunities(desk.offers(), desk.store)
    unwanted = body.answer is OfferAnswer.NEVER_AGAIN or body.outcomes.get("optout", 0.0) > 0.0
    if unwanted and not await opportunities.objected(stored, SOURCE):
        return error(409, "nobody was known in this conversation: tell decide, with no_offers and the customer")
    objects = body.answer is OfferAnswer.NEVER_AGAIN and (not decision.speak or bool(stored.answer))
    fresh = body.answer is not None and body.answer.value != stored.answer and not objects
    if body.answer is not None and fresh:
        product = desk.offers().catalogue.products.get(decision.product)
        refusal = _refusal(body, stored, product)
        if refusal is not None:
            return refusal
        following = seen_to_elsewhere(stored, product) if body.answer is OfferAnswer.ACCEPTED else None
        await opportunities.answer(decision, body.answer, _proof(body), stored.call_id, following=following)
        desk.learn()
    at = wall_clock()
    told = [
        OfferOutcome(opportunity_id=body.opportunity, outcome=name, value=value, at=at, source=SOURCE)
        for name, value in body.outcomes.items()
    ]
    await desk.store.save_outcomes(told)
    return web.json_response({"opportunity": body.opportunity, "answered": fresh, "outcomes": len(told)})


async def _note_requests(store: Store, facts: OfferFacts, call: CallBody) -> None:
    """What a household asked for counts as in our own calls. Before the decision: who asks again has told it, too."""
    result = "open" if not call.resolved else "resolved" if call.confirmed else "informed"
    asked = tuple((intent, result) for intent in dict.fromkeys((call.intent, *(call.other_intents or ()))) if intent)
    if household := household_of(facts.customer):
        await store.note_requests(call.id, household, asked, wall_clock())


def _refusal(body: OutcomeBody, stored: StoredOffer, product: Product | None) -> web.Response | None:
    """Why this answer cannot be stored."""
    if not stored.decision.speak:
        return error(409, "nothing was to be said in this conversation, so there is nothing to answer")
    if stored.answer:
        return error(409, f"it was answered already: {stored.answer}")
    if body.answer is not OfferAnswer.ACCEPTED:
        return None
    found = [*faults(_proof(body), product, decided_at=stored.at, now=datetime.now(UTC))]
    if body.proof is not None and body.proof.method == "speech":
        reply = find_offer_reply(body.proof.heard, str(stored.facts.get("language", "")))
        if reply is None or reply.value != OfferReply.PLAIN:
            found.append("heard is no plain yes: read back once more, and take key 1 or a yes and nothing else")
    return error(422, "; ".join(found)) if found else None


def _proof(body: OutcomeBody) -> OfferProof | None:
    proof = body.proof
    if body.answer is not OfferAnswer.ACCEPTED or proof is None:
        return None
    return OfferProof(
        script_version=f"api-{hashlib.sha256(proof.read_back.encode()).hexdigest()[:12]}",
        read_back=proof.read_back,
        asked_at=proof.asked_at.isoformat(),
        answered_at=proof.answered_at.isoformat(),
        method=proof.method,
        heard=proof.heard,
        confidence=proof.confidence,
        digits=proof.digits,
        recording=proof.recording,
    )


def _facts(body: DecideBody, offers: OfferDesk) -> OfferFacts:
    told, call = body.customer, body.call
    customer = None
    if told is not None:
        customer = Customer(
            customer_id=told.id,
            household=told.household,
            language=told.language,
            lines=told.lines,
            owns=told.owns,
            flags=told.flags,
            profile=told.profile,
        )
    return OfferFacts(
        customer=customer,
        level=Level[body.level],
        language=body.spoken,
        intent=call.intent,
        other_intents=call.other_intents,
        resolved=call.resolved,
        confirmed=call.confirmed,
        bot_disclosed=call.bot_disclosed,
        recorded=call.recorded,
        repairs=call.repairs,
        recent_failures=call.recent_failures,
        agent_requested=call.agent_requested,
        negative_words=None if call.said is None else offers.negative_words(call.said),
        vulnerable_words=None if call.said is None else offers.vulnerable_words(call.said),
        latency_p95_ms=call.latency_p95_ms,
        open_ticket=call.open_ticket,
        waited_s=call.waited_s,
        call_ms=None if call.seconds is None else round(call.seconds * 1000),
        load=call.load,
        overflow=call.overflow,
        consent_can_be_asked=False,  # nobody here hears the answer
        history=OfferHistory(opted_out=call.no_offers),
        now=datetime.now(UTC),
        group="",
        suspended=None,
        stopped="",
    )


def _told(decision: OfferDecision, speak: bool) -> dict[str, Any]:
    """What a caller of the interface may know: the holdout's offer is nobody's business."""
    closed = [finding.rule for finding in decision.gate if not finding.passed]
    if not closed and decision.arm == "none":  # the call is one for an offer, but for none of these products
        closed = sorted({why.partition(":")[0] for why in decision.removed.values()})
    script = asdict(decision.script) if speak and decision.script is not None else None
    return {
        "opportunity": decision.opportunity_id,
        "speak": speak,
        "product": decision.product if speak else "",
        "relation": decision.relation if speak else "",
        "script": script,
        "fulfil": decision.fulfil if speak else "",
        "survey": decision.survey,
        "stated": decision.stated.ask if decision.stated is not None else "",
        "closed_by": closed,
    }


def _told_again(stored: StoredOffer, offers: OfferDesk, *, unwanted: bool) -> dict[str, Any]:
    """The answer of before. An offer that was answered, is unwanted by now, or whose product is gone, is not made."""
    decision, language = stored.decision, str(stored.facts.get("language", ""))
    history = stored.facts.get("history", {})
    first = not history.get("offers")
    open_still = decision.speak and not stored.answer and not unwanted
    words = offers.words(decision.product, language, first=first) if open_still else None
    surveyed = decision.arm == "none" or bool(history.get("surveyed"))
    survey = offers.survey(language, decision.household, surveyed=surveyed)
    asked_lately = unwanted or not decision.speak or bool(history.get("stated"))
    stated = offers.stated(language, decision.opportunity_id, lately=asked_lately)
    product = offers.catalogue.products.get(decision.product)
    again = replace(decision, survey=survey, stated=stated, fulfil=product.fulfil if product is not None else "")
    told = _told(again, speak=words is not None)
    return {**told, "script": asdict(words) if words is not None else None}
