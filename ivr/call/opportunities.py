"""Opportunities: the offer desk's decisions joined with what the store remembers, and stored before anybody hears.

The one way to an offer, for calls and for the API: history, opt-outs and suspensions are read at every decision, so
that what one process learned holds in all of them at once.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ivr.call.journal import wall_clock
from ivr.model.errors import StorageError
from ivr.model.fulfilment import Following
from ivr.model.identity import Customer
from ivr.model.offers import EVERYBODY, OfferAnswer, OfferDecision, OfferOutcome, OfferProof, household_of
from ivr.offers.consent import with_standing
from ivr.offers.desk import OfferDesk
from ivr.offers.gate import OfferFacts, OfferHistory, PastOffer
from ivr.offers.proof import faults, sealed
from ivr.offers.replay import facts_as_data
from ivr.storage.offers import StoredOffer
from ivr.storage.store import Store

REPEAT_DAYS = 7
SURVEY_DAYS = 90  # a household is asked either question no more often


class Opportunities:
    """Opportunities of one desk in one store."""

    def __init__(self, desk: OfferDesk, store: Store) -> None:
        self._desk, self._store = desk, store

    async def decide(self, facts: OfferFacts, *, opportunity_id: str, call_id: str, ani: str = "") -> OfferDecision:
        """Complete the facts from the store, ask the desk, store the opportunity (a ghost too). facts.history is taken
        for what others know beside us. Raises StorageError: then nothing may be offered. So does a decision on the same
        household that was made meanwhile, here or in another process: what this one rests on is not so any more."""
        facts, place = await self._completed(facts, call_id=call_id, ani=ani)
        decision = self._desk.decide(facts, opportunity_id=opportunity_id, draw=random.SystemRandom())
        terms = self._desk.catalogue.experiment
        known = [each.name for each in terms.grouping.known] if terms else []
        who = facts.customer.customer_id if facts.customer else ""
        data = facts_as_data(facts, known)
        await self._store.save_opportunity(decision, call_id, who, wall_clock(), data, place=place)
        return decision

    async def _completed(self, facts: OfferFacts, *, call_id: str, ani: str) -> tuple[OfferFacts, int]:
        """The facts with everything stored about this household, and what is switched off now; the decision's place."""
        store, household = self._store, household_of(facts.customer)
        since, surveyed = ((datetime.now(UTC) - timedelta(days=d)).isoformat() for d in (REPEAT_DAYS, SURVEY_DAYS))
        kept = await store.remembered(
            household,
            _keys(facts.customer, ani),
            (facts.intent, *(facts.other_intents or ())),
            since,
            besides=call_id,
            surveyed_since=surveyed,
            customer_id=facts.customer.customer_id if facts.customer else "",
        )
        told = facts.history
        history = OfferHistory(
            offers=(*told.offers, *(_past(o.product, o.answer, o.at) for o in kept.offers)),
            opted_out=told.opted_out or kept.opted_out,
            same_intent_calls_7d=max(kept.calls, told.same_intent_calls_7d),
            surveyed=told.surveyed or kept.surveyed,
            stated=told.stated or kept.stated,
        )
        suspended = frozenset(group for group, _ in kept.off) - {EVERYBODY}
        customer = with_standing(facts.customer, kept.standing) if facts.customer else None
        stopped = _stopped(kept.off)
        known = replace(facts, customer=customer, history=history, suspended=suspended, stopped=stopped)
        return known, kept.place

    async def answer(
        self,
        decision: OfferDecision,
        answer: OfferAnswer,
        proof: OfferProof | None,
        call_id: str,
        consent_id: str = "",
        *,
        following: Following | None = None,
    ) -> None:
        """Store how an offer ended; "no offers" for good. consent_id: of the consent to advertising it asked for.
        following: what an acceptance leads to. Raises StorageError: an acceptance needs its proof, and whoever heard
        what was offered that consent."""
        at = wall_clock()
        if answer is OfferAnswer.ACCEPTED:
            product = self._desk.catalogue.products.get(decision.product)
            found = faults(proof, product, decided_at="", now=datetime.now(UTC))
            if proof is None or found:
                raise StorageError(f"not proven: {'; '.join(found)}")
            proof = sealed(proof)
        consent: dict[str, Any] = {"asks_consent": decision.asks_consent, "consent_id": consent_id}
        await self._store.save_answer(decision.opportunity_id, answer, at, proof, following=following, **consent)
        if answer is OfferAnswer.NEVER_AGAIN and decision.household:
            await self._store.opt_out(decision.household, at, call_id)

    async def refuse(self, customer: Customer | None, ani: str, call_id: str) -> None:
        """No offers to this household any more, nor to whoever calls from this number while it is not known who."""
        at = wall_clock()
        for key in _keys(customer, "" if customer else ani):
            await self._store.opt_out(key, at, call_id)
        if customer is not None:
            await self._store.withdraw_ads_consent(customer.customer_id, at, "")

    async def objected(self, stored: StoredOffer, source: str) -> bool:
        """Whoever this opportunity was about wants no offers, whatever came of it. source: who tells. False when nobody
        was known in that conversation."""
        at, household = wall_clock(), stored.decision.household
        if not household:
            return False
        for key in dict.fromkeys((household, stored.customer_id)):
            await self._store.opt_out(key, at, stored.call_id, source)
        await self._store.withdraw_ads_consent(stored.customer_id, at, source)
        opportunity = stored.decision.opportunity_id
        told = OfferOutcome(opportunity_id=opportunity, outcome="optout", value=1.0, at=at, source=source)
        await self._store.save_outcomes([told])
        return True

    async def refused(self, customer: Customer | None, ani: str) -> bool:
        """Did they ever say "no offers"?"""
        return await self._store.opted_out(*_keys(customer, ani))


def _keys(customer: Customer | None, ani: str) -> tuple[str, ...]:
    """What an opt-out is kept under: the household, the customer (whose household the writer of a letter did not know),
    or the number of somebody who was not recognised."""
    own = (household_of(customer), customer.customer_id) if customer else ()
    return tuple(dict.fromkeys(key for key in (*own, f"tel:{ani}" if ani else "") if key))


def _past(product: str, answer: OfferAnswer | None, at: str) -> PastOffer:
    return PastOffer(product=product, answer=answer or OfferAnswer.NO_ANSWER, at=datetime.fromisoformat(at))


def _stopped(off: Iterable[tuple[str, str]]) -> str:
    return next((f"all offers stopped: {reason}" for group, reason in off if group == EVERYBODY), "")
