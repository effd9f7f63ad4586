"""How calls from full queues stand or ended, found by the token peers were given, or by the Call-ID of their INVITE."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

import sqlalchemy as sa

from ivr.model.call import OverflowResult
from ivr.storage.database import Database, unix_ms
from ivr.storage.outbox import Deliveries
from ivr.storage.tables import overflows
from ivr.storage.telling import of_overflow

_FIELDS = tuple(field.name for field in fields(OverflowResult))


class Overflows(Deliveries):
    """The overflow's part of the store."""

    _db: Database

    async def save_overflow(self, result: OverflowResult) -> None:
        """Store how a call stands; what was known of its token before is replaced. How it ended is told. Raises
        StorageError."""
        row = {**asdict(result), "data": dict(result.data), "at_ms": unix_ms(result.at)}
        await self._write_and_tell([(self._db.upsert(overflows, row), None)], of_overflow(result))

    async def overflow(self, token: str) -> OverflowResult | None:
        """By the token of the call."""
        return await self._newest(overflows.c.token == token)

    async def overflow_of(self, sip_call_id: str) -> OverflowResult | None:
        """By the Call-ID of the INVITE it came with; the newest when that was used twice."""
        return await self._newest(overflows.c.sip_call_id == sip_call_id) if sip_call_id else None

    async def overflow_of_call(self, call_id: str) -> OverflowResult | None:
        """By our id of the call."""
        return await self._newest(overflows.c.call_id == call_id)

    async def overflows(self, limit: int = 50) -> list[OverflowResult]:
        """The newest first."""
        query = sa.select(*(overflows.c[name] for name in _FIELDS))
        rows = await self._db.read(query.order_by(overflows.c.at_ms.desc(), overflows.c.token.desc()).limit(limit))
        return [OverflowResult(**row._mapping) for row in rows]

    async def _newest(self, which: sa.ColumnElement[Any]) -> OverflowResult | None:
        query = sa.select(*(overflows.c[name] for name in _FIELDS)).where(which)
        rows = await self._db.read(query.order_by(overflows.c.at_ms.desc()).limit(1))
        return OverflowResult(**rows[0]._mapping) if rows else None
