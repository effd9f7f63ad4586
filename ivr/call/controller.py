"""The controller of one call: its mailbox, its beginning and its end.

Owns the order in which things happen to a call. The conversation is the dialog's; legs and workers are messages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ivr.call import at_desk
from ivr.call.ani import CallingNumber
from ivr.call.coming_back import CODE_MS, ComingBack, came_back
from ivr.call.conversation import Conversation, Understood
from ivr.call.journal import Journal
from ivr.call.line import Line
from ivr.call.listening import Ear, TimerElapsed
from ivr.call.overflowing import keep_result, overflow_call
from ivr.call.record import fold
from ivr.call.speaking import Speaker
from ivr.call.surroundings import Surroundings
from ivr.dialog.engine import new_session
from ivr.log import get_log
from ivr.model import dialog as say
from ivr.model.call import CallRecord, Outcome
from ivr.model.hearing import ForgetCall, SpeechHeard, SpeechRejected, SpeechStarted, UtteranceMarked, VoiceMeasured
from ivr.model.keying import CodeKeyed, ExpectCode
from ivr.model.media import (
    AnswerCall,
    CallArrived,
    DigitPressed,
    DigitsCollected,
    HangUp,
    LegAnswered,
    LegEnded,
    LegHeld,
    PlaybackEnded,
    PlaybackStarted,
    ReferProgress,
    RejectCall,
    SendAudioTo,
)

SETTLE_S = 5.0

_log = get_log("call")


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaLost:
    """The media worker of this call died: the caller is gone, and it was our fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRequested:
    """Somebody with the right to do so asks for a recording from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStopping:
    """The service ends now: the caller is told so, and the call with it."""


class CallOver(Exception):  # noqa: N818 - no error: it ends the call's task group
    """The call has ended; whatever still runs for it stops."""


class CallController:
    """One call, from INVITE to record."""

    def __init__(self, arrived: CallArrived, house: Surroundings) -> None:
        self.call_id, self._arrived, self._house = arrived.leg, arrived, house
        self.journal = Journal(self.call_id, (house.store.append, house.publish))
        self._number = CallingNumber(arrived, house.settings, house.signatures, self.journal)
        number, terms = self._number, house.routing.overflow
        language, trusted = house.settings.server.language, number.trunk.trusted
        self._overflow = overflow_call(
            arrived,
            number.caller,
            terms,
            house.told_wait,
            lambda queue: house.dispatcher.expected_ms(queue, language),
            trusted=trusted,
        )
        if self._overflow is not None:
            number.caller = self._overflow.known_of(number.caller, arrived.arrived_at_ms)
        self._mailbox: asyncio.Queue[object] = asyncio.Queue()
        self._conversation: Conversation | None = None
        self._lost = False
        self._ended_by = "bot"

    def post(self, message: object) -> None:
        """Give the call something to react to. Never blocks."""
        self._mailbox.put_nowait(message)

    async def run(self) -> CallRecord:
        """Live through the call and return its record, which is stored by then."""
        house, language = self._house, self._house.settings.server.language
        back = await came_back(self._arrived.headers, house.store)
        if back is not None:
            self._number.caller = back.known_of(self._number.caller)
            language = back.language if back.language in house.assistant.languages else language
        session = new_session(house.assistant, language)
        self._note_arrival(language)
        if back is not None:
            back.note(self.journal)
        self._number.begin()
        refusal = await self._number.refusal()
        if refusal is not None:
            return await self._refuse(*refusal)
        if self._overflow is not None:  # the contact center may ask how it stands as soon as we answer
            await keep_result(self._overflow, house.store, self.journal)
        if back is None and self._number.trunk.token_keys:
            house.to_media(ExpectCode(leg=self.call_id, for_ms=CODE_MS))
        house.to_media(AnswerCall(leg=self.call_id, headers=self._overflow.headers if self._overflow else ()))
        await house.store.save_record(fold(self.journal.entries))
        try:
            async with asyncio.timeout(house.settings.limits.max_call_s), asyncio.TaskGroup() as tasks:
                line = self._make_line(tasks)
                self._conversation = Conversation(session, line, house)
                tasks.create_task(line.speaker.feed())
                await self._live(line)
        except* CallOver:
            pass
        except* TimeoutError:
            self.journal.note("trouble", where="call", what="longest call time reached")
            house.to_media(HangUp(leg=self.call_id, reason="longest call time"))
        house.to_speech(ForgetCall(call_id=self.call_id))
        return await self._finish(line)

    @property
    def conversation(self) -> Conversation:
        """The conversation; there from the first message on."""
        if self._conversation is None:
            raise RuntimeError("the call has not begun to live")
        return self._conversation

    def _note_arrival(self, language: str) -> None:
        caller = self._number.caller
        self.journal.note(
            "call.arrived",
            sip_call_id=self._arrived.sip_call_id,
            ani=caller.ani,
            dnis=caller.dnis,
            claimed=caller.claimed,
            private=caller.private,
            number_source=caller.number_source,
            number_type=caller.number_type,
            verification=caller.verification,
            attest=caller.attest,
            signals=list(caller.signals),
            trunk=caller.trunk,
            diverted_from=caller.diverted_from,
            source=self._arrived.source,
            assistant=self._house.assistant.name,
            language=language,
        )
        if self._overflow is not None:
            self._overflow.note(self.journal, self._arrived.arrived_at_ms)

    def _make_line(self, tasks: asyncio.TaskGroup) -> Line:
        house = self._house
        speaker = Speaker(
            self.call_id, house.to_media, house.find_prompt, house.render_prompt, self.journal, mute=self._rescue
        )
        ear = Ear(self.call_id, house.to_media, house.to_speech, self.post)
        ear.available = house.hearing
        return Line(
            call_id=self.call_id,
            number=self._number,
            journal=self.journal,
            speaker=speaker,
            ear=ear,
            tasks=tasks,
            post=self.post,
            session=lambda: self.conversation.session,
            rescue=self._rescue,
            overflow=self._overflow,
        )

    def _rescue(self) -> None:
        self.conversation.performer.rescue()

    async def _live(self, line: Line) -> None:
        while True:
            message = await self._mailbox.get()
            try:
                self._react(message)
            except CallOver:
                line.ear.close()
                raise
            except Exception:  # noqa: BLE001 - the boundary of a call: the caller gets a polite way out
                _log.exception("call.failed", call=self.call_id, message=type(message).__name__)
                self.journal.note("trouble", where="call", what=f"could not handle {type(message).__name__}")
                self._rescue()

    def _react(self, message: object) -> None:
        """Messages of another leg belong to a handoff; the rest finds its reaction in the table."""
        if isinstance(message, ReferProgress) and self.conversation.performer.returning(message):
            return
        if getattr(message, "leg", getattr(message, "call_id", self.call_id)) != self.call_id:
            self.conversation.performer.consult(message)
        elif isinstance(message, say.Event) and type(message) not in _REACTIONS:
            self.conversation.advance(message)
        elif (reaction := _REACTIONS.get(type(message))) is not None:
            reaction(self, message)

    def _on_answered(self, message: LegAnswered) -> None:
        answer_ms = message.at_ms - self._arrived.arrived_at_ms
        self.conversation.answered_at_ms = message.at_ms
        self.journal.note("call.answered", answer_ms=answer_ms, codec=message.codec)
        self._house.metrics.answer.observe(answer_ms / 1000)
        self._house.to_media(SendAudioTo(leg=self.call_id, frames_path=self._house.frames_path()))
        self.conversation.performer.begin()

    def _on_leg_ended(self, message: LegEnded) -> None:
        self._ended_by = "caller" if message.by == "remote" else "bot"
        self.journal.note("leg.ended", code=message.code, reason=message.reason, by=message.by)
        self.conversation.performer.caller_gone()
        if message.by == "remote" and not self.conversation.performer.with_human:
            self.conversation.advance(say.CallerHungUp(at_ms=message.at_ms))
        raise CallOver

    def _on_media_lost(self, _message: MediaLost) -> None:
        self._lost, self._ended_by = True, "failure"
        self.journal.note("trouble", where="media", what="the media worker died")
        self.conversation.performer.worker_lost()
        raise CallOver

    def _on_held(self, message: LegHeld) -> None:
        self.journal.note("leg.held", held=message.held)

    def _on_key(self, message: DigitPressed) -> None:
        if not self.conversation.performer.key(message.digit):
            self.conversation.digit_pressed(message)

    def _on_recording(self, _message: RecordingRequested) -> None:
        self.conversation.performer.record()

    def _on_stopping(self, _message: ServiceStopping) -> None:
        self.journal.note("trouble", where="service", what="the service stops")
        self.conversation.performer.dismiss()

    async def _refuse(self, code: int, reason: str) -> CallRecord:
        """The trunk wants no calls whose number is proven false or unsigned."""
        self._house.to_media(RejectCall(leg=self.call_id, code=code, reason=reason))
        self.journal.note("leg.ended", code=code, reason=reason, by="local")
        return await self._store(Outcome.REFUSED, disposition="")

    async def _finish(self, line: Line) -> CallRecord:
        performer = self.conversation.performer
        if self._lost:
            line.owe(performer.make_up_for_loss())
        performer.owe_outcomes(self._ended_by, self.conversation.lasted_ms)
        await line.settle(within_s=SETTLE_S)
        self._number.close()
        outcome = Outcome.LOST if self._lost else performer.outcome
        performer.tell_overflow(outcome)
        await line.settle(within_s=SETTLE_S)
        return await self._store(outcome, self.conversation.session.disposition)

    async def _store(self, outcome: Outcome, disposition: str) -> CallRecord:
        self.journal.note("call.ended", by=self._ended_by, outcome=outcome.value, disposition=disposition)
        record = fold(self.journal.entries)
        await self._house.store.save_record(record)
        self._house.metrics.calls.labels(outcome=outcome.value).inc()
        _log.info("call.ended", call=self.call_id, outcome=outcome.value, by=self._ended_by, turns=record.turns)
        return record


_REACTIONS: dict[type, Callable[[CallController, Any], None]] = {
    LegAnswered: CallController._on_answered,
    LegEnded: CallController._on_leg_ended,
    LegHeld: CallController._on_held,
    MediaLost: CallController._on_media_lost,
    RecordingRequested: CallController._on_recording,
    ServiceStopping: CallController._on_stopping,
    ReferProgress: lambda call, message: call.conversation.performer.consult(message),
    **dict.fromkeys(at_desk.MESSAGES, lambda call, message: call.conversation.performer.at_desk(message)),
    PlaybackStarted: lambda call, message: call.conversation.playback_started(message),
    PlaybackEnded: lambda call, message: call.conversation.playback_ended(message),
    SpeechStarted: lambda call, message: call.conversation.speech_started(message),
    SpeechHeard: lambda call, message: call.conversation.speech_heard(message),
    SpeechRejected: lambda call, message: call.conversation.speech_rejected(message),
    UtteranceMarked: lambda call, message: call.conversation.performer.overheard(message),
    VoiceMeasured: lambda call, message: call.conversation.performer.overheard(message),
    Understood: lambda call, message: call.conversation.understood(message),
    CodeKeyed: lambda call, message: call.conversation.code_keyed(message.digits),
    ComingBack: lambda call, message: call.conversation.came_back(message),
    DigitPressed: CallController._on_key,
    DigitsCollected: lambda call, message: call.conversation.digits_collected(message),
    TimerElapsed: lambda call, message: call.conversation.timer_elapsed(message),
    say.HearingLost: lambda call, message: call.conversation.hearing_lost(message),
    say.HearingRestored: lambda call, message: call.conversation.hearing_restored(message),
}
