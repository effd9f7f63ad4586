"""The tables. Owns names, types and the constraints the business relies on; refuses to know who writes them.

The same definitions serve SQLite and PostgreSQL. Moments are kept twice where they are compared: as the text that
came (UTC ISO 8601) and as *_ms, Unix milliseconds. Text columns are never NULL: a CHECK whose value is NULL passes,
and the proof of an acceptance must not slip through such a hole.
"""

from __future__ import annotations

import sqlalchemy as sa

from ivr.model.fulfilment import FulfilState
from ivr.model.offers import OfferAnswer

METADATA = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# What makes a yes a yes: read back first, then key 1 or a clearly heard yes (domain rule: confidence 0.9 and up); or an
# agent who answers for it, and ticked what was told.
PROVEN = (
    "answer <> 'accepted' OR (proof_script_version <> '' AND trim(proof_read_back) <> '' "
    "AND proof_asked_at <> '' AND proof_answered_at <> '' AND ("
    "(proof_method = 'dtmf' AND proof_digits = '1') OR "
    "(proof_method = 'speech' AND trim(proof_heard) <> '' AND proof_confidence BETWEEN 0.9 AND 1) OR "
    "(proof_method = 'agent' AND trim(proof_agent) <> '' AND trim(proof_disclosures) <> '')))"
)
# Nobody hears what is offered, so as to decline or accept it, before the consent the question asked for is a record.
CONSENTED = "NOT asks_consent OR answer NOT IN ('accepted', 'declined') OR consent_id IS NOT NULL"
IN_ORDER = "answer <> 'accepted' OR proof_asked_at <= proof_answered_at"
KNOWN_ANSWER = "answer IN (" + ", ".join(f"'{a.value}'" for a in OfferAnswer) + ")"
KNOWN_CALLBACK_STATE = "state IN ('due', 'done', 'failed')"
KNOWN_FULFILMENT = "state IN (" + ", ".join(f"'{s.value}'" for s in FulfilState) + ")"
# Who is to be called has a promise, and an order can be told by its number.
OWED = (
    "(state <> 'lead' OR callback_id <> '') AND "
    "(state NOT IN ('ordering', 'pending', 'confirmed', 'cancelled') OR order_id <> '')"
)


def _text(name: str, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=key, nullable=False, server_default=None if key else "")


def _ms(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


calls = sa.Table(
    "calls",
    METADATA,
    _text("call_id", key=True),
    *(_text(name) for name in ("sip_call_id", "ani", "dnis", "assistant", "language", "started_at")),
    *(_text(name) for name in ("answered_at", "ended_at", "ended_by", "level", "customer_id", "household")),
    *(_text(name) for name in ("outcome", "disposition", "agent", "recording", "overflow_from", "cell")),
    sa.Column("requests", sa.JSON, nullable=False),
    sa.Column("timings", sa.JSON, nullable=False),
    sa.Column("turns", sa.Integer, nullable=False),
    sa.Column("barge_ins", sa.Integer, nullable=False),
    _ms("started_ms"),
    sa.Index(None, "ani", "started_ms"),
    sa.Index(None, "ended_at"),
    sa.Index(None, "agent", "call_id"),
    sa.Index(None, "customer_id", "started_ms"),
)

# Houses that share the database. A call lives in one; who is silent for long has lost its calls.
cells = sa.Table("cells", METADATA, _text("cell", key=True), _ms("seen_ms"))

call_requests = sa.Table(
    "call_requests",
    METADATA,
    _text("call_id", key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    _text("household"),
    _text("intent"),
    _text("result"),
    _ms("started_ms"),
    sa.Index(None, "household", "intent", "started_ms"),
)

# No foreign key to calls: entries arrive before the first record does, and the log is the truth.
events = sa.Table(
    "events",
    METADATA,
    _text("call_id", key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    _text("at"),
    _ms("at_ms"),
    _text("kind"),
    sa.Column("data", sa.JSON, nullable=False),
)

opportunities = sa.Table(
    "opportunities",
    METADATA,
    _text("opportunity_id", key=True),
    *(_text(name) for name in ("call_id", "customer_id", "household", "at", "arm", "product", "relation")),
    *(_text(name) for name in ("policy", "gate_version", "script_version", "phase", "group")),
    sa.Column("speak", sa.Boolean, nullable=False),
    sa.Column("asks_consent", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("p_treat", sa.Float, nullable=False),
    *(sa.Column(name, sa.JSON, nullable=False) for name in ("probabilities", "gate", "eligible", "removed")),
    sa.Column("known", sa.JSON, nullable=False, server_default="[]"),
    sa.Column("facts", sa.JSON, nullable=False, server_default="{}"),
    _ms("at_ms"),
    # Among the decisions of its household, as its maker saw them: of two made at the same time one is refused. NULL
    # where nobody is known, and where nobody looked.
    sa.Column("place", sa.BigInteger),
    sa.Index(None, "household", "at_ms"),
    sa.Index(None, "household", "place", unique=True),
    sa.Index(None, "call_id"),
    sa.Index(None, "customer_id"),
    sa.Index(None, "at_ms"),
    sa.Index(None, "opportunity_id", "speak", "asks_consent", unique=True),
)

# speak is always true: together with the key it names an opportunity that was to be heard, so that nobody, whatever the
# code does, can have answered an offer of the holdout. asks_consent is the opportunity's own for the same reason.
answers = sa.Table(
    "answers",
    METADATA,
    _text("opportunity_id", key=True),
    sa.Column("speak", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("asks_consent", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("consent_id", sa.Text, sa.ForeignKey("ads_consents.consent_id")),
    _text("answer"),
    _text("at"),
    *(_text(f"proof_{name}") for name in ("script_version", "read_back", "asked_at", "answered_at", "method")),
    *(_text(f"proof_{name}") for name in ("heard", "digits", "recording", "agent", "disclosures")),
    sa.Column("proof_confidence", sa.Float, nullable=False, server_default="0"),
    sa.Index(None, "at"),
    sa.CheckConstraint(KNOWN_ANSWER, name="known_answer"),
    sa.CheckConstraint(PROVEN, name="accepted_is_proven"),
    sa.CheckConstraint(IN_ORDER, name="asked_before_answered"),
    sa.CheckConstraint("speak", name="was_to_be_heard"),
    sa.CheckConstraint(CONSENTED, name="consented_before_it_was_heard"),
    sa.ForeignKeyConstraint(
        ["opportunity_id", "speak", "asks_consent"],
        ["opportunities.opportunity_id", "opportunities.speak", "opportunities.asks_consent"],
    ),
)

# The key is what keeps an outcome from being told twice: the first telling stands.
outcomes = sa.Table(
    "outcomes",
    METADATA,
    sa.Column(
        "opportunity_id", sa.Text, sa.ForeignKey("opportunities.opportunity_id"), primary_key=True, nullable=False
    ),
    _text("outcome", key=True),
    sa.Column("value", sa.Float, nullable=False),
    _text("at"),
    _text("source"),
)

# What follows a yes. Whoever is owed a call has one promised; an order can be confirmed by its number.
fulfilments = sa.Table(
    "fulfilments",
    METADATA,
    sa.Column("opportunity_id", sa.Text, sa.ForeignKey("answers.opportunity_id"), primary_key=True, nullable=False),
    *(_text(name) for name in ("call_id", "customer_id", "household", "product", "title")),
    *(_text(name) for name in ("amount", "currency", "period", "language", "number", "fulfil", "state", "at")),
    *(_text(name) for name in ("order_id", "callback_id", "changed_at", "changed_by")),
    sa.Index(None, "call_id"),
    sa.Index(None, "order_id"),
    sa.CheckConstraint(KNOWN_FULFILMENT, name="known_state"),
    sa.CheckConstraint(OWED, name="what_is_promised_is_owed"),
)

# Households with offers older than those kept, by a pseudonym nobody reads back: only their first ever counts.
forgotten_households = sa.Table("forgotten_households", METADATA, _text("unit", key=True))

suspensions = sa.Table(
    "suspensions",
    METADATA,
    _text("group", key=True),
    _text("at", key=True),
    *(_text(name) for name in ("reason", "reopened_at", "reopened_by", "suspended_by")),
)

beliefs = sa.Table(
    "beliefs",
    METADATA,
    _text("name", key=True),
    _text("at"),
    sa.Column("belief", sa.JSON, nullable=False),
)

# Who wants no offers now; how it came to that, and who took it back, stands in objections.
opt_outs = sa.Table("opt_outs", METADATA, _text("household", key=True), _text("at"), _text("call_id"))

contexts = sa.Table(
    "contexts",
    METADATA,
    _text("token", key=True),
    _text("call_id"),
    sa.Column("packet", sa.JSON, nullable=False),
    _text("expires_at"),
    _ms("expires_ms"),
    _text("code"),
    sa.Index(None, "code"),
)

callbacks = sa.Table(
    "callbacks",
    METADATA,
    _text("callback_id", key=True),
    *(_text(name) for name in ("call_id", "number", "customer_id", "reason", "promised_at", "deadline", "state")),
    *(_text(name) for name in ("done_by", "done_at", "language", "claimed_by", "claimed_at", "queue", "arrived_at")),
    _text("opportunity_id"),
    sa.Column("priority", sa.Integer, nullable=False, server_default="0"),
    _ms("deadline_ms"),
    sa.Column("claimed_ms", sa.BigInteger, nullable=False, server_default="0"),
    sa.Index(None, "state", "deadline_ms"),
    sa.CheckConstraint(KNOWN_CALLBACK_STATE, name="known_state"),
)

overflows = sa.Table(
    "overflows",
    METADATA,
    _text("token", key=True),
    *(_text(name) for name in ("call_id", "sip_call_id", "queue", "outcome", "at")),
    sa.Column("data", sa.JSON, nullable=False),
    _ms("at_ms"),
    sa.Index(None, "sip_call_id"),
    sa.Index(None, "call_id"),
)
