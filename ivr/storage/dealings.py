"""What a customer had with us before a call: earlier calls, callbacks still owed, and whether somebody found that the
customer needs care, in one statement, because it is asked while the caller waits. Owns the question; what is kept of
calls, of promises and of care is theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ivr.model.call import Outcome
from ivr.model.dealings import Contact, Dealings, OpenPromise
from ivr.storage.objection_tables import care_marks
from ivr.storage.tables import callbacks, calls

CALLED, OWED, CARE = "called", "owed", "care"


def dealings_query(customer_id: str, most: int, besides: str) -> sa.CompoundSelect[Any]:
    """At most so many of each kind. besides: a call_id left out of the calls."""
    call, owed = calls.c, callbacks.c
    newest = (
        sa.select(
            sa.literal(CALLED).label("kind"),
            call.started_ms.label("at_ms"),
            call.call_id,
            call.started_at.label("at"),
            call.outcome.label("what"),
            call.agent,
            call.requests,
        )
        .where(call.customer_id == customer_id, call.call_id != besides)
        .order_by(call.started_ms.desc())
        .limit(most)
    )
    urgent = (
        sa.select(
            sa.literal(OWED),
            owed.deadline_ms,
            owed.call_id,
            owed.deadline,
            owed.reason,
            sa.literal(""),
            sa.cast(sa.null(), sa.JSON),
        )
        .where(owed.customer_id == customer_id, owed.state == "due")
        .order_by(owed.deadline_ms)
        .limit(most)
    )
    nothing, marks = sa.literal(""), care_marks.c
    marked = sa.exists().where(marks.customer_id == customer_id, marks.cleared_at == "")
    care = sa.select(sa.literal(CARE), sa.literal(0), *(nothing,) * 4, sa.cast(sa.null(), sa.JSON)).where(marked)
    return sa.union_all(sa.select(newest.subquery()), sa.select(urgent.subquery()), care)


def dealings_of(rows: Sequence[sa.Row[Any]]) -> Dealings:
    """Of the rows of dealings_query."""
    by_time = sorted(rows, key=lambda row: (row.at_ms, row.call_id))
    contacts = (
        Contact(
            call_id=row.call_id,
            at=row.at,
            intents=tuple(str(request["intent"]) for request in row.requests),
            outcome=Outcome(row.what),
            agent=row.agent,
        )
        for row in reversed(by_time)
        if row.kind == CALLED
    )
    promises = (
        OpenPromise(call_id=row.call_id, deadline=row.at, reason=row.what) for row in by_time if row.kind == OWED
    )
    needs_care = any(row.kind == CARE for row in rows)
    return Dealings(contacts=tuple(contacts), promises=tuple(promises), needs_care=needs_care)
