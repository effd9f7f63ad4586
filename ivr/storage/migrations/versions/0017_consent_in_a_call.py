"""Consent to advertising given in a call, with its proof, and no answer to what was heard without it; why somebody
needs care."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

OF_OPPORTUNITY = ["opportunity_id", "speak", "asks_consent"]


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), server_default="", nullable=False) for name in names]


def upgrade() -> None:
    with op.batch_alter_table("ads_consents") as table:
        for column in _texts("call_id", "words", "asked_at", "method", "digits", "heard"):
            table.add_column(column)
        table.add_column(sa.Column("confidence", sa.Float(), server_default="0", nullable=False))
        table.create_check_constraint(
            op.f("ck_ads_consents_said_clearly"),
            "method = '' OR (call_id <> '' AND trim(words) <> '' AND asked_at <> '' AND asked_at <= given_at AND ("
            "(method = 'dtmf' AND digits = '1') OR "
            "(method = 'speech' AND trim(heard) <> '' AND confidence BETWEEN 0.9 AND 1)))",
        )
    with op.batch_alter_table("care_marks") as table:
        table.add_column(*_texts("why"))
        table.create_check_constraint(
            op.f("ck_care_marks_known_reason"), "why IN ('', 'time', 'pressed', 'hard_time', 'asked', 'other')"
        )
    op.add_column("opportunities", sa.Column("asks_consent", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index("ix_opportunities_opportunity_id_speak_asks_consent", "opportunities", OF_OPPORTUNITY, unique=True)
    with op.batch_alter_table("answers") as table:
        table.add_column(sa.Column("asks_consent", sa.Boolean(), server_default=sa.false(), nullable=False))
        table.add_column(sa.Column("consent_id", sa.Text(), nullable=True))
        table.create_check_constraint(
            op.f("ck_answers_consented_before_it_was_heard"),
            "NOT asks_consent OR answer NOT IN ('accepted', 'declined') OR consent_id IS NOT NULL",
        )
        table.drop_constraint(op.f("fk_answers_opportunity_id"), type_="foreignkey")
        table.create_foreign_key(op.f("fk_answers_opportunity_id"), "opportunities", OF_OPPORTUNITY, OF_OPPORTUNITY)
        table.create_foreign_key(op.f("fk_answers_consent_id"), "ads_consents", ["consent_id"], ["consent_id"])
    op.drop_index("ix_opportunities_opportunity_id_speak", "opportunities")
