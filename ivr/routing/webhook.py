"""Events for a customer's systems, signed so that they can be believed: the full packet, and how an overflow ended.

The format is Standard Webhooks 1.0 (standardwebhooks.com), for which every language has a library: HMAC-SHA256 over
`id.timestamp.body`, the three in headers, secrets as `whsec_` and base64. Delivery is at least once: the id stays the
same over all retries, so a receiver that remembers ids takes each event once. Pure: time comes in, nothing is sent.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

TOLERANCE_S = 300
"""How far a delivery's time may be off, either way."""
RETRIES_S = (5, 30, 120, 600, 1800, 3600, 7200)
"""Pauses before each further try; after the last, 3 h 42 min in all, the packet is about to expire anyway."""
KEPT_S = 86_400
"""How long a receiver remembers ids: longer than an event is tried by itself."""

_SECRET = "whsec_"
_EVENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Verdict(StrEnum):
    """What a receiver makes of a delivery."""

    GENUINE = "genuine"
    INCOMPLETE = "incomplete"  # a header is missing or cannot be read
    STALE = "stale"  # too old, or from the future
    FORGED = "forged"
    REPEATED = "repeated"  # genuine, and taken before


class SeenEvents:
    """The ids of events that were taken; kept as long as they may be tried again, and never more than `most`: then the
    oldest is forgotten."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._seen: OrderedDict[str, int] = OrderedDict()

    def first(self, event_id: str, now_s: int) -> bool:
        """Is this id new? From now on it is not."""
        while self._seen and next(iter(self._seen.values())) < now_s - KEPT_S:
            self._seen.popitem(last=False)
        if event_id in self._seen:
            return False
        self._seen[event_id] = now_s
        while len(self._seen) > self._most:
            self._seen.popitem(last=False)
        return True


def event_body(kind: str, at: str, data: Mapping[str, Any]) -> bytes:
    """The JSON of an event. kind: such as "handoff.context"; at: UTC ISO 8601. Sent as it is: the signature is over
    these very bytes."""
    event = {"type": kind, "timestamp": at, "data": data}
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def signed_headers(secrets: Sequence[str], event_id: str, at_s: int, body: bytes) -> Mapping[str, str]:
    """The headers of a delivery. secrets: the newest first; more than one while a secret is being changed. at_s: Unix
    time of this try.

    Raises ValueError when a secret or the id cannot be used.
    """
    if not _EVENT_ID.fullmatch(event_id):
        raise ValueError(f"{event_id!r} is no event id")
    if not secrets:
        raise ValueError("an event is not sent without a secret")
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(_signature(secret, event_id, str(at_s), body) for secret in secrets),
    }


def verify(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], *, now_s: int, seen: SeenEvents | None = None
) -> Verdict:
    """What the receiver does. Any signature by any of the secrets will do; header names in any case.

    Raises ValueError when a secret cannot be used.
    """
    found = {name.lower(): value for name, value in headers.items()}
    event_id, at = found.get("webhook-id", ""), found.get("webhook-timestamp", "")
    signatures = found.get("webhook-signature", "").split()
    if not event_id or not signatures or not re.fullmatch(r"[0-9]{1,12}", at):
        return Verdict.INCOMPLETE
    right = [_signature(secret, event_id, at, body) for secret in secrets]
    if not any(hmac.compare_digest(one.encode(), given.encode()) for one in right for given in signatures):
        return Verdict.FORGED
    if abs(now_s - int(at)) > TOLERANCE_S:
        return Verdict.STALE
    return Verdict.GENUINE if seen is None or seen.first(event_id, now_s) else Verdict.REPEATED


def retry_in_s(failures: int) -> int | None:
    """Seconds until the next try after so many failed ones; None when it is given up."""
    return RETRIES_S[failures - 1] if 0 < failures <= len(RETRIES_S) else None


def retry_in_ms(failures: int, spread: float) -> int | None:
    """The same in milliseconds, a quarter sooner to a quarter later. spread: 0..1, drawn for each try: what failed
    together shall not come together again."""
    pause_s = retry_in_s(failures)
    return None if pause_s is None else round(pause_s * 1000 * (0.75 + 0.5 * spread))


def _signature(secret: str, event_id: str, at: str, body: bytes) -> str:
    signed = b".".join((event_id.encode(), at.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256)).decode()


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_SECRET), validate=True)
    except binascii.Error as error:
        raise ValueError("a webhook secret is whsec_ and base64") from error
    if not 24 <= len(key) <= 64:
        raise ValueError("a webhook secret has 24 to 64 bytes")
    return key
