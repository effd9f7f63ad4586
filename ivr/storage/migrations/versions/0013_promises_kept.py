"""When a promise to call back was kept: in time, or too late."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("callbacks", sa.Column("done_at", sa.Text(), server_default="", nullable=False))
