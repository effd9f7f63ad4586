"""Which cell a call lives in, and when each cell was last heard of."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cells",
        sa.Column("cell", sa.Text(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("cell", name=op.f("pk_cells")),
    )
    with op.batch_alter_table("calls") as table:
        table.add_column(sa.Column("cell", sa.Text(), server_default="", nullable=False))
