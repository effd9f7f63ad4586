"""The tables of accounts: people, their sessions, tokens of machines, failed sign-ins, who looked at what, and what
agents noted of calls. Neither cookies nor tokens stand here, only their hashes.
"""

from __future__ import annotations

import sqlalchemy as sa

from ivr.storage.tables import METADATA


def _text(name: str, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=key, nullable=False, server_default=None if key else "")


def _ms(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


accounts = sa.Table(
    "accounts",
    METADATA,
    _text("name", key=True),
    *(_text(name) for name in ("role", "hashed", "created_at", "agent_id", "language")),
)

web_sessions = sa.Table(
    "web_sessions",
    METADATA,
    _text("session_id", key=True),
    *(_text(name) for name in ("account", "remote", "browser")),
    *(_ms(name) for name in ("began_ms", "seen_ms", "expires_ms")),
    sa.Index(None, "account"),
)

api_tokens = sa.Table(
    "api_tokens",
    METADATA,
    _text("token_id", key=True),
    *(_text(name) for name in ("name", "hashed", "created_at")),
    sa.Column("rights", sa.JSON, nullable=False),
    *(_ms(name) for name in ("expires_ms", "used_ms")),
    sa.Index(None, "hashed", unique=True),
    sa.Index(None, "name", unique=True),
)

# subject: an account, an address, or both. A row is also what two tries at once wait for each other on.
login_failures = sa.Table(
    "login_failures",
    METADATA,
    _text("subject", key=True),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    _ms("last_ms"),
)

accesses = sa.Table(
    "accesses",
    METADATA,
    _text("access_id", key=True),
    *(_text(name) for name in ("at", "who", "what", "subject", "remote")),
    sa.Index(None, "subject"),
)

wrap_ups = sa.Table(
    "wrap_ups",
    METADATA,
    _text("call_id", key=True),
    _text("agent_id", key=True),
    *(_text(name) for name in ("code", "note", "by", "at")),
    sa.Column("solved", sa.Boolean, nullable=True),
    sa.Column("asked_again", sa.Boolean, nullable=False),
    _ms("at_ms"),
    sa.Index(None, "at_ms"),
)
