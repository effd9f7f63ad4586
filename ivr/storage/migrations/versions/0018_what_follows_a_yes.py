"""What follows a yes to an offer: a promised call, an order to be confirmed, a transfer."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_NAMES = (
    *("call_id", "customer_id", "household", "product", "title", "amount", "currency", "period", "language", "number"),
    *("fulfil", "state", "at", "order_id", "callback_id", "changed_at", "changed_by"),
)


def upgrade() -> None:
    op.create_table(
        "fulfilments",
        sa.Column("opportunity_id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), server_default="", nullable=False) for name in _NAMES),
        sa.ForeignKeyConstraint(
            ["opportunity_id"], ["answers.opportunity_id"], name=op.f("fk_fulfilments_opportunity_id")
        ),
        sa.PrimaryKeyConstraint("opportunity_id", name=op.f("pk_fulfilments")),
        sa.CheckConstraint(
            "state IN ('lead', 'transferring', 'transferred', 'ordering', 'pending', 'confirmed', 'cancelled', "
            "'elsewhere')",
            name=op.f("ck_fulfilments_known_state"),
        ),
        sa.CheckConstraint(
            "(state <> 'lead' OR callback_id <> '') AND "
            "(state NOT IN ('ordering', 'pending', 'confirmed', 'cancelled') OR order_id <> '')",
            name=op.f("ck_fulfilments_what_is_promised_is_owed"),
        ),
    )
    op.create_index("ix_fulfilments_call_id", "fulfilments", ["call_id"])
    op.create_index("ix_fulfilments_order_id", "fulfilments", ["order_id"])
    op.add_column("callbacks", sa.Column("opportunity_id", sa.Text(), server_default="", nullable=False))
