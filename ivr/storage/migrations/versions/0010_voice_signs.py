"""Marks of utterances, the form of a consent to a voiceprint, and tries found by their age."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audio_marks",
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("mark", "call_id", name=op.f("pk_audio_marks")),
    )
    op.create_index(op.f("ix_audio_marks_at_ms"), "audio_marks", ["at_ms"])
    with op.batch_alter_table("voice_consents") as table:
        table.add_column(sa.Column("form", sa.Text(), server_default="spoken", nullable=False))
    op.create_index(op.f("ix_identity_attempts_at_ms"), "identity_attempts", ["at_ms"])
