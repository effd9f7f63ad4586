"""Addresses in SIP headers, what a media worker is started with, and what ends a SIP dialog whose owner died.

Parsing here never raises: what came over a wire is read as far as it makes sense. Source: RFC 3261 section 25.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

# A header is read so far; no honest one is longer.
MOST_CHARS, MOST_ADDRESSES = 8192, 32
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One name-addr or addr-spec of a header. scheme: lower case, "" when it is no URI. user: unescaped, without the
    parameters of a telephone-subscriber, "" when there is none; host: lower case, without the port. user_params, params
    and header_params: those of the user part, of the URI and of the header, names in lower case, values unescaped."""

    display: str = ""
    scheme: str = ""
    user: str = ""
    host: str = ""
    user_params: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    header_params: Mapping[str, str] = field(default_factory=dict)

    def param(self, name: str) -> str:
        """A parameter wherever it stands, that of the URI first, "" when it is nowhere."""
        places = (self.user_params, self.params, self.header_params)
        return next((place[name] for place in places if name in place), "")


def split_outside(text: str, separator: str) -> list[str]:
    """The parts of text between separators that stand neither in quotes nor in angle brackets. Takes linear time."""
    parts, begin, quoted, bracketed, at = [], 0, False, False, 0
    while at < len(text):
        character = text[at]
        if quoted:
            if character == "\\":
                at += 1
            quoted = character != '"'
        elif character == '"' and not bracketed:
            quoted = True
        elif character == "<" or (character == ">" and bracketed):
            bracketed = character == "<"
        elif character == separator and not bracketed:
            parts.append(text[begin:at])
            begin = at + 1
        at += 1
    return [*parts, text[begin:]]


def addresses(header: str) -> tuple[Address, ...]:
    """The addresses of a header, in order; what is none of them is left out."""
    return tuple(found for part in split_outside(header[:MOST_CHARS], ",") if (found := _address(part.strip())).scheme)


def address(header: str) -> Address:
    """The first address of a header; one without a scheme when there is none."""
    return next(iter(addresses(header)), Address())


def _address(part: str) -> Address:
    display, uri, rest = _name_addr(part)
    scheme, colon, body = uri.partition(":")
    scheme = scheme.strip().lower()
    if not colon or scheme not in {"sip", "sips", "tel"}:
        return Address()
    userinfo, at, hostpart = ("", "", body) if scheme == "tel" else body.rpartition("@")
    host, *params = (hostpart if scheme != "tel" else body).partition("?")[0].split(";")
    if scheme == "tel":
        userinfo, host = ";".join([host, *params]), ""
    user, *user_params = userinfo.split(";") if (at or scheme == "tel") else ("",)
    return Address(
        display=display,
        scheme=scheme,
        user=unquote(user.partition(":")[0].strip()),
        host=_without_port(host.strip().lower()),
        user_params=_params(user_params),
        params=_params([] if scheme == "tel" else params),
        header_params=_params(split_outside(rest, ";")),
    )


def _name_addr(part: str) -> tuple[str, str, str]:
    """(display name, URI, the header's parameters) of one address."""
    begin = _end_of_quotes(part) if part.startswith('"') else 0
    before, bracket, behind = part[begin:].partition("<")
    if not bracket:
        uri, _, rest = part[begin:].partition(";")
        return "", uri.strip(), rest
    uri, _, rest = behind.partition(">")
    return _unquoted((part[:begin] + before).strip()), uri.strip(), rest


def _end_of_quotes(part: str) -> int:
    at = 1
    while at < len(part) and part[at] != '"':
        at += 2 if part[at] == "\\" else 1
    return min(at + 1, len(part))


def _unquoted(display: str) -> str:
    if len(display) > 1 and display[0] == display[-1] == '"':
        return _ESCAPED.sub(r"\1", display[1:-1])
    return display


def _params(parts: list[str]) -> Mapping[str, str]:
    """name -> value of "name=value" parts; a name that comes twice keeps its first value."""
    found: dict[str, str] = {}
    for part in parts:
        name, _, value = part.partition("=")
        if name.strip():
            found.setdefault(name.strip().lower(), unquote(value.strip().strip('"')))
    return found


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class SipDialog:
    """What is needed to end a dialog whose owner died (RFC 3261 section 12): tags, targets and route set. transport:
    what it was set up over, "udp" or "tcp"."""

    sip_call_id: str
    local: str
    remote: str
    remote_target: str
    routes: tuple[str, ...]
    peer_host: str
    peer_port: int
    transport: str = "udp"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSettings:
    """What a media worker is started with (argv --settings, as JSON).

    control_fd: inherited SEQPACKET socket to the control process. max_callers: callers admitted at once; two legs per
    caller are kept free for consults, the wheel allows four legs. retry_after_s: when whoever found it full may try
    again: a call may end any moment, and dispatchers ask every 2 to 5 s. apology_path: WAV played when the control
    process is gone. orphans: dialogs of a dead predecessor on this port, to be ended with BYE before the port is used.
    """

    control_fd: int
    sip_host: str
    sip_port: int
    rtp_port: int
    rtp_ports: int = 40
    public_host: str = ""
    max_callers: int = 2
    user_agent: str = "ivr"
    apology_path: str = ""
    retry_after_s: int = 5
    orphans: tuple[SipDialog, ...] = ()
    log_level: str = "info"
