"""Headers inside a Refer-To URI, for peers that copy URI headers into the call they place (RFC 3261 19.1.1).

Genesys Cloud reads User-to-User from there and ignores a header of the REFER itself. Headers of the REFER reach the
transferee only; what shall reach the target must stand in the URI. Pure text; sends nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

from ivr.model.media import Headers

MAX_HEADER_CHARS = 1024
"""What all URI headers may take together; Twilio refuses more (error 21227)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacedLeg:
    """The dialog the new call takes the place of (RFC 3891), as its far end sees it: to_tag is the far end's."""

    sip_call_id: str
    to_tag: str
    from_tag: str


def refer_to(uri: str, headers: Headers = (), *, replaces: ReplacedLeg | None = None) -> str:
    """The Refer-To value: `<uri?User-to-User=...&X-...>`. headers: dropped from the last when they would take more than
    MAX_HEADER_CHARS. replaces: for an attended transfer.

    Raises ValueError when uri has headers already or is no bare address.
    """
    if not uri.startswith(("sip:", "sips:")) or any(c in uri for c in "?<> \r\n"):
        raise ValueError(f"{uri!r} cannot be referred to")
    kept: list[str] = []
    if replaces is not None:
        tags = f"{replaces.sip_call_id};to-tag={replaces.to_tag};from-tag={replaces.from_tag}"
        kept = [_escaped("Replaces", tags), _escaped("Require", "replaces")]
    for name, value in headers:
        if len("&".join([*kept, _escaped(name, value)])) > MAX_HEADER_CHARS:
            break
        kept.append(_escaped(name, value))
    return f"<{uri}?{'&'.join(kept)}>" if kept else f"<{uri}>"


def read_refer_to(value: str) -> tuple[str, Headers]:
    """(uri, headers) of a Refer-To value; a header that would break a line is left out. Never raises."""
    uri, _, behind = value.strip().partition("<")[2].partition(">")[0].partition("?")
    if not uri:
        uri, _, behind = value.strip().partition("?")
    pairs = (part.partition("=") for part in behind.split("&") if part)
    headers = ((unquote(name), unquote(text)) for name, _, text in pairs)
    return uri, tuple((name, text) for name, text in headers if name and (name + text).isprintable())


def _escaped(name: str, value: str) -> str:
    return f"{quote(name, safe='')}={quote(value, safe='')}"
