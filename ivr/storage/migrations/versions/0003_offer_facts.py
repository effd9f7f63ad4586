"""An opportunity keeps the facts it was decided on, so that it can be explained later."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("opportunities", sa.Column("facts", sa.JSON(), server_default="{}", nullable=False))
    op.create_index("ix_opportunities_call_id", "opportunities", ["call_id"])
    op.create_index("ix_opportunities_customer_id", "opportunities", ["customer_id"])
