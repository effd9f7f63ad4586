"""Opening a store: migrations, refusals, and that the migrations build exactly the tables the code knows."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from ivr.model.call import LogEntry
from ivr.model.errors import StorageError
from ivr.storage.store import Store
from ivr.storage.tables import METADATA


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Where there is no file yet, not even its folder: every store here begins with the migrations."""
    return f"sqlite:///{tmp_path / 'data' / 'ivr.db'}"


async def test_migrations_build_the_tables_the_code_describes(store: Store, tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'data' / 'ivr.db'}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
        for table in METADATA.sorted_tables:
            built = {c["name"]: c["sqltext"] for c in sa.inspect(connection).get_check_constraints(table.name)}
            meant = {str(c.name): str(c.sqltext) for c in table.constraints if isinstance(c, sa.CheckConstraint)}
            assert built == meant
    engine.dispose()


async def test_a_second_opening_finds_what_the_first_kept(url: str) -> None:
    first = await Store.open(url)
    await first.opt_out("h1", "2026-11-21T10:00:00.000Z", "c1")
    await first.close()
    second = await Store.open(url)
    assert await second.opted_out("h1")
    await second.close()


async def test_the_file_is_in_write_ahead_mode(store: Store, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "data" / "ivr.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def test_a_store_in_memory_works(clock) -> None:
    store = await Store.open("sqlite://", now=clock)
    await store.opt_out("h1", "2026-11-21T10:00:00.000Z", "c1")
    assert await store.opted_out("h1")
    await store.close()


@pytest.mark.parametrize("url", ["mysql://host/db", "not a url", "sqlite:////proc/nowhere/ivr.db"])
async def test_an_unusable_url_is_a_storage_error(url: str) -> None:
    with pytest.raises(StorageError):
        await Store.open(url)


async def test_a_file_that_is_no_database_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("these are notes, not a database " * 100)
    with pytest.raises(StorageError, match=r"notes\.txt.*not a database"):
        await Store.open(f"sqlite:///{tmp_path / 'notes.txt'}")


async def test_a_database_of_a_newer_version_is_refused(url: str, tmp_path: Path) -> None:
    await (await Store.open(url)).close()
    with sqlite3.connect(tmp_path / "data" / "ivr.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StorageError, match=r"written by a newer version of ivr .*9999"):
        await Store.open(url)


async def test_a_password_in_the_url_is_not_shown() -> None:
    with pytest.raises(StorageError) as caught:
        await Store.open("postgresql://ivr:secret-word@127.0.0.1:1/ivr")
    assert "secret-word" not in str(caught.value)


def test_every_table_can_be_said_in_postgresql() -> None:
    for table in METADATA.sorted_tables:
        said = str(CreateTable(table).compile(dialect=postgresql.dialect()))
        assert said.strip().startswith(f"CREATE TABLE {table.name}")
        assert "AUTOINCREMENT" not in said


def entry(seq: int) -> LogEntry:
    return LogEntry(call_id="c", seq=seq, at="2026-11-22T10:00:00.000Z", at_ms=seq, kind="turn.heard", data={})


def copy(source: Path, target: Path) -> None:
    """What `sqlite3 SOURCE ".backup TARGET"` does."""
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as kept:
        live.backup(kept, pages=5)


async def test_a_copy_made_while_calls_are_written_has_everything_stored_before_it(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite:///{tmp_path}/live.sqlite3")
    for seq in range(300):
        store.append(entry(seq))
    await store.flush()
    copying = asyncio.create_task(asyncio.to_thread(copy, tmp_path / "live.sqlite3", tmp_path / "copy.sqlite3"))
    seq = 300
    while not copying.done() and seq < 5000:
        store.append(entry(seq))
        seq += 1
        await asyncio.sleep(0.001)
    await copying
    await store.close()
    restored = await Store.open(f"sqlite:///{tmp_path}/copy.sqlite3")
    assert [each.seq for each in await restored.events("c")][:300] == list(range(300))
    await restored.close()


@pytest.mark.slow
def test_a_database_at_the_newest_revision_is_opened_without_what_migrates(tmp_path: Path) -> None:
    program = f"""
import asyncio, sys
from ivr.storage.store import Store
async def once():
    await (await Store.open("sqlite:///{tmp_path}/a.sqlite3")).close()
asyncio.run(once())
print("alembic" in sys.modules)
"""
    seen = [subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True) for _ in "12"]
    assert [each.stdout.strip() for each in seen] == ["True", "False"]
