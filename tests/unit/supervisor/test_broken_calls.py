"""Calls a crash left open: what their log, their callers and the contact center are owed, and by whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ivr.call.record import fold
from ivr.model.call import LogEntry, Outcome, OverflowResult
from ivr.storage.cells import SILENT_MS
from ivr.storage.store import Store
from ivr.supervisor.broken_calls import REASON, BrokenCalls
from tests.unit.storage.test_store_fulfilments import CONNECTING, ORDERED, accept

AT = "2026-11-21T10:00:00.000Z"
ARRIVED = {
    "sip_call_id": "x@acd",
    "ani": "+12025550160",
    "dnis": "overflow+billing",
    "assistant": "a",
    "language": "en",
}


async def begin(store: Store, call_id: str, *more: tuple[str, dict[str, str]]) -> None:
    """A call whose record is open."""
    entries = [
        LogEntry(call_id=call_id, seq=seq, at=AT, at_ms=seq, kind=kind, data=data)
        for seq, (kind, data) in enumerate((("call.arrived", ARRIVED), *more), 1)
    ]
    for entry in entries:
        store.append(entry)
    await store.flush()
    await store.save_record(fold(entries[:-1] if entries[-1].kind == "call.ended" else entries))


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    opened = await Store.open(database_url)
    yield opened
    await opened.close()


async def test_a_contact_center_hears_of_the_caller_of_a_call_that_died_with_the_process(store: Store) -> None:
    await begin(store, "01A", ("overflow.arrived", {"queue": "billing"}))
    standing = OverflowResult(
        token="T1", call_id="01A", sip_call_id="x@acd", queue="billing", outcome="open", at=AT, data={}
    )
    await store.save_overflow(standing)
    assert await BrokenCalls(store, 3600).close_own() == 1
    record, told = await store.call("01A"), await store.overflow("T1")
    assert record is not None and told is not None
    assert (record.outcome, record.overflow_from) == (Outcome.LOST, "billing")
    assert (told.outcome, told.data["outcome"]) == ("callback", "callback")
    assert [promise.number for promise in await store.callbacks("due")] == ["+12025550160"]
    assert await BrokenCalls(store, 3600).close_own() == 0


@pytest.fixture
async def houses(database_url: str) -> AsyncIterator[tuple[Store, Store, Store, list[datetime]]]:
    """Three on one database, with one clock that the test winds."""
    clock = [datetime(2026, 11, 21, 10, tzinfo=UTC)]
    opened = [await Store.open(database_url, now=lambda: clock[0], cell=cell) for cell in ("east", "west", "north")]
    yield (*opened, clock)  # type: ignore[misc]
    for store in opened:
        await store.close()


async def outcomes(store: Store) -> dict[str, Outcome]:
    return {record.call_id: record.outcome for record in await store.calls(9)}


async def test_a_house_that_starts_closes_its_own_calls_and_leaves_those_of_a_house_that_lives(
    houses: tuple[Store, Store, Store, list[datetime]],
) -> None:
    east, west, north, _ = houses
    for store, call_id in ((east, "01E"), (west, "01W"), (north, "01N")):
        await store.alive()
        await begin(store, call_id)
    await begin(east, "01F", ("call.ended", {"by": "caller", "outcome": "resolved", "disposition": ""}))
    assert [record.call_id for record in await west.open_calls()] == ["01W"]
    restarted = BrokenCalls(east, 3600)
    assert await restarted.close_own() == 2
    assert await restarted.look() == 0
    lives = {"01W": Outcome.OPEN, "01N": Outcome.OPEN}
    # What only lacked its record got it, and nothing more.
    assert await outcomes(east) == {**lives, "01E": Outcome.LOST, "01F": Outcome.RESOLVED}
    assert [promise.call_id for promise in await east.callbacks("due")] == ["01E"]


async def test_the_calls_of_a_house_that_died_are_closed_once_by_one_of_the_others_and_not_before_it_is_silent(
    houses: tuple[Store, Store, Store, list[datetime]],
) -> None:
    east, west, north, clock = houses
    looking = [BrokenCalls(store, 3600) for store in (east, west)]
    for store, call_id in ((east, "01E"), (west, "01W"), (north, "01N")):
        await store.alive()
        await begin(store, call_id)
    clock[0] += timedelta(milliseconds=SILENT_MS / 2)
    assert [await each.look() for each in looking] == [0, 0]
    clock[0] += timedelta(milliseconds=SILENT_MS / 2)
    assert sum(await asyncio.gather(*(each.look() for each in looking))) == 1
    assert await outcomes(east) == {"01E": Outcome.OPEN, "01W": Outcome.OPEN, "01N": Outcome.LOST}
    assert [promise.call_id for promise in await east.callbacks("due")] == ["01N"]
    north_is_back = BrokenCalls(north, 3600)
    assert (await north_is_back.close_own(), await north_is_back.look()) == (0, 0)


async def test_a_call_that_was_being_closed_when_its_closer_died_too_is_closed_by_whoever_comes_next(
    houses: tuple[Store, Store, Store, list[datetime]],
) -> None:
    east, west, north, clock = houses
    await north.alive()
    await begin(north, "01N")
    clock[0] += timedelta(milliseconds=SILENT_MS)
    await west.alive()
    assert [record.call_id for record in await west.take_over_calls()] == ["01N"]  # and there west dies
    assert await BrokenCalls(east, 3600).look() == 0
    clock[0] += timedelta(milliseconds=SILENT_MS)
    assert await BrokenCalls(east, 3600).look() == 1
    assert await outcomes(west) == {"01N": Outcome.LOST}


async def test_a_yes_that_died_with_the_call_is_followed_by_a_call(store: Store) -> None:
    await begin(store, "01A")
    left = replace(CONNECTING, at=AT)
    await accept(store, left)
    assert await BrokenCalls(store, 3600).close_own() == 1
    reasons = [(promise.reason, promise.opportunity_id) for promise in await store.callbacks("due")]
    assert sorted(reasons) == [("furniture cover", "O1"), (REASON, "")]


async def test_what_was_left_of_a_call_that_ended_is_seen_to_within_the_day(store: Store) -> None:
    hours_ago = (datetime.now(UTC) - timedelta(hours=6)).isoformat()
    await accept(store, replace(ORDERED, call_id="gone", at=hours_ago))
    assert await BrokenCalls(store, 3600).look() == 0
    (promise,) = await store.callbacks("due")
    assert (promise.opportunity_id, promise.number) == ("O1", ORDERED.number)
    await BrokenCalls(store, 3600).look()
    assert len(await store.callbacks()) == 1
