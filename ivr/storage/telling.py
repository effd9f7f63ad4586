"""What other systems are told of what is stored: one function for each thing. Pure; masks nothing, as what is stored
is masked already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ivr.model.call import Callback, CallRecord, LogEntry, OverflowResult
from ivr.model.fulfilment import Fulfilment
from ivr.model.offers import OfferProof
from ivr.model.webhooks import EventKind, WebhookEvent

_TOOK_OVER = frozenset({"handoff.bridged", "handoff.moved"})
_TRANSFER_ENDS = _TOOK_OVER | {"handoff.ended"}


def of_context(token: str, call_id: str, packet: Mapping[str, Any], at: str, until: str) -> WebhookEvent:
    """The full packet. Its token is the event's id."""
    data = {"token": token, "call_id": call_id, "packet": dict(packet)}
    return WebhookEvent(event_id=token, kind=EventKind.CONTEXT, at=at, call_id=call_id, until=until, data=data)


def of_record(record: CallRecord) -> tuple[WebhookEvent, ...]:
    """A call that ended, as GET /api/calls/{call_id} tells it; nothing of one that goes on."""
    if not record.ended_at:
        return ()
    data = asdict(record) | {"outcome": record.outcome.value}
    ended = WebhookEvent(
        event_id=f"{record.call_id}-ended",
        kind=EventKind.CALL_ENDED,
        at=record.ended_at,
        call_id=record.call_id,
        data=data,
    )
    return (ended,)


def of_promise(callback: Callback) -> WebhookEvent:
    """A callback that was promised."""
    return WebhookEvent(
        event_id=f"{callback.callback_id}-promised",
        kind=EventKind.CALLBACK_PROMISED,
        at=callback.promised_at,
        call_id=callback.call_id,
        data=asdict(callback),
    )


def of_acceptance(accepted: Fulfilment, proof: OfferProof) -> WebhookEvent:
    """A yes to an offer, with what proves it and what follows."""
    said = asdict(proof)
    data = {
        "opportunity": accepted.opportunity_id,
        **{name: getattr(accepted, name) for name in ("call_id", "customer_id", "household", "product", "title")},
        "price": {name: getattr(accepted, name) for name in ("amount", "currency", "period")},
        **{name: getattr(accepted, name) for name in ("language", "number", "fulfil", "order_id", "callback_id")},
        "state": accepted.state.value,
        "proof": {"text_version": said.pop("script_version"), **said},
    }
    return WebhookEvent(
        event_id=f"{accepted.opportunity_id}-accepted",
        kind=EventKind.OFFER_ACCEPTED,
        at=accepted.at,
        call_id=accepted.call_id,
        data=data,
    )


def of_kept_promise(callback_id: str, by: str, state: str, at: str) -> WebhookEvent:
    """How a promise ended: "done" or "failed"."""
    data = {"callback_id": callback_id, "state": state, "done_by": by}
    return WebhookEvent(event_id=f"{callback_id}-ended", kind=EventKind.CALLBACK_ENDED, at=at, data=data)


def of_overflow(result: OverflowResult) -> tuple[WebhookEvent, ...]:
    """How a call from a full queue ended; nothing of one that goes on."""
    if result.outcome == "open":
        return ()
    told = WebhookEvent(
        event_id=f"{result.token}-{result.outcome}",
        kind=EventKind.OVERFLOW,
        at=result.at,
        call_id=result.call_id,
        data={"call_id": result.call_id, **result.data},
    )
    return (told,)


def of_entry(entry: LogEntry) -> tuple[WebhookEvent, ...]:
    """How a wish for a human ended, when this is the log entry that says so."""
    result = "answered" if entry.kind in _TOOK_OVER else str(entry.data.get("result", ""))
    if entry.kind not in _TRANSFER_ENDS or (entry.kind not in _TOOK_OVER and result == "answered"):
        return ()
    said = {name: str(entry.data[name]) for name in ("queue", "agent", "method") if entry.data.get(name)}
    ended = WebhookEvent(
        event_id=f"{entry.call_id}-{entry.seq}",
        kind=EventKind.TRANSFER,
        at=entry.at,
        call_id=entry.call_id,
        data={"call_id": entry.call_id, "result": result, **said},
    )
    return (ended,)
