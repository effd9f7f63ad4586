"""Events told to the systems of whoever runs the product, and what became of telling them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class EventKind(StrEnum):
    """What can be told; docs/integrating.md says what each holds."""

    CONTEXT = "handoff.context"  # the full packet, before anything rings
    TRANSFER = "transfer.ended"
    CALL_ENDED = "call.ended"
    OFFER_ACCEPTED = "offer.accepted"  # with its proof, and what follows
    CALLBACK_PROMISED = "callback.promised"
    CALLBACK_ENDED = "callback.ended"
    OVERFLOW = "overflow.result"
    TEST = "webhook.test"  # sent by hand, to whoever is configured


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"  # given up; a person may have it tried again


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    """Something to tell. event_id: the same over all tries, 1 to 64 of A-Z a-z 0-9 _ -; the same event stored twice is
    told once. call_id: events of one call are told in their order; "" has no order. at: when it happened, UTC ISO 8601.
    until: after it nobody needs to know any more (UTC ISO 8601), "" = a week later. data: JSON-able, masked already."""

    event_id: str
    kind: EventKind
    at: str
    call_id: str = ""
    until: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event on its way to one endpoint. failures: tries so far that were not answered with 2xx. trouble: what the
    last of them met. due_ms: Unix time of the next try. data is empty once it was delivered."""

    event_id: str
    endpoint: str
    kind: str
    call_id: str
    at: str
    data: Mapping[str, Any]
    state: DeliveryState
    failures: int
    trouble: str
    due_ms: int
