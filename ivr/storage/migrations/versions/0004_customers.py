"""Customers imported from a file, with the numbers and facts they are found by."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _owner(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["customer_id"], ["customers.customer_id"], name=f"fk_{table}_customer_id", ondelete="CASCADE"
    )


def upgrade() -> None:
    op.create_table(
        "customers",
        sa.Column("customer_id", sa.Text(), nullable=False),
        *(_text(name) for name in ("household", "language", "birth_date", "pin_hash", "passphrase_hash")),
        _text("imported_at"),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("names", "facts", "flags", "profile")),
        sa.PrimaryKeyConstraint("customer_id", name="pk_customers"),
    )
    op.create_table(
        "customer_phones",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        _text("since"),
        sa.Column("position", sa.Integer(), nullable=False),
        _owner("customer_phones"),
        sa.PrimaryKeyConstraint("number", "customer_id", name="pk_customer_phones"),
    )
    op.create_index("ix_customer_phones_customer_id", "customer_phones", ["customer_id"])
    op.create_table(
        "customer_facts",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        _owner("customer_facts"),
        sa.PrimaryKeyConstraint("kind", "value", "customer_id", name="pk_customer_facts"),
    )
    op.create_index("ix_customer_facts_customer_id", "customer_facts", ["customer_id"])
