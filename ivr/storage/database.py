"""The connection to the database: opening, migrating, reading, writing. Owns the differences between SQLite and
PostgreSQL and turns every driver error into a StorageError; refuses to know what the tables mean.
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection as Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ivr.model.errors import StorageError
from ivr.storage.checkpoints import LONGEST_LOG_PAGES, Checkpoints
from ivr.storage.sqlite import connect

BUSY_MS = 5000
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
_MIGRATIONS = Path(__file__).parent / "migrations"
_MENDED = {
    "database is locked": f"another process has held it for more than {BUSY_MS // 1000} s: end it",
    "file is not a database": "put a copy in its place, or name another file in [storage] url",
    "disk image is malformed": "stop ivr and put a copy in its place (docs/operating.md, Backup)",
    "disk is full": "make room where it lies",
    "unable to open": "[storage] url must name a file that this user may write, in a folder that is there",
}
_to_json = json.JSONEncoder(ensure_ascii=False, default=str).encode  # json.dumps makes an encoder for every value

Result = TypeVar("Result")
Clock = Callable[[], datetime]
Write = tuple[sa.Executable, Sequence[Mapping[str, Any]] | None]


__all__ = ["Clock", "Connection", "Database", "RefusedError", "unix_ms", "utc_now"]


_VERSION = sa.table("alembic_version", sa.column("version_num"))


class _NewerError(Exception):
    """The database is of a revision this version does not know."""


class RefusedError(StorageError):
    """The database refused the data itself: a duplicate, a broken rule, a value it cannot hold. Retrying is useless."""


def utc_now() -> datetime:
    """The wall clock, UTC."""
    return datetime.now(UTC)


def unix_ms(moment: str) -> int:
    """Unix milliseconds of an ISO 8601 moment; without an offset it is UTC. Raises RefusedError."""
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError as error:
        raise RefusedError(f"{moment!r} is not an ISO 8601 moment") from error
    return round((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp() * 1000)


class Database:
    """An open, migrated database. now is the clock expiry and age are measured by."""

    def __init__(self, engine: AsyncEngine, now: Clock) -> None:
        self._engine, self.now = engine, now
        self._checkpoints = Checkpoints(engine) if engine.dialect.name == "sqlite" else None

    @classmethod
    async def open(cls, url: str, now: Clock) -> Database:
        """Connect, create what is missing, migrate to the newest revision. Raises StorageError."""
        where = _address(url)
        shown = where.render_as_string(hide_password=True)
        try:
            _make_room(where)
            engine = create_async_engine(where, json_serializer=_to_json)
        except (OSError, ImportError, sa.exc.SQLAlchemyError) as error:
            raise StorageError(f"cannot open the database {shown}: {_reason(error)}") from error
        if where.get_backend_name() == "sqlite":
            sa.event.listen(engine.sync_engine, "do_connect", _connect_sqlite)
            sa.event.listen(engine.sync_engine, "connect", _tune_sqlite)
        try:
            async with engine.begin() as connection:
                await connection.run_sync(_migrate)
        except (OSError, sa.exc.SQLAlchemyError, _NewerError) as error:
            await engine.dispose()
            raise StorageError(f"cannot open the database {shown}: {_reason(error)}") from error
        return cls(engine, now)

    async def close(self) -> None:
        """Close all connections."""
        if self._checkpoints is not None:
            await self._checkpoints.close()
        await self._engine.dispose()

    def now_ms(self) -> int:
        """Unix milliseconds of the clock."""
        return round(self.now().timestamp() * 1000)

    async def read(self, query: sa.Executable, values: Mapping[str, Any] | None = None) -> Sequence[sa.Row[Any]]:
        """All rows of a query. values: of its bound parameters. Raises StorageError."""
        try:
            async with self._engine.connect() as connection:
                return (await connection.execute(query, values)).all()
        except (OSError, sa.exc.SQLAlchemyError) as error:
            raise StorageError(f"cannot read: {_reason(error)}") from error

    async def reading(self, work: Callable[[Connection], Awaitable[Result]]) -> Result:
        """Run work that only reads. Raises StorageError."""
        try:
            async with self._engine.connect() as connection:
                return await work(connection)
        except (OSError, sa.exc.SQLAlchemyError) as error:
            raise StorageError(f"cannot read: {_reason(error)}") from error

    async def write(self, *writes: Write) -> int:
        """Run statements in one transaction; rows touched by the last one. Raises RefusedError, StorageError."""
        touched = 0
        try:
            async with self._engine.begin() as connection:
                for statement, rows in writes:
                    touched = (await connection.execute(statement, rows)).rowcount
        except (sa.exc.IntegrityError, sa.exc.DataError) as error:
            raise RefusedError(f"the database refused the data: {_reason(error)}") from error
        except sa.exc.DBAPIError as error:
            raise StorageError(f"cannot write: {_reason(error)}") from error
        except sa.exc.SQLAlchemyError as error:  # a value that cannot be bound or put into JSON
            raise RefusedError(f"the database refused the data: {_reason(error)}") from error
        except OSError as error:
            raise StorageError(f"cannot write: {error}") from error
        self._written()
        return touched

    async def transact(self, work: Callable[[Connection], Awaitable[Result]]) -> Result:
        """Run work in one transaction. It must begin by writing: reading first would let SQLite refuse the write that
        follows when somebody else wrote in between. Raises RefusedError, StorageError."""
        try:
            async with self._engine.begin() as connection:
                result = await work(connection)
        except (sa.exc.IntegrityError, sa.exc.DataError) as error:
            raise RefusedError(f"the database refused the data: {_reason(error)}") from error
        except (OSError, sa.exc.SQLAlchemyError) as error:
            raise StorageError(f"cannot write: {_reason(error)}") from error
        self._written()
        return result

    def _written(self) -> None:
        if self._checkpoints is not None:
            self._checkpoints.written()

    def upsert(self, table: sa.Table, row: Mapping[str, Any], *, keep: bool = False) -> sa.Insert:
        """An insert that replaces the row of the same key, or with keep=True leaves the older row alone."""
        key = [column.name for column in table.primary_key]
        insert: Any = _insert(self._engine.dialect.name)(table).values(**row)
        if keep:
            kept: sa.Insert = insert.on_conflict_do_nothing(index_elements=key)
            return kept
        rest = {name: value for name, value in row.items() if name not in key}
        replaced: sa.Insert = insert.on_conflict_do_update(index_elements=key, set_=rest)
        return replaced


def _address(url: str) -> sa.URL:
    try:
        where = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise StorageError(f"{url!r} is not a database URL; write sqlite:///path/to/file or postgresql://…") from error
    backend = where.get_backend_name()
    if backend not in _DRIVERS:
        raise StorageError(f"{backend!r} databases are not supported; use sqlite:///path or postgresql://…")
    return where.set(drivername=_DRIVERS[backend])


def _make_room(where: sa.URL) -> None:
    if where.get_backend_name() == "sqlite" and where.database and where.database != ":memory:":
        Path(where.database).parent.mkdir(parents=True, exist_ok=True)


def _connect_sqlite(_: object, __: object, ___: object, options: dict[str, Any]) -> None:
    options["async_creator_fn"] = connect


def _tune_sqlite(connection: Any, _: object) -> None:
    # WAL with synchronous=NORMAL: a killed process loses nothing committed; only a power cut may lose the newest rows.
    cursor = connection.cursor()
    log = f"wal_autocheckpoint={LONGEST_LOG_PAGES}"
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", log, f"busy_timeout={BUSY_MS}", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _migrate(connection: sa.Connection) -> None:
    """To the newest revision. Alembic and what it brings are 12 MB: a database that is there already does without.
    Raises _NewerError."""
    newest = max(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*_*.py"))
    if sa.inspect(connection).has_table(_VERSION.name) and connection.execute(sa.select(_VERSION)).scalar() == newest:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise _NewerError(f"it was written by a newer version of ivr ({error}): install that version") from error


def _insert(dialect: str) -> Callable[[sa.Table], Any]:
    """INSERT as that dialect extends it. PostgreSQL's is loaded where it is used: 3 MB."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert
    from sqlalchemy.dialects import sqlite

    return sqlite.insert


def _reason(error: Exception) -> str:
    """The driver's own sentence, without SQL and parameters: those may hold what a caller said."""
    number = (error.errno or 0) if isinstance(error, OSError) else 0
    said = os.strerror(number) if number > 0 else str(getattr(error, "orig", None) or error).splitlines()[0]
    return said + next((f"; {mend}" for words, mend in _MENDED.items() if words in said), "")
