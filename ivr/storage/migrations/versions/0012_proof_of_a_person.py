"""An acceptance may be proven by an agent who answers for it and ticked what was told."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("answers") as table:
        for name in ("proof_agent", "proof_disclosures"):
            table.add_column(sa.Column(name, sa.Text(), server_default="", nullable=False))
        table.drop_constraint(op.f("ck_answers_accepted_is_proven"), type_="check")
        table.create_check_constraint(
            op.f("ck_answers_accepted_is_proven"),
            "answer <> 'accepted' OR (proof_script_version <> '' AND trim(proof_read_back) <> '' "
            "AND proof_asked_at <> '' AND proof_answered_at <> '' AND ("
            "(proof_method = 'dtmf' AND proof_digits = '1') OR "
            "(proof_method = 'speech' AND trim(proof_heard) <> '' AND proof_confidence BETWEEN 0.9 AND 1) OR "
            "(proof_method = 'agent' AND trim(proof_agent) <> '' AND trim(proof_disclosures) <> '')))",
        )
