"""Checkpoints of SQLite's write-ahead log beside the work, not within it.

By itself SQLite copies the log into the database in whichever commit finds 1,000 pages there: one decision in a hundred
waited 6 ms and more for the disk. Here a connection of its own does it, a moment after something was written; PASSIVE
stops neither readers nor writers. Refuses to know what is written.
"""

from __future__ import annotations

import asyncio

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.log import get_log

GATHER_S = 5.0  # between two checkpoints: each takes some 10 ms of a disk that callers wait for as well
LONGEST_LOG_PAGES = 16_000  # 64 MB: then a commit does it after all, whatever became of this task

_CHECKPOINT = sa.text("PRAGMA wal_checkpoint(PASSIVE)")
_log = get_log("storage.checkpoints")


class Checkpoints:
    """The task of one open database. Made within a running loop; close() ends it."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine, self._written = engine, asyncio.Event()
        self._task = asyncio.create_task(self._run(), name="storage.checkpoints")

    def written(self) -> None:
        """Something was committed."""
        self._written.set()

    async def close(self) -> None:
        """End. Closing the last connection copies what is left."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self._written.wait()
            await asyncio.sleep(GATHER_S)
            self._written.clear()
            try:
                async with self._engine.connect() as connection:
                    await connection.execute(_CHECKPOINT)
            except (OSError, sa.exc.SQLAlchemyError) as error:  # the next commit may have more luck
                _log.warning("storage.checkpoint_failed", error=str(error).splitlines()[0])
