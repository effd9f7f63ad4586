"""What a killed process leaves behind, and what a disk that refuses does."""

from __future__ import annotations

import asyncio
import logging
import signal
import sqlite3
import sys
from pathlib import Path

import pytest

from ivr.model.call import LogEntry
from ivr.model.errors import StorageError
from ivr.storage.store import Store

_WRITING = """
import asyncio, sys
from ivr.model.call import CallRecord, LogEntry
from ivr.storage.store import Store

async def main():
    store = await Store.open(sys.argv[1])
    at = "2026-11-21T10:00:00.000Z"
    await store.save_record(CallRecord(call_id="01A", sip_call_id="s", ani="+1", dnis="2", assistant="a",
                                       language="en", started_at=at))
    for seq in range(1, 1_000_000):
        store.append(LogEntry(call_id="01A", seq=seq, at=at, at_ms=seq, kind="turn.said", data={"text": "x" * 50}))
        if seq == 1000:
            await store.flush()
            print("flushed", flush=True)
        if seq % 20 == 0:
            await asyncio.sleep(0)

asyncio.run(main())
"""


def entry(seq: int, kind: str = "call.answered") -> LogEntry:
    return LogEntry(call_id="01A", seq=seq, at="2026-11-21T10:00:00.000Z", at_ms=seq, kind=kind)


async def test_what_was_stored_survives_kill_9_in_order_and_without_holes(url: str) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _WRITING, url, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"flushed\n"
    finally:
        process.kill()
        assert await process.wait() == -signal.SIGKILL
    store = await Store.open(url)
    seqs = [e.seq for e in await store.events("01A")]
    assert len(seqs) >= 1000
    assert seqs == list(range(1, len(seqs) + 1))
    assert [r.call_id for r in await store.open_calls()] == ["01A"]
    await store.close()


async def test_entries_wait_while_the_disk_refuses_and_are_stored_when_it_recovers(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with sqlite3.connect(tmp_path / "data" / "ivr.db") as connection:
        connection.execute("ALTER TABLE events RENAME TO events_gone")
    store.append(entry(1))
    with pytest.raises(StorageError, match="events"):
        await store.flush()
    assert store.trouble
    with sqlite3.connect(tmp_path / "data" / "ivr.db") as connection:
        connection.execute("ALTER TABLE events_gone RENAME TO events")
    store.append(entry(2))
    await store.flush()
    assert [e.seq for e in await store.events("01A")] == [1, 2]
    assert store.trouble == ""
    assert "storage.cannot_write" in caplog.text


async def test_closing_over_a_dead_disk_ends_and_says_what_was_lost(
    url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = await Store.open(url)
    with sqlite3.connect(tmp_path / "data" / "ivr.db") as connection:
        connection.execute("DROP TABLE events")
    store.append(entry(1))
    with caplog.at_level(logging.ERROR):
        await store.close()
    assert "storage.control_entry_not_stored" in caplog.text
    assert store.dropped == 1
