"""Promises to call back. Owns that a promise is kept until somebody says how it ended, and that one person at a time is
about to keep it."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

import sqlalchemy as sa

from ivr.model.call import Callback
from ivr.storage.database import Connection, Database, unix_ms
from ivr.storage.outbox import Deliveries
from ivr.storage.tables import callbacks
from ivr.storage.telling import of_kept_promise, of_promise

CLAIM_MS = 30 * 60_000
"""Whoever claimed a promise and did nothing for so long has forgotten it: it is free again."""
_FIELDS = tuple(field.name for field in fields(Callback))


def callback_row(callback: Callback) -> dict[str, Any]:
    """A promise as it is stored."""
    return {**asdict(callback), "deadline_ms": unix_ms(callback.deadline)}


class Callbacks(Deliveries):
    """The callbacks' part of the store."""

    _db: Database

    async def promise(self, callback: Callback) -> None:
        """Store a promise. Raises StorageError, also when that callback_id exists."""
        await self._write_and_tell([(sa.insert(callbacks), [callback_row(callback)])], (of_promise(callback),))

    async def callbacks(self, state: str | None = None, *, queue: str = "") -> list[Callback]:
        """Promises, the most urgent first; state: "due" | "done" | "failed", None = all. queue: of those who waited in
        this queue of a contact center, in the order of the places they had there."""
        query = sa.select(*(callbacks.c[name] for name in _FIELDS))
        if state is not None:
            query = query.where(callbacks.c.state == state)
        order: tuple[sa.ColumnElement[object], ...] = (callbacks.c.deadline_ms, callbacks.c.callback_id)
        if queue:
            query = query.where(callbacks.c.queue == queue)
            order = (callbacks.c.priority.desc(), callbacks.c.arrived_at, *order)
        return [Callback(**row._mapping) for row in await self._db.read(query.order_by(*order))]

    async def claim_callback(self, callback_id: str, by: str) -> bool:
        """by is about to call. False when there is none due by that id, or somebody else is about to."""
        own, now_ms = callbacks.c, self._db.now_ms()
        free = sa.or_(own.claimed_by.in_(("", by)), own.claimed_ms <= now_ms - CLAIM_MS)
        query = sa.update(callbacks).where(own.callback_id == callback_id, own.state == "due", free)
        at = self._db.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return await self._db.write((query.values(claimed_by=by, claimed_at=at, claimed_ms=now_ms), None)) > 0

    async def release_callback(self, callback_id: str, by: str) -> bool:
        """by will not call after all. False when by had not claimed it."""
        own = callbacks.c
        query = sa.update(callbacks).where(own.callback_id == callback_id, own.state == "due", own.claimed_by == by)
        return await self._db.write((query.values(claimed_by="", claimed_at="", claimed_ms=0), None)) > 0

    async def finish_callback(self, callback_id: str, done_by: str, state: str = "done") -> bool:
        """A due promise ended: "done" or "failed". False when there is none due by that id: somebody was faster."""
        query = sa.update(callbacks).where(callbacks.c.callback_id == callback_id, callbacks.c.state == "due")
        at = self._db.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        told = self._outbox.writes([of_kept_promise(callback_id, done_by, state, at)])

        async def work(connection: Connection) -> bool:
            if (await connection.execute(query.values(state=state, done_by=done_by, done_at=at))).rowcount == 0:
                return False
            for statement, rows in told:
                await connection.execute(statement, rows)
            return True

        ended = await self._db.transact(work)
        self._outbox.ring()
        return ended
