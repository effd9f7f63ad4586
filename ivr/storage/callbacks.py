"""Promises to call back. Owns that a promise is kept until somebody says how it ended."""

from __future__ import annotations

from dataclasses import asdict, fields

import sqlalchemy as sa

from ivr.model.call import Callback
from ivr.storage.database import Database, unix_ms
from ivr.storage.tables import callbacks

_FIELDS = tuple(field.name for field in fields(Callback))


class Callbacks:
    """The callbacks' part of the store."""

    _db: Database

    async def promise(self, callback: Callback) -> None:
        """Store a promise. Raises StorageError, also when that callback_id exists."""
        await self._db.write((sa.insert(callbacks), [{**asdict(callback), "deadline_ms": unix_ms(callback.deadline)}]))

    async def callbacks(self, state: str | None = None) -> list[Callback]:
        """Promises, the most urgent first; state: "due" | "done" | "failed", None = all."""
        query = sa.select(*(callbacks.c[name] for name in _FIELDS))
        if state is not None:
            query = query.where(callbacks.c.state == state)
        rows = await self._db.read(query.order_by(callbacks.c.deadline_ms, callbacks.c.callback_id))
        return [Callback(**row._mapping) for row in rows]

    async def finish_callback(self, callback_id: str, done_by: str, state: str = "done") -> bool:
        """A due promise ended: "done" or "failed". False when there is none due by that id: somebody was faster."""
        query = sa.update(callbacks).where(callbacks.c.callback_id == callback_id, callbacks.c.state == "due")
        return await self._db.write((query.values(state=state, done_by=done_by), None)) > 0
