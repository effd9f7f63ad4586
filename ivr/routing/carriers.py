"""How a packet travels: the token in User-to-User (RFC 7433), a few words in X- headers; the packet itself stays here.

ISDN gateways cut user-to-user data at 128 octets (RFC 7434), so only the token goes into it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.model.carry import Carrier, Carry
from ivr.model.media import Headers

PROTOCOL_DISCRIMINATOR = "00"  # RFC 7434: user-specific protocol
MAX_X_CHARS = 400

_TOKEN = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_UUI_HEADERS = ("user-to-user", "x-user-to-user")  # the second is AudioCodes' own


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffHeaders:
    """What a peer reads from the headers. token: "" when there was none; level: "L0".. or ""."""

    token: str
    intent: str = ""
    level: str = ""
    language: str = ""
    skills: Mapping[str, int] = field(default_factory=dict)


def handoff_headers(token: str, packet: Mapping[str, Any]) -> Headers:
    """Headers for the agent's INVITE. token: a ULID; the X- headers take at most 400 characters together.

    Raises ValueError when token is no ULID.
    """
    if not _TOKEN.fullmatch(token):
        raise ValueError(f"{token!r} is no ULID")
    words = (
        ("X-Ctx-Id", token, 26),
        ("X-Intent", packet["need"]["intent"], 64),
        ("X-Level", packet["customer"]["level"], 8),
        ("X-Lang", packet["call"]["lang"], 16),
    )
    headers = [(name, _header_safe(value)[:limit]) for name, value, limit in words if value]
    used = sum(len(f"{name}: {value}") for name, value in headers)
    skills = _skills(packet["skills"]["required"], MAX_X_CHARS - used - len("X-Skill: "))
    if skills:
        headers.append(("X-Skill", skills))
    return (("User-to-User", user_to_user(token)), *headers)


def carried_headers(carry: Carry, token: str, packet: Mapping[str, Any]) -> Headers:
    """The headers this target gets; none when it gets keys alone. Raises ValueError when token is no ULID."""
    kept = [(name, value) for name, value in handoff_headers(token, packet) if name.startswith("X-")]
    headers = kept if Carrier.X_HEADERS in carry.by else []
    if Carrier.UUI in carry.by:
        headers = [("User-to-User", user_to_user(token, isdn=carry.isdn)), *headers]
    return tuple(headers)


def user_to_user(token: str, *, isdn: bool = False) -> str:
    """The User-to-User value: 27 octets as 54 hexadecimal digits. isdn: for a gateway that hands it on to ISDN, with
    the purpose it looks for (RFC 7434).

    Raises ValueError when token is no ULID.
    """
    if not _TOKEN.fullmatch(token):
        raise ValueError(f"{token!r} is no ULID")
    purpose = ";purpose=isdn-uui" if isdn else ""
    return f"{PROTOCOL_DISCRIMINATOR}{token.encode('ascii').hex()};encoding=hex{purpose}"


def parse_handoff_headers(headers: Iterable[tuple[str, str]]) -> HandoffHeaders:
    """What handoff_headers wrote, after any middlebox. The User-to-User token counts before X-Ctx-Id; what cannot be
    read is left out. Contact centers write User-to-User in their own ways: with another protocol discriminator, with it
    as a parameter (pd=00), as ASCII, or as x-User-to-User without any (Genesys Cloud, "UUI data formats")."""
    found: dict[str, str] = {}
    for name, value in headers:
        found.setdefault(name.lower(), value.strip())
    token = next(filter(None, (read_token(found.get(name, "")) for name in _UUI_HEADERS)), "")
    if not token and _TOKEN.fullmatch(found.get("x-ctx-id", "")):
        token = found["x-ctx-id"]
    pairs = (item.rpartition("=") for item in found.get("x-skill", "").split(",") if item)
    return HandoffHeaders(
        token=token,
        intent=found.get("x-intent", ""),
        level=found.get("x-level", ""),
        language=found.get("x-lang", ""),
        skills={skill: int(least) for skill, _, least in pairs if skill and least.isdecimal()},
    )


def read_token(value: str) -> str:
    """The token in a User-to-User value, or in what a contact center makes of one: its hexadecimal digits with the
    protocol discriminator or without; "" when there is none."""
    for part in value.split(","):  # RFC 7433 section 4.1: several values, comma separated
        data, *parameters = (piece.strip() for piece in part.split(";"))
        data = data.strip('"')
        if _TOKEN.fullmatch(data):
            return data
        if not any(re.fullmatch(r"encoding\s*=\s*ascii", parameter, re.IGNORECASE) for parameter in parameters):
            data = bytes.fromhex(data).decode("latin-1") if re.fullmatch(r"([0-9a-fA-F]{2})+", data) else ""
        for text in (data, data[1:]):  # the first octet is the protocol discriminator, unless that is a parameter
            if _TOKEN.fullmatch(text):
                return text
    return ""


def _skills(required: Mapping[str, int], room: int) -> str:
    text = ""
    for skill, least in required.items():
        item = f"{_header_safe(skill).replace(',', '_').replace('=', '_')}={least}"
        longer = f"{text},{item}" if text else item
        if len(longer) > room:
            break
        text = longer
    return text


def _header_safe(value: str) -> str:
    """Visible ASCII only: a line break in a value would be a header of its own."""
    return re.sub(r"[^\x21-\x7e]", "_", str(value))
