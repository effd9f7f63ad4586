"""What an agent does with a live call from the page: takes it or gives it back while it rings, passes it on to somebody
else, has an offer decided once the request is solved.

Owns the passing on: the agent keeps the caller until somebody else has taken the call, so nobody is dropped and nothing
is told twice. An agent who hangs up meanwhile leaves the caller with the comfort music, and the search goes on.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from ivr.call.errands import Errands
from ivr.call.handoff import Handoff
from ivr.call.humans import Humans
from ivr.call.line import Line
from ivr.call.moving import Method
from ivr.call.surroundings import Surroundings
from ivr.model.media import Bridge, LegEnded
from ivr.model.offers import OfferAnswer, OfferDecision
from ivr.model.routing import AgentAct, HandoffRequest, TransferResult

KEPT = "handoff.kept"
"""Noted when nobody took a call that was to be passed on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferWanted:
    """The agent has solved the request. decided: what the offer desk says."""

    decided: asyncio.Future[OfferDecision]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferSettled:
    """An agent stored how an offer ended."""

    opportunity_id: str
    product: str
    answer: OfferAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class OffersUnwanted:
    """The caller told the agent: no offers, ever."""


MESSAGES = (AgentAct, OfferWanted, OfferSettled, OffersUnwanted)


class AtDesk:
    """The agents' side of one call."""

    def __init__(self, line: Line, house: Surroundings, humans: Humans, errands: Errands) -> None:
        self._line, self._house, self._humans, self._errands = line, house, humans, errands
        self._next: Handoff | None = None
        self._alone = False  # the agent who passes the caller on is gone already

    def receive(self, message: object, *, recorded: bool) -> None:
        """One of MESSAGES. recorded: is the call being recorded?"""
        match message:
            case AgentAct():
                self._act(message)
            case OfferWanted(decided=decided):
                self._line.start(self._decide(decided, recorded=recorded))
            case OfferSettled(opportunity_id=opportunity, product=product, answer=answer):
                self._errands.offering.answered_to_agent(opportunity, product, answer)
            case OffersUnwanted():
                self._line.owe(self._errands.refuse_offers())

    def consult(self, message: object) -> bool:
        """A message about a consult leg. True when it was one of the passing on."""
        following, leg = self._next, getattr(message, "leg", getattr(message, "call_id", ""))
        if following is None:
            return False
        if leg and leg == following.leg:
            following.receive(message)
            return True
        first = self._humans.handoff
        if isinstance(message, LegEnded) and first is not None and leg == first.leg:
            self._alone = True
            first.caller_gone()  # nobody is dropped: the search goes on without the agent
            if not following.joined:
                self._humans.play_music()
            return True
        return False

    def key(self, digit: str) -> bool:
        """A key of the caller. True when it was for a queue the call is being passed on to, which is heard already."""
        return self._next is not None and self._next.key(digit)

    def caller_gone(self) -> None:
        """The caller left: nobody's phone must go on ringing."""
        if self._next is not None:
            self._next.caller_gone()

    def worker_lost(self) -> None:
        """The process that held all legs died."""
        if self._next is not None:
            self._next.worker_lost()

    async def _decide(self, decided: asyncio.Future[OfferDecision], *, recorded: bool) -> None:
        decision = await self._errands.decide_with_agent(recorded=recorded)
        if not decided.done():  # whoever asked may have given up
            decided.set_result(decision)

    def _act(self, act: AgentAct) -> None:
        first, following = self._humans.handoff, self._next
        if act.answer is not None:
            ringing = following if following is not None and following.agent == act.agent_id else first
            if ringing is not None and ringing.agent == act.agent_id and not ringing.bridged:
                ringing.receive(act)
        elif first is None or not first.bridged or first.agent != act.agent_id:
            return  # it is not this agent's call
        elif not act.queue:
            if following is not None and not following.joined:  # who hears a queue that answered is not called back
                following.caller_gone()
        elif following is None:
            tools = self._humans.tools(Method.BRIDGE, turned_away=lambda: self._back(first))
            self._next = following = Handoff(self._line.call_id, tools, self._line.journal)
            self._line.start(self._pass_on(act, first, following))

    def _back(self, first: Handoff) -> None:
        """The queue the caller was passed on to has hung up: back to the agent, who has kept the line."""
        if self._alone and self._next is not None:
            self._humans.turned_away(self._next)
        else:
            self._house.to_media(Bridge(leg=self._line.call_id, other=first.leg))

    async def _pass_on(self, act: AgentAct, first: Handoff, following: Handoff) -> None:
        line, agents = self._line, self._house.dispatcher.directory.plan.agents
        line.journal.note("handoff.passing_on", agent=act.agent_id, queue=act.queue, to=act.to)
        name = agents[act.agent_id].name if act.agent_id in agents else act.agent_id
        request = replace(
            self._humans.request or HandoffRequest(queue=act.queue, reason=""),
            queue=act.queue,
            reason=f"passed on by {name}{f': {act.why}' if act.why else ''}",
            required={},
        )
        request = replace(request, data={k: v for k, v in request.data.items() if k != "waited_ms"})
        everybody = agents.keys() | self._house.dispatcher.directory.plan.acd.keys()
        besides = everybody - {act.to} if act.to else {act.agent_id}
        result = TransferResult.FAILED
        try:
            result = await following.run(request, besides=frozenset(besides))
        finally:
            self._next = None
        self._house.metrics.handoffs.labels(result=result.value).inc()
        if result is TransferResult.ANSWERED:
            self._humans.handoff = following
            if not self._alone:
                first.caller_gone()  # the caller is with somebody else now: this agent's wrap-up begins
            line.journal.note("handoff.passed_on", agent=following.agent, by=act.agent_id)
        else:
            line.journal.note(KEPT, agent=act.agent_id, result=result.value)
            if self._alone:
                line.rescue()
        self._alone = False
