"""Bringing a human into the call: the handoff with this call's context, and the comfort while it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ivr.call.context import packet_for
from ivr.call.handoff import Handoff
from ivr.call.handoff_terms import HandoffTools, Packet
from ivr.call.line import Line
from ivr.call.moving import Method
from ivr.call.surroundings import Surroundings
from ivr.model import dialog as say
from ivr.model.carry import ReferUui
from ivr.model.errors import SpeechError
from ivr.model.ids import monotonic_ms
from ivr.model.media import Play, StopDigits, StopPlayback
from ivr.model.routing import Agent, HandoffRequest, TransferResult
from ivr.routing.key_code import key_code

CONTEXT_KEPT = timedelta(hours=4)
STOP_KEY = "1"


class Humans:
    """The humans of one call. no_offers() tells whether the caller ever refused offers: an agent must know."""

    def __init__(self, line: Line, house: Surroundings, no_offers: Callable[[], Awaitable[bool]]) -> None:
        self._line, self._house = line, house
        self._no_offers, self._refused = no_offers, False
        self.handoff: Handoff | None = None
        self.request: HandoffRequest | None = None
        self.took_over = False

    async def hand_off(self, request: HandoffRequest) -> TransferResult:
        """Try to bring a human. The caller hears comfort until somebody takes the call or nobody is left."""
        line, house = self._line, self._house
        line.journal.note("handoff.requested", queue=request.queue, reason=request.reason)
        self.request = request
        self.play_music()
        self._refused = await self._no_offers()
        self.handoff = handoff = Handoff(line.call_id, self.tools(), line.journal)
        words = asyncio.ensure_future(self._tell_waiting(handoff))
        try:
            result = await handoff.run(request)
        finally:
            words.cancel()
        house.metrics.handoffs.labels(result=result.value).inc()
        self.took_over = result is TransferResult.ANSWERED
        if not self.took_over:
            house.to_media(StopPlayback(leg=line.call_id))
        return result

    async def serve(self, request: HandoffRequest) -> None:
        """A handoff the dialog asked for: its end comes back as TransferEnded."""
        result = await self.hand_off(request)
        agent = self.handoff.agent if self.handoff else ""
        self._line.post(say.TransferEnded(at_ms=monotonic_ms(), result=result, agent=agent))

    def receive(self, message: object) -> None:
        """A message about a consult leg, what was heard on it, or news of a REFER."""
        handoff = self.handoff
        leg = getattr(message, "leg", getattr(message, "call_id", ""))
        if handoff is not None and leg in {handoff.leg, self._line.call_id}:
            handoff.receive(message)

    def waiting_key(self, digit: str) -> bool:
        """A key of the caller: the one that ends the waiting does, and is no answer to what is asked next."""
        if digit != STOP_KEY or self.handoff is None or not self.handoff.stop_waiting():
            return False
        self._house.to_media(StopDigits(leg=self._line.call_id))
        return True

    def caller_gone(self) -> None:
        """The caller left: an agent's phone must not go on ringing."""
        if self.handoff is not None:
            self.handoff.caller_gone()
            self.took_over = self.took_over or self.handoff.moved

    def worker_lost(self) -> None:
        """The process that held the caller's leg, and perhaps an agent's, died."""
        if self.handoff is not None:
            self.handoff.worker_lost()

    def play_music(self) -> None:
        """Comfort for the caller until somebody speaks."""
        line, house = self._line, self._house
        house.to_media(
            Play(leg=line.call_id, playback=f"comfort-{line.call_id}", files=(house.comfort_path,), loop=True)
        )

    async def _tell_waiting(self, handoff: Handoff) -> None:
        """Words between the music for as long as the call waits in the line."""
        line, house = self._line, self._house
        terms, language = house.routing.waiting, line.session().language
        text = terms.words.get(language, "")
        if not text or not terms.words_every_ms:
            return
        prompt = say.Prompt(text=text, language=language, name="waiting")
        while True:
            await asyncio.sleep(terms.words_every_ms / 1000)
            try:
                path = house.find_prompt(prompt) or await house.render_prompt(prompt)
            except SpeechError as error:
                line.journal.note("trouble", where="waiting", what=str(error))
                return
            if handoff.waiting:
                line.journal.note("turn.said", text=text, name=prompt.name, language=language)
                house.to_media(StopPlayback(leg=line.call_id))
                house.to_media(Play(leg=line.call_id, playback=f"waiting-{line.call_id}", files=(str(path),)))
                self.play_music()

    def tools(self, method: Method | None = None) -> HandoffTools:
        """What a handoff of this call acts through. method: the trunk's unless another is said."""
        line, house = self._line, self._house
        language = line.session().language

        def make_packet(request: HandoffRequest, agent: Agent) -> Packet:
            return packet_for(line, request, agent, no_offers=self._refused)

        async def store_context(packet: Packet) -> None:
            expires = datetime.now(UTC) + CONTEXT_KEPT
            code = key_code(packet.token)
            await house.store.save_context(packet.token, line.call_id, packet.context, expires.isoformat(), code=code)

        async def render(text: str) -> Path:
            prompt = say.Prompt(text=text, language=language, name="whisper")
            return house.find_prompt(prompt) or await house.render_prompt(prompt)

        return HandoffTools(
            dispatcher=house.dispatcher,
            send=house.to_media,
            hear=house.to_speech,
            frames_path=house.frames_path if house.hearing else lambda: "",
            make_packet=make_packet,
            store_context=store_context,
            pop=house.pop,
            render=render,
            ring_timeout_ms=house.routing.ring_timeout_ms,
            method=method or Method(line.number.trunk.transfer),
            refer_uui=ReferUui(line.number.trunk.refer_uui),
            language=language,
        )
