"""Housekeeping goes on when the database does not."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from ivr.config import Settings
from ivr.metrics import Metrics
from ivr.storage.store import Store
from ivr.supervisor import housekeeping
from ivr.supervisor.identity_keeping import open_identity


async def test_a_database_that_fails_costs_a_round_of_housekeeping_and_not_the_house(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(housekeeping, "EVERY_S", 0.01)
    file, settings = tmp_path / "ivr.db", Settings()
    store = await Store.open(database_url)
    identity = open_identity(settings, store, Metrics())
    with sqlite3.connect(file) as connection:
        connection.execute("ALTER TABLE contexts RENAME TO contexts_gone")
    keeping = asyncio.ensure_future(housekeeping.keep_house(store, identity, settings))
    await asyncio.sleep(0.15)
    assert not keeping.done()
    assert [record.message for record in caplog.records].count("house.not_kept") >= 2
    keeping.cancel()
    await asyncio.wait([keeping])  # a connection that is closed beneath its statement never answers
    await identity.close()
    await store.close()
