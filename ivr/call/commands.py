"""What the dialog commands is done here, one turn at a time; what takes time is left to errands and humans."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ivr.call.at_desk import AtDesk
from ivr.call.closing import closing_line_out_ms
from ivr.call.errands import Errands
from ivr.call.held_out import held_out
from ivr.call.humans import Humans
from ivr.call.line import Line
from ivr.call.overflowing import WayBack
from ivr.call.surroundings import Surroundings
from ivr.model import dialog as say
from ivr.model.call import Outcome
from ivr.model.consent import KeepConsent
from ivr.model.fulfilment import SettleAcceptance
from ivr.model.hearing import SpeechHeard, SpeechRejected, UtteranceMarked, VoiceMeasured
from ivr.model.ids import monotonic_ms
from ivr.model.media import HangUp, MaskRecording, PlaybackEnded, ReferProgress, StartRecording
from ivr.model.routing import HandoffRequest, TransferResult

# What a rescued call still owes; the rest of the dialog is over, whatever events are on their way to it.
_OWED = (say.RecordOfferAnswer, SettleAcceptance, say.RecordSurvey, say.PromiseCallback, say.Note)

HELD_OUT = "straight to the queue"
_UNFINISHED = frozenset({Outcome.OPEN, Outcome.UNRESOLVED, Outcome.ABANDONED})


class Performer:
    """Does what one call's dialog commands, and knows when it is time to hang up."""

    def __init__(self, line: Line, house: Surroundings) -> None:
        self._line, self._house = line, house
        self._errands = Errands(line, house)
        self._humans = Humans(line, house, self._errands.offers_refused)
        self._at_desk = AtDesk(line, house, self._humans, self._errands)
        refused = self._errands.offers_refused
        self._way_back = WayBack(line.overflow, line, house, refused) if line.overflow else None
        self._ending = False
        self._rescued = False
        self._recording = ""
        self._says_secret = self._masked = False

    @property
    def with_human(self) -> bool:
        """Has a human taken the call?"""
        return self._humans.with_human

    @property
    def outcome(self) -> Outcome:
        """How the call ended, for the business."""
        if self.with_human:
            return Outcome.TRANSFERRED
        if self._way_back is not None and self._way_back.returned:
            return Outcome.RETURNED
        outcome = self._line.session().outcome
        if self._errands.promised and outcome in _UNFINISHED:
            return Outcome.CALLBACK
        return Outcome.UNRESOLVED if outcome is Outcome.OPEN else outcome

    def begin(self) -> None:
        """The caller is on the line."""
        if self._house.settings.recording.mode == "all":
            self.record()
        self._line.start(self._begin())

    async def _begin(self) -> None:
        """The dialog begins; for a call held out of the bot only when no person takes it."""
        if await held_out(self._line, self._house):
            request = HandoffRequest(queue=self._house.default_queue, reason=HELD_OUT)
            if await self._humans.hand_off(request) is TransferResult.ANSWERED:
                return
        await self._errands.greet()

    def record(self) -> None:
        """Record the call from now on, when the operator allows it."""
        settings = self._house.settings.recording
        if settings.mode == "off" or self._recording:
            return
        self._recording = str(settings.dir / f"{self._line.call_id}.wav")
        self._house.to_media(StartRecording(leg=self._line.call_id, path=self._recording))
        self._line.journal.note("recording.started", path=self._recording)

    def perform(self, commands: Iterable[say.Command]) -> None:
        """Do one turn's commands, in order; prompts that may be interrupted alike are said as one."""
        spoken: list[tuple[say.BargeIn, list[say.Prompt]]] = []
        hear: say.Hear | None = None
        for command in commands:
            if self._rescued and not isinstance(command, _OWED):
                continue
            match command:
                case say.Say(prompts=prompts, barge_in=barge_in):
                    if not spoken or spoken[-1][0] != barge_in:
                        spoken.append((barge_in, []))
                    spoken[-1][1].extend(prompts)
                case say.Hear():
                    hear = command
                case _:
                    self._perform_one(command)
        self._mask(hear, [prompt for _, prompts in spoken for prompt in prompts])
        held_until = self._say(spoken)
        if hear is not None:
            line = self._line
            line.ear.open(
                hear,
                language=line.session().language,
                barge_in=spoken[-1][0] if spoken else say.BargeIn(),
                speaking=line.speaker.busy,
                held_until=held_until,
            )
        self._end_when_silent()

    def _say(self, spoken: list[tuple[say.BargeIn, list[say.Prompt]]]) -> str:
        """Say everything, in order. Returns the playback that must be heard out before the caller may interrupt."""
        held_until = ""
        for barge_in, prompts in spoken:
            playback = self._line.speaker.say(prompts)
            if not barge_in.speech and spoken[-1][0].speech:
                held_until = playback
        return held_until

    def prompts_ended(self) -> None:
        """Everything was said; after a goodbye that means hanging up."""
        if self._way_back is not None:
            self._way_back.prompts_ended()
        self._humans.prompts_ended()
        self._end_when_silent()

    def consult(self, message: object) -> None:
        """A message about a leg that is not the caller's, or about a REFER."""
        if not self._at_desk.consult(message):
            self._humans.receive(message)

    def at_desk(self, message: object) -> None:
        """An agent did something with this call from the page."""
        self._at_desk.receive(message, recorded=bool(self._recording))

    def key(self, digit: str) -> bool:
        """A key of the caller. True when it was for a human, or ended the waiting for one."""
        return self._at_desk.key(digit) or self._humans.key(digit)

    def said(self, message: SpeechHeard | SpeechRejected) -> bool:
        """Words of the caller. True when they ended the waiting for a human."""
        return self._humans.said(message)

    def heard_out(self, message: PlaybackEnded) -> None:
        """A playback is over."""
        self._humans.heard_out(message)

    def overheard(self, message: UtteranceMarked | VoiceMeasured) -> None:
        """The speech worker found something out about the caller's voice."""
        self._line.start(self._errands.overheard(message))

    def hang_up(self, reason: str) -> None:
        """End the caller's leg."""
        if self._way_back is not None:
            self._line.owe(self._way_back.hang_up(reason, self.outcome))
        else:
            self._house.to_media(HangUp(leg=self._line.call_id, reason=reason))

    def returning(self, message: ReferProgress) -> bool:
        """News of a REFER. True when it was the one that gives the caller back."""
        return self._way_back is not None and self._way_back.receive(message)

    def tell_overflow(self, outcome: Outcome) -> None:
        """The call is over: the contact center it came from is told how."""
        if self._way_back is not None:
            self._line.owe(self._way_back.tell(outcome))

    def caller_gone(self) -> None:
        """The caller's leg is gone: nothing may go on ringing or waiting."""
        if self._way_back is not None:
            self._way_back.caller_gone()
        self._humans.caller_gone()
        self._at_desk.caller_gone()
        self._errands.drop()

    def worker_lost(self) -> None:
        """The process that held the caller's leg, and perhaps an agent's, died."""
        self._humans.worker_lost()
        self._at_desk.worker_lost()
        self._errands.drop()

    async def make_up_for_loss(self) -> None:
        """We dropped the caller: promise to call back, unless a contact center has the caller again."""
        back = self._line.overflow is not None and self._line.overflow.comes_back_by_itself
        if self._line.caller.ani and not back:
            await self._errands.promise("the call was cut off by a failure on our side", self._line.caller.ani)

    def owe_outcomes(self, ended_by: str, lasted_ms: Callable[[int], int]) -> None:
        """The call is over: what the experiment wants to know of it. Whoever hangs up before the closing line is out
        hung up early, in either arm; with a human on the line there is no closing line, and no early end. lasted_ms:
        from the answer to a moment; handling time ends with the closing line, too."""
        passed_on = self.outcome in {Outcome.TRANSFERRED, Outcome.RETURNED}
        out_ms = None if passed_on else closing_line_out_ms(self._line.journal.entries)
        early = None if ended_by == "failure" else ended_by == "caller" and out_ms is None and not passed_on
        answered_s = lasted_ms(monotonic_ms() if out_ms is None else out_ms) / 1000
        self._line.owe(self._errands.follow_up.ended(with_human=self.with_human))
        self._line.owe(self._errands.tell_offer_outcomes(early=early, answered_s=answered_s))

    def rescue(self) -> None:
        """Something of ours broke: a human takes the call; if none can, an apology, a promised callback, goodbye."""
        if self._rescued or self._line.session().said_goodbye:
            self.hang_up("failure")
            return
        self._fall_silent()
        self._line.start(self._rescue())

    def dismiss(self) -> None:
        """The service stops: an apology, a promised callback, goodbye. Two people who talk are parted without."""
        if self._ending:
            return  # goodbye is being said
        if self.with_human or self._line.session().said_goodbye:
            self.hang_up("service stops")
            return
        self._humans.caller_gone()
        self._fall_silent()
        self._line.start(self._apologise("the service was stopped during the call"))

    def _fall_silent(self) -> None:
        self._rescued = True
        self._line.ear.close()
        self._line.speaker.stop()
        self._mask(None, [])

    async def _to_human(self, request: HandoffRequest) -> None:
        if self._way_back is not None and self._way_back.possible:
            await self._way_back.serve(request)
        else:
            await self._humans.serve(request)

    async def _rescue(self) -> None:
        request = HandoffRequest(queue=self._house.default_queue, reason="technical failure")
        if self._way_back is not None and self._way_back.possible:
            await self._way_back.give_back(request)
        else:
            await self._humans.hand_off(request)
        if self.outcome not in {Outcome.TRANSFERRED, Outcome.RETURNED}:
            await self._apologise("technical failure")

    async def _apologise(self, reason: str) -> None:
        if self._line.caller.ani:
            await self._errands.promise(reason, self._line.caller.ani)
        self._ending = True
        self._line.speaker.say([self._house.apology])
        self._end_when_silent()

    def _perform_one(self, command: say.Command) -> None:
        line, errands = self._line, self._errands
        match command:
            case say.CallService():
                line.start(errands.serve(command))
            case say.DecideOffer() | KeepConsent():
                line.start(errands.ask_desk(command, self._recording))
            case say.RecordOfferAnswer() | SettleAcceptance() | say.RecordSurvey():
                line.owe(errands.record(command, self._recording))
            case say.RequestHandoff(request=request):
                if line.session().agent_requested:
                    line.start(errands.agent_requested())
                line.start(self._to_human(request))
            case say.PromiseCallback():
                place = self._humans.place
                line.owe(errands.promise(command.reason, command.number, within_ms=command.within_ms, place=place))
            case say.SwitchLanguage(language=language):
                line.journal.note("dialog.language", language=language)
            case say.Note(kind=kind, data=data):
                line.journal.note(kind, **data)
                if kind == "offer.refused":
                    line.owe(errands.refuse_offers())
            case say.EndCall(reason=reason):
                self._ending = True
                line.ear.close()
                line.journal.note("dialog.ended", reason=reason)
            case _:
                raise TypeError(f"no way to perform {type(command).__name__}")

    def _mask(self, hear: say.Hear | None, prompts: list[say.Prompt]) -> None:
        """Silence the recording while something sensitive is being said or waited for; also one that begins later."""
        line = self._line
        said = any(prompt.sensitive for prompt in prompts)
        self._says_secret = said or (self._says_secret and line.speaker.busy)
        waiting = hear or line.ear.hear
        masked = self._says_secret or (waiting is not None and waiting.sensitive)
        if masked != self._masked:
            self._masked = masked
            self._house.to_media(MaskRecording(leg=line.call_id, masked=masked))

    def _end_when_silent(self) -> None:
        if self._ending and not self._line.speaker.busy and not self.with_human:
            self.hang_up("goodbye")
