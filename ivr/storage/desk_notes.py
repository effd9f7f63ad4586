"""What people at desks did with calls: notes after them, and who looked at what callers said. Owns the share of
transfers in which nothing had to be asked again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from ivr.model.accounts import Access, WrapUp
from ivr.model.ids import new_id
from ivr.storage.account_tables import accesses, wrap_ups
from ivr.storage.database import Connection, Database, unix_ms

_WRAP_UP = tuple(field.name for field in fields(WrapUp))
_ACCESS = tuple(field.name for field in fields(Access))


class DeskNotes:
    """The desks' part of the store."""

    _db: Database

    async def note_wrap_up(
        self, call_id: str, agent_id: str, parts: Mapping[str, Any], by: str
    ) -> tuple[WrapUp, WrapUp]:
        """An agent notes parts of a WrapUp; what is left out stays, also when two come at once. (Before, now)."""
        at = self._db.now().isoformat(timespec="milliseconds")
        empty = {**asdict(WrapUp(call_id=call_id, agent_id=agent_id)), "at_ms": 0}
        own = sa.and_(wrap_ups.c.call_id == call_id, wrap_ups.c.agent_id == agent_id)

        async def note(connection: Connection) -> tuple[WrapUp, WrapUp]:
            await connection.execute(self._db.upsert(wrap_ups, empty, keep=True))
            before = (await connection.execute(_wrap_up_columns().where(own).with_for_update())).one()
            change = {**parts, "by": by, "at": at, "at_ms": unix_ms(at)}
            await connection.execute(sa.update(wrap_ups).where(own).values(**change))
            now = (await connection.execute(_wrap_up_columns().where(own))).one()
            return WrapUp(**before._mapping), WrapUp(**now._mapping)

        return await self._db.transact(note)

    async def wrap_up(self, call_id: str, agent_id: str) -> WrapUp | None:
        """What this agent noted of this call."""
        query = _wrap_up_columns().where(wrap_ups.c.call_id == call_id, wrap_ups.c.agent_id == agent_id)
        rows = await self._db.read(query)
        return WrapUp(**rows[0]._mapping) if rows else None

    async def wrap_ups(self, call_ids: Sequence[str]) -> list[WrapUp]:
        """What agents noted of these calls, in the order of time."""
        if not call_ids:
            return []
        query = _wrap_up_columns().where(wrap_ups.c.call_id.in_(call_ids)).order_by(wrap_ups.c.at_ms)
        return [WrapUp(**row._mapping) for row in await self._db.read(query)]

    async def asked_again(self, since_ms: int) -> tuple[int, int]:
        """(transfers agents noted something of since a moment, how many of these had to be asked again)."""
        asked: Any = sa.func.sum(sa.cast(wrap_ups.c.asked_again, sa.Integer)).label("asked")
        query = sa.select(sa.func.count().label("told"), asked).where(wrap_ups.c.at_ms >= since_ms)
        row = (await self._db.read(query))[0]._mapping
        return int(row["told"]), int(row["asked"] or 0)

    async def note_access(self, access: Access) -> None:
        """Somebody is about to see what a caller said. Raises StorageError: then it must not be shown."""
        await self._db.write((sa.insert(accesses), [{**asdict(access), "access_id": new_id()}]))

    async def forget_accesses(self, older_ms: int) -> int:
        """Forget who looked at what longer ago than so many milliseconds; how many notes that were."""
        before = (self._db.now() - timedelta(milliseconds=older_ms)).isoformat(timespec="milliseconds")
        return await self._db.write((sa.delete(accesses).where(accesses.c.at < before), None))

    async def accesses(self, subject: str | None = None, limit: int = 100) -> list[Access]:
        """Who looked at what, the latest first; of one call or token, or of all."""
        query = sa.select(*(accesses.c[name] for name in _ACCESS))
        if subject is not None:
            query = query.where(accesses.c.subject == subject)
        rows = await self._db.read(query.order_by(accesses.c.access_id.desc()).limit(limit))
        return [Access(**row._mapping) for row in rows]


def _wrap_up_columns() -> sa.Select[Any]:
    return sa.select(*(wrap_ups.c[name] for name in _WRAP_UP))
