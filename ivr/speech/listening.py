"""One call as the worker hears it: its audio, its clock, and at most one turn being listened to.

Owns the joining of frames, voice activity, endpointing and decoding for a call. Refuses to know sockets: what it
finds out goes to `report` as the messages of ivr.model.hearing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ivr.log import get_log
from ivr.model.errors import SpeechError
from ivr.model.hearing import Hypothesis, Listen, Recognition, SpeechHeard, SpeechRejected, SpeechStarted
from ivr.model.media import FRAME_BYTES, FRAME_MS
from ivr.model.ports import Recognizer, RecognizerStream
from ivr.speech import endpointing
from ivr.speech.decoding import Job
from ivr.speech.echo import EchoCanceller
from ivr.speech.endpointing import SAMPLES_PER_MS, Action, Endpointer, Phase
from ivr.speech.sample_clock import SampleClock
from ivr.speech.turn import Turn
from ivr.speech.vad import AT_ONCE, CHUNK, SileroModel, VoiceActivity

log = get_log("speech.listening")

Report = Callable[[SpeechStarted | SpeechHeard | SpeechRejected], None]
Utterance = Callable[[str, int, bytes], None]  # call, turn, the sound of what was understood
KEEP_MS = 1000  # audio kept when nobody speaks: the pre-roll and what came while the start was uncertain
LONGEST_GAP = 50  # frames lost in a row that are filled with silence; more is a new beginning
STARVED_MS = 200  # without frames for so long in mid-turn, silence is assumed: the peer stopped sending
DOUBT_MS = 500  # speech so young may be an echo that has only now been found
FED_EVERY_MS = 200  # of speech, to an engine that decodes what it is fed
STUCK_MS = 10_000  # a decode takes 0.1 s, and in a crowd some tenths more; waiting in line does not count
_WHILE_SPEAKING = 1  # two chunks in one run cost little more than one
_SILENT_FRAME = bytes(FRAME_BYTES)


class Decodes(Protocol):
    """Where decodes are asked for: the queue of a worker, or one in virtual time."""

    def submit(self, job: Job) -> None: ...

    def close_stream(self, stream: RecognizerStream) -> None: ...


class CallAudio:
    """The audio of one call and the turn listened to, if any. All methods run on the loop."""

    def __init__(
        self,
        call_id: str,
        *,
        vad: SileroModel,
        recognizer: Recognizer,
        queue: Decodes,
        report: Report,
        now_ms: Callable[[], int],
        utterance: Utterance | None = None,
    ) -> None:
        self.call_id = call_id
        self._activity = VoiceActivity(vad, resting=True)
        self._echo = EchoCanceller()
        self._recognizer, self._queue, self._report, self._now_ms = recognizer, queue, report, now_ms
        self._utterance = utterance
        self._clock = SampleClock()
        self._pcm = bytearray()
        self._pcm_start = 0
        self._chunk_end = 0
        self._seq: int | None = None
        self._turn: Turn | None = None
        self.heard_at_ms = now_ms()

    def frame(self, seq: int, at_ms: int, pcm: bytes, said: bytes = b"") -> None:
        """One frame, and what the caller was told meanwhile (b"" = silence), whose echo is taken out.

        Lost frames become silence so that time stays right; late ones are dropped.
        """
        if self._seq is not None:
            missing = (seq - self._seq - 1) & 0xFFFFFFFF
            if missing >= 0x80000000:
                return
            for _ in range(missing if missing <= LONGEST_GAP else 0):
                self._take(at_ms - FRAME_MS, self._echo.clean(_SILENT_FRAME, b""))
        self._seq = seq
        self.heard_at_ms = self._now_ms()
        clean = self._echo.clean(pcm, said)
        if self._echo.moved:
            self._doubt()
        self._take(at_ms, clean)

    def _doubt(self) -> None:
        """The echo of the prompt has just been found where nobody looked: what began a moment ago was the echo."""
        turn = self._turn
        if turn is None or turn.endpointer.phase in (Phase.WAITING, Phase.ENDED):
            return
        start = turn.endpointer.start
        if self._clock.samples - start > DOUBT_MS * SAMPLES_PER_MS:
            return
        if turn.endpointer.phase is Phase.RISING:
            turn.endpointer = Endpointer(turn.listen.expectation)
            return
        self._reject(turn.listen, "noise", start, turn.endpointer.end)
        self.forget_turn()

    @property
    def stuck(self) -> bool:
        """Has a decode been waited for so long that it will never come?"""
        turn = self._turn
        began_ms = turn.job.began_ms if turn is not None and turn.job is not None else 0
        return bool(began_ms) and self._now_ms() - began_ms > STUCK_MS

    @property
    def _patience(self) -> int:
        """How many chunks of sound may wait for the next: none when a turn may begin or end with each of them."""
        if self._turn is None or self._turn.endpointer.phase is Phase.ENDED:
            return AT_ONCE
        return _WHILE_SPEAKING if self._turn.endpointer.phase is Phase.SPEAKING else 0

    @property
    def leisure_ms(self) -> int:
        """How long frames may lie unread: waking up for each of them costs more than hearing it."""
        phase = self._turn.endpointer.phase if self._turn is not None else Phase.ENDED
        if phase is Phase.WAITING and not self._activity.calm:
            return 0
        if phase is Phase.WAITING and self._echo.over:  # no prompt can be talked over
            return endpointing.WAITED_FOR_MS
        return endpointing.LEISURE_MS.get(phase, 0)

    def starve(self) -> None:
        """Called now and then: fills in for a peer that stopped sending in the middle of a turn."""
        turn = self._turn
        if turn is None or turn.endpointer.phase in (Phase.WAITING, Phase.ENDED):
            return
        now_ms = self._now_ms()
        while now_ms - self.heard_at_ms >= STARVED_MS and self._turn is turn:
            self.heard_at_ms += FRAME_MS
            self._take(self.heard_at_ms, _SILENT_FRAME)

    def listen(self, listen: Listen) -> None:
        """Hear a turn from now on; an older one is forgotten."""
        self.forget_turn()
        if listen.language not in self._recognizer.languages:
            log.warning("listen.language_unknown", call=self.call_id, language=listen.language)
            self._reject(listen, "engine", self._clock.samples, self._clock.samples)
            return
        self._turn = Turn(listen)

    def stop(self, turn: int) -> None:
        """Forget that turn; another one is left alone."""
        if self._turn is not None and self._turn.listen.turn == turn:
            self.forget_turn()

    def forget_turn(self) -> None:
        """Drop the turn with its decodes; nothing is reported for it any more."""
        turn, self._turn = self._turn, None
        if turn is not None:
            self._drop_job(turn)
            if turn.stream is not None:
                self._queue.close_stream(turn.stream)

    def _take(self, at_ms: int, pcm: bytes) -> None:
        self._pcm += pcm
        self._clock.advance(len(pcm) // 2, at_ms)
        for sound in self._activity.feed(pcm, patience=self._patience):
            self._chunk_end += CHUNK
            turn = self._turn
            if turn is not None and turn.endpointer.phase is not Phase.ENDED:
                self._act(turn, turn.endpointer.hear(sound.probability, self._chunk_end, sound.weight))
        if self._turn is not None:
            self._feed_ahead(self._turn)
        self._trim()

    def _trim(self) -> None:
        """Keep what a turn may still need."""
        needed = self._clock.samples - KEEP_MS * SAMPLES_PER_MS
        if self._turn is not None and self._turn.stream is not None:
            needed = min(needed, self._turn.fed_until)
        if needed - self._pcm_start > KEEP_MS * SAMPLES_PER_MS:
            del self._pcm[: (needed - self._pcm_start) * 2]
            self._pcm_start = needed

    def _act(self, turn: Turn, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case endpointing.Started(start=start):
                    self._started(turn, start)
                case endpointing.Decode(until=until, final=final):
                    self._decode(turn, until, final)
                case endpointing.Hurry():
                    if turn.job is not None:
                        turn.job.final = True
                case endpointing.Resumed():
                    self._drop_job(turn)
                case endpointing.Ended(hypothesis=hypothesis, end=end):
                    self._ended(turn, hypothesis, end)

    def _started(self, turn: Turn, start: int) -> None:
        turn.fed_until = max(self._pcm_start, start - endpointing.PRE_ROLL_MS * SAMPLES_PER_MS)
        try:
            turn.stream = self._recognizer.open(turn.listen.language, turn.listen.expectation)
        except SpeechError as error:
            log.error("listen.engine_failed", call=self.call_id, error=str(error))
        self._report(
            SpeechStarted(
                call_id=self.call_id,
                turn=turn.listen.turn,
                started_at_ms=self._clock.at_ms(start),
                detected_at_ms=self._now_ms(),
            )
        )

    def _decode(self, turn: Turn, until: int, final: bool) -> None:
        self._drop_job(turn)
        stream = turn.stream
        if stream is None:
            self._failed(turn)
            return

        self._submit(turn, stream, until, final=final)

    def _feed_ahead(self, turn: Turn) -> None:
        """A live engine hears the caller while the caller speaks, so that little is left to do at the end."""
        stream = turn.stream
        if stream is None or not stream.live or turn.job is not None or turn.endpointer.phase is not Phase.SPEAKING:
            return
        if self._chunk_end - turn.fed_until >= FED_EVERY_MS * SAMPLES_PER_MS:
            self._submit(turn, stream, self._chunk_end, feeds_only=True)

    def _submit(
        self, turn: Turn, stream: RecognizerStream, until: int, *, final: bool = False, feeds_only: bool = False
    ) -> None:
        def audio() -> bytes:
            first, turn.fed_until = turn.fed_until, max(turn.fed_until, until)
            fed = bytes(self._pcm[(first - self._pcm_start) * 2 : (turn.fed_until - self._pcm_start) * 2])
            turn.sound += fed if self._utterance is not None else b""
            return fed

        def done(hypothesis: Hypothesis | None, took_ms: int) -> None:
            turn.job = None
            if not feeds_only:
                turn.decodes += 1
                turn.decode_ms = took_ms
            if self._turn is not turn:
                return
            if hypothesis is None:
                self._failed(turn)
            elif not feeds_only:
                self._act(turn, turn.endpointer.understand(hypothesis, until))

        turn.job = Job(stream=stream, audio=audio, done=done, final=final, feeds_only=feeds_only)
        self._queue.submit(turn.job)

    @staticmethod
    def _drop_job(turn: Turn) -> None:
        if turn.job is not None:
            turn.job.give_up()
            turn.job = None

    def _ended(self, turn: Turn, hypothesis: Hypothesis, end: int) -> None:
        start = turn.endpointer.start
        if not hypothesis.text:
            self._reject(turn.listen, hypothesis.reason or "no_speech", start, end)
        else:
            recognition = Recognition(
                hypothesis=hypothesis,
                language=hypothesis.language or turn.listen.language,
                speech_started_at_ms=self._clock.at_ms(start),
                speech_ended_at_ms=self._clock.at_ms(end),
                decided_at_ms=self._now_ms(),
                decode_ms=turn.decode_ms,
                decodes=turn.decodes,
            )
            self._report(SpeechHeard(call_id=self.call_id, turn=turn.listen.turn, recognition=recognition))
            if self._utterance is not None:
                self._utterance(self.call_id, turn.listen.turn, bytes(turn.sound))
        self.forget_turn()

    def _failed(self, turn: Turn) -> None:
        self._reject(turn.listen, "engine", turn.endpointer.start, turn.endpointer.end)
        self.forget_turn()

    def _reject(self, listen: Listen, reason: str, start: int, end: int) -> None:
        self._report(
            SpeechRejected(
                call_id=self.call_id,
                turn=listen.turn,
                reason=reason,
                speech_started_at_ms=self._clock.at_ms(start),
                speech_ended_at_ms=self._clock.at_ms(end),
            )
        )
