"""Between the dialog's offer step and the offer desk: facts gathered, decisions and answers stored with their proof,
and, when the call ends, what became of it - in both arms by the same rule."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from ivr.call.following import FollowUp
from ivr.call.journal import Journal, wall_clock
from ivr.call.offer_facts import CallSoFar, facts_of, waited_in_line
from ivr.call.opportunities import Opportunities
from ivr.call.surroundings import Surroundings
from ivr.dialog.engine import Session
from ivr.dialog.offering import facts_so_far
from ivr.model.consent import ConsentKept, KeepConsent
from ivr.model.dialog import DecideOffer, OfferDecided, RecordOfferAnswer, RecordSurvey
from ivr.model.errors import StorageError
from ivr.model.ids import monotonic_ms, new_id
from ivr.model.offers import (
    NEVER_SPOKEN,
    OfferAnswer,
    OfferDecision,
    OfferOutcome,
    OfferProof,
    household_of,
)
from ivr.offers.consent import given_in_call

DECIDE_S = 1.5  # a caller waits in silence meanwhile; without a decision by then nothing is offered
SOURCE = "call"
SLOW = "the store is slow"
OPENINGS = ("offer.notice", "offer.ask")


class Offering:
    """The offer of one call."""

    def __init__(self, call_id: str, house: Surroundings, journal: Journal, follow_up: FollowUp) -> None:
        self._call_id, self._house, self._journal = call_id, house, journal
        self._follow_up = follow_up
        self._opportunities = Opportunities(house.offers, house.store)
        self._drawn: list[OfferDecision] = []  # decisions with an arm: the report will want to know what became of them
        self._unsure: set[str] = set()  # asked of a store that has not answered: it may have stored them
        self._answered: set[str] = set()
        self._consents: dict[str, str] = {}  # opportunity -> consent to advertising given for it
        self._with_agent: OfferDecision | None = None
        self._deciding = asyncio.Lock()

    async def decide(
        self, command: DecideOffer, session: Session, so_far: CallSoFar, *, with_agent: bool = False
    ) -> OfferDecided:
        """Ask the desk and store the opportunity (a ghost too) before anybody hears of it. No store, no offer.
        with_agent: who asks nobody for consent to advertising, because nobody here hears the answer."""
        entries, opportunity_id = self._journal.entries, new_id()
        facts = facts_of(
            self._house.offers,
            command.facts,
            session,
            so_far,
            said=[str(e.data["text"]) for e in entries if e.kind == "turn.heard"],
            waited_s=session.caller.waited_s + waited_in_line(entries, monotonic_ms()) / 1000,
            now=datetime.now(UTC),
        )
        facts = replace(facts, consent_can_be_asked=not with_agent)
        self._unsure.add(opportunity_id)
        try:
            async with asyncio.timeout(DECIDE_S):
                decision = await self._opportunities.decide(
                    facts, opportunity_id=opportunity_id, call_id=self._call_id, ani=so_far.ani
                )
            self._unsure.discard(opportunity_id)
        except (TimeoutError, StorageError) as error:
            self._journal.note("trouble", where="offers", what=f"nothing is offered: {str(error) or SLOW}")
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
            stated=decision.stated is not None,
        )
        spoken = "spoken" if decision.speak else "ghost" if decision.product else "closed"
        self._house.metrics.offers.labels(result=spoken).inc()
        return OfferDecided(at_ms=monotonic_ms(), decision=self._follow_up.possible(decision))

    async def decide_with_agent(self, session: Session, so_far: CallSoFar) -> OfferDecision:
        """An agent has solved the request: may the agent offer something? Decided once a call, like any other offer and
        for the holdout too; an offer drawn already and not answered yet is this one, unless it was to begin with the
        question for consent. That the caller wanted a person, and was not heard before, is made good by the person;
        whatever else closes the gate closes it here."""
        async with self._deciding:
            if self._with_agent is None and self._drawn:
                last = self._drawn[-1]
                done = last.opportunity_id in self._answered or last.asks_consent
                self._with_agent = replace(last, speak=last.speak and not done)
            if self._with_agent is None:
                told = replace(facts_so_far(session), solved=True, confirmed=True)
                command = DecideOffer(facts=replace(told, agent_requested=False, recent_failures=0))
                self._with_agent = (await self.decide(command, session, so_far, with_agent=True)).decision
            return self._with_agent

    def answered_to_agent(self, opportunity_id: str, product: str, answer: OfferAnswer) -> None:
        """An agent stored how the offer ended."""
        self._answered.add(opportunity_id)
        self._house.metrics.offers.labels(result=answer.value).inc()
        accepted = answer is OfferAnswer.ACCEPTED
        told = {"opportunity": opportunity_id, "product": product, "answer": answer.value}
        self._journal.note("offer.answered", **told, method="agent", proof=accepted)

    async def consented(self, command: KeepConsent, session: Session, recording: str) -> ConsentKept:
        """Put a consent to advertising on record, before what is offered is said. No store, no offer."""
        opportunity, at, stored = command.decision.opportunity_id, wall_clock(), False
        record = given_in_call(
            command,
            session.customer.customer_id if session.customer else "",
            consent_id=new_id(),
            call_id=self._call_id,
            recording=recording,
            asked_at=self._asked_at(command.words) or at,
            given_at=at,
        )
        try:
            async with asyncio.timeout(DECIDE_S):
                await self._house.store.save_ads_consent(record)
            stored, self._consents[opportunity] = True, record.consent_id
        except (TimeoutError, StorageError) as error:
            self._journal.note("trouble", where="offers", what=f"consent not on record: {str(error) or SLOW}")
        told = {"consent": record.consent_id, "text": record.text_version, "method": command.method}
        self._journal.note("offer.consented", opportunity=opportunity, **told, stored=stored)
        return ConsentKept(at_ms=monotonic_ms(), stored=stored)

    async def answered(self, command: RecordOfferAnswer, recording: str) -> None:
        """Store how the offer ended; an acceptance with its proof and what follows it, a "no offers" for good. Then the
        desk learns."""
        decision = command.decision
        proof, following = None, None
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
            following = self._follow_up.following(decision)
        consent = self._consents.get(decision.opportunity_id, "")
        await self._opportunities.answer(decision, command.answer, proof, self._call_id, consent, following=following)
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
        if following is not None:
            await self._follow_up.accepted(decision, following)

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
            self._journal.note("trouble", where="offers", what=f"opt-out not looked up: {str(error) or SLOW}")
            return True

    async def surveyed(self, command: RecordSurvey) -> None:
        """Store that a grade was asked for, or what the offer was like, and what was answered, if anything was."""
        outcome, opportunity = command.outcome, command.decision.opportunity_id
        grade = {outcome: float(command.grade)} if command.grade else {}
        await self._tell(opportunity, {f"{outcome}_asked": 1.0, **grade})
        self._journal.note("offer.survey", opportunity=opportunity, outcome=outcome, grade=command.grade)

    async def ended(self, *, early: bool | None, answered_s: float) -> None:
        """The call is over. early: the caller hung up before the closing line was out; None: it broke off by our fault,
        which tells nothing about the caller. answered_s: how long it lasted until then. An offer nobody
        heard says so: it is none of those a household is asked in a year."""
        late = [await self._house.store.opportunity(each) for each in sorted(self._unsure)]
        unheard = [stored.decision for stored in late if stored is not None and stored.decision.arm != "none"]
        hung_up = {} if early is None else {"early_hangup": float(early)}
        for decision in (*self._drawn, *unheard):
            lost = decision in unheard or not self._was_heard(decision)
            never = {NEVER_SPOKEN: 1.0} if decision.speak and lost else {}
            await self._tell(decision.opportunity_id, {**hung_up, **never, "aht_s": round(answered_s, 1)})

    def _was_heard(self, decision: OfferDecision) -> bool:
        """Was it begun? What an agent may say is the agent's to tell, also after the call."""
        with_agent = self._with_agent is not None and self._with_agent.opportunity_id == decision.opportunity_id
        begun = any(e.kind == "turn.said" and e.data["name"] in OPENINGS for e in self._journal.entries)
        return begun or with_agent or decision.opportunity_id in self._answered

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
