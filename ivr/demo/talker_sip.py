"""The SIP of a caller of a load, as text: INVITE, ACK, BYE and the answers to what the bot asks (RFC 3261, RFC 4566).

Pure: builds and reads messages. No authentication, no codec but G.711 mu-law, no proxy.
"""

from __future__ import annotations

from dataclasses import dataclass

from ivr.media.headers import SipMessage, uri_of

_AGENT = "User-Agent: ivr-talkers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who calls whom from where. uri: the Request-URI; host and port are ours, rtp_port too."""

    uri: str
    ani: str
    call_id: str
    tag: str
    host: str
    port: int
    rtp_port: int

    @property
    def contact(self) -> str:
        """Our own address."""
        return f"<sip:{self.ani}@{self.host}:{self.port}>"

    def invite(self) -> bytes:
        """The INVITE with its offer."""
        offer = self.sdp()
        lines = [
            *self._head("INVITE", self.uri, 1, f"<{self.uri}>"),
            f"Contact: {self.contact}",
            "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE",
            "Content-Type: application/sdp",
            f"Content-Length: {len(offer)}",
        ]
        return _message(lines, offer)

    def ack(self, ok: SipMessage) -> bytes:
        """ACK of a 200 (RFC 3261 13.2.2.4)."""
        return _message([*self._head("ACK", _target(ok, self.uri), 1, ok.get("To")), "Content-Length: 0"])

    def ack_refusal(self, refusal: SipMessage) -> bytes:
        """ACK of a final response >= 300, part of the transaction of the INVITE (RFC 3261 17.1.1.3)."""
        return _message([*self._head("ACK", self.uri, 1, refusal.get("To"), "INVITE"), "Content-Length: 0"])

    def bye(self, ok: SipMessage) -> bytes:
        """BYE within the dialog of a 200."""
        return _message([*self._head("BYE", _target(ok, self.uri), 2, ok.get("To")), "Content-Length: 0"])

    def answer(self, request: SipMessage) -> bytes:
        """200 to a request of the bot; a re-INVITE or UPDATE gets the same session again."""
        body = self.sdp() if request.start.split(" ")[0] in ("INVITE", "UPDATE") else b""
        lines = ["SIP/2.0 200 OK", *(f"Via: {via}" for via in request.values("Via"))]
        lines += [f"{name}: {request.get(name)}" for name in ("From", "To", "Call-ID", "CSeq")]
        lines += [f"Contact: {self.contact}", _AGENT]
        if body:
            lines.append("Content-Type: application/sdp")
        return _message([*lines, f"Content-Length: {len(body)}"], body)

    def sdp(self) -> bytes:
        """Mu-law and keypad events, 20 ms."""
        lines = [
            "v=0",
            f"o=- 1 1 IN IP4 {self.host}",
            "s=-",
            f"c=IN IP4 {self.host}",
            "t=0 0",
            f"m=audio {self.rtp_port} RTP/AVP 0 101",
            "a=rtpmap:0 PCMU/8000",
            "a=rtpmap:101 telephone-event/8000",
            "a=ptime:20",
            "a=sendrecv",
        ]
        return "\r\n".join([*lines, ""]).encode()

    def _head(self, method: str, uri: str, number: int, to: str, branch: str = "") -> list[str]:
        branch = f"z9hG4bK-{self.tag}-{branch or method}"
        return [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.host}:{self.port};branch={branch};rport",
            "Max-Forwards: 70",
            f"From: <sip:{self.ani}@{self.host}:{self.port}>;tag={self.tag}",
            f"To: {to}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {number} {method}",
            _AGENT,
        ]


def status_of(message: SipMessage) -> int:
    """The code of a response, 0 for a request."""
    parts = message.start.split(" ")
    return int(parts[1]) if parts[0] == "SIP/2.0" and len(parts) > 1 and parts[1].isdigit() else 0


def media_address(raw: str) -> tuple[str, int] | None:
    """Host and port of the audio in a message's SDP, None when there is none."""
    host, port = "", 0
    for line in raw.partition("\r\n\r\n")[2].splitlines():
        if line.startswith("c=IN IP4 "):
            host = line.split(" ")[2].strip()
        if line.startswith("m=audio "):
            port = int(line.split(" ")[1])
    return (host, port) if host and port else None


def _target(ok: SipMessage, otherwise: str) -> str:
    return uri_of(ok.get("Contact")) or otherwise


def _message(lines: list[str], body: bytes = b"") -> bytes:
    return "\r\n".join([*lines, "", ""]).encode() + body
