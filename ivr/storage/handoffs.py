"""Context packets of handoffs, found by token or eight digits until they expire. Owns expiry; refuses to look into
the packet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from ivr.storage.database import Database, unix_ms
from ivr.storage.outbox import Deliveries
from ivr.storage.tables import contexts
from ivr.storage.telling import of_context


class Handoffs(Deliveries):
    """The handoffs' part of the store."""

    _db: Database

    async def save_context(
        self, token: str, call_id: str, packet: Mapping[str, Any], expires_at: str, *, code: str = ""
    ) -> None:
        """Keep a packet until expires_at (UTC ISO 8601), and tell it; a newer packet of the same token replaces it.
        code: the eight digits it is found by, too."""
        row = {"token": token, "call_id": call_id, "packet": dict(packet), "expires_at": expires_at, "code": code}
        kept = (self._db.upsert(contexts, {**row, "expires_ms": unix_ms(expires_at)}), None)
        event = of_context(token, call_id, packet, self._db.now().isoformat(timespec="milliseconds"), expires_at)
        await self._write_and_tell((kept,), (event,))

    async def context(self, token: str) -> Mapping[str, Any] | None:
        """The packet of a token; None when unknown or expired."""
        query = sa.select(contexts.c.packet).where(contexts.c.token == token)
        rows = await self._db.read(query.where(contexts.c.expires_ms > self._db.now_ms()))
        return dict(rows[0][0]) if rows else None

    async def context_by_code(self, code: str) -> tuple[str, Mapping[str, Any]] | None:
        """Token and packet of a code; None when it is unknown, expired, or that of two: a pointer to somebody else's
        context is worse than none."""
        query = sa.select(contexts.c.token, contexts.c.packet).where(contexts.c.code == code, contexts.c.code != "")
        rows = await self._db.read(query.where(contexts.c.expires_ms > self._db.now_ms()).limit(2))
        return (str(rows[0].token), dict(rows[0].packet)) if len(rows) == 1 else None

    async def forget_expired_contexts(self) -> int:
        """Delete packets past their time; how many. They hold personal data and have no use any more."""
        return await self._db.write((sa.delete(contexts).where(contexts.c.expires_ms <= self._db.now_ms()), None))
