"""Who is calling, by the INVITE's headers (RFC 3261, 3323, 3325). Pure.

P-Asserted-Identity is believed from trusted peers only; everybody else has a From, which is a claim. Diversion and
History-Info name who was called first, never who calls.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

import phonenumbers

from ivr.model.identity import Caller
from ivr.model.media import CallArrived

_URI = re.compile(r"(?:sips?|tel):(?P<user>[^@;>?\s]*)(?:@(?P<host>[^;>?\s]*))?", re.IGNORECASE)


def caller_of(arrived: CallArrived, *, trusted_peers: tuple[str, ...], region: str) -> Caller:
    """The caller of an INVITE; ani is E.164, or "" when withheld or no number."""
    trusted = arrived.source.rpartition(":")[0] in trusted_peers
    asserted = _all(arrived, "P-Asserted-Identity") if trusted else []
    private = any(
        token in {"id", "user"} for header in _all(arrived, "Privacy") for token in re.split(r"[;,\s]+", header)
    )
    source = _prefer_tel(asserted) if asserted else arrived.from_header
    number = "" if private or "anonymous.invalid" in source.lower() else e164(user_of(source), region)
    diverted = _all(arrived, "Diversion") or _all(arrived, "History-Info")
    return Caller(
        ani=number,
        dnis=user_of(arrived.request_uri),
        claimed=not asserted,
        diverted_from=user_of(diverted[0]) if diverted else "",
    )


def user_of(header: str) -> str:
    """The user part of the first SIP or tel URI in a header, "" when there is none."""
    found = _URI.search(header)
    return unquote(found["user"]) if found else ""


def e164(number: str, region: str) -> str:
    """number in E.164 as dialled from region, "" when it is no possible telephone number."""
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(parsed):
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _all(arrived: CallArrived, name: str) -> list[str]:
    return [value for header, value in arrived.headers if header.lower() == name.lower()]


def _prefer_tel(asserted: list[str]) -> str:
    identities = [part for header in asserted for part in header.split(",")]
    return next((part for part in identities if "tel:" in part.lower()), identities[0])
