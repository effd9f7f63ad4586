"""Bringing a human into the call: the handoff with this call's context, and the comfort while it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from ivr.call.acquaintance import acquaintances
from ivr.call.comfort import Comfort, ComfortTools
from ivr.call.context import Known, keep_context, packet_for
from ivr.call.dealings import dealings
from ivr.call.handoff import Handoff
from ivr.call.handoff_terms import HandoffTools, Packet
from ivr.call.line import Line
from ivr.call.moving import Method
from ivr.call.surroundings import Surroundings
from ivr.call.waiting_ear import WaitingEar
from ivr.model import dialog as say
from ivr.model.carry import ReferUui
from ivr.model.dealings import Dealings
from ivr.model.hearing import SpeechHeard, SpeechRejected
from ivr.model.ids import monotonic_ms
from ivr.model.media import PlaybackEnded, StopDigits, StopPlayback
from ivr.model.routing import Agent, HandoffRequest, TransferResult
from ivr.routing.waiting import WaitingCall
from ivr.routing.waiting_words import ASSISTANT_KEY, CALLBACK_KEY

INSTEAD = {CALLBACK_KEY: TransferResult.CALLBACK, ASSISTANT_KEY: TransferResult.ASSISTANT}


class Humans:
    """The humans of one call. no_offers() tells whether the caller ever refused offers: an agent must know."""

    def __init__(self, line: Line, house: Surroundings, no_offers: Callable[[], Awaitable[bool]]) -> None:
        self._line, self._house = line, house
        self._no_offers, self._known = no_offers, Known(no_offers=False, dealings=Dealings())
        self.handoff: Handoff | None = None
        self.request: HandoffRequest | None = None
        self._choices = WaitingEar(line.ear)
        self._comfort = Comfort(_comfort_tools(line, house, self._choices))
        self.took_over = False

    @property
    def with_human(self) -> bool:
        """Has somebody taken the call, or a contact center's queue that has not hung up so far?"""
        return self.took_over or (self.handoff is not None and self.handoff.joined)

    async def hand_off(self, request: HandoffRequest) -> TransferResult:
        """Try to bring a human. The caller hears comfort until somebody takes the call or nobody is left."""
        line, house = self._line, self._house
        line.journal.note("handoff.requested", queue=request.queue, reason=request.reason)
        self.request = request
        tools = self.tools(turned_away=lambda: self.turned_away(handoff))
        self.handoff = handoff = Handoff(line.call_id, tools, line.journal)
        words = asyncio.ensure_future(self._comfort.keep_company(handoff))
        try:
            refused, before, people = await asyncio.gather(
                self._no_offers(), dealings(line.session(), line.journal, house.store), acquaintances(line, house)
            )
            self._known = Known(no_offers=refused, dealings=before)
            result = await handoff.run(self._placed(replace(request, data={**people, **request.data})))
        finally:
            words.cancel()
            self._choices.end()
        house.metrics.handoffs.labels(result=result.value).inc()
        self.took_over = result is TransferResult.ANSWERED
        if not (self._comfort.hush() or self.took_over):
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

    @property
    def place(self) -> WaitingCall | None:
        """The place this call has in the line, or had last; None when it never asked for a human."""
        return self.handoff.place if self.handoff is not None else None

    def key(self, digit: str) -> bool:
        """A key of the caller: for whoever is heard, or one that ends the waiting, and is no answer to what is asked
        next. False for any other."""
        result, handoff = INSTEAD.get(digit), self.handoff
        if handoff is not None and handoff.key(digit):
            return True
        return result is not None and self._choose(result)

    def said(self, message: SpeechHeard | SpeechRejected) -> bool:
        """Words of the caller. True when they ended the waiting."""
        result = self._choices.choice(message)
        return result is not None and self._choose(result)

    def heard_out(self, message: PlaybackEnded) -> None:
        """A playback is over: after the choices were told, the caller may say one."""
        if self._comfort.ended(message) and self.handoff is not None and self.handoff.waits:
            self._choices.begin(self._line.session().language)

    def _choose(self, result: TransferResult) -> bool:
        handoff = self.handoff
        if handoff is None or not self._comfort.choices_known or not handoff.stop_waiting(result):
            return False
        self._comfort.hush()
        self._house.to_media(StopDigits(leg=self._line.call_id))
        return True

    def caller_gone(self) -> None:
        """The caller left: an agent's phone must not go on ringing."""
        if self.handoff is not None:
            before = self.with_human
            self.handoff.caller_gone()
            self.took_over = before or self.handoff.moved

    def worker_lost(self) -> None:
        """The process that held the caller's leg, and perhaps an agent's, died."""
        if self.handoff is not None:
            self.handoff.worker_lost()

    def prompts_ended(self) -> None:
        """Everything was said to the caller."""
        self._comfort.prompts_ended()

    def play_music(self) -> None:
        """Comfort for the caller until somebody speaks."""
        self._comfort.play_music()

    def _placed(self, request: HandoffRequest) -> HandoffRequest:
        """Whoever comes from a full queue, and cannot go back to it, keeps the place: arrival and priority."""
        if self._line.overflow is None:
            return request
        found = self._line.overflow.overflow
        place = {"priority": found.priority, "waited_ms": found.waited_ms(monotonic_ms())}
        return replace(request, data={**place, **request.data})

    def turned_away(self, handoff: Handoff) -> None:
        """The caller hears nothing any more: a contact center's queue has hung up."""
        self._comfort.excuse(handoff)

    def tools(self, method: Method | None = None, *, turned_away: Callable[[], None]) -> HandoffTools:
        """What a handoff of this call acts through. method: the trunk's unless another is said. turned_away: called
        when a contact center's queue has hung up on the caller."""
        line, house = self._line, self._house
        language = line.session().language

        def count_turned_away(queue: str) -> None:
            house.metrics.turned_away.labels(queue=queue).inc()
            turned_away()

        def make_packet(request: HandoffRequest, agent: Agent) -> Packet:
            return packet_for(line, house.routing, request, agent, self._known)

        async def store_context(packet: Packet) -> None:
            await keep_context(line, house.store, packet)

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
            turned_away=count_turned_away,
            method=method or Method(line.number.trunk.transfer),
            refer_uui=ReferUui(line.number.trunk.refer_uui),
            language=language,
        )


def _comfort_tools(line: Line, house: Surroundings, choices: WaitingEar) -> ComfortTools:
    return ComfortTools(
        leg=line.call_id,
        speaker=line.speaker,
        journal=line.journal,
        terms=house.routing.waiting,
        music=house.comfort_path,
        language=lambda: line.session().language,
        now_ms=house.dispatcher.now_ms,
        by_voice=choices.hears,
        send=house.to_media,
        find_prompt=house.find_prompt,
        render_prompt=house.render_prompt,
        start=line.start,
    )
