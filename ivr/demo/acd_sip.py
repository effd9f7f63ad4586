"""The SIP side of the demo's contact center: calls in and out over one UDP socket, audio passed on packet by packet.

Owns dialogs (RFC 3261), REFER with its NOTIFYs (RFC 3515) and the relay of RTP; knows no queue. A stack of its own, so
that what is tested against it is SIP and not agreement with ourselves. No authentication, no codec but mu-law.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol
from uuid import uuid4

from ivr.demo.talker_sip import media_address, status_of
from ivr.media.headers import SipMessage, parse_message, uri_of
from ivr.model.media import Headers

Address = tuple[str, int]
_AGAIN_S = 0.5  # RFC 3261: an INVITE is sent again after so long, then after twice as long
_SENDS = 4
_KEYS = re.compile(r"a=rtpmap:(\d+) telephone-event/8000")
_USUAL_KEYS = 101


class Listener(Protocol):
    """Who is told what happens to the legs."""

    def call_came(self, leg: Leg, invite: SipMessage) -> None:
        """An INVITE; it is answered when this returns."""

    def leg_answered(self, leg: Leg, ok: SipMessage) -> None:
        """A leg of ours is up."""

    def leg_refused(self, leg: Leg, code: int, answer: SipMessage) -> None:
        """A leg of ours never came up."""

    def leg_ended(self, leg: Leg, bye: SipMessage) -> None:
        """The other side hung up."""

    def leg_referred(self, leg: Leg, refer: SipMessage) -> bool:
        """The other side sent REFER; True accepts it."""


@dataclass(slots=True, eq=False)
class Leg:
    """One dialog. ours and theirs: the values of From and To; target: where requests go. up until ended."""

    call_id: str
    ours: str
    theirs: str
    target: str
    peer: Address
    rtp: socket.socket
    keys: int = _USUAL_KEYS
    cseq: int = 0
    up: bool = False
    ended: bool = False
    remote_rtp: Address | None = None
    partner: Leg | None = None
    branch: str = ""
    answer: bytes = field(default=b"", repr=False)

    def join(self, other: Leg) -> None:
        """From now on both hear each other, and nobody else."""
        for leg in (self, other):
            leg.part()
        self.partner, other.partner = other, self

    def part(self) -> None:
        """Nobody is heard any more."""
        if self.partner is not None:
            self.partner.partner = None
            self.partner = None


class Switch:
    """All legs of one contact center."""

    def __init__(self, host: str, port: int, listener: Listener) -> None:
        self.host, self.port, self._listener = host, port, listener
        self.legs: dict[str, Leg] = {}
        self._socket = _udp(host, port)
        self._sending: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Take calls, within a running loop."""
        asyncio.get_running_loop().add_reader(self._socket, self._read)

    async def close(self) -> None:
        """Hang up what is left."""
        for leg in list(self.legs.values()):
            self.hang_up(leg)
        await asyncio.sleep(0.1)
        for task in self._sending:
            task.cancel()
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    # ---- what the contact center does ------------------------------------------------------------------------------

    def dial(self, uri: str, caller: str, headers: Headers, keys: int) -> Leg:
        """Call uri as caller. keys: the payload type of keypad events, that of the leg it will be joined with."""
        host, _, port = uri.rpartition("@")[2].partition(":")
        leg = Leg(
            call_id=uuid4().hex,
            ours=f"<sip:{caller}@{self.host}:{self.port}>;tag={uuid4().hex[:10]}",
            theirs=f"<{uri}>",
            target=uri,
            peer=(host, int(port or 5060)),
            rtp=_udp(self.host, 0),
            keys=keys,
        )
        self._add(leg)
        offer = self._sdp(leg)
        sent = asyncio.get_running_loop().create_task(self._invite(leg, self._request(leg, "INVITE", headers, offer)))
        self._sending.add(sent)
        sent.add_done_callback(self._sending.discard)
        return leg

    def hang_up(self, leg: Leg) -> None:
        """BYE, once."""
        if leg.up and not leg.ended:
            self._send(self._request(leg, "BYE"), leg.peer)
        self._forget(leg)

    def notify(self, leg: Leg, fragment: str, *, last: bool = False) -> None:
        """How the REFER goes, such as "SIP/2.0 200 OK" (RFC 3515)."""
        state = "terminated;reason=noresource" if last else "active;expires=60"
        headers = (("Event", "refer"), ("Subscription-State", state))
        self._send(self._request(leg, "NOTIFY", headers, f"{fragment}\r\n".encode(), "message/sipfrag"), leg.peer)

    # ---- messages --------------------------------------------------------------------------------------------------

    async def _invite(self, leg: Leg, invite: bytes) -> None:
        wait_s = _AGAIN_S
        for _ in range(_SENDS):
            self._send(invite, leg.peer)
            await asyncio.sleep(wait_s)
            if leg.up or leg.ended or leg.answer:
                return
            wait_s *= 2
        self._forget(leg)
        self._listener.leg_refused(leg, 408, SipMessage(start="", headers=()))

    def _read(self) -> None:
        while True:
            try:
                raw, source = self._socket.recvfrom(65536)
            except OSError:
                return
            text = raw.decode("utf-8", "surrogateescape")
            message = parse_message(text)
            leg = self.legs.get(message.get("Call-ID"))
            code = status_of(message)
            if code and leg is not None:
                self._answered(leg, code, message, text)
            elif not code:
                self._asked(leg, message, text, source)

    def _answered(self, leg: Leg, code: int, message: SipMessage, text: str) -> None:
        if message.get("CSeq").rpartition(" ")[2] != "INVITE":
            return
        leg.answer = text.encode()
        if code < 200:
            return
        leg.theirs = message.get("To")
        if code >= 300:
            self._send(self._request(leg, "ACK"), leg.peer)
            self._forget(leg)
            self._listener.leg_refused(leg, code, message)
            return
        new, leg.up, leg.remote_rtp = not leg.up, True, media_address(text)
        leg.target = uri_of(message.get("Contact")) or leg.target
        self._send(self._request(leg, "ACK"), leg.peer)
        if new:
            self._listener.leg_answered(leg, message)

    def _asked(self, leg: Leg | None, message: SipMessage, text: str, source: Address) -> None:
        method = message.start.split(" ")[0]
        if method == "INVITE" and leg is None:
            self._came(message, text, source)
        elif method == "ACK":
            return
        elif leg is None:
            self._send(self._response(None, message, "481 Call/Transaction Does Not Exist"), source)
        elif method == "INVITE" and message.get("To").find(";tag=") < 0:
            self._send(leg.answer, source)  # our 200 was lost
        elif method == "REFER":
            accepted = self._listener.leg_referred(leg, message)
            self._send(self._response(leg, message, "202 Accepted" if accepted else "603 Decline"), source)
        else:
            body = self._sdp(leg) if method in {"INVITE", "UPDATE"} else b""
            self._send(self._response(leg, message, "200 OK", body), source)
            if method == "BYE":
                self._forget(leg)
                self._listener.leg_ended(leg, message)

    def _came(self, message: SipMessage, text: str, source: Address) -> None:
        found = _KEYS.search(text)
        leg = Leg(
            call_id=message.get("Call-ID"),
            ours=f"{message.get('To')};tag={uuid4().hex[:10]}",
            theirs=message.get("From"),
            target=uri_of(message.get("Contact")) or uri_of(message.get("From")),
            peer=source,
            rtp=_udp(self.host, 0),
            keys=int(found[1]) if found else _USUAL_KEYS,
            up=True,
            remote_rtp=media_address(text),
        )
        self._add(leg)
        leg.answer = self._response(leg, message, "200 OK", self._sdp(leg))
        self._send(leg.answer, source)
        self._listener.call_came(leg, message)

    def _request(
        self, leg: Leg, method: str, headers: Headers = (), body: bytes = b"", kind: str = "application/sdp"
    ) -> bytes:
        if method != "ACK":
            leg.cseq += 1
        if method != "ACK" or leg.up:  # the ACK of a refusal belongs to the INVITE (RFC 3261 17.1.1.3)
            leg.branch = f"z9hG4bK{uuid4().hex[:16]}"
        lines = [
            f"{method} {leg.target} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.host}:{self.port};branch={leg.branch};rport",
            "Max-Forwards: 70",
            f"From: {leg.ours}",
            f"To: {leg.theirs}",
            f"Call-ID: {leg.call_id}",
            f"CSeq: {leg.cseq} {method}",
            self._contact,
            *(f"{name}: {value}" for name, value in headers),
        ]
        return _message(lines, body, kind)

    def _response(self, leg: Leg | None, request: SipMessage, status: str, body: bytes = b"") -> bytes:
        lines = [f"SIP/2.0 {status}", *(f"Via: {via}" for via in request.values("Via"))]
        to = request.get("To") if leg is None or ";tag=" in request.get("To") else leg.ours
        lines += [f"From: {request.get('From')}", f"To: {to}"]
        lines += [f"{name}: {request.get(name)}" for name in ("Call-ID", "CSeq")]
        return _message([*lines, self._contact, "Allow: INVITE, ACK, BYE, CANCEL, UPDATE, REFER, NOTIFY"], body)

    @property
    def _contact(self) -> str:
        return f"Contact: <sip:acd@{self.host}:{self.port}>"

    def _sdp(self, leg: Leg) -> bytes:
        lines = [
            "v=0",
            f"o=- 1 1 IN IP4 {self.host}",
            "s=-",
            f"c=IN IP4 {self.host}",
            "t=0 0",
            f"m=audio {leg.rtp.getsockname()[1]} RTP/AVP 0 {leg.keys}",
            "a=rtpmap:0 PCMU/8000",
            f"a=rtpmap:{leg.keys} telephone-event/8000",
            "a=ptime:20",
            "a=sendrecv",
        ]
        return "\r\n".join([*lines, ""]).encode()

    # ---- legs and audio --------------------------------------------------------------------------------------------

    def _add(self, leg: Leg) -> None:
        self.legs[leg.call_id] = leg
        asyncio.get_running_loop().add_reader(leg.rtp, self._relay, leg)

    def _forget(self, leg: Leg) -> None:
        leg.ended = True
        leg.part()
        if self.legs.pop(leg.call_id, None) is not None:
            asyncio.get_running_loop().remove_reader(leg.rtp)
            leg.rtp.close()

    def _relay(self, leg: Leg) -> None:
        with contextlib.suppress(OSError):
            packet = leg.rtp.recv(2048)
            other = leg.partner
            if other is not None and other.remote_rtp is not None:
                other.rtp.sendto(packet, other.remote_rtp)

    def _send(self, message: bytes, to: Address) -> None:
        with contextlib.suppress(OSError):  # a dead peer: it is sent again, or given up
            self._socket.sendto(message, to)


def _message(lines: Iterable[str], body: bytes, kind: str = "application/sdp") -> bytes:
    about = [f"Content-Type: {kind}"] if body else []
    return "\r\n".join([*lines, *about, f"Content-Length: {len(body)}", "", ""]).encode() + body


def _udp(host: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.bind((host, port))
    return made
