"""Voiceprints, and the consent each rests on."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def upgrade() -> None:
    op.create_table(
        "voice_consents",
        sa.Column("consent_id", sa.Text(), nullable=False),
        *(_text(name) for name in ("customer_id", "text_version", "source", "given_at", "withdrawn_at")),
        sa.CheckConstraint(
            "text_version <> '' AND source <> '' AND given_at <> ''", name=op.f("ck_voice_consents_is_told")
        ),
        sa.PrimaryKeyConstraint("consent_id", name=op.f("pk_voice_consents")),
    )
    op.create_index(op.f("ix_voice_consents_customer_id"), "voice_consents", ["customer_id"], unique=False)
    op.create_table(
        "voiceprints",
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("consent_id", sa.Text(), nullable=False),
        _text("engine"),
        sa.Column("vector", sa.JSON(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("snr_db", sa.Float(), nullable=False),
        _text("enrolled_at"),
        sa.ForeignKeyConstraint(
            ["consent_id"], ["voice_consents.consent_id"], name=op.f("fk_voiceprints_consent_id_voice_consents")
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_voiceprints")),
    )
