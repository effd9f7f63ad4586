"""Outcomes, suspensions, beliefs; an opportunity knows its phase, group and what was known of the caller."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def upgrade() -> None:
    for name in ("phase", "group"):
        op.add_column("opportunities", _text(name))
    op.add_column("opportunities", sa.Column("known", sa.JSON(), server_default="[]", nullable=False))
    op.create_table(
        "outcomes",
        sa.Column("opportunity_id", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        _text("at"),
        _text("source"),
        sa.ForeignKeyConstraint(
            ["opportunity_id"], ["opportunities.opportunity_id"], name=op.f("fk_outcomes_opportunity_id")
        ),
        sa.PrimaryKeyConstraint("opportunity_id", "outcome", name=op.f("pk_outcomes")),
    )
    op.create_table(
        "suspensions",
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        *(_text(name) for name in ("reason", "reopened_at", "reopened_by")),
        sa.PrimaryKeyConstraint("group", "at", name=op.f("pk_suspensions")),
    )
    op.create_table(
        "beliefs",
        sa.Column("name", sa.Text(), nullable=False),
        _text("at"),
        sa.Column("belief", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_beliefs")),
    )
