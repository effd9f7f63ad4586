"""A handoff: one wish for a human, from the first candidate to a bridge or to nobody left.

Owns the attempts and their order: context stored, page told, then the phone rings, then the whisper to the agent
alone, then the bridge. The table of transfer_states says what may follow what. The caller is never let go of here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivr.call.journal import Journal
from ivr.call.transfer_states import TransferEvent, TransferState, transition
from ivr.model.errors import SpeechError
from ivr.model.ids import monotonic_ms, new_id
from ivr.model.media import (
    Bridge,
    CollectDigits,
    Dial,
    DigitsCollected,
    Headers,
    LegAnswered,
    LegEnded,
    LegRinging,
    Play,
    PlaybackEnded,
)
from ivr.model.media import HangUp as HangUpLeg
from ivr.model.routing import Agent, HandoffRequest, TransferResult
from ivr.routing.agents import AgentDirectory
from ivr.routing.carriers import handoff_headers
from ivr.routing.matching import choose
from ivr.routing.plan import RoutingPlan

TAKE, RETURN = "1", "2"
DECIDE_MS = 8000
POP_TIMEOUT_S = 1.0
# The worker ends an unanswered leg itself; this is for a worker that does not.
RING_GRACE_MS = 3000

_RESULTS = {486: TransferResult.BUSY, 600: TransferResult.BUSY, 603: TransferResult.REFUSED}
_NO_ANSWER_CODES = frozenset({408, 480, 487})


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """What one agent is given: the context under its token, and the words whispered."""

    token: str
    context: Mapping[str, Any]
    whisper: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffTools:
    """What a handoff needs of the house. store_context and pop are awaited before anything rings."""

    plan: RoutingPlan
    agents: AgentDirectory
    send: Callable[[object], None]
    make_packet: Callable[[HandoffRequest, Agent], Packet]
    store_context: Callable[[Packet], Awaitable[None]]
    pop: Callable[[str, Packet], Awaitable[bool]]
    render: Callable[[str], Awaitable[Path]]
    ring_timeout_ms: int


class Handoff:
    """One handoff of one call."""

    def __init__(self, call_id: str, tools: HandoffTools, journal: Journal) -> None:
        self._call_id, self._tools, self._journal = call_id, tools, journal
        self._events: asyncio.Queue[tuple[TransferEvent, TransferResult]] = asyncio.Queue()
        self._alive = False  # the consult leg exists
        self.leg = ""
        self.agent = ""
        self.state = TransferState.OVER

    @property
    def bridged(self) -> bool:
        """Do caller and agent hear each other?"""
        return self.state is TransferState.BRIDGED

    async def run(self, request: HandoffRequest, language: str) -> TransferResult:
        """Try one agent after the other. Ends bridged (ANSWERED), or with the caller still ours."""
        tried: frozenset[str] = frozenset()
        result = TransferResult.NO_AGENT
        while True:
            tools = self._tools
            choice = choose(tools.plan, tools.agents, request, language, exclude=tried, now_ms=monotonic_ms())
            if choice.agent is None:
                self._journal.note("handoff.ended", result=result.value, reasons=dict(choice.reasons))
                return result
            agent = choice.agent
            self._journal.note("handoff.chosen", agent=agent.agent_id, queue=request.queue, score=choice.score)
            tried |= {agent.agent_id}
            if not tools.agents.reserve(agent.agent_id, now_ms=monotonic_ms()):
                continue
            result = await self._attempt(request, agent)
            if self.state is not TransferState.FAILED:
                return result

    def receive(self, message: object) -> None:
        """A message about the consult leg."""
        event, result = _meaning(message)
        if isinstance(message, LegEnded):
            self._alive = False
        if event is None:
            if isinstance(message, DigitsCollected):
                self._ask_for_decision()  # another key: wait for 1 or 2 again
            return
        if self.bridged and event is TransferEvent.AGENT_GONE:
            self.state = transition(self.state, event)
            self._tools.agents.ended(self.agent, now_ms=monotonic_ms())
        else:
            self._events.put_nowait((event, result))

    def caller_gone(self) -> None:
        """The caller hung up: the agent's phone must not go on ringing."""
        if self.state in {TransferState.OVER, TransferState.FAILED}:
            return  # no agent is ours: the last one was let go when the attempt failed
        was_bridged = self.bridged
        self.state = transition(self.state, TransferEvent.CALLER_GONE)
        self._drop_leg("caller gone")
        now_ms = monotonic_ms()
        if was_bridged:
            self._tools.agents.ended(self.agent, now_ms=now_ms)
        else:
            self._tools.agents.release(self.agent, now_ms=now_ms)

    async def _attempt(self, request: HandoffRequest, agent: Agent) -> TransferResult:
        tools = self._tools
        self.state, self.leg, self.agent = TransferState.INFORMING, new_id(), agent.agent_id
        packet = tools.make_packet(request, agent)
        whisper = asyncio.ensure_future(tools.render(packet.whisper))
        await tools.store_context(packet)
        shown = await tools.pop(agent.agent_id, packet)
        self._journal.note("handoff.popped", agent=agent.agent_id, token=packet.token, shown=shown)
        if self.state is not TransferState.INFORMING:  # the caller left meanwhile
            whisper.cancel()
            return TransferResult.FAILED
        self._dial(agent, handoff_headers(packet.token, packet.context))
        result = TransferResult.FAILED
        while self.state not in {TransferState.BRIDGED, TransferState.FAILED, TransferState.OVER}:
            event, result = await self._next()
            if self._over():  # the caller left while we waited
                break
            if event is TransferEvent.ACCEPTED and not self._alive:  # took the call and hung up in one breath
                event, result = TransferEvent.AGENT_GONE, TransferResult.FAILED
            before, self.state = self.state, transition(self.state, event)
            if self.state is not before:
                await self._enter(agent, event, whisper, packet)
        whisper.cancel()
        if self.state is TransferState.FAILED:
            self._failed(agent, result)
        return TransferResult.ANSWERED if self.bridged else result

    def _dial(self, agent: Agent, headers: Headers) -> None:
        self.state = transition(self.state, TransferEvent.INFORMED)
        self._journal.note("handoff.dialed", agent=agent.agent_id)
        ring_ms = self._tools.ring_timeout_ms
        self._alive = True
        self._tools.send(
            Dial(leg=self.leg, near_leg=self._call_id, uri=agent.sip_uri, headers=headers, ring_timeout_ms=ring_ms)
        )

    async def _enter(self, agent: Agent, event: TransferEvent, whisper: asyncio.Future[Path], packet: Packet) -> None:
        match self.state:
            case TransferState.RINGING:
                self._journal.note("handoff.ringing", agent=agent.agent_id)
            case TransferState.WHISPERING:
                self._journal.note("handoff.answered", agent=agent.agent_id)
                await self._whisper(whisper)
            case TransferState.DECIDING:
                self._journal.note("handoff.whispered", agent=agent.agent_id, text=packet.whisper)
            case TransferState.BRIDGED:
                self._tools.agents.answered(agent.agent_id, now_ms=monotonic_ms())
                self._tools.send(Bridge(leg=self._call_id, other=self.leg))
                self._journal.note("handoff.bridged", agent=agent.agent_id, method="bridge")
            case _:
                self._journal.note("handoff.attempt_failed", agent=agent.agent_id, event=event.value)

    async def _whisper(self, whisper: asyncio.Future[Path]) -> None:
        files: tuple[str, ...] = ()
        try:
            files = (str(await whisper),)
        except SpeechError as error:  # no voice: the page tells what the whisper would have told
            self._journal.note("trouble", where="whisper", what=str(error))
        self._ask_for_decision()
        self._tools.send(Play(leg=self.leg, playback=f"whisper-{self.leg}", files=files))

    def _ask_for_decision(self) -> None:
        if self.state in {TransferState.WHISPERING, TransferState.DECIDING}:
            self._tools.send(CollectDigits(leg=self.leg, max_digits=1, terminator="", stop_playback=True))

    async def _next(self) -> tuple[TransferEvent, TransferResult]:
        waits = {TransferState.DECIDING: DECIDE_MS, TransferState.WHISPERING: DECIDE_MS + 12_000}
        wait_ms = waits.get(self.state, self._tools.ring_timeout_ms + RING_GRACE_MS)
        try:
            return await asyncio.wait_for(self._events.get(), wait_ms / 1000)
        except TimeoutError:
            return TransferEvent.TIMED_OUT, TransferResult.NO_ANSWER

    def _over(self) -> bool:
        return self.state is TransferState.OVER

    def _failed(self, agent: Agent, result: TransferResult) -> None:
        self._drop_leg("next candidate")
        now_ms = monotonic_ms()
        if result is TransferResult.NO_ANSWER:
            self._tools.agents.no_answer(agent.agent_id, now_ms=now_ms)
        else:
            self._tools.agents.release(agent.agent_id, now_ms=now_ms)
        while not self._events.empty():
            self._events.get_nowait()

    def _drop_leg(self, reason: str) -> None:
        if self._alive:
            self._alive = False
            self._tools.send(HangUpLeg(leg=self.leg, reason=reason))


def _meaning(message: object) -> tuple[TransferEvent | None, TransferResult]:
    match message:
        case LegRinging():
            return TransferEvent.RINGING, TransferResult.FAILED
        case LegAnswered():
            return TransferEvent.ANSWERED, TransferResult.FAILED
        case PlaybackEnded():
            return TransferEvent.WHISPERED, TransferResult.FAILED
        case DigitsCollected(digits=digits) if digits == TAKE:
            return TransferEvent.ACCEPTED, TransferResult.ANSWERED
        case DigitsCollected(digits=digits) if digits == RETURN:
            return TransferEvent.RETURNED, TransferResult.REFUSED
        case LegEnded(code=code):
            fallback = TransferResult.NO_ANSWER if code in _NO_ANSWER_CODES else TransferResult.FAILED
            return TransferEvent.AGENT_GONE, _RESULTS.get(code, fallback)
        case _:
            return None, TransferResult.FAILED
