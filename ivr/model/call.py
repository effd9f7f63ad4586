"""The record and the event log of a call. The log is append-only and is the truth; the record is a fold over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """How a call ended, for the business."""

    RESOLVED = "resolved"  # the request was served and the caller confirmed it
    INFORMED = "informed"  # the request was served, the caller did not say whether it helped
    TRANSFERRED = "transferred"  # a human took the call
    RETURNED = "returned"  # back in the queue of the contact center it came from, its place kept
    CALLBACK = "callback"  # a promise to call back was stored
    ABANDONED = "abandoned"  # the caller hung up with a task open
    UNRESOLVED = "unresolved"  # goodbye without a served request
    LOST = "lost"  # we dropped it: a worker died
    REFUSED = "refused"  # no capacity: 503
    OPEN = "open"  # still going on


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One thing that happened in a call. seq counts from 1 within the call; at: UTC ISO 8601 with milliseconds;
    at_ms: monotonic milliseconds; data: JSON-able, sensitive values already masked.

    Kinds: handling.drawn / call.arrived call.answered call.greeted call.ended / turn.said turn.heard turn.rejected
    turn.silence turn.keys turn.barged_in turn.answered turn.prompted / dialog.step dialog.slot dialog.request
    dialog.language dialog.closing dialog.ended /
    number.verified identity.evidence identity.level identity.refused identity.locked identity.closed
    identity.risk /
    service.called service.ended / offer.decided offer.answered offer.followed offer.survey / handoff.requested
    handoff.chosen handoff.popped handoff.dialed handoff.ringing handoff.answered handoff.whispered handoff.joined
    handoff.bridged handoff.ended / overflow.arrived overflow.returning overflow.refused overflow.result / hearing.lost
    hearing.restored / callback.promised / recording.started / call.returned call.code_unknown /
    trouble.
    """

    call_id: str
    seq: int
    at: str
    at_ms: int
    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """What is kept of a call. Times are UTC ISO 8601; *_ms are durations. ani is "" when withheld.

    requests: intents served, in order, each with its result ("resolved" | "informed" | "failed" | "open").
    timings: answer_ms (INVITE to 200), greeting_ms (200 to first audio), turns p50/p95 of end of speech to first audio.
    overflow_from: the full queue of a contact center it came from, "" for any other call.
    """

    call_id: str
    sip_call_id: str
    ani: str
    dnis: str
    assistant: str
    language: str
    started_at: str
    answered_at: str = ""
    ended_at: str = ""
    ended_by: str = ""
    level: str = "L0"
    customer_id: str = ""
    household: str = ""
    requests: tuple[Mapping[str, str], ...] = ()
    outcome: Outcome = Outcome.OPEN
    disposition: str = ""
    agent: str = ""
    turns: int = 0
    barge_ins: int = 0
    timings: Mapping[str, float] = field(default_factory=dict)
    recording: str = ""
    overflow_from: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A promise to call somebody back. state: "due" | "done" | "failed". deadline, done_at: UTC ISO 8601; done_at: when
    it ended, "" before, and for promises that ended before moments were noted.

    claimed_by: who is about to call, since claimed_at; "" while nobody is. queue, arrived_at and priority: the place
    the caller had in a full queue and keeps, "" and 0 for a promise made elsewhere. language: the caller's.
    opportunity_id: the offer it follows, which the customer accepted; "" for any other promise.
    """

    callback_id: str
    call_id: str
    number: str
    customer_id: str
    reason: str
    promised_at: str
    deadline: str
    state: str = "due"
    done_by: str = ""
    language: str = ""
    claimed_by: str = ""
    claimed_at: str = ""
    queue: str = ""
    arrived_at: str = ""
    priority: int = 0
    done_at: str = ""
    opportunity_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverflowResult:
    """How a call from a full queue stands or ended, for the contact center. token: what peers ask by; outcome: "open" |
    "resolved" | "returned" | "callback" | "abandoned"; data: what the event overflow.result carries; at: UTC ISO 8601.
    """

    token: str
    call_id: str
    sip_call_id: str
    queue: str
    outcome: str
    at: str
    data: Mapping[str, Any] = field(default_factory=dict)
