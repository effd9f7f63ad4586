"""The tables of what people said about being offered anything: objections, consent to advertising, who needs care."""

from __future__ import annotations

import sqlalchemy as sa

from ivr.model.objections import CareReason
from ivr.storage.tables import METADATA

# A consent on paper names where it lies; one given in a call proves itself as an acceptance does (see tables.PROVEN).
SAID_CLEARLY = (
    "method = '' OR (call_id <> '' AND trim(words) <> '' AND asked_at <> '' AND asked_at <= given_at AND ("
    "(method = 'dtmf' AND digits = '1') OR "
    "(method = 'speech' AND trim(heard) <> '' AND confidence BETWEEN 0.9 AND 1)))"
)
KNOWN_REASON = "why IN (''" + "".join(f", '{each.value}'" for each in CareReason) + ")"


def _text(name: str, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=key, nullable=False, server_default=None if key else "")


# what: "refused" or "allowed"; by: who said or noted it. Nothing here is ever changed.
objections = sa.Table(
    "objections",
    METADATA,
    *(_text(name, key=True) for name in ("household", "at", "what")),
    *(_text(name) for name in ("by", "call_id")),
    sa.CheckConstraint("what IN ('refused', 'allowed')", name="known_what"),
)

ads_consents = sa.Table(
    "ads_consents",
    METADATA,
    _text("consent_id", key=True),
    *(_text(name) for name in ("customer_id", "text_version", "given_at", "source", "recording", "noted_by")),
    *(_text(name) for name in ("withdrawn_at", "withdrawn_by")),
    *(_text(name) for name in ("call_id", "words", "asked_at", "method", "digits", "heard")),
    sa.Column("confidence", sa.Float, nullable=False, server_default="0"),
    sa.CheckConstraint(SAID_CLEARLY, name="said_clearly"),
    sa.CheckConstraint(
        "customer_id <> '' AND text_version <> '' AND given_at <> '' AND (source <> '' OR recording <> '')",
        name="is_told",
    ),
    sa.Index(None, "customer_id"),
)

care_marks = sa.Table(
    "care_marks",
    METADATA,
    *(_text(name, key=True) for name in ("customer_id", "at")),
    *(_text(name) for name in ("by", "call_id", "cleared_at", "cleared_by", "why")),
    sa.CheckConstraint(KNOWN_REASON, name="known_reason"),
)
