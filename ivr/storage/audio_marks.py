"""Marks of utterances, keyed hashes of hashes, by call. Owns finding the call that brought the same ones before, and
forgetting them: what an utterance was cannot be got back from its marks, and no call needs them for long."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from ivr.storage.database import Database
from ivr.storage.tables import METADATA

audio_marks = sa.Table(
    "audio_marks",
    METADATA,
    sa.Column("mark", sa.Text, primary_key=True, nullable=False),
    sa.Column("call_id", sa.Text, primary_key=True, nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False, server_default="0"),
    sa.Index(None, "at_ms"),
)


class AudioMarks:
    """The marks' part of the store."""

    _db: Database

    async def marks_shared(self, call_id: str, marks: Collection[str], within_ms: int) -> int:
        """How many of these marks another call brought within so many milliseconds; of several calls the most."""
        table = audio_marks.c
        shared = (
            sa.select(sa.func.count())
            .where(table.mark.in_(marks), table.call_id != call_id, table.at_ms > self._db.now_ms() - within_ms)
            .group_by(table.call_id)
        )
        rows: Sequence[Any] = await self._db.read(shared)
        return max((int(row[0]) for row in rows), default=0)

    async def save_marks(self, call_id: str, marks: Collection[str]) -> None:
        """Keep the marks of an utterance."""
        now_ms = self._db.now_ms()
        rows = [{"mark": mark, "call_id": call_id, "at_ms": now_ms} for mark in marks]
        await self._db.write(*((self._db.upsert(audio_marks, row, keep=True), None) for row in rows))

    async def forget_marks(self, older_ms: int) -> int:
        """Remove marks older than so many milliseconds; how many."""
        ended = sa.delete(audio_marks).where(audio_marks.c.at_ms < self._db.now_ms() - older_ms)
        return await self._db.write((ended, None))
