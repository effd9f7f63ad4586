"""What the gate of offers may know of a call: the dialog's facts, the words that were said, its length and its waits.

Owns the joining of them. What the store knows of the household is joined by ivr.call.opportunities.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ivr.dialog.engine import Session
from ivr.model.call import LogEntry
from ivr.model.offers import DialogFacts
from ivr.offers.desk import OfferDesk
from ivr.offers.gate import OfferFacts, OfferHistory

WAITING_ENDS = frozenset({"handoff.bridged", "handoff.moved", "handoff.ended"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSoFar:
    """What the gate may know of the call besides the dialog's own facts. Durations in ms; load 0..1; ani E.164."""

    call_ms: int
    load: float
    recorded: bool
    latency_p95_ms: int
    ani: str = ""


def facts_of(
    desk: OfferDesk,
    told: DialogFacts,
    session: Session,
    so_far: CallSoFar,
    *,
    said: Iterable[str],
    waited_s: float,
    now: datetime,
) -> OfferFacts:
    """What the gate may know of a call. What the customer system knows of open tickets is among the customer's flags;
    said: what was said, also while the dialog did not listen, searched for words."""
    heard = tuple(said)
    return OfferFacts(
        customer=session.customer,
        level=session.level,
        language=session.language,
        intent=told.intent,
        other_intents=told.other_intents,
        resolved=told.solved and not told.unsolved,
        confirmed=told.confirmed,
        bot_disclosed=told.bot_disclosed,
        recorded=so_far.recorded,
        repairs=told.repairs,
        recent_failures=told.recent_failures,
        agent_requested=told.agent_requested,
        negative_words=tuple(dict.fromkeys(told.negative_words + desk.negative_words(heard))),
        vulnerable_words=tuple(dict.fromkeys(told.vulnerable_words + desk.vulnerable_words(heard))),
        latency_p95_ms=so_far.latency_p95_ms,
        open_ticket=False,
        waited_s=waited_s,
        call_ms=so_far.call_ms,
        load=so_far.load,
        overflow=bool(session.caller.overflow_from),
        consent_can_be_asked=False,
        history=OfferHistory(opted_out=told.no_offers),
        now=now,
        group="",
        suspended=None,
        stopped="",
    )


def waited_in_line(entries: Iterable[LogEntry], now_ms: int) -> int:
    """How long this caller has waited for our agents, in ms: from each request for one to its end. A call that came
    back from the line without anybody has waited all the same."""
    waited_ms, since_ms = 0, None
    for entry in entries:
        if entry.kind == "handoff.requested":
            since_ms = entry.at_ms
        elif entry.kind in WAITING_ENDS and since_ms is not None:
            heard_ms = int(entry.data.get("heard_before_ms", 0))
            waited_ms, since_ms = waited_ms + entry.at_ms - heard_ms - since_ms, None
    return waited_ms + (now_ms - since_ms if since_ms is not None else 0)
