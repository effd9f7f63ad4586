"""Between the dialog's offer step and the offer desk: facts gathered, decisions and answers stored with their proof."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ivr.call.journal import Journal, wall_clock
from ivr.call.surroundings import Surroundings
from ivr.dialog.engine import Session
from ivr.model.dialog import DecideOffer, OfferDecided, RecordOfferAnswer
from ivr.model.ids import monotonic_ms, new_id
from ivr.model.offers import OfferAnswer, OfferProof
from ivr.offers.gate import OfferFacts, OfferHistory, PastOffer

REPEAT_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSoFar:
    """What the gate may know of the call besides the dialog's own facts. Durations in ms; load 0..1."""

    call_ms: int
    load: float
    recorded: bool
    latency_p95_ms: int


class Offering:
    """The offer of one call."""

    def __init__(self, call_id: str, house: Surroundings, journal: Journal) -> None:
        self._call_id, self._house, self._journal = call_id, house, journal
        self._read_back_at = ""

    async def decide(self, command: DecideOffer, session: Session, so_far: CallSoFar) -> OfferDecided:
        """Ask the desk and store the opportunity (a ghost too) before anybody hears of it."""
        facts = await self._facts(command.facts, session, so_far)
        decision = self._house.offers.decide(facts, opportunity_id=new_id(), draw=random.SystemRandom())
        customer_id = facts.customer.customer_id if facts.customer else ""
        await self._house.store.save_opportunity(decision, self._call_id, customer_id, wall_clock())
        closed = [finding.rule for finding in decision.gate if not finding.passed]
        self._journal.note(
            "offer.decided",
            opportunity=decision.opportunity_id,
            arm=decision.arm,
            speak=decision.speak,
            product=decision.product,
            relation=decision.relation,
            closed_by=closed,
            probabilities=dict(decision.probabilities),
        )
        spoken = "spoken" if decision.speak else "ghost" if decision.product else "closed"
        self._house.metrics.offers.labels(result=spoken).inc()
        return OfferDecided(at_ms=monotonic_ms(), decision=decision)

    async def answered(self, command: RecordOfferAnswer, recording: str) -> None:
        """Store how the offer ended; an acceptance with its proof, a "no offers" for good."""
        decision, at = command.decision, wall_clock()
        proof = None
        if command.answer is OfferAnswer.ACCEPTED:
            proof = OfferProof(
                script_version=decision.script.version if decision.script else "",
                read_back=command.read_back,
                asked_at=self._asked_at(command.read_back) or at,
                answered_at=at,
                method=command.method,
                heard=command.heard,
                confidence=command.confidence,
                digits=command.digits,
                recording=recording,
            )
        await self._house.store.save_answer(decision.opportunity_id, command.answer, at, proof)
        if command.answer is OfferAnswer.NEVER_AGAIN:
            await self._house.store.opt_out(decision.household, at, self._call_id)
        self._house.metrics.offers.labels(result=command.answer.value).inc()
        self._journal.note(
            "offer.answered",
            opportunity=decision.opportunity_id,
            product=decision.product,
            answer=command.answer.value,
            method=command.method,
            proof=proof is not None,
        )

    async def refused_for_good(self, household: str) -> None:
        """The caller wants no offers, said anywhere in the call: that holds for good."""
        if household:
            await self._house.store.opt_out(household, wall_clock(), self._call_id)

    def _asked_at(self, read_back: str) -> str:
        """When the read-back was said: the proof's first moment."""
        said = [e.at for e in self._journal.entries if e.kind == "turn.said" and e.data["text"] in read_back]
        return said[-1] if said and read_back else ""

    async def _facts(self, told: Mapping[str, Any], session: Session, so_far: CallSoFar) -> OfferFacts:
        customer, intent = session.customer, str(told.get("intent", ""))
        desk = self._house.offers
        said = [str(e.data["text"]) for e in self._journal.entries if e.kind == "turn.heard"]
        return OfferFacts(
            customer=customer,
            level=session.level,
            language=session.language,
            intent=intent,
            resolved=bool(told.get("resolved")),
            confirmed=bool(told.get("confirmed")),
            repairs=int(told.get("repairs", 0)),
            agent_requested=bool(told.get("agent_requested")),
            bot_disclosed=bool(told.get("bot_disclosed")),
            call_ms=so_far.call_ms,
            waited_s=0.0,
            load=so_far.load,
            history=await self._history(customer.household if customer else "", intent),
            now=datetime.now(UTC),
            recorded=so_far.recorded,
            negative_words=tuple(told.get("negative_words", ())) + desk.negative_words(said, session.language),
            vulnerable_words=tuple(told.get("vulnerable_words", ())) + desk.vulnerable_words(said, session.language),
            recent_failures=int(told.get("recent_failures", 0)),
            latency_p95_ms=so_far.latency_p95_ms,
        )

    async def _history(self, household: str, intent: str) -> OfferHistory:
        if not household:
            return OfferHistory()
        store = self._house.store
        past = await store.offer_history(household)
        since = datetime.now(UTC) - timedelta(days=REPEAT_DAYS)
        return OfferHistory(
            offers=tuple(
                PastOffer(
                    product=offer.product,
                    answer=offer.answer or OfferAnswer.NO_ANSWER,
                    at=datetime.fromisoformat(offer.at),
                )
                for offer in past
            ),
            opted_out=await store.opted_out(household),
            same_intent_calls_7d=await store.same_intent_calls(
                household, intent, since.isoformat(), besides=self._call_id
            ),
        )
