"""The tables of imported customers. A customer's values stand once as they came, and once as they are looked up."""

from __future__ import annotations

import sqlalchemy as sa

from ivr.storage.tables import METADATA


def _text(name: str, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=key, nullable=False, server_default=None if key else "")


def _owner() -> sa.Column[str]:
    owner = sa.ForeignKey("customers.customer_id", ondelete="CASCADE")
    return sa.Column("customer_id", sa.Text, owner, primary_key=True, nullable=False)


customers = sa.Table(
    "customers",
    METADATA,
    _text("customer_id", key=True),
    *(_text(name) for name in ("household", "language", "birth_date", "pin_hash", "passphrase_hash", "imported_at")),
    *(sa.Column(name, sa.JSON, nullable=False) for name in ("names", "facts", "flags", "profile")),
)

customer_phones = sa.Table(
    "customer_phones",
    METADATA,
    _text("number", key=True),
    _owner(),
    _text("since"),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Index(None, "customer_id"),
)

customer_facts = sa.Table(
    "customer_facts",
    METADATA,
    _text("kind", key=True),
    _text("value", key=True),
    _owner(),
    sa.Index(None, "customer_id"),
)
