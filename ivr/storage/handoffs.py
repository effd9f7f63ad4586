"""Context packets of handoffs, found by token until they expire. Owns expiry; refuses to look into the packet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from ivr.storage.database import Database, unix_ms
from ivr.storage.tables import contexts


class Handoffs:
    """The handoffs' part of the store."""

    _db: Database

    async def save_context(self, token: str, call_id: str, packet: Mapping[str, Any], expires_at: str) -> None:
        """Keep a packet until expires_at (UTC ISO 8601); a newer packet of the same token replaces it."""
        row = {"token": token, "call_id": call_id, "packet": dict(packet), "expires_at": expires_at}
        await self._db.write((self._db.upsert(contexts, {**row, "expires_ms": unix_ms(expires_at)}), None))

    async def context(self, token: str) -> Mapping[str, Any] | None:
        """The packet of a token; None when unknown or expired."""
        query = sa.select(contexts.c.packet).where(contexts.c.token == token)
        rows = await self._db.read(query.where(contexts.c.expires_ms > self._db.now_ms()))
        return dict(rows[0][0]) if rows else None

    async def forget_expired_contexts(self) -> int:
        """Delete packets past their time; how many. They hold personal data and have no use any more."""
        return await self._db.write((sa.delete(contexts).where(contexts.c.expires_ms <= self._db.now_ms()), None))
