"""Accounts, sessions, tokens of machines, failed sign-ins, accesses, and notes of agents."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _ms(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)


def _primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def upgrade() -> None:
    op.create_table(
        "accounts",
        _key("name"),
        *(_text(name) for name in ("role", "hashed", "created_at", "agent_id", "language")),
        _primary("accounts", "name"),
    )
    op.create_table(
        "web_sessions",
        _key("session_id"),
        *(_text(name) for name in ("account", "remote", "browser")),
        *(_ms(name) for name in ("began_ms", "seen_ms", "expires_ms")),
        _primary("web_sessions", "session_id"),
    )
    op.create_index(op.f("ix_web_sessions_account"), "web_sessions", ["account"])
    op.create_table(
        "api_tokens",
        _key("token_id"),
        *(_text(name) for name in ("name", "hashed", "created_at")),
        sa.Column("rights", sa.JSON(), nullable=False),
        *(_ms(name) for name in ("expires_ms", "used_ms")),
        _primary("api_tokens", "token_id"),
    )
    op.create_index(op.f("ix_api_tokens_hashed"), "api_tokens", ["hashed"], unique=True)
    op.create_index(op.f("ix_api_tokens_name"), "api_tokens", ["name"], unique=True)
    op.create_table(
        "login_failures",
        _key("subject"),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        _ms("last_ms"),
        _primary("login_failures", "subject"),
    )
    op.create_table(
        "accesses",
        _key("access_id"),
        *(_text(name) for name in ("at", "who", "what", "subject", "remote")),
        _primary("accesses", "access_id"),
    )
    op.create_index(op.f("ix_accesses_subject"), "accesses", ["subject"])
    op.create_table(
        "wrap_ups",
        _key("call_id"),
        _key("agent_id"),
        *(_text(name) for name in ("code", "note", "by", "at")),
        sa.Column("solved", sa.Boolean(), nullable=True),
        sa.Column("asked_again", sa.Boolean(), nullable=False),
        _ms("at_ms"),
        _primary("wrap_ups", "call_id", "agent_id"),
    )
    op.create_index(op.f("ix_wrap_ups_at_ms"), "wrap_ups", ["at_ms"])
