"""Tries, proofs, clearings, codes and signals of identification."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
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
    op.create_table("identity_gates", _key("subject"), _ms("at_ms"), _primary("identity_gates", "subject"))
    op.create_table(
        "identity_attempts",
        _key("attempt_id"),
        _key("customer_id"),
        *(_text(name) for name in ("call_id", "tried", "number", "prefix")),
        _ms("at_ms"),
        _primary("identity_attempts", "attempt_id", "customer_id"),
    )
    for columns in (["customer_id", "at_ms"], ["number", "at_ms"], ["prefix", "at_ms"], ["call_id"]):
        op.create_index(op.f("ix_identity_attempts_" + "_".join(columns)), "identity_attempts", columns)
    op.create_table(
        "identity_proofs",
        _key("attempt_id"),
        _text("customer_id"),
        _ms("at_ms"),
        _primary("identity_proofs", "attempt_id"),
    )
    op.create_table(
        "identity_clearings",
        _key("subject"),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        _text("by"),
        _primary("identity_clearings", "subject", "at_ms"),
    )
    op.create_table(
        "identity_codes",
        _key("code_id"),
        *(_text(name) for name in ("call_id", "customer_id", "hashed")),
        *(_ms(name) for name in ("sent_ms", "expires_ms", "used_ms")),
        _primary("identity_codes", "code_id"),
    )
    op.create_index(op.f("ix_identity_codes_call_id_customer_id"), "identity_codes", ["call_id", "customer_id"])
    op.create_table(
        "identity_signals",
        _key("call_id"),
        _key("kind"),
        _text("number"),
        _text("customer_id"),
        _ms("at_ms"),
        sa.Column("detail", sa.JSON(), server_default="{}", nullable=False),
        _primary("identity_signals", "call_id", "kind"),
    )
    op.create_index(op.f("ix_identity_signals_kind_at_ms"), "identity_signals", ["kind", "at_ms"])
