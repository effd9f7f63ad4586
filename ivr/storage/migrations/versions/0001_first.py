"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "call_requests",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("household", sa.Text(), server_default="", nullable=False),
        sa.Column("intent", sa.Text(), server_default="", nullable=False),
        sa.Column("result", sa.Text(), server_default="", nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", "position", name=op.f("pk_call_requests")),
    )
    op.create_index(
        op.f("ix_call_requests_household_intent_started_ms"),
        "call_requests",
        ["household", "intent", "started_ms"],
        unique=False,
    )
    op.create_table(
        "callbacks",
        sa.Column("callback_id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), server_default="", nullable=False),
        sa.Column("number", sa.Text(), server_default="", nullable=False),
        sa.Column("customer_id", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("promised_at", sa.Text(), server_default="", nullable=False),
        sa.Column("deadline", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("done_by", sa.Text(), server_default="", nullable=False),
        sa.Column("deadline_ms", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('due', 'done', 'failed')", name=op.f("ck_callbacks_known_state")),
        sa.PrimaryKeyConstraint("callback_id", name=op.f("pk_callbacks")),
    )
    op.create_index(op.f("ix_callbacks_state_deadline_ms"), "callbacks", ["state", "deadline_ms"], unique=False)
    op.create_table(
        "calls",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("sip_call_id", sa.Text(), server_default="", nullable=False),
        sa.Column("ani", sa.Text(), server_default="", nullable=False),
        sa.Column("dnis", sa.Text(), server_default="", nullable=False),
        sa.Column("assistant", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("started_at", sa.Text(), server_default="", nullable=False),
        sa.Column("answered_at", sa.Text(), server_default="", nullable=False),
        sa.Column("ended_at", sa.Text(), server_default="", nullable=False),
        sa.Column("ended_by", sa.Text(), server_default="", nullable=False),
        sa.Column("level", sa.Text(), server_default="", nullable=False),
        sa.Column("customer_id", sa.Text(), server_default="", nullable=False),
        sa.Column("household", sa.Text(), server_default="", nullable=False),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.Column("disposition", sa.Text(), server_default="", nullable=False),
        sa.Column("agent", sa.Text(), server_default="", nullable=False),
        sa.Column("recording", sa.Text(), server_default="", nullable=False),
        sa.Column("requests", sa.JSON(), nullable=False),
        sa.Column("timings", sa.JSON(), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("barge_ins", sa.Integer(), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_calls")),
    )
    op.create_index(op.f("ix_calls_ani_started_ms"), "calls", ["ani", "started_ms"], unique=False)
    op.create_index(op.f("ix_calls_ended_at"), "calls", ["ended_at"], unique=False)
    op.create_table(
        "contexts",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), server_default="", nullable=False),
        sa.Column("packet", sa.JSON(), nullable=False),
        sa.Column("expires_at", sa.Text(), server_default="", nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_contexts")),
    )
    op.create_table(
        "events",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Text(), server_default="", nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", "seq", name=op.f("pk_events")),
    )
    op.create_table(
        "opportunities",
        sa.Column("opportunity_id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), server_default="", nullable=False),
        sa.Column("customer_id", sa.Text(), server_default="", nullable=False),
        sa.Column("household", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.Text(), server_default="", nullable=False),
        sa.Column("arm", sa.Text(), server_default="", nullable=False),
        sa.Column("product", sa.Text(), server_default="", nullable=False),
        sa.Column("relation", sa.Text(), server_default="", nullable=False),
        sa.Column("policy", sa.Text(), server_default="", nullable=False),
        sa.Column("gate_version", sa.Text(), server_default="", nullable=False),
        sa.Column("script_version", sa.Text(), server_default="", nullable=False),
        sa.Column("speak", sa.Boolean(), nullable=False),
        sa.Column("p_treat", sa.Float(), nullable=False),
        sa.Column("probabilities", sa.JSON(), nullable=False),
        sa.Column("gate", sa.JSON(), nullable=False),
        sa.Column("eligible", sa.JSON(), nullable=False),
        sa.Column("removed", sa.JSON(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("opportunity_id", name=op.f("pk_opportunities")),
    )
    op.create_index(op.f("ix_opportunities_household_at_ms"), "opportunities", ["household", "at_ms"], unique=False)
    op.create_table(
        "opt_outs",
        sa.Column("household", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), server_default="", nullable=False),
        sa.Column("call_id", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("household", name=op.f("pk_opt_outs")),
    )
    op.create_table(
        "answers",
        sa.Column("opportunity_id", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.Text(), server_default="", nullable=False),
        sa.Column("proof_script_version", sa.Text(), server_default="", nullable=False),
        sa.Column("proof_read_back", sa.Text(), server_default="", nullable=False),
        sa.Column("proof_asked_at", sa.Text(), server_default="", nullable=False),
        sa.Column("proof_answered_at", sa.Text(), server_default="", nullable=False),
        sa.Column("proof_method", sa.Text(), server_default="", nullable=False),
        sa.Column("proof_heard", sa.Text(), server_default="", nullable=False),
        sa.Column("proof_digits", sa.Text(), server_default="", nullable=False),
        sa.Column("proof_recording", sa.Text(), server_default="", nullable=False),
        sa.Column("proof_confidence", sa.Float(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "answer <> 'accepted' OR (proof_script_version <> '' AND trim(proof_read_back) <> '' "
            "AND proof_asked_at <> '' AND proof_answered_at <> '' AND ("
            "(proof_method = 'dtmf' AND proof_digits = '1') OR "
            "(proof_method = 'speech' AND trim(proof_heard) <> '' AND proof_confidence BETWEEN 0.9 AND 1)))",
            name=op.f("ck_answers_accepted_is_proven"),
        ),
        sa.CheckConstraint(
            "answer IN ('not_permitted', 'declined', 'accepted', 'no_answer', 'never_again', 'hung_up')",
            name=op.f("ck_answers_known_answer"),
        ),
        sa.ForeignKeyConstraint(
            ["opportunity_id"], ["opportunities.opportunity_id"], name=op.f("fk_answers_opportunity_id")
        ),
        sa.PrimaryKeyConstraint("opportunity_id", name=op.f("pk_answers")),
    )


def downgrade() -> None:
    op.drop_table("answers")
    op.drop_table("opt_outs")
    op.drop_index(op.f("ix_opportunities_household_at_ms"), table_name="opportunities")
    op.drop_table("opportunities")
    op.drop_table("events")
    op.drop_table("contexts")
    op.drop_index(op.f("ix_calls_ended_at"), table_name="calls")
    op.drop_index(op.f("ix_calls_ani_started_ms"), table_name="calls")
    op.drop_table("calls")
    op.drop_index(op.f("ix_callbacks_state_deadline_ms"), table_name="callbacks")
    op.drop_table("callbacks")
    op.drop_index(op.f("ix_call_requests_household_intent_started_ms"), table_name="call_requests")
    op.drop_table("call_requests")
