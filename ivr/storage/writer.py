"""The background writer of the event log. Owns the queue between a call's turns and the disk: appending never waits.

When the disk cannot keep up: beyond CAPACITY entries the conversation's own chatter (turn.*, dialog.*) is dropped,
logged and counted; control entries are still taken up to twice that; beyond it they are written to the process log
in full. An entry is removed from the queue only after its transaction is committed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa

from ivr.log import get_log
from ivr.model.call import LogEntry
from ivr.model.errors import StorageError
from ivr.storage.database import Database, RefusedError
from ivr.storage.outbox import Outbox
from ivr.storage.tables import events
from ivr.storage.telling import of_entry

CAPACITY = 20_000
BATCH = 500
GATHER_S = 0.02  # one transaction for what several calls append within 20 ms, instead of one each
RETRY_S = (0.05, 0.2, 1.0, 5.0)
CHATTER = ("turn.", "dialog.")

_log = get_log("storage.writer")


class EventWriter:
    """The queue and its writer task. dropped: never stored because the queue was full; rejected: duplicates or data the
    database refuses; trouble: why writing fails right now, "" when it does not."""

    def __init__(self, database: Database, outbox: Outbox, capacity: int = CAPACITY) -> None:
        self._database, self._outbox, self._capacity = database, outbox, capacity
        self._queue: deque[LogEntry] = deque()
        self._wake, self._hurry = asyncio.Event(), asyncio.Event()
        self._flushes: list[tuple[int, asyncio.Future[None]]] = []
        self._taken = self._settled = 0
        self._closed = False
        self.dropped = self.rejected = 0
        self.trouble = ""
        self._task = asyncio.create_task(self._run(), name="storage.writer")

    def __len__(self) -> int:
        return len(self._queue)

    def append(self, entry: LogEntry) -> None:
        """Take an entry; never blocks, never raises."""
        over = len(self._queue) - self._capacity
        if self._closed or over >= self._capacity or (over >= 0 and entry.kind.startswith(CHATTER)):
            self._drop(entry)
            return
        self._queue.append(entry)
        self._taken += 1
        self._wake.set()

    async def flush(self) -> None:
        """Wait until everything appended so far is stored. Raises StorageError when the database does not take it."""
        if self._settled == self._taken:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._flushes.append((self._taken, done))
        self._hurry.set()
        await done

    async def close(self) -> None:
        """Flush and stop. What cannot be stored goes to the process log."""
        self._closed = True
        try:
            await self.flush()
        except StorageError as error:
            _log.error("storage.closed_with_losses", lost=len(self._queue), error=str(error))
            for entry in self._queue:
                self._drop(entry)
            self._queue.clear()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        failures = 0
        while True:
            await self._wake.wait()
            await self._pause(GATHER_S if not failures else RETRY_S[min(failures, len(RETRY_S)) - 1])
            batch = list(islice(self._queue, BATCH))
            try:
                await self._store(batch)
            except StorageError as error:
                failures += 1
                self._fail(error)
                continue
            failures, self.trouble = 0, ""
            self._settle(len(batch))

    async def _pause(self, seconds: float) -> None:
        """Let entries gather, unless somebody waits for a flush."""
        try:
            async with asyncio.timeout(seconds):
                await self._hurry.wait()
        except TimeoutError:
            return

    async def _store(self, batch: Sequence[LogEntry]) -> None:
        try:
            await self._write(batch)
        except RefusedError:
            for entry in batch:  # find the guilty ones; the rest must not suffer
                await self._store_one(entry)

    async def _store_one(self, entry: LogEntry) -> None:
        try:
            await self._write([entry])
        except RefusedError as error:
            self.rejected += 1
            _log.error("storage.entry_rejected", call=entry.call_id, seq=entry.seq, kind=entry.kind, error=str(error))

    async def _write(self, batch: Sequence[LogEntry]) -> None:
        """The entries, and in the same transaction what other systems are told of them."""
        told = self._outbox.writes(event for entry in batch for event in of_entry(entry))
        await self._database.write((sa.insert(events), [_row(entry) for entry in batch]), *told)
        if told:
            self._outbox.ring()

    def _settle(self, count: int) -> None:
        for _ in range(count):
            self._queue.popleft()
        self._settled += count
        waiting = [(target, done) for target, done in self._flushes if target > self._settled]
        for target, done in self._flushes:
            if target <= self._settled and not done.done():
                done.set_result(None)
        self._flushes = waiting
        if not waiting:
            self._hurry.clear()
        if not self._queue:
            self._wake.clear()

    def _fail(self, error: StorageError) -> None:
        if not self.trouble:
            _log.error("storage.cannot_write", waiting=len(self._queue), error=str(error))
        self.trouble = str(error)
        for _, done in self._flushes:
            if not done.done():
                done.set_exception(StorageError(self.trouble))
        self._flushes = []
        self._hurry.clear()

    def _drop(self, entry: LogEntry) -> None:
        self.dropped += 1
        if not entry.kind.startswith(CHATTER):
            _log.error("storage.control_entry_not_stored", **_row(entry))
        elif self.dropped % 1000 == 1:
            _log.error("storage.entry_dropped", call=entry.call_id, kind=entry.kind, dropped=self.dropped)


def _row(entry: LogEntry) -> dict[str, Any]:
    return {
        "call_id": entry.call_id,
        "seq": entry.seq,
        "at": entry.at,
        "at_ms": entry.at_ms,
        "kind": entry.kind,
        "data": dict(entry.data),
    }
