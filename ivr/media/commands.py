"""What each command of the control process does to the switchboard: a table, one entry a message.

Owns the translation of messages into calls; refuses to decide anything. A command for a leg that is gone is no fault:
the caller may hang up while it is on its way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ivr.log import get_log
from ivr.media.digits import Collection
from ivr.media.line import Line
from ivr.media.switchboard import Switchboard
from ivr.model import holding, keying, media
from ivr.model.errors import MediaError
from ivr.model.ids import monotonic_ms

_log = get_log("media.commands")


def obey(board: Switchboard, command: object) -> None:
    """Carry out one command; one that SIP refuses is logged, its leg reports for itself."""
    act = _COMMANDS.get(type(command))
    if act is None:
        _log.warning("commands.unknown", type=type(command).__name__)
        return
    try:
        act(board, command)
    except MediaError as error:
        _log.warning("commands.failed", type=type(command).__name__, error=str(error))


def _on_line(act: Callable[[Line, Any], None]) -> Callable[[Switchboard, Any], None]:
    def find(board: Switchboard, command: Any) -> None:
        line = board.lines.get(command.leg)
        if line is not None and not line.ended:
            act(line, command)

    return find


def _answer(line: Line, command: media.AnswerCall) -> None:
    if line.leg is not None and line.decide_by_ms:
        line.decide_by_ms = 0
        line.leg.answer_call(command.headers)


def _reject(line: Line, command: media.RejectCall) -> None:
    if line.leg is not None and line.decide_by_ms:
        line.decide_by_ms = 0
        line.leg.refuse(command.code, command.reason, command.retry_after_s)


def _send_audio_to(board: Switchboard, command: media.SendAudioTo) -> None:
    line = board.lines.get(command.leg)
    if line is not None and not line.ended:
        line.send_frames_to(board.frame_line(command.frames_path))


def _play(board: Switchboard, command: media.Play) -> None:
    line = board.lines.get(command.leg)
    if line is not None and not line.ended:
        board.play(line, command.playback, command.files, command.last, command.loop)


def _collect(line: Line, command: media.CollectDigits) -> None:
    line.collect(
        Collection(
            max_digits=command.max_digits,
            terminator=command.terminator,
            inter_digit_ms=command.inter_digit_ms,
            stop_playback=command.stop_playback,
        )
    )


def _dial(board: Switchboard, command: media.Dial) -> None:
    board.dial(command.leg, command.near_leg, command.uri, command.headers, command.ring_timeout_ms)


def _send_digits(line: Line, command: media.SendDigits) -> None:
    if line.leg is not None:
        line.leg.send_digits(command.digits)


def _drain(board: Switchboard, command: media.Drain) -> None:
    board.draining, board.retry_after_s = True, command.retry_after_s


_COMMANDS: dict[type, Callable[[Switchboard, Any], None]] = {
    media.AnswerCall: _on_line(_answer),
    keying.ExpectCode: _on_line(lambda line, command: line.expect_code(monotonic_ms() + command.for_ms)),
    media.RejectCall: _on_line(_reject),
    media.SendAudioTo: _send_audio_to,
    media.Play: _play,
    media.StopPlayback: _on_line(lambda line, _: line.stop_playback()),
    holding.HoldPlayback: _on_line(lambda line, _: line.hold_playback()),
    holding.ResumePlayback: _on_line(lambda line, _: line.resume_playback()),
    media.CollectDigits: _on_line(_collect),
    media.StopDigits: _on_line(lambda line, _: line.stop_digits()),
    media.Dial: _dial,
    media.Bridge: lambda board, command: board.bridge(command.leg, command.other),
    media.Unbridge: lambda board, command: board.unbridge(command.leg, command.other),
    media.SendDigits: _on_line(_send_digits),
    media.Refer: _on_line(lambda line, command: line.refer(command.refer_to, command.timeout_ms, command.headers)),
    media.StartRecording: _on_line(lambda line, command: line.record(command.path)),
    media.MaskRecording: _on_line(lambda line, command: line.mask(command.masked)),
    media.HangUp: _on_line(lambda line, command: line.hang_up(command.reason, headers=command.headers)),
    media.Drain: _drain,
}
