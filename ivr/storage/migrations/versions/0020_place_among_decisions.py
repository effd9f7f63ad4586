"""The place of a decision among those of its household: of two made at the same time one is refused."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("opportunities", sa.Column("place", sa.BigInteger()))  # older ones have none, which is no place twice
    op.create_index("ix_opportunities_household_place", "opportunities", ["household", "place"], unique=True)
