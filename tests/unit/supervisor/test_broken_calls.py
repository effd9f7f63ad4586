"""Calls a crash left open: what their log, their callers and the contact center they came from are owed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ivr.call.record import fold
from ivr.model.call import LogEntry, Outcome, OverflowResult
from ivr.storage.store import Store
from ivr.supervisor.broken_calls import close_broken_calls

AT = "2026-11-21T10:00:00.000Z"
ARRIVED = {
    "sip_call_id": "x@acd",
    "ani": "+12025550160",
    "dnis": "overflow+billing",
    "assistant": "a",
    "language": "en",
}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite:///{tmp_path / 'ivr.db'}")
    yield opened
    await opened.close()


async def test_a_contact_center_hears_of_the_caller_of_a_call_that_died_with_the_process(store: Store) -> None:
    kinds = (("call.arrived", ARRIVED), ("overflow.arrived", {"queue": "billing"}))
    entries = [
        LogEntry(call_id="01A", seq=seq, at=AT, at_ms=seq, kind=kind, data=data)
        for seq, (kind, data) in enumerate(kinds, 1)
    ]
    for entry in entries:
        store.append(entry)
    await store.flush()
    await store.save_record(fold(entries))
    standing = OverflowResult(
        token="T1", call_id="01A", sip_call_id="x@acd", queue="billing", outcome="open", at=AT, data={}
    )
    await store.save_overflow(standing)
    assert await close_broken_calls(store, 3600) == 1
    record, told = await store.call("01A"), await store.overflow("T1")
    assert record is not None and told is not None
    assert (record.outcome, record.overflow_from) == (Outcome.LOST, "billing")
    assert (told.outcome, told.data["outcome"]) == ("callback", "callback")
    assert [promise.number for promise in await store.callbacks("due")] == ["+12025550160"]
    assert await close_broken_calls(store, 3600) == 0
