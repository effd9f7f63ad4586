"""All legs of one worker: who is let in, who is joined with whom, and how they end.

Owns admission and the legs' lives; refuses to know sockets, processes and commands (ivr.media.commands does). A slot
is reserved at the INVITE before anything else is done; the count is of legs that exist, never of a gauge.
"""

from __future__ import annotations

from collections.abc import Callable

from ivr.log import get_log
from ivr.media.endpoint import LEGS, Endpoint, Invite
from ivr.media.frame_line import FrameLine
from ivr.media.headers import parse_message
from ivr.media.leg import Leg
from ivr.media.line import Line, Role
from ivr.media.prompt_reader import PromptReader
from ivr.model import media
from ivr.model.errors import MediaError
from ivr.model.ids import monotonic_ms, new_id

DECISION_MS = 3000
_log = get_log("media.switchboard")


class _Refused:
    """A call that got no slot. Its leg must be held until it ended, and dropped outside the library's callbacks.

    It is refused outside them, too: an INVITE without SDP that is refused in the callback ends there and then, and the
    library frees it a second time afterwards, which kills the process.
    """

    def __init__(self) -> None:
        self.leg: Leg | None = None
        self.told = False
        self.ended = False

    def tell(self, retry_after_s: int) -> None:
        """503, once."""
        if self.leg is not None and not self.told:
            self.told = True
            try:
                self.leg.refuse(503, "Service Unavailable", retry_after_s)
            except MediaError as error:
                _log.warning("switchboard.not_refused", error=str(error))

    def leg_ringing(self, code: int) -> None: ...
    def leg_up(self) -> None: ...
    def leg_held(self, held: bool) -> None: ...
    def leg_digit(self, digit: str) -> None: ...
    def leg_referred(self, code: int, final: bool) -> None: ...
    def leg_asked_to_move(self, refer_to: str) -> Leg | None:
        return None

    def leg_ended(self, code: int, reason: str, local: bool) -> None:
        self.ended = True


class Switchboard:
    """The legs, by id. say() takes messages for the control process."""

    def __init__(self, max_callers: int, retry_after_s: int, say: Callable[[object], None]) -> None:
        self.draining = False
        self.retry_after_s = retry_after_s
        self.lines: dict[str, Line] = {}
        self.frame_lines: dict[str, FrameLine] = {}
        self._max_callers = max_callers
        self._say = say
        self._endpoint: Endpoint | None = None
        self._prompts = PromptReader()
        self._refused: list[_Refused] = []

    @property
    def callers(self) -> int:
        """Slots taken."""
        return sum(1 for line in self.lines.values() if line.role is Role.CALLER)

    @property
    def able(self) -> bool:
        """Would a call be taken now?"""
        return not self.draining and self.callers < self._max_callers

    @property
    def deciding(self) -> bool:
        """Whether a caller waits for AnswerCall or RejectCall."""
        return any(line.decide_by_ms for line in self.lines.values())

    def open(self, endpoint: Endpoint) -> None:
        """Begin to take calls."""
        self._endpoint = endpoint

    # ---- calls that come in ----------------------------------------------------------------------------------------

    def invite_came(self, invite: Invite) -> None:
        now = monotonic_ms()
        message = parse_message(invite.raw)
        endpoint = self._endpoint
        if endpoint is None:
            return  # no Leg is made: the library answers 500
        if not self.able:
            self._refuse(endpoint, invite)
            return
        try:
            line = Line(new_id(), Role.CALLER, endpoint.borrow_port(), self._say)
        except MediaError as error:
            _log.warning("switchboard.no_port", error=str(error))
            self._refuse(endpoint, invite)
            return
        self.lines[line.name] = line
        line.decide_by_ms = now + DECISION_MS
        line.leg = Leg(endpoint, line, invite)
        line.leg.use_port(line.port)
        self._say(
            media.CallArrived(
                leg=line.name,
                sip_call_id=message.get("Call-ID"),
                request_uri=message.request_uri,
                from_header=message.get("From"),
                to_header=message.get("To"),
                headers=message.headers,
                source=invite.source,
                arrived_at_ms=now,
            )
        )

    def invite_overflowed(self, remote: str, local: str, code: int) -> None:
        self._say(media.CallRefused(from_header=remote, to_header=local, code=code, at_ms=monotonic_ms()))

    def _refuse(self, endpoint: Endpoint, invite: Invite) -> None:
        refused = _Refused()
        self._refused.append(refused)
        refused.leg = Leg(endpoint, refused, invite)
        message = parse_message(invite.raw)
        said = media.CallRefused(
            from_header=message.get("From"), to_header=message.get("To"), code=503, at_ms=monotonic_ms()
        )
        self._say(said)

    # ---- time and ends ---------------------------------------------------------------------------------------------

    def on_time(self, now_ms: int) -> None:
        """What is due on every leg; legs that ended are forgotten here, outside the library's callbacks."""
        for line in list(self.lines.values()):
            if line.ended:
                self._forget(line)
                continue
            line.on_time(now_ms)
            if line.decide_by_ms and now_ms >= line.decide_by_ms:
                _log.error("switchboard.no_decision", leg=line.name)
                self._refuse_undecided(line)
        for refused in self._refused:
            refused.tell(self.retry_after_s)
        self._refused = [refused for refused in self._refused if not refused.ended]
        for frames in self.frame_lines.values():
            frames.tend(now_ms)

    def dial(self, name: str, near_leg: str, uri: str, headers: media.Headers, ring_timeout_ms: int) -> None:
        """Call somebody for near_leg; whatever goes wrong is said as LegEnded."""
        endpoint, near = self._endpoint, self.lines.get(near_leg)
        if endpoint is None or near is None or near.ended:
            self._not_dialled(name, 487, "near leg is gone")
            return
        if len(self.lines) + len(self._refused) >= LEGS or name in self.lines:
            self._not_dialled(name, 503, "no free leg")
            return
        line = self.lines[name] = Line(name, Role.CONSULT, endpoint.borrow_port(), self._say)
        line.near = near_leg
        line.ring_until_ms = monotonic_ms() + ring_timeout_ms
        line.leg = Leg(endpoint, line)
        line.leg.use_port(line.port)
        try:
            line.leg.dial(uri, headers)
        except MediaError as error:
            if not line.ended:
                line.ended = True
                self._not_dialled(name, 400, str(error))

    def _not_dialled(self, leg: str, code: int, reason: str) -> None:
        _log.warning("switchboard.not_dialled", leg=leg, code=code, reason=reason)
        self._say(media.LegEnded(leg=leg, code=code, reason=reason, by="local", at_ms=monotonic_ms()))

    def bridge(self, name: str, other_name: str) -> None:
        """Join two legs; whoever they were joined with before is parted."""
        one, two = self.lines.get(name), self.lines.get(other_name)
        if one is None or two is None or one.leg is None or two.leg is None or one.ended or two.ended or one is two:
            _log.warning("switchboard.cannot_bridge", leg=name, other=other_name)
            return
        for line in (one, two):
            if line.partner is not None and line.partner not in (one, two):
                self._separate(line)
            line.stop_playback()
        one.partner, two.partner = two, one
        one.leg.join(two.leg)

    def unbridge(self, name: str, other_name: str) -> None:
        line = self.lines.get(name)
        if line is not None and line.partner is not None and line.partner.name == other_name:
            self._separate(line)

    def frame_line(self, path: str) -> FrameLine | None:
        """The way to the speech worker at path, opened when new; None for ""."""
        if path and path not in self.frame_lines:
            self.frame_lines[path] = FrameLine(path)
            self.frame_lines[path].tend(monotonic_ms())
        return self.frame_lines.get(path)

    def play(self, line: Line, playback: str, files: tuple[str, ...], last: bool, loop: bool) -> None:
        """Queue WAV files; one that cannot be read in time is left out and logged."""
        line.queue.add(playback, self._prompts.read(line.name, files, monotonic_ms()).frames, last, loop)

    def say_goodbye(self, apology_path: str) -> None:
        """The control process is gone: apologise to every caller, end every leg."""
        self.draining = True
        for line in list(self.lines.values()):
            self._separate(line)
            line.stop_playback()
            if line.decide_by_ms:
                self._refuse_undecided(line)
            elif (
                line.role is Role.CALLER and apology_path and line.leg is not None and line.leg.up and not line.leg.held
            ):
                self.play(line, "apology", (apology_path,), True, False)
                line.say_goodbye("service unavailable")
            else:
                line.hang_up("service unavailable")

    def hang_up_all(self, reason: str) -> None:
        for line in self.lines.values():
            line.hang_up(reason)

    def close(self) -> None:
        """Forget everything; the endpoint is closed next."""
        for line in list(self.lines.values()):
            if not line.ended:
                line.leg_ended(487, "shutdown", True)
            self._forget(line)
        self._refused.clear()
        for frames in self.frame_lines.values():
            frames.close()

    def _refuse_undecided(self, line: Line) -> None:
        line.decide_by_ms = 0
        if line.leg is not None:
            line.leg.refuse(503, "Service Unavailable", self.retry_after_s)

    def _forget(self, line: Line) -> None:
        self.lines.pop(line.name, None)
        if line.partner is not None:
            self._separate(line)
        for other in self.lines.values():
            # A consult that still rings for a caller who left would call an agent to an empty line.
            if other.near == line.name and other.leg is not None and not other.leg.up:
                other.hang_up("caller left")
        if self._endpoint is not None:
            self._endpoint.return_port(line.port)
        line.leg = None

    def _separate(self, line: Line) -> None:
        partner, line.partner = line.partner, None
        if partner is not None:
            partner.partner = None
        if line.leg is not None:
            line.leg.part()
