"""Who objected to offers and who took it back, consent to advertising and who needs care as records; an answer to an
offer that was to be heard only, a yes not before its question; who switched a group off."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), server_default="", nullable=False) for name in names]


def _keys(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "objections",
        *_keys("household", "at", "what"),
        *_texts("by", "call_id"),
        sa.PrimaryKeyConstraint("household", "at", "what", name=op.f("pk_objections")),
        sa.CheckConstraint("what IN ('refused', 'allowed')", name=op.f("ck_objections_known_what")),
    )
    op.execute(
        "INSERT INTO objections (household, at, what, call_id) SELECT household, at, 'refused', call_id FROM opt_outs"
    )
    op.create_table(
        "ads_consents",
        *_keys("consent_id"),
        *_texts("customer_id", "text_version", "given_at", "source", "recording", "noted_by"),
        *_texts("withdrawn_at", "withdrawn_by"),
        sa.PrimaryKeyConstraint("consent_id", name=op.f("pk_ads_consents")),
        sa.CheckConstraint(
            "customer_id <> '' AND text_version <> '' AND given_at <> '' AND (source <> '' OR recording <> '')",
            name=op.f("ck_ads_consents_is_told"),
        ),
    )
    op.create_index("ix_ads_consents_customer_id", "ads_consents", ["customer_id"])
    op.create_table(
        "care_marks",
        *_keys("customer_id", "at"),
        *_texts("by", "call_id", "cleared_at", "cleared_by"),
        sa.PrimaryKeyConstraint("customer_id", "at", name=op.f("pk_care_marks")),
    )
    op.add_column("suspensions", sa.Column("suspended_by", sa.Text(), server_default="", nullable=False))
    # Times a program made up are none. What is known of such an answer is when it was told to us.
    op.execute(
        "UPDATE answers SET proof_asked_at = at, proof_answered_at = at "
        "WHERE answer = 'accepted' AND proof_asked_at > proof_answered_at"
    )
    op.create_index("ix_opportunities_opportunity_id_speak", "opportunities", ["opportunity_id", "speak"], unique=True)
    with op.batch_alter_table("answers") as table:
        table.add_column(sa.Column("speak", sa.Boolean(), server_default=sa.true(), nullable=False))
        table.create_check_constraint(op.f("ck_answers_was_to_be_heard"), "speak")
        table.create_check_constraint(
            op.f("ck_answers_asked_before_answered"), "answer <> 'accepted' OR proof_asked_at <= proof_answered_at"
        )
        table.drop_constraint(op.f("fk_answers_opportunity_id"), type_="foreignkey")
        table.create_foreign_key(
            op.f("fk_answers_opportunity_id"),
            "opportunities",
            ["opportunity_id", "speak"],
            ["opportunity_id", "speak"],
        )
