"""SIP messages as text: start line, headers in canonical long form, and the dialog they belong to.

Owns the reading of raw datagrams (compact forms, folded lines, bytes that are not UTF-8); refuses to judge what the
headers mean. Pure. Source: RFC 3261 sections 7.3, 12.1 and 20.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ivr.model.media import Headers
from ivr.model.sip import SipDialog, split_outside

_COMPACT = {
    "a": "Accept-Contact",
    "b": "Referred-By",
    "c": "Content-Type",
    "d": "Request-Disposition",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "j": "Reject-Contact",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "n": "Identity-Info",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",
    "v": "Via",
    "x": "Session-Expires",
    "y": "Identity",
}
_ODD_NAMES = {
    "call-id": "Call-ID",
    "cseq": "CSeq",
    "www-authenticate": "WWW-Authenticate",
    "mime-version": "MIME-Version",
}
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True, slots=True, kw_only=True)
class SipMessage:
    """A request or a response. start is the first line; headers keep their order and repeat as they came."""

    start: str
    headers: Headers

    def get(self, name: str) -> str:
        """The first header of that (long) name, "" when there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def values(self, name: str) -> tuple[str, ...]:
        """All values of that name, comma lists taken apart, in order."""
        lines = (value for key, value in self.headers if key.lower() == name.lower())
        return tuple(part.strip() for line in lines for part in split_outside(line, ",") if part.strip())

    @property
    def request_uri(self) -> str:
        """The Request-URI of a request, "" for a response."""
        parts = self.start.split(" ")
        return parts[1] if len(parts) == 3 and not self.start.startswith("SIP/") else ""


def clean(text: str) -> str:
    """text without surrogates (bytes that were not UTF-8 become U+FFFD), fit for JSON and logs."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def one_line(text: str) -> str:
    """text that cannot start a new header: control characters become spaces."""
    return "".join(c if c >= " " and c != "\x7f" else " " for c in text)


def parse_message(raw: str) -> SipMessage:
    """The message in a raw datagram. A line without a colon is left out, never an error."""
    head = clean(raw).replace("\r\n", "\n").partition("\n\n")[0]
    lines: list[str] = []
    for line in head.split("\n"):
        if line[:1] in (" ", "\t") and len(lines) > 1:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon and name.strip():
            headers.append((_long_name(name.strip()), value.strip()))
    return SipMessage(start=lines[0].strip(), headers=tuple(headers))


def _long_name(name: str) -> str:
    lower = name.lower()
    if lower in _COMPACT:
        return _COMPACT[lower]
    return _ODD_NAMES.get(lower) or "-".join(part.capitalize() for part in lower.split("-"))


def uri_of(address: str) -> str:
    """The URI of a name-addr or addr-spec: "sip:a@b" of '"A" <sip:a@b>;tag=1'."""
    _, bracket, rest = _QUOTED.sub("", address).partition("<")
    return rest.partition(">")[0].strip() if bracket else address.partition(";")[0].strip()


def dialog_as_callee(invite: SipMessage, ok: SipMessage, source: str) -> SipDialog:
    """The dialog of a call we answered: from the INVITE that came and the 200 we sent (RFC 3261 12.1.1)."""
    host, port = split_source(source)
    return SipDialog(
        sip_call_id=ok.get("Call-ID"),
        local=ok.get("To"),
        remote=ok.get("From"),
        remote_target=uri_of(invite.get("Contact")) or uri_of(invite.get("From")),
        routes=invite.values("Record-Route"),
        peer_host=host,
        peer_port=port,
        transport=_transport(invite),
    )


def dialog_as_caller(ok: SipMessage, source: str) -> SipDialog:
    """The dialog of a call we placed: from the 200 that came (RFC 3261 12.1.2)."""
    host, port = split_source(source)
    return SipDialog(
        sip_call_id=ok.get("Call-ID"),
        local=ok.get("From"),
        remote=ok.get("To"),
        remote_target=uri_of(ok.get("Contact")) or uri_of(ok.get("To")),
        routes=tuple(reversed(ok.values("Record-Route"))),
        peer_host=host,
        peer_port=port,
        transport=_transport(ok),
    )


def _transport(message: SipMessage) -> str:
    """What it came over, by its Via: "udp" or "tcp"."""
    protocol = next(iter(message.values("Via")), "").partition(" ")[0]
    return "tcp" if protocol.upper().endswith("/TCP") else "udp"


def split_source(source: str) -> tuple[str, int]:
    """("10.0.0.1", 5060) of "10.0.0.1:5060" or "[::1]:5060"; the port is 5060 when none is given."""
    host, colon, port = source.rpartition(":")
    if not colon or not port.isdigit():
        return source, 5060
    return host.strip("[]"), int(port)
