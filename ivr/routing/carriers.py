"""How a packet travels: the token in User-to-User (RFC 7433), a few words in X- headers; the packet itself stays here.

ISDN gateways cut user-to-user data at 128 octets (RFC 7434), so only the token goes into it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.model.media import Headers

PROTOCOL_DISCRIMINATOR = "00"  # RFC 7434: user-specific protocol
MAX_X_CHARS = 400

_TOKEN = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_UUI = re.compile(r"00([0-9a-f]{52})\s*(;.*)?", re.IGNORECASE)


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
    read is left out."""
    found: dict[str, str] = {}
    for name, value in headers:
        found.setdefault(name.lower(), value.strip())
    token = _token_of(found.get("user-to-user", ""))
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


def _token_of(value: str) -> str:
    for part in value.split(","):  # RFC 7433 section 4.1: several values, comma separated
        match = _UUI.fullmatch(part.strip())
        text = bytes.fromhex(match[1]).decode("ascii", "replace") if match else ""
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
