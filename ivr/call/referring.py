"""The REFER of one attempt: sent to the caller's phone, followed until it is proven, refused or silent.

Owns the REFER's wording and the time its proof may take; what follows is the attempt's. Until there is proof the caller
is ours: a bridge stands, or the caller hears comfort.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ivr.call.handoff_terms import HandoffTools, Packet
from ivr.call.journal import Journal
from ivr.call.moving import PROOF_MS, Method, Move
from ivr.call.transfer_states import TransferEvent
from ivr.model.carry import ReferUui
from ivr.model.media import Headers, Refer, ReferProgress
from ivr.model.routing import Agent
from ivr.model.sip import SipDialog, address
from ivr.routing.carriers import carried_headers
from ivr.routing.refer_to import ReplacedLeg, refer_to

Happen = Callable[[TransferEvent, int], None]


class Referring:
    """happen(event, code): MOVED, UNMOVED, or AGENT_GONE with the SIP code of who was called (0: hung up)."""

    def __init__(self, call_id: str, agent: Agent, tools: HandoffTools, journal: Journal, happen: Happen) -> None:
        self._call_id, self._agent, self._tools, self._journal = call_id, agent, tools, journal
        self._happen = happen
        self._move: Move | None = None
        self._given_up = False
        self._judging: asyncio.TimerHandle | None = None

    @property
    def method(self) -> str:
        """How the call is being moved."""
        return self._move.method.value if self._move is not None else Method.BRIDGE.value

    @property
    def pending(self) -> bool:
        """Is a consult leg that ends perhaps replaced, and not hung up?"""
        return self._move is not None and self._move.method is Method.ATTENDED

    @property
    def taken(self) -> bool:
        """A caller whose phone took the REFER and then leaves us went to the agent; after an attended one only when
        the agent's phone left us, too."""
        move = self._move
        return move is not None and move.taken and (move.method is Method.BLIND or move.agent_left)

    def blind(self, packet: Packet, timeout_ms: int) -> None:
        """Ask the caller's phone to call the agent."""
        self._refer(Method.BLIND, self._agent.sip_uri, packet, None, timeout_ms)

    def attended(self, packet: Packet, dialog: SipDialog, timeout_ms: int) -> None:
        """They hear each other through us; now the caller's phone takes the place of our consult leg."""
        replaced = ReplacedLeg(
            sip_call_id=dialog.sip_call_id,
            to_tag=address(dialog.remote).header_params.get("tag", ""),
            from_tag=address(dialog.local).header_params.get("tag", ""),
        )
        self._refer(Method.ATTENDED, dialog.remote_target, packet, replaced, timeout_ms)

    def _refer(self, method: Method, uri: str, packet: Packet, replaced: ReplacedLeg | None, timeout_ms: int) -> None:
        self._move = Move(method)
        headers, where = carried_headers(self._agent.carry, packet.token, packet.context), self._tools.refer_uui
        target = refer_to(uri, headers if where is not ReferUui.HEADER else (), replaces=replaced)
        beside: Headers = headers if where is not ReferUui.URI else ()
        self._journal.note("handoff.referred", agent=self._agent.agent_id, method=method.value)
        self._tools.send(Refer(leg=self._call_id, refer_to=target, headers=beside, timeout_ms=timeout_ms))
        self._judge_later()

    def report(self, message: ReferProgress) -> None:
        """The REFER was answered, or a NOTIFY came."""
        move = self._move
        if move is None:
            return
        move.reported(message.code, message.final)
        if move.proven:
            self._happen(TransferEvent.MOVED, message.code)
        elif move.method is Method.ATTENDED:
            if message.final:
                self._judge() if move.failed else self._judge_later()
        elif not self._given_up and move.refused:
            self._unmoved()
        elif not self._given_up and move.failed:
            self._happen(TransferEvent.AGENT_GONE, message.code)

    def agent_leg_ended(self) -> None:
        """The consult leg is gone: replaced, or hung up. Which it was, the next report tells, or its absence."""
        if self._move is not None:
            self._move.agent_leg_ended()
            if self._move.proven:
                self._happen(TransferEvent.MOVED, 200)
            else:
                self._judge_later()

    def stop(self) -> None:
        """It does not matter any more."""
        if self._judging is not None:
            self._judging.cancel()

    def _judge_later(self) -> None:
        self.stop()
        self._judging = asyncio.get_running_loop().call_later(PROOF_MS / 1000, self._judge)

    def _judge(self) -> None:
        """The time for a proof is over: what was not proven has not happened."""
        move = self._move
        if move is None:
            return
        if move.method is Method.BLIND:
            if not move.followed and not self._given_up:
                self._unmoved()
        elif move.final or not move.followed or move.agent_left:
            self._move = None
            self._journal.note("handoff.not_moved", agent=self._agent.agent_id, code=move.final)
            if move.agent_left:  # the agent hung up in the middle of it
                self._happen(TransferEvent.AGENT_GONE, 0)

    def _unmoved(self) -> None:
        self._given_up = True
        move = self._move
        self._journal.note("handoff.not_moved", agent=self._agent.agent_id, code=move.final if move else 0)
        self._happen(TransferEvent.UNMOVED, 0)
