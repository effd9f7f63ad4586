"""The table of what leaves the house: events on their way to other systems."""

from __future__ import annotations

import sqlalchemy as sa

from ivr.model.webhooks import DeliveryState
from ivr.storage.tables import METADATA

KNOWN_DELIVERY_STATE = "state IN (" + ", ".join(f"'{state.value}'" for state in DeliveryState) + ")"


def _text(name: str, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=key, nullable=False, server_default=None if key else "")


def _ms(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


# One row for each event and endpoint. position: the order of a call's events. owner: the process that wrote it, which
# delivers it unless it is late. due_ms is also the lease of a try under way: who dies in mid-try is tried again then.
outbox = sa.Table(
    "outbox",
    METADATA,
    _text("event_id", key=True),
    _text("endpoint", key=True),
    *(_text(name) for name in ("kind", "call_id", "at", "state", "owner", "trouble")),
    sa.Column("data", sa.JSON, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    *(_ms(name) for name in ("position", "made_ms", "due_ms", "until_ms", "ended_ms")),
    sa.Index(None, "endpoint", "state", "due_ms"),
    sa.Index(None, "endpoint", "call_id", "position"),
    sa.CheckConstraint(KNOWN_DELIVERY_STATE, name="known_state"),
)
