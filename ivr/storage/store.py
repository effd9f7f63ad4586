"""The store: what the rest of the product keeps and asks for. Owns opening and closing; each noun has its own file.

Awaited methods have committed when they return. append() only queues (see writer.py). All raise StorageError.
"""

from __future__ import annotations

from ivr.model.call import LogEntry
from ivr.storage.accounts import Accounts
from ivr.storage.audio_marks import AudioMarks
from ivr.storage.callbacks import Callbacks
from ivr.storage.calls import Calls
from ivr.storage.cells import Cells
from ivr.storage.customers import Customers
from ivr.storage.database import Clock, Database, utc_now
from ivr.storage.desk_notes import DeskNotes
from ivr.storage.experiments import Experiments
from ivr.storage.fulfilments import Fulfilments
from ivr.storage.handoffs import Handoffs
from ivr.storage.identification import Identification
from ivr.storage.objections import Objections
from ivr.storage.offers import Offers
from ivr.storage.outbox import Outbox, Subscribers
from ivr.storage.overflows import Overflows
from ivr.storage.retention import Retention
from ivr.storage.voiceprints import Voiceprints
from ivr.storage.writer import CAPACITY, EventWriter


class Store(
    Calls,
    Cells,
    Offers,
    Objections,
    Experiments,
    Handoffs,
    Callbacks,
    Fulfilments,
    Customers,
    Identification,
    AudioMarks,
    Voiceprints,
    Overflows,
    Accounts,
    DeskNotes,
    Retention,
):
    """An open store. One per process; used from one event loop."""

    def __init__(self, database: Database, journal: EventWriter, outbox: Outbox, cell: str = "") -> None:
        self._db, self._writer, self._outbox, self._cell = database, journal, outbox, cell

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        now: Clock = utc_now,
        capacity: int = CAPACITY,
        subscribers: Subscribers | None = None,
        cell: str = "",
    ) -> Store:
        """Open and migrate. url: sqlite:///relative, sqlite:////absolute, or postgresql://user:password@host/name.

        now: the clock for expiry and age. capacity: entries the writer queues before it drops. subscribers: who is
        told which events. cell: whose calls this process serves, "" for one that serves none. Raises StorageError.
        """
        database = await Database.open(url, now)
        outbox = Outbox(database, subscribers or {})
        return cls(database, EventWriter(database, outbox, capacity), outbox, cell)

    def append(self, entry: LogEntry) -> None:
        """Add to a call's log. Never blocks, never raises; stored within about 20 ms when the disk keeps up."""
        self._writer.append(entry)

    async def flush(self) -> None:
        """Wait until everything appended so far is stored."""
        await self._writer.flush()

    async def close(self) -> None:
        """Flush, then close the database."""
        await self._writer.close()
        await self._db.close()

    @property
    def trouble(self) -> str:
        """Why writing the log fails at the moment; "" when it does not."""
        return self._writer.trouble

    @property
    def waiting(self) -> int:
        """Log entries not stored yet."""
        return len(self._writer)

    @property
    def dropped(self) -> int:
        """Log entries never stored since opening, because the queue was full."""
        return self._writer.dropped

    @property
    def rejected(self) -> int:
        """Log entries the database refused since opening: a (call_id, seq) twice, or data it cannot hold."""
        return self._writer.rejected
