"""What follows a yes to an offer: who owes the customer what, and how it stands. Never a payment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from ivr.model.call import Callback
from ivr.model.offers import OfferDecision

LEAD, ORDER = "lead", "order_pending_sms"
_TRANSFER = "warm_transfer:"


def queue_of(fulfil: str) -> str:
    """The queue that a yes leads to at once, "" for other ways."""
    return fulfil.removeprefix(_TRANSFER) if fulfil.startswith(_TRANSFER) else ""


class FulfilState(StrEnum):
    """How it stands with what follows."""

    LEAD = "lead"  # a colleague calls: the callback says whether that is done
    TRANSFERRING = "transferring"  # the caller is being put through
    TRANSFERRED = "transferred"  # a colleague took the call
    ORDERING = "ordering"  # the message that asks to confirm is not sent yet
    PENDING = "pending"  # it was: the customer has to confirm
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    ELSEWHERE = "elsewhere"  # another system made the offer, and sees to it


LEADS_TO: Mapping[FulfilState, frozenset[FulfilState]] = MappingProxyType(
    {
        FulfilState.TRANSFERRING: frozenset({FulfilState.TRANSFERRED, FulfilState.LEAD}),
        FulfilState.TRANSFERRED: frozenset({FulfilState.LEAD}),  # a queue that took the caller may hang up at once
        FulfilState.ORDERING: frozenset({FulfilState.PENDING, FulfilState.LEAD}),
        FulfilState.PENDING: frozenset({FulfilState.CONFIRMED, FulfilState.CANCELLED}),
    }
)
"""What may become of a state; the others are final."""
UNSETTLED = (FulfilState.TRANSFERRING, FulfilState.ORDERING)
"""What nobody sees to any more when the call is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fulfilment:
    """What follows one acceptance. fulfil: as offers.yml says; state: as it really went. title: of the product, in the
    language of the call; amount ("3.90"), currency and period: its price. number: E.164, where to call or write,
    "" when none is known. at: of the yes; changed_at, changed_by: of the last change of an order (UTC ISO 8601)."""

    opportunity_id: str
    call_id: str
    customer_id: str
    household: str
    product: str
    title: str
    amount: str
    currency: str
    period: str
    language: str
    number: str
    fulfil: str
    state: FulfilState
    at: str
    order_id: str = ""
    callback_id: str = ""
    changed_at: str = ""
    changed_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What is stored with an acceptance, or not at all. callback: the promise, where a colleague is to call."""

    fulfilment: Fulfilment
    callback: Callback | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """A yes, its proof in short, and what became of it. fulfilment: None for one from before these were kept. callback:
    the promise as it stands, None when none was made or it is forgotten."""

    opportunity_id: str
    call_id: str
    customer_id: str
    product: str
    at: str
    method: str
    said: str
    read_back: str
    text_version: str
    asked_at: str
    answered_at: str
    agent: str
    fulfilment: Fulfilment | None
    callback: Callback | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleAcceptance:
    """A command of the dialog: the caller who accepted was put through, or (taken: False) nobody was there."""

    decision: OfferDecision
    taken: bool
