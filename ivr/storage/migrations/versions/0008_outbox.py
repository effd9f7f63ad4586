"""Events on their way to other systems, and eight-digit codes of contexts."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _ms(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)


def upgrade() -> None:
    op.create_table(
        "outbox",
        _key("event_id"),
        _key("endpoint"),
        *(_text(name) for name in ("kind", "call_id", "at", "state", "owner", "trouble")),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        *(_ms(name) for name in ("position", "made_ms", "due_ms", "until_ms", "ended_ms")),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'dead')", name=op.f("ck_outbox_known_state")),
        sa.PrimaryKeyConstraint("event_id", "endpoint", name=op.f("pk_outbox")),
    )
    op.create_index(op.f("ix_outbox_endpoint_state_due_ms"), "outbox", ["endpoint", "state", "due_ms"])
    op.create_index(op.f("ix_outbox_endpoint_call_id_position"), "outbox", ["endpoint", "call_id", "position"])
    op.add_column("contexts", _text("code"))
    op.create_index(op.f("ix_contexts_code"), "contexts", ["code"])
