"""Calls from full queues and how they ended; promises keep the caller's place and say who is about to call."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def upgrade() -> None:
    op.add_column("calls", _text("overflow_from"))
    for name in ("language", "claimed_by", "claimed_at", "queue", "arrived_at"):
        op.add_column("callbacks", _text(name))
    op.add_column("callbacks", sa.Column("priority", sa.Integer(), server_default="0", nullable=False))
    op.add_column("callbacks", sa.Column("claimed_ms", sa.BigInteger(), server_default="0", nullable=False))
    op.create_table(
        "overflows",
        sa.Column("token", sa.Text(), nullable=False),
        *(_text(name) for name in ("call_id", "sip_call_id", "queue", "outcome", "at")),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_overflows")),
    )
    op.create_index(op.f("ix_overflows_sip_call_id"), "overflows", ["sip_call_id"], unique=False)
