"""Bringing a human into the call: the handoff with this call's context, and the comfort while it goes on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ivr.call.context import packet_for
from ivr.call.handoff import Handoff, HandoffTools, Packet
from ivr.call.line import Line
from ivr.call.surroundings import Surroundings
from ivr.model import dialog as say
from ivr.model.ids import monotonic_ms
from ivr.model.media import Play, StopPlayback
from ivr.model.routing import Agent, HandoffRequest, TransferResult

CONTEXT_KEPT = timedelta(hours=4)


class Humans:
    """The humans of one call. no_offers() tells whether the caller ever refused offers: an agent must know."""

    def __init__(self, line: Line, house: Surroundings, no_offers: Callable[[], Awaitable[bool]]) -> None:
        self._line, self._house = line, house
        self._no_offers, self._refused = no_offers, False
        self._handoff: Handoff | None = None
        self.took_over = False

    async def hand_off(self, request: HandoffRequest) -> TransferResult:
        """Try to bring a human. The caller hears comfort until somebody takes the call or nobody is left."""
        line, house = self._line, self._house
        line.journal.note("handoff.requested", queue=request.queue, reason=request.reason)
        house.to_media(
            Play(leg=line.call_id, playback=f"comfort-{line.call_id}", files=(house.comfort_path,), loop=True)
        )
        self._refused = await self._no_offers()
        self._handoff = Handoff(line.call_id, self._tools(), line.journal)
        result = await self._handoff.run(request, line.session().language)
        house.metrics.handoffs.labels(result=result.value).inc()
        self.took_over = result is TransferResult.ANSWERED
        if not self.took_over:
            house.to_media(StopPlayback(leg=line.call_id))
        return result

    async def serve(self, request: HandoffRequest) -> None:
        """A handoff the dialog asked for: its end comes back as TransferEnded."""
        result = await self.hand_off(request)
        agent = self._handoff.agent if self._handoff else ""
        self._line.post(say.TransferEnded(at_ms=monotonic_ms(), result=result, agent=agent))

    def receive(self, message: object) -> bool:
        """A message about a consult leg. True when it ended a bridge: the agent is done with the caller."""
        handoff = self._handoff
        if handoff is None or getattr(message, "leg", "") != handoff.leg:
            return False
        was_bridged = handoff.bridged
        handoff.receive(message)
        return was_bridged and not handoff.bridged

    def caller_gone(self) -> None:
        """The caller hung up: an agent's phone must not go on ringing."""
        if self._handoff is not None:
            self._handoff.caller_gone()

    def _tools(self) -> HandoffTools:
        line, house = self._line, self._house
        language = line.session().language

        def make_packet(request: HandoffRequest, agent: Agent) -> Packet:
            return packet_for(line, request, agent, no_offers=self._refused)

        async def store_context(packet: Packet) -> None:
            expires = datetime.now(UTC) + CONTEXT_KEPT
            await house.store.save_context(packet.token, line.call_id, packet.context, expires.isoformat())

        async def render(text: str) -> Path:
            prompt = say.Prompt(text=text, language=language, name="whisper")
            return house.find_prompt(prompt) or await house.render_prompt(prompt)

        return HandoffTools(
            plan=house.routing,
            agents=house.agents,
            send=house.to_media,
            make_packet=make_packet,
            store_context=store_context,
            pop=house.pop,
            render=render,
            ring_timeout_ms=house.routing.ring_timeout_ms,
        )
