"""Of households whose offers were forgotten, that there were any: who was counted once is not new by calling again."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forgotten_households",
        sa.Column("unit", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("unit", name=op.f("pk_forgotten_households")),
    )
