"""Ways to what is new, and to an agent's calls: without them a million calls are gone through for each."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_calls_agent_call_id", "calls", ["agent", "call_id"])
    op.create_index("ix_opportunities_at_ms", "opportunities", ["at_ms"])
    op.create_index("ix_answers_at", "answers", ["at"])
    op.create_index("ix_overflows_call_id", "overflows", ["call_id"])
