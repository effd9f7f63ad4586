"""Between the dialog's offer step and the offer desk: facts gathered, decisions and answers stored with their proof,
and, when the call ends, what became of it - in both arms by the same rule."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from ivr.call.journal import Journal, wall_clock
from ivr.call.opportunities import Opportunities
from ivr.call.surroundings import Surroundings
from ivr.dialog.engine import Session
from ivr.dialog.stepping import offer_facts
from ivr.model.dialog import DecideOffer, OfferDecided, RecordOfferAnswer, RecordSurvey
from ivr.model.errors import StorageError
from ivr.model.ids import monotonic_ms, new_id
from ivr.model.offers import OfferAnswer, OfferDecision, OfferOutcome, OfferProof, household_of
from ivr.offers.gate import OfferFacts, OfferHistory

DECIDE_S = 1.5  # a caller waits in silence meanwhile; without a decision by then nothing is offered
SOURCE = "call"
SLOW = "the store is slow"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSoFar:
    """What the gate may know of the call besides the dialog's own facts. Durations in ms; load 0..1; ani E.164."""

    call_ms: int
    load: float
    recorded: bool
    latency_p95_ms: int
    ani: str = ""


class Offering:
    """The offer of one call."""

    def __init__(self, call_id: str, house: Surroundings, journal: Journal) -> None:
        self._call_id, self._house, self._journal = call_id, house, journal
        self._opportunities = Opportunities(house.offers, house.store)
        self._drawn: list[OfferDecision] = []  # decisions with an arm: the report will want to know what became of them
        self._answered: set[str] = set()
        self._with_agent: OfferDecision | None = None
        self._deciding = asyncio.Lock()

    async def decide(self, command: DecideOffer, session: Session, so_far: CallSoFar) -> OfferDecided:
        """Ask the desk and store the opportunity (a ghost too) before anybody hears of it. No store, no offer."""
        facts, opportunity_id = self._facts(command.facts, session, so_far), new_id()
        try:
            async with asyncio.timeout(DECIDE_S):
                decision = await self._opportunities.decide(
                    facts, opportunity_id=opportunity_id, call_id=self._call_id, ani=so_far.ani
                )
        except (TimeoutError, StorageError) as error:
            self._journal.note(
                "trouble", where="offers", what=f"nothing is offered: {str(error) or 'the store is slow'}"
            )
            household = household_of(facts.customer)
            decision = OfferDecision(opportunity_id=opportunity_id, arm="none", speak=False, household=household)
        if decision.arm != "none":
            self._drawn.append(decision)
        closed = [finding.rule for finding in decision.gate if not finding.passed]
        self._journal.note(
            "offer.decided",
            opportunity=decision.opportunity_id,
            arm=decision.arm,
            speak=decision.speak,
            product=decision.product,
            relation=decision.relation,
            group=decision.group,
            closed_by=closed,
            probabilities=dict(decision.probabilities),
        )
        spoken = "spoken" if decision.speak else "ghost" if decision.product else "closed"
        self._house.metrics.offers.labels(result=spoken).inc()
        return OfferDecided(at_ms=monotonic_ms(), decision=decision)

    async def decide_with_agent(self, session: Session, so_far: CallSoFar) -> OfferDecision:
        """An agent has solved the request: may the agent offer something? Decided once a call, like any other offer and
        for the holdout too; an offer drawn already and not answered yet is this one. That the caller wanted a person,
        and was not heard before, is made good by the person; whatever else closes the gate closes it here."""
        async with self._deciding:
            if self._with_agent is None and self._drawn:
                last = self._drawn[-1]
                self._with_agent = replace(last, speak=last.speak and last.opportunity_id not in self._answered)
            if self._with_agent is None:
                told = {**offer_facts(session), "resolved": True, "confirmed": True, "agent_requested": False}
                command = DecideOffer(facts={**told, "recent_failures": 0})
                self._with_agent = (await self.decide(command, session, so_far)).decision
            return self._with_agent

    def answered_to_agent(self, opportunity_id: str, product: str, answer: OfferAnswer) -> None:
        """An agent stored how the offer ended."""
        self._answered.add(opportunity_id)
        self._house.metrics.offers.labels(result=answer.value).inc()
        accepted = answer is OfferAnswer.ACCEPTED
        told = {"opportunity": opportunity_id, "product": product, "answer": answer.value}
        self._journal.note("offer.answered", **told, method="agent", proof=accepted)

    async def answered(self, command: RecordOfferAnswer, recording: str) -> None:
        """Store how the offer ended; an acceptance with its proof, a "no offers" for good. Then the desk learns."""
        decision = command.decision
        proof = None
        if command.answer is OfferAnswer.ACCEPTED:
            at = wall_clock()
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
        await self._opportunities.answer(decision, command.answer, proof, self._call_id)
        self._answered.add(decision.opportunity_id)
        self._house.metrics.offers.labels(result=command.answer.value).inc()
        self._journal.note(
            "offer.answered",
            opportunity=decision.opportunity_id,
            product=decision.product,
            answer=command.answer.value,
            method=command.method,
            proof=proof is not None,
        )
        if command.answer is OfferAnswer.NEVER_AGAIN:
            await self._tell(decision.opportunity_id, {"optout": 1.0})
        self._house.learn()

    async def refused_for_good(self, session: Session) -> None:
        """The caller wants no offers, said anywhere in the call: that holds for good."""
        await self._opportunities.refuse(session.customer, session.caller.ani, self._call_id)
        for decision in self._drawn:
            await self._tell(decision.opportunity_id, {"optout": 1.0})

    async def refused(self, session: Session) -> bool:
        """Did this caller or household ever say "no offers"? Not knowing counts as yes: agents are told."""
        if session.no_offers:
            return True
        try:
            async with asyncio.timeout(DECIDE_S):
                return await self._opportunities.refused(session.customer, session.caller.ani)
        except (TimeoutError, StorageError) as error:
            self._journal.note(
                "trouble", where="offers", what=f"opt-out not looked up: {str(error) or 'the store is slow'}"
            )
            return True

    async def surveyed(self, command: RecordSurvey) -> None:
        """Store that a grade was asked for and, if one was given, which."""
        grade = {"csat": float(command.grade)} if command.grade else {}
        await self._tell(command.decision.opportunity_id, {"csat_asked": 1.0, **grade})
        self._journal.note("offer.survey", opportunity=command.decision.opportunity_id, grade=command.grade)

    async def ended(self, *, early: bool | None, answered_s: float) -> None:
        """The call is over. early: the caller hung up before the closing line was out; None: it broke off by our fault,
        which tells nothing about the caller. answered_s: how long it lasted."""
        for decision in self._drawn:
            hung_up = {} if early is None else {"early_hangup": float(early)}
            await self._tell(decision.opportunity_id, {**hung_up, "aht_s": round(answered_s, 1)})

    async def _tell(self, opportunity_id: str, told: Mapping[str, float]) -> None:
        at = wall_clock()
        await self._house.store.save_outcomes(
            [
                OfferOutcome(opportunity_id=opportunity_id, outcome=name, value=value, at=at, source=SOURCE)
                for name, value in told.items()
            ]
        )

    def _asked_at(self, read_back: str) -> str:
        """When the read-back was said: the proof's first moment."""
        said = [e.at for e in self._journal.entries if e.kind == "turn.said" and e.data["text"] in read_back]
        return said[-1] if said and read_back else ""

    def _facts(self, told: Mapping[str, Any], session: Session, so_far: CallSoFar) -> OfferFacts:
        desk = self._house.offers
        said = [str(e.data["text"]) for e in self._journal.entries if e.kind == "turn.heard"]
        return OfferFacts(
            customer=session.customer,
            level=session.level,
            language=session.language,
            intent=str(told.get("intent", "")),
            resolved=bool(told.get("resolved")),
            confirmed=bool(told.get("confirmed")),
            repairs=int(told.get("repairs", 0)),
            agent_requested=bool(told.get("agent_requested")),
            bot_disclosed=bool(told.get("bot_disclosed")),
            call_ms=so_far.call_ms,
            waited_s=0.0,
            load=so_far.load,
            history=OfferHistory(opted_out=bool(told.get("no_offers"))),
            now=datetime.now(UTC),
            recorded=so_far.recorded,
            negative_words=tuple(told.get("negative_words", ())) + desk.negative_words(said, session.language),
            vulnerable_words=tuple(told.get("vulnerable_words", ())) + desk.vulnerable_words(said, session.language),
            recent_failures=int(told.get("recent_failures", 0)),
            latency_p95_ms=so_far.latency_p95_ms,
        )
