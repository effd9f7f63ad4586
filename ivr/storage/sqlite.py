"""SQLite connections that go to their thread once for a statement.

SQLAlchemy asks a driver for a cursor, executes, fetches and closes it, and rolls back what it gives back to the pool;
with aiosqlite each of these is a trip to the connection's thread and back, which costs more than the statement itself.
Here a statement and its rows are one trip, and a rollback of nothing is none. Refuses to know SQL.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, cast

import aiosqlite

_ROWS_AT_A_TIME = 64


async def connect(*where: Any, **options: Any) -> Connection:
    """An open connection; arguments are those of sqlite3.connect. Raises sqlite3.Error."""
    connection = Connection(lambda: sqlite3.connect(*where, **options), _ROWS_AT_A_TIME)
    connection._thread.daemon = True  # as SQLAlchemy makes its own: a forgotten connection must not keep the process
    return cast(Connection, await connection)


class Connection(aiosqlite.Connection):
    """aiosqlite's, with cursors that take one trip."""

    def cursor(self) -> Cursor:  # type: ignore[override]
        return Cursor(self)

    async def commit(self) -> None:
        if self.in_transaction:
            await super().commit()

    async def rollback(self) -> None:
        if self.in_transaction:
            await super().rollback()

    async def trip(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        """Run work in the connection's thread."""
        return await self._execute(work, self._conn)  # type: ignore[no-untyped-call]


class Cursor:
    """What SQLAlchemy asks of a cursor. Rows are fetched with the statement, as SQLAlchemy would do at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount, self.arraysize = -1, 1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Cursor:
        return self

    async def execute(self, statement: str, values: Any = ()) -> Cursor:
        return await self._run(lambda connection: connection.execute(statement, values))

    async def executemany(self, statement: str, many: Sequence[Any]) -> Cursor:
        return await self._run(lambda connection: connection.executemany(statement, many))

    async def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        self._rows = []

    async def _run(self, start: Callable[[sqlite3.Connection], sqlite3.Cursor]) -> Cursor:
        def work(connection: sqlite3.Connection) -> list[Any]:
            cursor = start(connection)
            try:
                rows = cursor.fetchall() if cursor.description else []
                self.description, self.rowcount, self.lastrowid = cursor.description, cursor.rowcount, cursor.lastrowid
                return rows
            finally:
                cursor.close()

        self._rows = await self._connection.trip(work)
        return self
