"""One SIP dialog of ours: answer, dial, refuse, hang up, REFER, keys, and who hears whom.

Owns the pjsua2 Call and the wiring of its audio in the bridge; refuses to know why anything is done. All of it runs in
the main thread. Every Leg must be held until its listener was told leg_ended(), and dropped only outside callbacks.
"""

from __future__ import annotations

from typing import Any, Protocol

from ivr.log import get_log
from ivr.media.endpoint import Endpoint, FramePort, Invite, pj
from ivr.media.headers import SipMessage, clean, dialog_as_callee, dialog_as_caller, one_line, parse_message
from ivr.model.errors import MediaError
from ivr.model.media import Headers
from ivr.model.sip import SipDialog, address

_log = get_log("media.leg")


class LegListener(Protocol):
    """Who is told what happens to a leg. Every method runs in the main thread, inside Endpoint.poll()."""

    def leg_ringing(self, code: int) -> None:
        """180 or 183 came for a leg we dialled."""

    def leg_up(self) -> None:
        """Confirmed, and audio flows. Once per leg."""

    def leg_held(self, held: bool) -> None:
        """The peer put us on hold or took us back."""

    def leg_digit(self, digit: str) -> None:
        """One key, by RFC 4733 or INFO."""

    def leg_referred(self, code: int, final: bool) -> None:
        """Progress of our REFER."""

    def leg_asked_to_move(self, refer_to: str) -> Leg | None:
        """The peer sent REFER: the leg to call refer_to with, or None to decline."""

    def leg_ended(self, code: int, reason: str, local: bool) -> None:
        """Gone. Once per leg, and the last thing said."""


def _params(code: int = 0, reason: str = "", headers: Headers = ()) -> Any:
    params = pj.CallOpParam(True)
    params.statusCode, params.reason = code, one_line(reason)
    vector = pj.SipHeaderVector()
    for name, value in headers:
        header = pj.SipHeader()
        header.hName, header.hValue = one_line(name), one_line(value)
        vector.append(header)
    params.txOption.headers = vector
    params.opt.audioCount, params.opt.videoCount = 1, 0
    return params


class Leg(pj.Call):  # type: ignore[misc]
    """A call in or out. Failing operations raise MediaError; operations on an ended leg do nothing."""

    def __init__(self, endpoint: Endpoint, listener: LegListener, invite: Invite | None = None) -> None:
        if invite is None:
            super().__init__(endpoint.account)
        else:
            super().__init__(endpoint.account, invite.handle)
        self.dialog: SipDialog | None = None  # an early one while a phone rings
        self._settled = False
        self.ended = False
        self.held = self.holding = False  # by the peer, by us
        self.up = False
        self._endpoint = endpoint
        self._listener = listener
        self._port: FramePort | None = None
        self._other: Leg | None = None
        self._invite: SipMessage | None = parse_message(invite.raw) if invite else None
        self._source = invite.source if invite else ""
        self._confirmed = self._audible = self._hung_up = False

    # ---- what we do ------------------------------------------------------------------------------------------------

    def use_port(self, port: FramePort) -> None:
        """The port that talks and hears on this leg as soon as it has audio."""
        self._port = port

    def answer_call(self, headers: Headers = ()) -> None:
        """200 OK."""
        if not self.ended:
            self._try("answer", self.answer, _params(200, "OK", headers))

    def ring(self) -> None:
        """180 Ringing."""
        if not self.ended:
            self._try("ring", self.answer, _params(180, "Ringing"))

    def refuse(self, code: int, reason: str, retry_after_s: int = 0) -> None:
        """A final response >= 300 to an unanswered INVITE."""
        if not self.ended:
            self._hung_up = True
            headers = (("Retry-After", str(retry_after_s)),) if retry_after_s > 0 else ()
            self._try("refuse", self.answer, _params(code, reason, headers))

    def dial(self, uri: str, headers: Headers = ()) -> None:
        """INVITE to uri. Raises MediaError when it cannot even be sent."""
        self._try("dial", self.makeCall, one_line(uri), _params(0, "", headers))

    def hang_up(self, reason: str = "", headers: Headers = ()) -> None:
        """BYE, CANCEL or 480, whichever fits; reason goes into a Reason header (RFC 3326)."""
        if self.ended or self._hung_up:
            return
        self._hung_up = True
        text = one_line(reason).replace('"', "'")
        why = (("Reason", f'SIP;cause=200;text="{text}"'),) if text else ()
        self._try("hang up", self.hangup, _params(0 if self.up else 480, "", (*why, *headers)))

    def refer(self, refer_to: str, headers: Headers = ()) -> None:
        """REFER (RFC 3515); progress comes as leg_referred()."""
        if not self.ended:
            self._try("refer", self.xfer, one_line(refer_to), _params(0, "", headers))

    def hold(self) -> None:
        """Put the peer on hold; its media stops."""
        if self.up and not self.ended:
            self._try("hold", self.setHold, _params())

    def resume(self) -> None:
        """Undo hold()."""
        if self.up and not self.ended:
            params = _params()
            params.opt.flag = pj.PJSUA_CALL_UNHOLD
            self._try("resume", self.reinvite, params)

    def send_digits(self, digits: str) -> None:
        """RFC 4733 events, one after the other."""
        if not self.ended:
            self._try("send digits", self.dialDtmf, digits)

    def join(self, other: Leg) -> None:
        """Let both hear each other; each still is heard by its port, and hears it no more."""
        self._other, other._other = other, self
        self.wire()
        other.wire()

    def part(self) -> None:
        """Undo join() for both."""
        other, self._other = self._other, None
        if other is None:
            return
        other._other = None
        mine, theirs = self._audio(), other._audio()
        if mine and theirs:
            self._quietly(mine.stopTransmit, theirs)
            self._quietly(theirs.stopTransmit, mine)
        self.wire()
        other.wire()

    def wire(self) -> None:
        """Connect audio as it should be now. May be repeated: a re-INVITE gives the leg a new place in the bridge."""
        audio, port = self._audio(), self._port
        if audio is None or port is None:
            return
        self._quietly(audio.startTransmit, port)
        other = self._other
        if other is None:
            self._quietly(port.startTransmit, audio)
            return
        self._quietly(port.stopTransmit, audio)
        theirs = other._audio()
        if theirs is not None:
            self._quietly(audio.startTransmit, theirs)
            self._quietly(theirs.startTransmit, audio)

    # ---- what it shows ---------------------------------------------------------------------------------------------

    @property
    def packets_received(self) -> int:
        """RTP packets since the last (re-)INVITE; 0 when there is no stream."""
        if self.ended or not self._audible:
            return 0
        try:
            stat = self.getStreamStat(0)  # what it holds dies with it: no chaining
            return int(stat.rtcp.rxStat.pkt)
        except pj.Error:
            return 0

    @property
    def codec(self) -> str:
        """ "PCMA", "PCMU", or "" before there is audio."""
        if self.ended or not self._audible:
            return ""
        try:
            return str(self.getStreamInfo(0).codecName)
        except pj.Error:
            return ""

    # ---- what the library tells ------------------------------------------------------------------------------------

    def onCallState(self, prm: Any) -> None:  # noqa: N802 - the library's name
        self._keep_dialog(prm.e)  # of a call we placed: it is up before the transaction is reported
        info = self.getInfo()
        if info.state == pj.PJSIP_INV_STATE_EARLY and info.role == pj.PJSIP_ROLE_UAC:
            self._listener.leg_ringing(int(info.lastStatusCode))
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            self._confirmed = True
            self._maybe_up()
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED and not self.ended:
            self._end(int(info.lastStatusCode), clean(info.lastReason))

    def onCallMediaState(self, _prm: Any) -> None:  # noqa: N802 - the library's name
        if self.ended:
            return
        info = self.getInfo()  # what it holds dies with it: no chaining
        statuses = [m.status for m in info.media if m.type == pj.PJMEDIA_TYPE_AUDIO]
        held = bool(statuses) and statuses[0] == pj.PJSUA_CALL_MEDIA_REMOTE_HOLD
        self._audible = bool(statuses) and statuses[0] in (pj.PJSUA_CALL_MEDIA_ACTIVE, pj.PJSUA_CALL_MEDIA_REMOTE_HOLD)
        self.holding = bool(statuses) and statuses[0] == pj.PJSUA_CALL_MEDIA_LOCAL_HOLD
        self.wire()
        self._maybe_up()
        if held != self.held:
            self.held = held
            self._listener.leg_held(held)

    def onCallTsxState(self, prm: Any) -> None:  # noqa: N802 - the library's name
        self._keep_dialog(prm.e)

    def _keep_dialog(self, sip: Any) -> None:
        if self._settled or sip.type != pj.PJSIP_EVENT_TSX_STATE:
            return
        event = sip.body.tsxState
        code = int(event.tsx.statusCode)
        if event.tsx.method != "INVITE" or not 100 < code <= 200:
            return
        if event.type == pj.PJSIP_EVENT_TX_MSG and self._invite is not None and code == 200:
            self.dialog = dialog_as_callee(self._invite, parse_message(event.src.tdata.wholeMsg), self._source)
        elif event.type == pj.PJSIP_EVENT_RX_MSG and self._invite is None:
            answer = parse_message(event.src.rdata.wholeMsg)
            if "tag" in address(answer.get("To")).header_params:  # else there is no dialog yet (RFC 3261 12.1)
                self.dialog = dialog_as_caller(answer, event.src.rdata.srcAddress)
        self._settled = code == 200 and self.dialog is not None

    def onDtmfDigit(self, prm: Any) -> None:  # noqa: N802 - the library's name
        if not self.ended and prm.digit:
            self._listener.leg_digit(clean(prm.digit)[:1].upper())

    def onCallTransferStatus(self, prm: Any) -> None:  # noqa: N802 - the library's name
        if not self.ended:
            self._listener.leg_referred(int(prm.statusCode), bool(prm.finalNotify))

    def onCallTransferRequest(self, prm: Any) -> None:  # noqa: N802 - the library's name
        # Unasked, the library would dial whatever a stranger names.
        moved = self._listener.leg_asked_to_move(clean(prm.dstUri))
        if moved is None:
            prm.statusCode = pj.PJSIP_SC_DECLINE
        else:
            prm.statusCode = pj.PJSIP_SC_ACCEPTED
            prm.newCall = moved

    def onCallRedirected(self, _prm: Any) -> int:  # noqa: N802 - the library's name
        # Not followed, not stopped (which would be told as 487): the leg ends with the 3xx itself.
        return int(pj.PJSIP_REDIRECT_REJECT)

    def onCallReplaceRequest(self, prm: Any) -> None:  # noqa: N802 - the library's name
        prm.statusCode = pj.PJSIP_SC_DECLINE

    def _maybe_up(self) -> None:
        if self._confirmed and self._audible and not self.up:
            self.up = True
            self._listener.leg_up()

    def _end(self, code: int, reason: str) -> None:
        self.ended = True
        self.part()
        self._listener.leg_ended(code, reason, self._hung_up)

    def _audio(self) -> Any:
        if self.ended or not self._audible:
            return None
        try:
            return self.getAudioMedia(-1)
        except pj.Error:
            return None

    def _quietly(self, connect: Any, sink: Any) -> None:
        """(Dis)connect; a slot that has just gone is no fault, the next media state wires anew."""
        try:
            connect(sink)
        except pj.Error as error:
            _log.debug("leg.wiring", error=clean(error.reason))

    def _try(self, what: str, operation: Any, *arguments: Any) -> None:
        try:
            operation(*arguments)
        except pj.Error as error:
            raise MediaError(f"cannot {what}: {clean(error.reason)}") from error
