"""The SIP library, brought up by the rules it needs. The only file that imports pjsua2.

Owns the library's life, its account, and the audio ports; refuses to know calls (ivr.media.leg) and what they are for.
The wheel is built with assertions: a misuse aborts the process. The rules kept here: everything runs in the main
thread inside poll(), SIP, keys and audio; the garbage collector is off, and may only be run in that thread; ports are
made once and lent. The library has no clock of its own: poll() has the bridge exchange 20 ms whenever they are due, so
whoever owns an Endpoint must not be away for longer. There is no way to take the library down: hang up, then end the
process with os._exit(), which frees the SIP port at once (libDestroy takes a second, and every object that outlives it
aborts the process).
"""

from __future__ import annotations

import ctypes
import gc
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import pjsua2 as pj

from ivr.log import get_log
from ivr.media.bridge import Bridge
from ivr.media.headers import clean
from ivr.media.metronome import Metronome
from ivr.media.playback import SILENCE
from ivr.model.errors import MediaError
from ivr.model.media import FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ

__all__ = ["LEGS", "Endpoint", "EndpointSettings", "FramePort", "Invite", "InviteListener", "pj"]

LEGS = 4
_SESSION_EXPIRES_S = 600
_MIN_SESSION_S = 90
# The fifth flag of pjsip_cfg_t.endpt (sip_config.h of 2.15): requests above 1300 bytes are not moved to TCP.
_FLAGS, _DISABLE_TCP_SWITCH = "pjsip_sip_cfg_var", 4
_GOES_ON_S = 1.0  # of audio after the last leg: the bridge takes ports away only while it beats
_CODECS = {"PCMU/8000/1": 255, "PCMA/8000/1": 254}
_log = get_log("media.endpoint")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSettings:
    """Where the endpoint lives. public_host: what others reach us by, "" = host. verbose: SIP traces in the log."""

    host: str
    port: int
    rtp_port: int
    rtp_ports: int = 40
    public_host: str = ""
    user: str = "ivr"
    user_agent: str = "ivr"
    verbose: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """An INVITE as it came. raw: the datagram; source: "ip:port" of the sender."""

    handle: int
    raw: str
    source: str


class InviteListener(Protocol):
    """Who is asked about INVITEs."""

    def invite_came(self, invite: Invite) -> None:
        """A new call. A Leg must be made of it before this returns, else the library refuses it with 500."""

    def invite_overflowed(self, remote: str, local: str, code: int) -> None:
        """The library itself refused a call because all its LEGS were taken."""


def _address(vector: Any) -> tuple[int, int]:
    """(begin, length) of a std::vector<unsigned char>: begin and end are its first two words."""
    at = int(vector.this)
    begin = ctypes.c_void_p.from_address(at).value or 0
    end = ctypes.c_void_p.from_address(at + 8).value or 0
    return begin, end - begin


def _read_fast(vector: Any) -> bytes:
    begin, length = _address(vector)
    return ctypes.string_at(begin, length) if length > 0 else b""


def _read_slowly(vector: Any) -> bytes:
    return bytes(vector)


def _layout_is_known() -> bool:
    """Whether std::vector lies in memory as we think; bytes(vector) is right anyway, only 200 times slower."""
    vector = pj.ByteVector(FRAME_BYTES, 7)
    begin, length = _address(vector)
    if length != FRAME_BYTES or _read_fast(vector) != bytes(vector):
        return False
    probe = bytes(range(256)) + bytes(FRAME_BYTES - 256)
    ctypes.memmove(begin, probe, FRAME_BYTES)
    return bytes(vector) == probe


class FramePort(pj.AudioMediaPort):  # type: ignore[misc]
    """An audio port of the bridge: 20 ms frames from and to Python.

    talk() gives the next frame (320 bytes), hear(frame) takes one; both must neither block nor touch the library.
    """

    def __init__(self, name: str, fast: bool) -> None:
        super().__init__()
        self.talk: Callable[[], bytes] | None = None
        self.hear: Callable[[bytes], None] | None = None
        self._fast = fast
        self._quiet = pj.ByteVector(FRAME_BYTES, 0)
        self._read = _read_fast if fast else _read_slowly
        self._out = pj.ByteVector(FRAME_BYTES, 0)
        self._out_at = _address(self._out)[0] if fast else 0
        shape = pj.MediaFormatAudio()
        shape.init(pj.PJMEDIA_FORMAT_PCM, SAMPLE_RATE_HZ, 1, FRAME_MS * 1000, 16)
        self.createPort(name, shape)

    def onFrameRequested(self, frame: Any) -> None:  # noqa: N802 - the library's name
        # Silence is sent as audio: a peer that gets no RTP takes the call for dead.
        talk = self.talk
        pcm = talk() if talk else SILENCE
        frame.type = pj.PJMEDIA_FRAME_TYPE_AUDIO
        if pcm is SILENCE:
            frame.buf = self._quiet
        elif self._fast:
            ctypes.memmove(self._out_at, pcm, FRAME_BYTES)
            frame.buf = self._out
        else:
            frame.buf = pj.ByteVector(pcm)

    def onFrameReceived(self, frame: Any) -> None:  # noqa: N802 - the library's name
        hear = self.hear
        if hear:
            pcm = self._read(frame.buf)
            hear(pcm if len(pcm) == FRAME_BYTES else SILENCE)

    def rest(self) -> None:
        """Let go of whoever used it."""
        self.talk = self.hear = None


class _LogLines(pj.LogWriter):  # type: ignore[misc]
    def write(self, entry: Any) -> None:
        line = clean(entry.msg).rstrip()
        (_log.warning if entry.level <= 2 else _log.debug)("pjsip", level=entry.level, line=line)


class _Library(pj.Endpoint):  # type: ignore[misc]
    listener: InviteListener | None = None

    def onRejectedIncomingCall(self, prm: Any) -> None:  # noqa: N802 - the library's name
        if self.listener:
            self.listener.invite_overflowed(clean(prm.remoteInfo), clean(prm.localInfo), int(prm.statusCode))


class _Account(pj.Account):  # type: ignore[misc]
    listener: InviteListener | None = None

    def onIncomingCall(self, prm: Any) -> None:  # noqa: N802 - the library's name
        if self.listener:
            invite = Invite(handle=prm.callId, raw=prm.rdata.wholeMsg, source=prm.rdata.srcAddress)
            self.listener.invite_came(invite)


class Endpoint:
    """The library, once per process. Raises MediaError when the SIP port is taken."""

    library_file = str(pj._pjsua2.__file__)

    def __init__(self, settings: EndpointSettings, listener: InviteListener) -> None:
        gc.disable()
        self._metronome, self._audible_until_s = Metronome(), 0.0
        self._log_lines = _LogLines()
        self._library = _Library()
        self._library.libCreate()
        try:
            self._open(settings)
        except pj.Error as error:
            raise MediaError(f"cannot open SIP at {settings.host}:{settings.port}: {clean(error.reason)}") from error
        fast = _layout_is_known()
        if not fast:
            _log.warning("endpoint.slow_frames", why="std::vector has another layout")
        self._ports = [FramePort(f"port{number}", fast) for number in range(LEGS)]
        self._library.listener = self.account.listener = listener
        gc.collect()
        gc.freeze()

    @property
    def due_in_ms(self) -> float:
        """How long one may sleep until audio is due; a day while there is none."""
        due_in_s = self._metronome.due_in_s(time.monotonic())
        return 86_400_000.0 if due_in_s is None else due_in_s * 1000

    def poll(self, timeout_ms: int) -> None:
        """Handle SIP, keys and audio for up to timeout_ms; callbacks run in here."""
        self._library.libHandleEvents(int(min(timeout_ms, self.due_in_ms)) if timeout_ms else 0)
        now_s = time.monotonic()
        if len(self._ports) < LEGS:
            self._audible_until_s = now_s + _GOES_ON_S
            self._metronome.start(now_s)
        elif now_s >= self._audible_until_s:
            self._metronome.stop()
        for _ in range(self._metronome.beats(now_s)):
            self._bridge.exchange()

    def borrow_port(self) -> FramePort:
        """A port nobody uses. Raises MediaError when all LEGS are out."""
        if not self._ports:
            raise MediaError(f"all {LEGS} audio ports are in use")
        return self._ports.pop()

    def return_port(self, port: FramePort) -> None:
        port.rest()
        self._ports.append(port)

    def _open(self, settings: EndpointSettings) -> None:
        self._library.libInit(self._config(settings))
        for codec in self._library.codecEnum2():
            self._library.codecSetPriority(codec.codecId, _CODECS.get(codec.codecId, 0))
        bound = "" if settings.host in ("", "0.0.0.0") else settings.host
        transport = pj.TransportConfig()
        transport.port, transport.boundAddress, transport.publicAddress = settings.port, bound, settings.public_host
        self._library.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
        self._open_tcp(transport)
        self._bridge = Bridge(pj._pjsua2.__file__, int(self._library.audDevManager().setNoDev()))
        self._library.libStart()
        self.account = _Account()
        self.account.create(_account_config(settings, bound))

    def _open_tcp(self, transport: Any) -> None:
        """TCP on the same port, for INVITEs that no datagram carries (RFC 3261 18.1.1). What we send goes by the way it
        came or by UDP: a phone that lets TCP to it time out must ring all the same."""
        reuse = pj.SockOpt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # else a successor waits a minute for the port
        transport.sockOptParams.sockOpts.append(reuse)
        (ctypes.c_int * 6).in_dll(ctypes.CDLL(pj._pjsua2.__file__), _FLAGS)[_DISABLE_TCP_SWITCH] = 1
        try:
            self._library.transportCreate(pj.PJSIP_TRANSPORT_TCP, transport)
        except pj.Error as error:
            _log.warning("endpoint.no_tcp", port=transport.port, error=clean(error.reason))

    def _config(self, settings: EndpointSettings) -> Any:
        config = pj.EpConfig()
        agent = config.uaConfig
        agent.threadCnt, agent.mainThreadOnly, agent.maxCalls, agent.userAgent = 0, True, LEGS, settings.user_agent
        media = config.medConfig
        media.clockRate = media.sndClockRate = SAMPLE_RATE_HZ
        media.audioFramePtime, media.ecTailLen, media.noVad = FRAME_MS, 0, True
        # Audio is taken in by poll(), as it is sent, not by threads of the library's own: they would wake up 150 times
        # a second, and each time wait for the interpreter.
        media.hasIoqueue, media.threadCnt = False, 0
        media.maxMediaPorts = 32
        # Jitter buffer in ms: nothing to begin with, at most 80. Round trip 60 ms on a clean network.
        media.jbInit, media.jbMinPre, media.jbMaxPre, media.jbMax = 0, 0, 40, 80
        config.logConfig.writer = self._log_lines
        config.logConfig.level = config.logConfig.consoleLevel = 5 if settings.verbose else 1
        config.logConfig.decor &= ~(pj.PJ_LOG_HAS_CR | pj.PJ_LOG_HAS_NEWLINE)
        return config


def _account_config(settings: EndpointSettings, bound: str) -> Any:
    config = pj.AccountConfig()
    config.idUri = f"sip:{settings.user}@{settings.public_host or bound or '127.0.0.1'}:{settings.port}"
    rtp = config.mediaConfig.transportConfig
    rtp.port, rtp.portRange = settings.rtp_port, settings.rtp_ports
    rtp.boundAddress, rtp.publicAddress = bound, settings.public_host
    # With SRTP on, one re-INVITE that changes its keying kills the process; encryption ends at the SBC.
    config.mediaConfig.srtpUse = 0
    # Over TCP, too, Contact names the port that listens: what comes later in a call may come on a new connection.
    config.natConfig.contactUseSrcPort = 0
    config.callConfig.timerUse = pj.PJSUA_SIP_TIMER_ALWAYS
    config.callConfig.timerMinSESec, config.callConfig.timerSessExpiresSec = _MIN_SESSION_S, _SESSION_EXPIRES_S
    return config
