"""The way to a customer's calls: who takes the next one is told of them while the caller waits."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_calls_customer_id_started_ms", "calls", ["customer_id", "started_ms"])
