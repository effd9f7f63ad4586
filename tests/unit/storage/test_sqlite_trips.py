"""SQLite connections: trips of a statement to the connection's thread, and what a write given up leaves behind."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from ivr.model.offers import Suspension
from ivr.storage.store import Store

AT = "2026-11-21T10:00:00.000Z"


async def test_a_query_is_one_trip_and_a_stored_row_two(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    trips: list[object] = []
    real: Any = aiosqlite.Connection._execute

    async def counted(self: aiosqlite.Connection, work: Any, *given: Any) -> Any:
        trips.append(work)
        return await real(self, work, *given)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    assert not await store.opted_out("H1")
    assert len(trips) == 1
    trips.clear()
    await store.suspend(Suspension(group="senior", at=AT, reason="harm"))
    assert len(trips) == 2, "the statement and the commit"
    assert len(await store.suspended()) == 1


async def test_a_write_given_up_midway_is_not_stored_and_leaves_nothing_open(store: Store, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "data" / "ivr.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    given_up = asyncio.create_task(store.opt_out("H1", AT, "01A"))
    await asyncio.sleep(0.05)  # it waits for the other's lock now
    given_up.cancel()
    await asyncio.sleep(0)
    other.execute("ROLLBACK")
    with pytest.raises(asyncio.CancelledError):
        await given_up
    await store.opt_out("H2", AT, "01A")
    assert not await store.opted_out("H1")
    assert await store.opted_out("H2")
    other.execute("BEGIN IMMEDIATE")  # would wait, and fail, while anybody still has a transaction open
    other.execute("ROLLBACK")
    other.close()
