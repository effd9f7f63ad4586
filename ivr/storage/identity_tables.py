"""The tables of identification: tries, proofs, clearings, codes, signals. Append-only but for a code being used up.

identity_gates has one row for each account, number, call and range: whoever counts and reserves a try holds the rows of
what it concerns, so that two processes cannot both see the last free try.
"""

from __future__ import annotations

import sqlalchemy as sa

from ivr.storage.tables import METADATA


def _text(name: str, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=key, nullable=False, server_default=None if key else "")


def _ms(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


gates = sa.Table("identity_gates", METADATA, _text("subject", key=True), _ms("at_ms"))

# One row for each customer a try may concern; "" when nobody is known.
attempts = sa.Table(
    "identity_attempts",
    METADATA,
    _text("attempt_id", key=True),
    _text("customer_id", key=True),
    *(_text(name) for name in ("call_id", "tried", "number", "prefix")),
    _ms("at_ms"),
    sa.Index(None, "customer_id", "at_ms"),
    sa.Index(None, "number", "at_ms"),
    sa.Index(None, "prefix", "at_ms"),
    sa.Index(None, "call_id"),
    sa.Index(None, "at_ms"),
)

# customer_id: whose row of failures ends; "" when the try was not wrong, and proved nobody.
proofs = sa.Table("identity_proofs", METADATA, _text("attempt_id", key=True), _text("customer_id"), _ms("at_ms"))

clearings = sa.Table(
    "identity_clearings",
    METADATA,
    _text("subject", key=True),
    sa.Column("at_ms", sa.BigInteger, primary_key=True),
    _text("by"),
)

codes = sa.Table(
    "identity_codes",
    METADATA,
    _text("code_id", key=True),
    *(_text(name) for name in ("call_id", "customer_id", "hashed")),
    *(_ms(name) for name in ("sent_ms", "expires_ms", "used_ms")),
    sa.Index(None, "call_id", "customer_id"),
)

signals = sa.Table(
    "identity_signals",
    METADATA,
    _text("call_id", key=True),
    _text("kind", key=True),
    _text("number"),
    _text("customer_id"),
    _ms("at_ms"),
    sa.Column("detail", sa.JSON, nullable=False, server_default="{}"),
    sa.Index(None, "kind", "at_ms"),
)
