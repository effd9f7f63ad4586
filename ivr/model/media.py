"""Telephony nouns, and the messages between the control process and a media worker.

A leg is one SIP dialog. The caller's leg has the call's id; a consult leg has an id of its own.
Times named *_at_ms are CLOCK_MONOTONIC milliseconds of this machine; the other *_ms are durations.
"""

from __future__ import annotations

from dataclasses import dataclass

from ivr.model.sip import SipDialog

SAMPLE_RATE_HZ = 8000
FRAME_MS = 20
FRAME_BYTES = SAMPLE_RATE_HZ * FRAME_MS // 1000 * 2

Headers = tuple[tuple[str, str], ...]


# ---- control -> media worker --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCall:
    """Answer the caller's leg with 200 OK. headers go on the response."""

    leg: str
    headers: Headers = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectCall:
    """Refuse the caller's leg before it was answered. retry_after_s adds Retry-After when > 0."""

    leg: str
    code: int
    reason: str
    retry_after_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SendAudioTo:
    """Send the frames of this leg to the speech worker listening at frames_path; "" stops it."""

    leg: str
    frames_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """Queue WAV files on a leg. PlaybackEnded comes after the Play with last=True. loop: until stopped (music)."""

    leg: str
    playback: str
    files: tuple[str, ...]
    last: bool = True
    loop: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StopPlayback:
    """Silence the leg at once: the queue is cleared and what was playing is reported as interrupted."""

    leg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectDigits:
    """Collect keys from now on; keys pressed since the last collection ended (type-ahead) count.
    Ends on max_digits, on terminator (not part of the result), or after inter_digit_ms without another key.
    stop_playback: the first key silences the prompt. A new CollectDigits replaces the old one.
    """

    leg: str
    max_digits: int
    terminator: str = "#"
    inter_digit_ms: int = 3000
    stop_playback: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StopDigits:
    """Stop collecting and throw type-ahead away."""

    leg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """Call somebody on a new leg of the same worker as near_leg. headers go on the INVITE."""

    leg: str
    near_leg: str
    uri: str
    headers: Headers = ()
    ring_timeout_ms: int = 15000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """Let two legs hear each other; their own playback stops."""

    leg: str
    other: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbridge:
    """Part two legs; each is back with the bot."""

    leg: str
    other: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendDigits:
    """Send keys as RFC 4733 events on a leg."""

    leg: str
    digits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refer:
    """Blind transfer of a leg (RFC 3515). refer_to may carry URI headers; headers are those of the REFER itself."""

    leg: str
    refer_to: str
    timeout_ms: int = 25000
    headers: Headers = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRecording:
    """Record a leg to a stereo WAV: left what the caller says, right what the caller hears."""

    leg: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskRecording:
    """masked=True writes silence instead of both sides until masked=False."""

    leg: str
    masked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """End a leg with BYE, CANCEL or a final response, whichever fits its state. headers go on it."""

    leg: str
    reason: str = ""
    headers: Headers = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """Take no new calls (503 + Retry-After: about when a new house may be up); live ones go on."""

    retry_after_s: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Shutdown:
    """Hang up what is left and end the process."""


# ---- media worker -> control --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaReady:
    """The SIP port is open."""

    sip_host: str
    sip_port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallArrived:
    """An INVITE took a slot. headers: every header of the INVITE in order, names in canonical long form."""

    leg: str
    sip_call_id: str
    request_uri: str
    from_header: str
    to_header: str
    headers: Headers
    source: str
    arrived_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRefused:
    """An INVITE got no slot and was answered 503 by the worker. For the record and the metrics only."""

    from_header: str
    to_header: str
    code: int
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LegAnswered:
    """The leg is confirmed and its audio flows. dialog: kept by the control process to say BYE if the worker dies."""

    leg: str
    at_ms: int
    codec: str = ""
    dialog: SipDialog | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegRinging:
    """180 or 183 came for a leg we dial. dialog: the early one, kept as that of LegAnswered is (RFC 3261 15.1.2)."""

    leg: str
    at_ms: int
    code: int
    dialog: SipDialog | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegHeld:
    """The peer put the leg on hold (held=True) or took it back."""

    leg: str
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEnded:
    """The leg is gone. code: the SIP status that ended it (200 = normal BYE). by: "remote" or "local"."""

    leg: str
    code: int
    reason: str
    by: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackStarted:
    """The first sample of a playback went into the bridge."""

    leg: str
    playback: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackEnded:
    """A playback ran dry or was stopped (interrupted=True). played_ms: how much of it was sent."""

    leg: str
    playback: str
    interrupted: bool
    played_ms: int
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitPressed:
    """One key (0-9 * # A-D), at its first packet. Logged only as "a key" in sensitive steps."""

    leg: str
    digit: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitsCollected:
    """A collection ended. ended_by: "length" | "terminator" | "gap". digits may be "" (terminator alone)."""

    leg: str
    digits: str
    ended_by: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferProgress:
    """A NOTIFY (or the REFER's own answer) came. final: nothing more will follow."""

    leg: str
    code: int
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaHealth:
    """Once a second: counters since start. frames_dropped: speech socket full or absent."""

    legs: int
    callers: int
    frames_sent: int
    frames_dropped: int
    rss_bytes: int
