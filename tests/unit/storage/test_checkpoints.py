"""Who commits does not copy the log into the database: that happens a moment later, beside the work."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ivr.model.call import LogEntry
from ivr.storage.checkpoints import GATHER_S
from ivr.storage.store import Store

MEGABYTE = 1_000_000


@pytest.mark.slow
async def test_the_log_is_copied_into_the_database_a_moment_after_the_commits(tmp_path: Path) -> None:
    file = tmp_path / "ivr.sqlite3"
    store = await Store.open(f"sqlite:///{file}")
    try:
        for seq in range(1, 301):  # 1,000 pages are 4 MB
            store.append(LogEntry(call_id="A", seq=seq, at="t", at_ms=1, kind="turn.said", data={"text": "x" * 20_000}))
            if seq % 20 == 0:
                await store.flush()
        assert file.stat().st_size < 2 * MEGABYTE, "a commit waited for the copy"
        for _ in range(round(GATHER_S * 10) + 50):
            await asyncio.sleep(0.1)
            if file.stat().st_size > 6 * MEGABYTE:
                break
        assert file.stat().st_size > 6 * MEGABYTE, "nobody copies"
        assert len(await store.events("A")) == 300
    finally:
        await store.close()
    assert not file.with_name("ivr.sqlite3-wal").exists()
