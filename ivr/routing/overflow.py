"""A call that comes because a contact center has nobody free: from which queue, why, since when, how urgent.

Reads the dialled address and the headers by the terms of routing.yml; speaks with nobody. The caller's place is the
original arrival and the priority: both are carried along and given back unchanged. Sources: RFC 5806 (Diversion), RFC
7044 (History-Info), RFC 4458 and RFC 7544 (causes and how they map to Diversion reasons).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from ivr.model.sip import Address, addresses, split_outside
from ivr.routing.overflow_terms import OverflowQueue, OverflowTerms, ReturnBy, Source

MOST_AGE_S = 4 * 3600
MOST_PRIORITY = 10
MOST_EXPECTED_S = 4 * 3600

# RFC 7544 section 7.1: what a cause is called in a Diversion header
REASONS: Mapping[str, str] = {
    "302": "unconditional",
    "404": "unknown",
    "408": "no-answer",
    "480": "deflection",
    "486": "user-busy",
    "487": "deflection",
    "503": "unavailable",
}
_REASON = re.compile(r"[?&]Reason=([^&>]*)", re.IGNORECASE)
_CAUSE = re.compile(r"cause=(\d{3})")
_SECONDS = re.compile(r"\s*(\d{1,6})(?:\.\d+)?\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Overflow:
    """Where a call comes from. queue: as the contact center names it, with what the terms say of it; known: is it in
    the terms at all? source: what named it; reason: "" when nobody said; told: the name as it came.

    arrived_ms: when the caller began to wait there, on the clock of received_ms. priority: the higher, the sooner.
    expected_wait_ms: what the contact center itself expects, None when it does not say.
    """

    queue: OverflowQueue
    known: bool
    source: Source
    told: str
    reason: str
    arrived_ms: int
    priority: int
    expected_wait_ms: int | None = None

    def waited_ms(self, now_ms: int) -> int:
        """Since the arrival in the contact center."""
        return max(0, now_ms - self.arrived_ms)

    @property
    def can_return(self) -> bool:
        """Is there a way back to the caller's place?"""
        return self.known and (self.queue.return_by is ReturnBy.BYE or bool(self.queue.return_to))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    source: Source
    told: str
    reason: str = ""


def read_overflow(
    terms: OverflowTerms,
    dialled: str,
    headers: Iterable[tuple[str, str]],
    *,
    received_ms: int,
    trusted: bool,
) -> Overflow | None:
    """The overflow a call is, None for an ordinary call. dialled: the user part of the address called.

    The first source in the order of the terms that names a queue of theirs decides; a queue they do not know is taken
    from the address or from X-Queue only, because a call is diverted for many reasons. trusted: does the call come
    from a peer whose headers are believed? Else the address alone counts, and nobody jumps the line. Ages and
    priorities are bounded: 4 h, 0 to 10.
    """
    found = _headers(headers) if trusted else {}
    named = [one for source in terms.precedence for one in _READERS[source](terms, dialled, found) if one.told]
    picked = next(((one, queue) for one in named if (queue := _queue(terms, one))), None)
    if picked is None:
        unknown = next((one for one in named if one.source in {Source.ADDRESS, Source.X_QUEUE}), None)
        if unknown is None:
            return None
        picked = (unknown, OverflowQueue(name=unknown.told[:64]))
    one, queue = picked
    age_s = min(MOST_AGE_S, _seconds(found.get("x-queue-age", "")) or 0)
    priority = _seconds(found.get("x-priority", ""))
    expected_s = _seconds(found.get("x-queue-ewt", ""))
    return Overflow(
        queue=queue,
        known=queue.name in terms.queues,
        source=one.source,
        told=one.told,
        reason=one.reason or found.get("x-queue-reason", "")[:32],
        arrived_ms=received_ms - age_s * 1000,
        priority=queue.priority if priority is None else min(MOST_PRIORITY, priority),
        expected_wait_ms=None if expected_s is None else min(MOST_EXPECTED_S, expected_s) * 1000,
    )


def _queue(terms: OverflowTerms, one: _Named) -> OverflowQueue | None:
    return (terms.dialled(one.told) if one.source is Source.ADDRESS else None) or terms.named(one.told)


def _headers(headers: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """name in lower case -> value; a header that comes several times is one list (RFC 3261 section 7.3.1)."""
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.strip().lower()
        found[key] = f"{found[key]}, {value.strip()}" if key in found else value.strip()
    return found


def _by_address(terms: OverflowTerms, dialled: str, headers: Mapping[str, str]) -> Iterator[_Named]:
    if terms.dialled(dialled):
        yield _Named(source=Source.ADDRESS, told=dialled)
    elif dialled.lower().startswith(terms.address_prefix.lower()):
        name, _, reason = dialled[len(terms.address_prefix) :].partition("+")
        yield _Named(source=Source.ADDRESS, told=name, reason=reason[:32])


def _by_x_queue(terms: OverflowTerms, dialled: str, headers: Mapping[str, str]) -> Iterator[_Named]:
    yield _Named(source=Source.X_QUEUE, told=headers.get("x-queue", "").strip()[:64])


def _by_diversion(terms: OverflowTerms, dialled: str, headers: Mapping[str, str]) -> Iterator[_Named]:
    """The last diversion comes first (RFC 5806 section 4)."""
    for one in addresses(headers.get("diversion", "")):
        yield _Named(source=Source.DIVERSION, told=one.user, reason=one.header_params.get("reason", "")[:32])


def _by_history(terms: OverflowTerms, dialled: str, headers: Mapping[str, str]) -> Iterator[_Named]:
    """The entry the last one was made from (its mp, rc or np), then all others, the last first."""
    text = headers.get("history-info", "")
    entries = [(addresses(part)[0], part) for part in split_outside(text[:8192], ",") if addresses(part)]
    if not entries:
        return
    last = entries[-1][0].header_params
    origin = next((last[name] for name in ("mp", "rc", "np") if name in last), "")
    first = [entry for entry in entries if origin and entry[0].header_params.get("index") == origin]
    for address, part in (*first, *reversed(entries)):
        yield _Named(source=Source.HISTORY_INFO, told=address.user, reason=_history_reason(address, part, entries))


def _history_reason(address: Address, part: str, entries: list[tuple[Address, str]]) -> str:
    """Of the entry itself (its Reason), or of the one made from it (RFC 4458's cause)."""
    found = _REASON.search(part)
    cause = _CAUSE.search(unquote(found[1])) if found else None
    if cause:
        return REASONS.get(cause[1], cause[1])
    index = address.header_params.get("index", "")
    made = (one for one, _ in entries if index and index in {one.header_params.get(n) for n in ("mp", "rc", "np")})
    return next((REASONS.get(c, c) for one in made if (c := one.params.get("cause", "")[:3])), "")


_READERS = {
    Source.ADDRESS: _by_address,
    Source.X_QUEUE: _by_x_queue,
    Source.DIVERSION: _by_diversion,
    Source.HISTORY_INFO: _by_history,
}


def _seconds(text: str) -> int | None:
    """A whole number not below 0, None when it is none."""
    match = _SECONDS.fullmatch(text)
    return int(match[1]) if match and text.isascii() else None
