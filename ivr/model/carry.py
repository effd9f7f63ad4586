"""What of a handoff's context travels with the call to a target."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Carrier(StrEnum):
    """A way for the token. The packet itself never travels."""

    UUI = "uui"  # User-to-User (RFC 7433)
    X_HEADERS = "x_headers"  # X-Ctx-Id and a few words
    KEYS = "keys"  # eight digits after the answer


class ReferUui(StrEnum):
    """Where the headers for the target stand in a REFER: what the phone that is referred is known to pass on."""

    URI = "uri"  # in the Refer-To URI, for the call it places (RFC 3261 19.1.1)
    HEADER = "header"  # beside it, as headers of the REFER
    BOTH = "both"


CODE = "{code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Carry:
    """What one target gets. isdn: its User-to-User goes on into ISDN, which looks for the purpose (RFC 7434).
    keys_after_ms: the far end needs so long after its answer until it hears keys. keys_as: the keys, CODE in them."""

    by: frozenset[Carrier] = frozenset({Carrier.UUI, Carrier.X_HEADERS})
    isdn: bool = False
    keys_after_ms: int = 1000
    keys_as: str = CODE + "#"


EVERYDAY = Carry()
