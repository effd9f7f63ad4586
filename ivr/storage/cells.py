"""Cells that share the database: whose calls are whose, and whose house is silent.

Owns the sign of life of each cell and the taking over of open calls; refuses to know what such calls are owed.
"""

from __future__ import annotations

import sqlalchemy as sa

from ivr.model.call import CallRecord
from ivr.storage.calls import record_of
from ivr.storage.database import Connection, Database
from ivr.storage.tables import calls, cells

SILENT_MS = 300_000
"""A cell that says nothing for so long is gone, with its calls."""


class Cells:
    """The cells' part of the store."""

    _db: Database
    _cell: str

    async def alive(self) -> None:
        """A sign of life of this cell. Raises StorageError."""
        await self._db.write((self._db.upsert(cells, {"cell": self._cell, "seen_ms": self._db.now_ms()}), None))

    async def open_calls(self) -> list[CallRecord]:
        """Records of this cell that never ended, oldest first: calls going on, or lost when its process died. Those of
        no cell are from before there were several."""
        ours = calls.c.cell.in_(("", self._cell))
        query = sa.select(calls).where(calls.c.ended_at == "", ours).order_by(calls.c.call_id)
        return [record_of(row) for row in await self._db.read(query)]

    async def take_over_calls(self) -> list[CallRecord]:
        """Open calls of silent cells, oldest first: they are this cell's from now on, and nobody else gets them. Raises
        StorageError."""
        living = sa.select(cells.c.cell).where(cells.c.seen_ms > self._db.now_ms() - SILENT_MS)
        theirs = calls.c.cell.not_in(("", self._cell)) & calls.c.cell.not_in(living)
        taking = sa.update(calls).where(calls.c.ended_at == "", theirs).values(cell=self._cell).returning(calls)

        async def work(connection: Connection) -> list[CallRecord]:
            return [record_of(row) for row in (await connection.execute(taking)).all()]

        return sorted(await self._db.transact(work), key=lambda record: record.call_id)
