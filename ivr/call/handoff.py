"""A handoff: one wish for a human, from its place in the waiting line to a bridge or to nobody left.

Owns the order of candidates and the end of the waiting. Each candidate is an Attempt of its own; the caller is never
let go of here.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from ivr.call.attempt import Attempt
from ivr.call.dispatch import Dispatched
from ivr.call.handoff_terms import POP_TIMEOUT_S, HandoffTools, Packet, Target
from ivr.call.journal import Journal
from ivr.call.moving import Method
from ivr.call.transfer_states import TransferState
from ivr.model.media import LegAnswered, SendDigits
from ivr.model.routing import AcdQueue, Agent, HandoffRequest, TransferResult
from ivr.routing.waiting import WaitingCall
from ivr.routing.waiting_outlook import Outlook

__all__ = ["POP_TIMEOUT_S", "Handoff", "HandoffTools", "Packet"]

# One store that fails may be a moment; two in a row are a store that is down, and 2 s are over.
FAULTS_MOST = 2
LEAST_RING_MS, LONGEST_RING_MS = 15_000, 3_600_000
UNANSWERED = frozenset({TransferState.INFORMING, TransferState.DIALING, TransferState.RINGING})


class Handoff:
    """One handoff of one call."""

    def __init__(self, call_id: str, tools: HandoffTools, journal: Journal) -> None:
        self._call_id, self._tools, self._journal = call_id, tools, journal
        self._attempt: Attempt | None = None
        self._over = self._has_waited = self._waits_no_more = False
        self._instead: TransferResult | None = None
        self._freed: Dispatched | None = None  # an agent, while a contact center's queue still rang
        self._watch: asyncio.Future[None] | None = None
        self.place: WaitingCall | None = None

    @property
    def leg(self) -> str:
        """The consult leg of the newest attempt."""
        return self._attempt.leg if self._attempt is not None else ""

    @property
    def agent(self) -> str:
        """Whom the newest attempt is about."""
        return self._attempt.agent_id if self._attempt is not None else ""

    @property
    def bridged(self) -> bool:
        """Do caller and agent hear each other through us?"""
        return self._attempt is not None and self._attempt.state is TransferState.BRIDGED

    @property
    def joined(self) -> bool:
        """Does the caller hear a contact center's queue that may yet turn them away?"""
        return self._attempt is not None and self._attempt.state is TransferState.JOINED

    @property
    def heard(self) -> bool:
        """Does the caller hear an agent or a queue through us?"""
        return self.bridged or self.joined

    @property
    def moved(self) -> bool:
        """Do caller and agent talk without us?"""
        return self._attempt is not None and self._attempt.state is TransferState.MOVED

    @property
    def waiting(self) -> int:
        """The place in the line; 0 when this call does not wait."""
        return self._tools.dispatcher.position(self._call_id)

    @property
    def waits(self) -> bool:
        """Does the caller wait for nobody in particular: in the line, or at a contact center's queue that rings?"""
        return self.waiting > 0 or self._queues_elsewhere

    @property
    def _queues_elsewhere(self) -> bool:
        attempt = self._attempt
        return attempt is not None and not attempt.person and attempt.state in UNANSWERED

    def outlook(self) -> Outlook:
        """What the caller may expect in the line; nothing is known of a contact center's queue."""
        return Outlook() if self._queues_elsewhere else self._tools.dispatcher.outlook(self._call_id)

    async def run(self, request: HandoffRequest, *, besides: frozenset[str] = frozenset()) -> TransferResult:
        """Try one agent after the other, waiting for them where that helps. Ends bridged or moved (ANSWERED), or with
        the caller still ours. request.data may say "priority" and "waited_ms": a place brought along. besides: agents
        that shall not get it."""
        dispatcher = self._tools.dispatcher
        began_ms, faults, result = dispatcher.now_ms(), 0, TransferResult.NO_AGENT
        waited_ms = _whole(request.data.get("waited_ms"))
        call = WaitingCall(
            call_id=self._call_id,
            request=request,
            language=self._tools.language,
            arrived_ms=began_ms - waited_ms,
            priority=_whole(request.data.get("priority")),
            exclude=besides,
        )
        self.place = call
        until_ms = began_ms + dispatcher.directory.plan.waiting.longest_ms
        while not self._over:
            until_ms = dispatcher.now_ms() if self._waits_no_more else until_ms
            found = self._take_freed() or await dispatcher.next_agent(call, until_ms=until_ms, waits=self._waits)
            target = _target(found, max(0, until_ms - dispatcher.now_ms()))
            if target is None or self._over:
                self._give_back(found.agent)
                result = self._instead or result
                self._journal.note("handoff.ended", result=result.value, reasons=dict(found.reasons))
                return result
            self._note_chosen(target, found, request)
            tried = target.agent.agent_id
            call = replace(call, exclude=call.exclude | {tried})
            self._attempt = attempt = Attempt(self._call_id, target, self._tools, self._journal)
            result = await (attempt.run(request) if attempt.person else self._ring_elsewhere(attempt, request, call))
            if attempt.state is not TransferState.FAILED:
                return result
            if self._freed is not None:  # the queue did not fail: should the agent not take the call, it rings again
                call = replace(call, exclude=call.exclude - {tried})
            faults = faults + 1 if attempt.our_fault else 0
            if faults == FAULTS_MOST:
                self._journal.note("handoff.ended", result=result.value, reasons={})
                return result
        return result

    def receive(self, message: object) -> None:
        """A message about the consult leg, what was heard on it, or news of a REFER."""
        if isinstance(message, LegAnswered):
            self._tools.dispatcher.leave(self._call_id)  # a queue that answers has the call
        if self._attempt is not None:
            self._attempt.receive(message)

    def stop_waiting(self, instead: TransferResult | None = None) -> bool:
        """The caller would rather not wait, and perhaps have something else. False when an agent is being called
        already, or nothing was waited for: an agent who is called may still take the call, but nobody is waited for any
        more after that. Who hears a queue that answered talks to that queue."""
        if self.joined:
            return False
        waited = self.waits
        if waited:
            self._journal.note("handoff.waiting_ended", by="caller", instead=instead.value if instead else "")
            self._tools.dispatcher.leave(self._call_id)
            if self._attempt is not None and self._queues_elsewhere:
                self._attempt.give_up()
        self._waits_no_more = self._has_waited or waited
        self._instead = instead if self._waits_no_more else None
        return waited

    def key(self, digit: str) -> bool:
        """A key of the caller, for the menu of a queue or whoever else is heard through us. False when nobody is."""
        if self.heard:
            self._tools.send(SendDigits(leg=self.leg, digits=digit))
        return self.heard

    def caller_gone(self) -> None:
        """The caller hung up: the agent's phone must not go on ringing."""
        self._over = True
        self._tools.dispatcher.leave(self._call_id)
        if self._attempt is not None:
            self._attempt.caller_gone()

    def worker_lost(self) -> None:
        """The process that held the caller's leg and the agent's died."""
        self._over = True
        self._tools.dispatcher.leave(self._call_id)
        if self._attempt is not None:
            self._attempt.worker_lost()

    async def _ring_elsewhere(self, attempt: Attempt, request: HandoffRequest, call: WaitingCall) -> TransferResult:
        """Try a contact center's queue. An agent who becomes free before it answers gets the call instead; where we
        send REFER at once, that is not ours to decide."""
        dispatcher, failed = self._tools.dispatcher, False
        if self._tools.method is not Method.BLIND:
            besides = replace(call, exclude=call.exclude.union(dispatcher.directory.plan.acd))
            self._watch = asyncio.ensure_future(self._watch_agents(attempt, besides))
        try:
            result = await attempt.run(request)
            failed = attempt.state is TransferState.FAILED
            return result
        finally:
            dispatcher.leave(self._call_id)
            if self._freed is not None and not failed:
                self._give_back(self._freed.agent)
                self._freed = None

    async def _watch_agents(self, attempt: Attempt, call: WaitingCall) -> None:
        dispatcher = self._tools.dispatcher
        found = await dispatcher.next_agent(call, until_ms=dispatcher.now_ms() + LONGEST_RING_MS, settled=True)
        if found.agent is None:
            return
        if self._over or attempt.state not in UNANSWERED:
            self._give_back(found.agent)
            return
        self._freed = found
        self._journal.note("handoff.recalled", agent=found.agent.agent_id, by=attempt.agent_id)
        attempt.give_up()

    def _take_freed(self) -> Dispatched | None:
        """The agent who became free while a queue rang, unless the caller would rather have something else."""
        found, self._freed = self._freed, None
        if found is not None and self._waits_no_more:
            self._give_back(found.agent)
            return None
        return found

    def _waits(self, position: int) -> None:
        self._has_waited = True
        self._journal.note("handoff.waiting", position=position)

    def _note_chosen(self, target: Target, found: Dispatched, request: HandoffRequest) -> None:
        self._journal.note(
            "handoff.chosen",
            agent=target.agent.agent_id,
            queue=request.queue,
            score=found.score,
            waited_ms=found.waited_ms,
            decided_ms=round(found.decided_ms, 3),
        )

    def _give_back(self, agent: Agent | None) -> None:
        """The caller left in the moment an agent was found."""
        if agent is not None:
            dispatcher = self._tools.dispatcher
            dispatcher.directory.release(agent.agent_id, now_ms=dispatcher.now_ms())


def _target(found: Dispatched, left_ms: int) -> Target | None:
    """left_ms: of the waiting; a contact center's queue rings no longer than that, but as long as a phone does."""
    if found.agent is not None:
        return Target(agent=found.agent)
    if found.acd is None:
        return None
    acd = found.acd
    ring_ms = min(acd.ring_ms, max(left_ms, LEAST_RING_MS))
    return Target(agent=_as_agent(acd), person=False, ring_ms=ring_ms, proven_ms=acd.proven_ms)


def _as_agent(acd: AcdQueue) -> Agent:
    return Agent(
        agent_id=acd.acd_id,
        name=acd.title,
        sip_uri=acd.sip_uri,
        skills=acd.skills,
        queues=acd.queues,
        carry=acd.carry,
    )


def _whole(value: object) -> int:
    return max(0, value) if isinstance(value, int) else 0
