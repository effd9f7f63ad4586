"""Calls and their event logs. Owns the folding of rows into CallRecord and LogEntry; refuses to know what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import sqlalchemy as sa

from ivr.model.call import CallRecord, LogEntry, Outcome
from ivr.model.dealings import Dealings
from ivr.storage.database import Database, unix_ms
from ivr.storage.dealings import dealings_of, dealings_query
from ivr.storage.outbox import Deliveries
from ivr.storage.tables import call_requests, calls, events
from ivr.storage.telling import of_record
from ivr.storage.writer import EventWriter

_FIELDS = tuple(field.name for field in fields(CallRecord))


class Calls(Deliveries):
    """The calls' part of the store."""

    _db: Database
    _cell: str
    _writer: EventWriter

    async def save_record(self, record: CallRecord) -> None:
        """Store the record, or replace the one of the same call; the first that has ended is told. Raises
        StorageError."""
        started_ms = unix_ms(record.started_at)
        row = {name: getattr(record, name) for name in _FIELDS}
        row["requests"] = [dict(request) for request in record.requests]
        row["timings"] = dict(record.timings)
        row["outcome"] = record.outcome.value
        requests = [
            {
                "call_id": record.call_id,
                "position": position,
                "household": record.household,
                "intent": request.get("intent", ""),
                "result": request.get("result", ""),
                "started_ms": started_ms,
            }
            for position, request in enumerate(record.requests)
        ]
        writes: list[Any] = [
            (self._db.upsert(calls, {**row, "started_ms": started_ms, "cell": self._cell}), None),
            (sa.delete(call_requests).where(call_requests.c.call_id == record.call_id), None),
        ]
        if requests:
            writes.append((sa.insert(call_requests), requests))
        await self._write_and_tell(writes, of_record(record))

    async def note_requests(self, call_id: str, household: str, asked: Sequence[tuple[str, str]], at: str) -> None:
        """What a conversation another system had with a household was about: (intent, result) of each request. Told
        again, the newest stands; of calls we took, our own record does. Raises StorageError."""
        row = call_requests.c
        ours = sa.exists().where(calls.c.call_id == call_id)
        writes: list[Any] = [(sa.delete(call_requests).where(row.call_id == call_id, ~ours), None)]
        for position, (intent, result) in enumerate(asked):
            told = (call_id, position, household, intent, result, unix_ms(at))
            values = [sa.literal(each, column.type) for each, column in zip(told, row, strict=True)]
            writes.append(
                (sa.insert(call_requests).from_select(list(row.keys()), sa.select(*values).where(~ours)), None)
            )
        await self._db.write(*writes)

    async def calls(self, limit: int, before: str | None = None, *, agent: str | None = None) -> list[CallRecord]:
        """The newest calls first, at most limit; before: only calls older than that call_id (ids sort by time). agent:
        only calls this agent took."""
        query = sa.select(calls).order_by(calls.c.call_id.desc()).limit(limit)
        if before is not None:
            query = query.where(calls.c.call_id < before)
        if agent is not None:
            query = query.where(calls.c.agent == agent)
        return [record_of(row) for row in await self._db.read(query)]

    async def call(self, call_id: str) -> CallRecord | None:
        """One call's record."""
        rows = await self._db.read(sa.select(calls).where(calls.c.call_id == call_id))
        return record_of(rows[0]) if rows else None

    async def events(self, call_id: str) -> list[LogEntry]:
        """The call's log in order, what is still queued included."""
        await self._writer.flush()
        rows = await self._db.read(sa.select(events).where(events.c.call_id == call_id).order_by(events.c.seq))
        return [LogEntry(**row._mapping) for row in rows]

    async def entries(self, call_ids: Sequence[str], kinds: Sequence[str]) -> list[LogEntry]:
        """What of these kinds the logs of these calls hold, each log in order; what is still queued may be missing."""
        if not call_ids:
            return []
        row, asked = events.c, frozenset(call_ids)
        within = sa.and_(row.call_id.between(min(asked), max(asked)), row.kind.in_(kinds))
        found = await self._db.read(sa.select(events).where(within).order_by(row.call_id, row.seq))
        return [LogEntry(**each._mapping) for each in found if each.call_id in asked]

    async def last_call(self, ani: str, within_s: int, *, besides: str = "") -> CallRecord | None:
        """The latest call of a number if its last sign of life is at most within_s seconds ago.

        A call that never ended (we lost it) counts from its last event. besides: a call_id to leave out.
        """
        if not ani:
            return None
        query = sa.select(calls).where(calls.c.ani == ani, calls.c.call_id != besides)
        rows = await self._db.read(query.order_by(calls.c.started_ms.desc(), calls.c.call_id.desc()).limit(1))
        if not rows:
            return None
        record = record_of(rows[0])
        last = record.ended_at or await self._last_event_at(record.call_id) or record.started_at
        return record if self._db.now_ms() - unix_ms(last) <= within_s * 1000 else None

    async def last_agent(self, ani: str, customer_id: str, within_days: int) -> str:
        """Who took the latest call of this customer that was handed over, "" when nobody did; where it is not known who
        calls (customer_id ""), the latest of this number."""
        own = calls.c
        theirs = own.customer_id == customer_id if customer_id else own.ani == ani
        query = sa.select(own.agent).where(theirs, own.agent != "")
        query = query.where(own.started_ms >= self._db.now_ms() - within_days * 86_400_000)
        rows = await self._db.read(query.order_by(own.started_ms.desc()).limit(1)) if ani or customer_id else []
        return str(rows[0][0]) if rows else ""

    async def dealings(self, customer_id: str, most: int, *, besides: str = "") -> Dealings:
        """The customer's newest calls and the callbacks still owed to them, at most so many of each. besides: a call_id
        left out."""
        return (
            dealings_of(await self._db.read(dealings_query(customer_id, most, besides))) if customer_id else Dealings()
        )

    async def _last_event_at(self, call_id: str) -> str:
        query = sa.select(events.c.at).where(events.c.call_id == call_id).order_by(events.c.seq.desc()).limit(1)
        rows = await self._db.read(query)
        return str(rows[0][0]) if rows else ""


def record_of(row: sa.Row[Any]) -> CallRecord:
    """A row of calls."""
    values = {name: row._mapping[name] for name in _FIELDS}
    values["outcome"] = Outcome(values["outcome"])
    values["requests"] = tuple(values["requests"])
    return CallRecord(**values)
