"""One attempt to bring the caller to one agent or to a contact center's queue: context stored, page told, phone rung,
whisper, bridge; or REFER, where the trunk is known to honour it. The table of transfer_states says what may follow.

Owns the consult leg and what the directory is told of the agent. The caller is never let go of here without proof that
somebody else has them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from ivr.call.carrying import Carrying
from ivr.call.consult_leg import ConsultLeg
from ivr.call.handoff_terms import NO_PAGE, POP_TIMEOUT_S, HandoffTools, Packet, Target
from ivr.call.journal import Journal
from ivr.call.moving import Method
from ivr.call.patience import within
from ivr.call.referring import Referring
from ivr.call.transfer_news import News, in_its_turn, news_of, silence
from ivr.call.transfer_states import LEG_ENDS, SETTLED, TransferEvent, TransferState, result_of, transition
from ivr.call.whisper import Whisper
from ivr.model.errors import StorageError
from ivr.model.ids import new_id
from ivr.model.media import Bridge, Dial, HangUp, LegAnswered, LegEnded, ReferProgress
from ivr.model.routing import HandoffRequest, TransferResult
from ivr.model.sip import SipDialog
from ivr.routing.agents import AgentDirectory

STORE_S = 0.9
SLOW_VOICE_MS = 4000  # beyond the longest whisper and its answer: a voice that is late
RING_GRACE_MS = 3000  # the worker ends an unanswered leg itself; this is for a worker that does not

_S, _E = TransferState, TransferEvent


class Attempt:
    """One target, reserved already when it is a person. our_fault: it failed before anybody was called."""

    def __init__(self, call_id: str, target: Target, tools: HandoffTools, journal: Journal) -> None:
        self._call_id, self._target, self._tools, self._journal = call_id, target, tools, journal
        self._events: asyncio.Queue[News] = asyncio.Queue()
        self._dialog: SipDialog | None = None
        self._referring = Referring(call_id, target.agent, tools, journal, self._refer_came_to)
        self.leg, self.state, self.our_fault, self.person = new_id(), _S.INFORMING, False, target.person
        self._joined_ms = 0
        self._consult = ConsultLeg(self.leg, tools.send)
        self._carrying = Carrying(target.agent.carry, self.leg, tools.send)
        self._ring_ms = target.ring_ms or tools.ring_timeout_ms
        self._patience_ms = self._ring_ms + RING_GRACE_MS
        self._method = self._carrying.method(tools.method)
        self._whisper = Whisper(
            self.leg,
            tools.language,
            to_media=tools.send,
            to_speech=tools.hear,
            frames_path=tools.frames_path(),
            trouble=lambda what: journal.note("trouble", where="whisper", what=what),
        )

    @property
    def agent_id(self) -> str:
        """Whom it is about."""
        return self._target.agent.agent_id

    # ---- what it does ----------------------------------------------------------------------------------------------

    async def run(self, request: HandoffRequest) -> TransferResult:
        """Ends bridged or moved (ANSWERED), or with the caller still ours and the agent free again."""
        try:
            packet = self._tools.make_packet(request, self._target.agent)
            if self.person:
                self._whisper.prepare(self._tools.render(packet.whisper))
            if not await self._inform(packet):
                return TransferResult.FAILED
            self._step(_E.INFORMED)
            if self._method is Method.BLIND:
                self._step(_E.REFERRED)
                self._referring.blind(packet, self._patience_ms)
            else:
                self._dial(packet)
            return await self._follow(packet)
        finally:
            self._whisper.end()
            if self.state not in SETTLED:  # something broke, or the call is over
                self.state = _S.FAILED
                self._settle("failure", TransferResult.FAILED)

    async def _inform(self, packet: Packet) -> bool:
        """Store and show, both within bounds. False when the attempt is over."""
        agent, tools = self.agent_id, self._tools
        try:
            await within(STORE_S, tools.store_context(packet))
        except (TimeoutError, StorageError) as error:
            self._journal.note("trouble", where="context", what=str(error) or "not stored in time")
            if self.state is _S.INFORMING:
                self.our_fault = True
                self._step(_E.TIMED_OUT)
                self._settle("context not stored", TransferResult.FAILED)
            return False
        shown = False
        if self.state is _S.INFORMING:
            with contextlib.suppress(TimeoutError):
                shown = await asyncio.wait_for(tools.pop(agent if self.person else NO_PAGE, packet), POP_TIMEOUT_S)
        self._journal.note("handoff.popped", agent=agent, token=packet.token, shown=shown)
        return self.state is _S.INFORMING  # else the caller left meanwhile

    async def _follow(self, packet: Packet) -> TransferResult:
        event, result = _E.TIMED_OUT, TransferResult.FAILED
        while self.state not in SETTLED:
            event, result = await self._next()
            if self.state in SETTLED:  # the caller left while we waited
                break
            event, result = in_its_turn((event, result), self.state, person=self.person, alive=self._consult.alive)
            before = self.state
            self._step(event)
            if self.state is not before:
                self._enter(packet)
        if self.state is _S.FAILED:
            self._journal.note("handoff.attempt_failed", agent=self.agent_id, event=event.value, result=result.value)
            self._settle("next candidate", result)
            if event is _E.TURNED_AWAY:
                self._tools.turned_away(self.agent_id)
        return TransferResult.ANSWERED if self.state in {_S.BRIDGED, _S.MOVED} else result

    def _enter(self, packet: Packet) -> None:
        agent = self.agent_id
        match self.state:
            case _S.DIALING:  # REFER came to nothing
                self._dial(packet)
            case _S.RINGING:
                self._journal.note("handoff.ringing", agent=agent)
            case _S.WHISPERING:
                self._journal.note("handoff.answered", agent=agent)
                self._carrying.answered(packet.token)
                self._ask()
            case _S.DECIDING:
                self._journal.note("handoff.whispered", agent=agent, text=packet.whisper)
            case _S.JOINED:
                self._journal.note("handoff.joined", agent=agent)
                self._joined_ms = self._tools.dispatcher.now_ms()
                self._join()
            case _S.BRIDGED:
                self._bridge(packet)
            case _S.MOVED:
                self._moved()

    def _ask(self) -> None:
        if self.person:
            self._whisper.begin()
        else:
            self._events.put_nowait((_E.JOINED, TransferResult.ANSWERED))

    def _dial(self, packet: Packet) -> None:
        agent = self._target.agent
        self._journal.note("handoff.dialed", agent=agent.agent_id)
        self._consult.dial(
            Dial(
                leg=self.leg,
                near_leg=self._call_id,
                uri=agent.sip_uri,
                headers=self._carrying.headers(packet.token, packet.context),
                ring_timeout_ms=self._ring_ms,
            )
        )

    def _join(self) -> None:
        self._tools.send(Bridge(leg=self._call_id, other=self.leg))

    def _bridge(self, packet: Packet) -> None:
        self._tell(AgentDirectory.answered)
        self._whisper.end()
        if self.person:
            self._join()
        self._note_bridged()
        if self._method is Method.ATTENDED and self._dialog is not None:
            self._referring.attended(packet, self._dialog, self._patience_ms)

    def _note_bridged(self) -> None:
        before_ms = self._tools.dispatcher.now_ms() - self._joined_ms if self._joined_ms else 0
        self._journal.note(
            "handoff.bridged", agent=self.agent_id, method=Method.BRIDGE.value, heard_before_ms=before_ms
        )

    def _moved(self) -> None:
        self._journal.note("handoff.moved", agent=self.agent_id, method=self._referring.method)
        self._whisper.end()
        self._drop_leg("moved")
        self._tell(AgentDirectory.moved)
        self._tools.send(HangUp(leg=self._call_id, reason="transferred"))

    # ---- what happens to it ----------------------------------------------------------------------------------------

    def receive(self, message: object) -> None:
        """A message about the consult leg, what was heard on it, or news of our REFER."""
        if isinstance(message, ReferProgress):
            if self.state not in LEG_ENDS:
                self._referring.report(message)
            return
        if isinstance(message, LegAnswered):
            self._dialog = message.dialog
        if isinstance(message, LegEnded):
            if not self._consult.ended(message):
                return
            if self.state is _S.BRIDGED and self._referring.pending:
                self._referring.agent_leg_ended()
                return
        news = news_of(message, self.state, self._whisper)
        if news is not None:
            self._happen(*news)

    def caller_gone(self) -> None:
        """The caller left us: for good, or, when their phone took our REFER, for the agent."""
        if self.state in {_S.MOVING, _S.BRIDGED} and self._referring.taken:
            self._step(_E.MOVED)
            self._moved()
            self._wake()
            return
        if self.state is _S.JOINED:  # it did not turn the caller away, who left
            self._step(_E.ACCEPTED)
            self._note_bridged()
        self._leave(_E.CALLER_GONE, "caller gone")

    def give_up(self) -> None:
        """The caller does not want to wait for it any longer."""
        self._events.put_nowait((_E.TIMED_OUT, TransferResult.NO_AGENT))

    def worker_lost(self) -> None:
        """The process that held both legs died."""
        self._consult.alive = False
        if self.state not in LEG_ENDS:
            self._journal.note("handoff.lost", agent=self.agent_id, state=self.state.value)
        self._leave(_E.WORKER_LOST, "worker lost")

    def _leave(self, event: TransferEvent, reason: str) -> None:
        if self.state in LEG_ENDS:
            return  # no agent is ours
        was_bridged = self.state is _S.BRIDGED
        self._step(event)
        if was_bridged:
            self._drop_leg(reason)
            self._tell(AgentDirectory.ended)
        else:
            self._settle(reason, TransferResult.FAILED)
        self._wake()

    def _wake(self) -> None:
        """Whoever waits for news of the attempt sees that it is decided."""
        self._events.put_nowait((_E.CALLER_GONE, TransferResult.FAILED))

    def _refer_came_to(self, event: TransferEvent, code: int) -> None:
        self._happen(event, TransferResult.ANSWERED if event is _E.MOVED else result_of(code))

    def _happen(self, event: TransferEvent, result: TransferResult) -> None:
        """While the attempt is being followed, events go through its queue; a bridge that stands reacts at once."""
        if self.state is not _S.BRIDGED:
            self._events.put_nowait((event, result))
        elif event is _E.AGENT_GONE:
            self._step(event)
            self._referring.stop()
            self._tell(AgentDirectory.ended)
            self._tools.send(HangUp(leg=self._call_id, reason="agent hung up"))
        elif event is _E.MOVED:
            self._step(event)
            self._moved()

    # ---- ends ------------------------------------------------------------------------------------------------------

    async def _next(self) -> News:
        most_ms = self._tools.dispatcher.directory.plan.whisper_max_ms
        proven_ms = self._target.proven_ms
        waits = {_S.DECIDING: most_ms, _S.WHISPERING: 2 * most_ms + SLOW_VOICE_MS, _S.JOINED: proven_ms}
        wait_ms = waits.get(self.state, self._patience_ms)
        try:
            return await asyncio.wait_for(self._events.get(), wait_ms / 1000)
        except TimeoutError:
            return silence(self.state)

    def _step(self, event: TransferEvent) -> None:
        self.state = transition(self.state, event)

    def _settle(self, reason: str, result: TransferResult) -> None:
        """The agent did not get the call, and is free for the next; not ready when the phone rang in vain."""
        self._whisper.end()
        self._drop_leg(reason)
        no_answer = result is TransferResult.NO_ANSWER
        self._tell(AgentDirectory.no_answer if no_answer else AgentDirectory.release)

    def _tell(self, what: Callable[..., None]) -> None:
        """Tell the directory what became of the agent. A contact center's queue is not in it."""
        if self.person:
            dispatcher = self._tools.dispatcher
            what(dispatcher.directory, self.agent_id, now_ms=dispatcher.now_ms())

    def _drop_leg(self, reason: str) -> None:
        self._referring.stop()
        self._consult.hang_up(reason)
