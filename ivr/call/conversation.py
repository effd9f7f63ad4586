"""One conversation: what was heard, pressed or not said becomes a dialog event, and the dialog's commands are done.

Owns the dialog's state and the measuring of turns. Knows nothing of legs, workers and records.
"""

from __future__ import annotations

from dataclasses import dataclass

from ivr.call.coming_back import ComingBack
from ivr.call.commands import Performer
from ivr.call.line import Line
from ivr.call.listening import TimerElapsed, TimerName
from ivr.call.noting import note_event
from ivr.call.reading import read
from ivr.call.surroundings import Surroundings
from ivr.dialog.engine import Session, advance, new_session
from ivr.log import MASK
from ivr.model import dialog as say
from ivr.model.hearing import Recognition, SpeechHeard, SpeechRejected, SpeechStarted
from ivr.model.ids import monotonic_ms
from ivr.model.media import DigitPressed, DigitsCollected, PlaybackEnded, PlaybackStarted, StopDigits
from ivr.speech.backchannel import is_afterthought, is_backchannel

_ANSWERS = frozenset({"turn.heard", "turn.keys", "turn.rejected", "handoff.requested", "dialog.ended"})
NOD_ANSWERS_MS = 1200  # a prompt that ends so soon after an "uh-huh" was all but over when it came


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """The NLU engine is done with what was heard."""

    event: say.UtteranceHeard
    turn: int


class Conversation:
    """The conversation of one call. answered_at_ms: when the caller's leg was confirmed."""

    def __init__(self, session: Session, line: Line, house: Surroundings) -> None:
        self.session = session
        self._line, self._house = line, house
        self.performer = Performer(line, house)
        self.answered_at_ms = 0
        self._greeted = False
        self._turn_ended_at_ms = 0  # end of the caller's last turn, until the bot's answer is heard
        self._reaction_ms = 0
        self._nod: SpeechHeard | None = None
        self._nodded_at_ms = 0
        self._answered: Recognition | None = None
        self._hidden = False  # the answer being handled is to a sensitive question

    def lasted_ms(self, now_ms: int) -> int:
        """Since the caller's leg was confirmed; 0 when it never was."""
        return now_ms - self.answered_at_ms if self.answered_at_ms else 0

    def advance(self, event: say.Event) -> None:
        """Let the dialog react to an event and do what it commands."""
        turn = advance(self._house.assistant, self.session, event)
        self.session = turn.session
        self._line.journal.keep_secret(turn.session.sensitive_values)
        lookup = self._house.assistant.identify_service
        note_event(self._line.journal, event, turn.session, hidden=self._hidden, number_lookup=lookup)
        self._hidden = False
        self.performer.perform(turn.commands)

    # ---- who comes back -------------------------------------------------------------------------------------------

    def code_keyed(self, digits: str) -> None:
        """Eight digits came with the call: whose context they are is looked up beside it."""
        self._line.start(self._find_context(digits))

    async def _find_context(self, digits: str) -> None:
        back = await self._house.codes.find(self._line.number.trunk.name, digits)
        if back is None:
            self._line.journal.note("call.code_unknown")
        else:
            self._line.post(back)

    def came_back(self, back: ComingBack) -> None:
        """The caller was here before. Unless they have said something already, the dialog begins anew: knowing it, and
        in the language spoken then."""
        line, number, assistant = self._line, self._line.number, self._house.assistant
        number.caller = back.known_of(number.caller)
        back.note(line.journal)
        if any(entry.kind in _ANSWERS for entry in line.journal.entries):
            return
        line.ear.close()
        line.speaker.cut()
        self._house.to_media(StopDigits(leg=line.call_id))
        language = back.language if back.language in assistant.languages else self.session.language
        if language != self.session.language:
            line.journal.note("dialog.language", language=language)
        self.session = new_session(assistant, language)
        self.performer.begin()

    # ---- what is said ---------------------------------------------------------------------------------------------

    def playback_started(self, message: PlaybackStarted) -> None:
        """The first sample of something went out: the caller's wait is over."""
        journal, metrics = self._line.journal, self._house.metrics
        if not self._greeted:
            self._greeted = True
            greeting_ms = message.at_ms - self.answered_at_ms
            journal.note("call.greeted", greeting_ms=greeting_ms)
            metrics.greeting.observe(max(0, greeting_ms) / 1000)
        elif self._turn_ended_at_ms:
            latency_ms = message.at_ms - self._turn_ended_at_ms
            self._turn_ended_at_ms = 0
            journal.note("turn.answered", latency_ms=latency_ms)
            metrics.turn.observe(latency_ms / 1000)

    def playback_ended(self, message: PlaybackEnded) -> None:
        """A playback ran dry or was stopped."""
        self._line.ear.heard_out(message.playback)
        self.performer.heard_out(message)
        if self._line.speaker.ended(message):
            self._prompts_ended(message.at_ms, interrupted=message.interrupted)
            if not message.interrupted:
                self._nod_at_the_end(message.at_ms)

    # ---- what is heard --------------------------------------------------------------------------------------------

    def speech_started(self, message: SpeechStarted) -> None:
        """The caller began to speak: an interruptible prompt is silent at once, and waits for what they say."""
        line = self._line
        if line.ear.speech_started(message) and line.speaker.busy and line.ear.interruptible:
            line.speaker.hold()
            self._reaction_ms = monotonic_ms() - message.started_at_ms

    def _barge_in(self) -> None:
        """What the caller says over the prompt is an answer: nothing that was to be said will be."""
        line = self._line
        if not line.speaker.held:
            return
        line.speaker.cut()
        line.journal.note("turn.barged_in", reaction_ms=self._reaction_ms)
        self._house.metrics.barge_ins.inc()
        self._prompts_ended(monotonic_ms(), interrupted=True)

    def _prompts_ended(self, at_ms: int, *, interrupted: bool) -> None:
        self._line.journal.note("turn.prompted", interrupted=interrupted)
        self._line.ear.prompts_ended()
        self.performer.prompts_ended()
        self.advance(say.PromptsEnded(at_ms=at_ms, interrupted=interrupted))

    def _nodded(self, message: SpeechHeard, hear: say.Hear) -> bool:
        """True when the caller only said "uh-huh" to the prompt, which goes on."""
        line = self._line
        if not line.speaker.held or not is_backchannel(message.recognition, hear.expectation.kind):
            return False
        line.journal.note("turn.backchannel", held_ms=monotonic_ms() - message.recognition.speech_started_at_ms)
        line.ear.again()
        line.speaker.resume()
        self._nod, self._nodded_at_ms = message, monotonic_ms()
        return True

    def _added(self, message: SpeechHeard) -> bool:
        """True when it was only the second half of the last answer ("yes" - "please"): the question still stands."""
        line = self._line
        if self._answered is None or not is_afterthought(self._answered, message.recognition):
            return False
        line.journal.note("turn.afterthought")
        line.ear.again()
        line.speaker.resume()
        return True

    def _nod_at_the_end(self, at_ms: int) -> None:
        """Who said "uh-huh" when the question was all but over has answered it."""
        nod, self._nod = self._nod, None
        ear = self._line.ear
        if nod is not None and at_ms - self._nodded_at_ms <= NOD_ANSWERS_MS and ear.quiet:
            self.speech_heard(SpeechHeard(call_id=nod.call_id, turn=ear.turn, recognition=nod.recognition))

    def speech_heard(self, message: SpeechHeard) -> None:
        """The caller's turn is over; the NLU engine reads it next."""
        hear = self._line.ear.hear
        if self.performer.said(message) or hear is None or not self._line.ear.is_open(message.turn):
            return
        if self._added(message) or self._nodded(message, hear):
            return
        self._answered = message.recognition
        self._barge_in()
        self._turn_ended_at_ms = message.recognition.speech_ended_at_ms
        self._house.metrics.decode.observe(message.recognition.decode_ms / 1000)
        self._house.metrics.heard.labels(result="heard").inc()
        self._line.start(self._understand(message, hear))

    async def _understand(self, message: SpeechHeard, hear: say.Hear) -> None:
        event = await read(self._house.nlu, message.recognition, hear)
        self._line.post(Understood(event=event, turn=message.turn))

    def understood(self, message: Understood) -> None:
        """What was heard has a meaning. Keys pressed meanwhile have overtaken it."""
        if self._line.ear.is_open(message.turn):
            self._close_turn()
            self.advance(message.event)

    def speech_rejected(self, message: SpeechRejected) -> None:
        """The caller's turn held no words. A mere noise costs no try: the turn goes on."""
        ear = self._line.ear
        if self.performer.said(message) or not ear.is_open(message.turn):
            return
        self._house.metrics.heard.labels(result=message.reason).inc()
        if ear.noise(message):
            self._line.journal.note("turn.noise", reason=message.reason)
            self._line.speaker.resume()
            return
        self._barge_in()
        self._turn_ended_at_ms = message.speech_ended_at_ms
        self._close_turn()
        if message.reason == "engine":
            self._fail_to_hear("the recogniser failed")
        else:
            self.advance(say.UtteranceRejected(at_ms=monotonic_ms(), reason=message.reason))

    def digit_pressed(self, message: DigitPressed) -> None:
        """A key: the voice is no longer waited for."""
        ear = self._line.ear
        hidden = ear.hear is not None and ear.hear.sensitive
        if ear.key_pressed():
            self._line.journal.note("turn.key", key=MASK if hidden else message.digit)

    def digits_collected(self, message: DigitsCollected) -> None:
        """The keys are complete."""
        if self._line.ear.hear is not None:
            self._turn_ended_at_ms = message.at_ms
            self._close_turn()
            self.advance(say.DigitsDialed(at_ms=message.at_ms, digits=message.digits))

    def timer_elapsed(self, timer: TimerElapsed) -> None:
        """Silence, or a turn that never ended."""
        if not self._line.ear.elapsed(timer):
            return
        self._barge_in()
        self._close_turn()
        now_ms = monotonic_ms()
        if timer.name is TimerName.NOINPUT:
            self.advance(say.SilenceElapsed(at_ms=now_ms))
        else:
            self._fail_to_hear("a turn never ended")

    def _fail_to_hear(self, what: str) -> None:
        """They spoke and we did not hear: our fault, so it costs no try; keys this time, the voice again after it."""
        self._line.journal.note("trouble", where="hearing", what=what)
        self.advance(say.HearingLost(at_ms=monotonic_ms()))
        self.advance(say.HearingRestored(at_ms=monotonic_ms()))

    def hearing_lost(self, event: say.HearingLost) -> None:
        """The recogniser died."""
        if self._line.ear.available:
            self._line.ear.lost()
            self._line.speaker.resume()  # whoever spoke over the prompt is not heard: let it at least be said
            self.advance(event)

    def hearing_restored(self, event: say.HearingRestored) -> None:
        """A recogniser is there again."""
        self._line.ear.restored()
        self.advance(event)

    def _close_turn(self) -> None:
        ear = self._line.ear
        self._hidden = ear.hear is not None and ear.hear.sensitive
        ear.close()
