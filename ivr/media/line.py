"""One leg with everything that belongs to it: prompts, keys, frames, recording, referral, deadlines.

Owns what happens on one leg and says it in messages; refuses to know other legs (ivr.media.switchboard does).
Everything runs in the main thread, hear() and talk() while the bridge exchanges frames.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from ivr.log import get_log
from ivr.media.code_keys import CodeKeys, Sorted
from ivr.media.digits import Collected, Collection, DigitCollector
from ivr.media.endpoint import FramePort
from ivr.media.frame_line import FrameLine
from ivr.media.leg import Leg
from ivr.media.playback import SILENCE, PlaybackQueue, Started
from ivr.media.recording import StereoRecording
from ivr.media.transfers import Progress, Referral
from ivr.model import media
from ivr.model.errors import MediaError
from ivr.model.ids import monotonic_ms
from ivr.model.keying import CodeKeyed
from ivr.wire import pack_frame

NO_MEDIA_MS = 30_000
GOODBYE_MS = 15_000
_FLUSH_FRAMES = 50
_log = get_log("media.line")


class Role(StrEnum):
    """CALLER came in by INVITE and took a slot; CONSULT was dialled by us."""

    CALLER = "caller"
    CONSULT = "consult"


class Line:
    """A leg under its id. say() takes the messages for the control process."""

    def __init__(self, name: str, role: Role, port: FramePort, say: Callable[[object], None]) -> None:
        self.name, self.role, self.port = name, role, port
        self.near = ""
        self.leg: Leg | None = None
        self.partner: Line | None = None
        self.decide_by_ms = 0
        self.ring_until_ms = 0
        self.ended = False
        self.queue = PlaybackQueue()
        self.last_heard = SILENCE
        self._say = say
        self._digits, self._codes = DigitCollector(), CodeKeys()
        self._referral: Referral | None = None
        self._recording: StereoRecording | None = None
        self._masked = False
        self._frames: FrameLine | None = None
        self._seq = 0
        self._last_said = SILENCE
        self._packets, self._packets_since_ms = 0, 0
        self._look_at_packets_ms = 0
        self._end: tuple[int, str] | None = None
        self._goodbye: tuple[str, int] | None = None
        port.talk, port.hear = self.talk, self.hear

    # ---- the bridge ------------------------------------------------------------------------------------------------

    def talk(self) -> bytes:
        """The next 20 ms for the peer."""
        self._last_said = frame = self.queue.next_frame(monotonic_ms())
        return frame

    def hear(self, pcm: bytes) -> None:
        """20 ms from the peer."""
        self.last_heard = pcm
        frames = self._frames
        if frames is not None:
            said = self._last_said
            told = b"" if said is SILENCE else said
            frames.send(pack_frame(self.name, self._seq, monotonic_ms(), pcm, told))
            self._seq += 1
        recording = self._recording
        if recording is not None:
            partner = self.partner
            recording.tap(pcm, partner.last_heard if partner else self._last_said)

    # ---- commands --------------------------------------------------------------------------------------------------

    def stop_playback(self) -> None:
        self.queue.stop(monotonic_ms())

    def hold_playback(self) -> None:
        self.queue.hold()

    def resume_playback(self) -> None:
        self.queue.resume()

    def send_frames_to(self, line: FrameLine | None) -> None:
        self._frames = line

    def expect_code(self, by_ms: int) -> None:
        """Until then a `*` may begin a context's code."""
        self._codes.expect(by_ms)

    def collect(self, asked: Collection) -> None:
        """Begin a collection; type-ahead counts, and silences the prompt as a key would."""
        done, had_keys = self._digits.collect(asked, monotonic_ms())
        if had_keys and asked.stop_playback:
            self.stop_playback()
        self._report_digits(done)

    def stop_digits(self) -> None:
        self._digits.stop()

    def refer(self, refer_to: str, timeout_ms: int, headers: media.Headers = ()) -> None:
        """Send REFER; whatever happens, one final ReferProgress follows."""
        self._referral = Referral(monotonic_ms(), timeout_ms)
        try:
            if self.leg is not None:
                self.leg.refer(refer_to, headers)
        except MediaError as error:
            _log.warning("line.refer_failed", leg=self.name, error=str(error))
            self._report_referral(self._referral.on_status(400, True))

    def record(self, path: str) -> None:
        """Begin a recording (an earlier one is closed)."""
        self._close_recording()
        self._recording = StereoRecording(path)
        self._recording.masked = self._masked

    def mask(self, masked: bool) -> None:
        """Holds for recordings begun later, too."""
        self._masked = masked
        if self._recording is not None:
            self._recording.masked = masked

    def say_goodbye(self, reason: str) -> None:
        """Hang up when what is queued has been played, at the latest after GOODBYE_MS."""
        self._goodbye = (reason, monotonic_ms() + GOODBYE_MS)

    def hang_up(self, reason: str = "", end: tuple[int, str] | None = None, headers: media.Headers = ()) -> None:
        """End the leg. end: the code and reason to report instead of what SIP says."""
        self._end = self._end or end or ((200, reason) if reason else None)
        try:
            if self.leg is not None:
                self.leg.hang_up(reason, headers)
        except MediaError as error:
            _log.warning("line.hang_up_failed", leg=self.name, error=str(error))

    # ---- what SIP tells --------------------------------------------------------------------------------------------

    def leg_ringing(self, code: int) -> None:
        dialog = self.leg.dialog if self.leg is not None else None
        self._say(media.LegRinging(leg=self.name, at_ms=monotonic_ms(), code=code, dialog=dialog))

    def leg_up(self) -> None:
        leg, now = self.leg, monotonic_ms()
        if leg is None:
            return
        self.ring_until_ms = 0
        self._packets_since_ms = now
        # The first syllable must not go out before the caller's side has confirmed, and can hear it.
        self.queue.paused = leg.held
        self._say(media.LegAnswered(leg=self.name, at_ms=now, codec=leg.codec, dialog=leg.dialog))

    def leg_held(self, held: bool) -> None:
        self.queue.paused = held or self.leg is None or not self.leg.up
        self._packets_since_ms = monotonic_ms()
        self._say(media.LegHeld(leg=self.name, held=held))

    def leg_digit(self, digit: str) -> None:
        self._take_keys(self._codes.press(digit, monotonic_ms()))

    def leg_referred(self, code: int, final: bool) -> None:
        if self._referral is not None:
            self._report_referral(self._referral.on_status(code, final))

    def leg_asked_to_move(self, refer_to: str) -> Leg | None:
        _log.warning("line.refer_declined", leg=self.name, refer_to=refer_to)
        return None

    def leg_ended(self, code: int, reason: str, local: bool) -> None:
        now = monotonic_ms()
        self.ended = True
        self.port.rest()
        self.queue.stop(now)
        self._report_marks()
        if self._referral is not None:
            self._report_referral(self._referral.on_leg_ended())
        self._close_recording()
        self._frames = None
        if self._end is not None and local:
            code, reason = self._end
        by = "local" if local else "remote"
        self._say(media.LegEnded(leg=self.name, code=code, reason=reason, by=by, at_ms=now))

    # ---- time ------------------------------------------------------------------------------------------------------

    def on_time(self, now_ms: int) -> None:
        """What is due. Called about every 10 ms."""
        self._report_marks()
        self._take_keys(self._codes.on_time(now_ms))
        self._report_digits(self._digits.on_time(now_ms))
        if self._referral is not None:
            self._report_referral(self._referral.on_time(now_ms))
        if self.ring_until_ms and now_ms >= self.ring_until_ms:
            self.ring_until_ms = 0
            self.hang_up("no answer", end=(408, "no answer"))
        if self._goodbye and (not self.queue.playing or now_ms >= self._goodbye[1]):
            self.hang_up(self._goodbye[0])
        if now_ms >= self._look_at_packets_ms:
            self._look_at_packets_ms = now_ms + 1000
            self._watch_packets(now_ms)
        self._flush_recording()

    def _watch_packets(self, now_ms: int) -> None:
        leg = self.leg
        if leg is None or not leg.up or leg.held:
            return
        packets = leg.packets_received
        if packets != self._packets:
            self._packets, self._packets_since_ms = packets, now_ms
        elif now_ms - self._packets_since_ms >= NO_MEDIA_MS:
            self.hang_up("no media")

    def _flush_recording(self) -> None:
        if self._recording is None:
            return
        try:
            self._recording.flush(at_least=_FLUSH_FRAMES)
        except (MediaError, OSError) as error:
            _log.error("line.recording_failed", leg=self.name, error=str(error))
            self._recording = None

    def _close_recording(self) -> None:
        recording, self._recording = self._recording, None
        if recording is not None:
            try:
                recording.close()
            except (MediaError, OSError) as error:
                _log.error("line.recording_failed", leg=self.name, error=str(error))

    # ---- reports ---------------------------------------------------------------------------------------------------

    def _report_marks(self) -> None:
        for mark in self.queue.marks():
            if isinstance(mark, Started):
                self._say(media.PlaybackStarted(leg=self.name, playback=mark.playback, at_ms=mark.at_ms))
            else:
                self._say(
                    media.PlaybackEnded(
                        leg=self.name,
                        playback=mark.playback,
                        interrupted=mark.interrupted,
                        played_ms=mark.played_ms,
                        at_ms=mark.at_ms,
                    )
                )

    def _take_keys(self, found: Sorted) -> None:
        now = monotonic_ms()
        if found.code:
            self._say(CodeKeyed(leg=self.name, digits=found.code, at_ms=now))
        for digit in found.keys:
            if self._digits.stops_playback:
                self.stop_playback()
            self._say(media.DigitPressed(leg=self.name, digit=digit, at_ms=now))
            self._report_digits(self._digits.press(digit, now))

    def _report_digits(self, done: Collected | None) -> None:
        if done is not None:
            now = monotonic_ms()
            self._say(media.DigitsCollected(leg=self.name, digits=done.digits, ended_by=done.ended_by, at_ms=now))

    def _report_referral(self, progress: Progress | None) -> None:
        if progress is not None:
            self._say(media.ReferProgress(leg=self.name, code=progress.code, final=progress.final))
            if progress.final:
                self._referral = None
