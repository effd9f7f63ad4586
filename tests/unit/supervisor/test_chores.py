"""A chore that breaks is begun anew, and nothing beside it notices."""

from __future__ import annotations

import asyncio

import pytest

from ivr.supervisor.chores import for_ever


async def test_a_chore_that_breaks_is_begun_anew_and_what_runs_beside_it_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun, third = 0, asyncio.Event()

    async def chore() -> None:
        nonlocal begun
        begun += 1
        if begun < 3:
            raise ZeroDivisionError("a report of nothing")
        third.set()

    async def call() -> str:
        await third.wait()
        return "said goodbye"

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(for_ever(chore, pause_s=0))
        calling = tasks.create_task(call())
    assert calling.result() == "said goodbye"
    assert [record.message for record in caplog.records] == ["chore.broken"] * 2


async def test_who_ends_a_chore_ends_it() -> None:
    async def chore() -> None:
        await asyncio.sleep(60)

    task = asyncio.create_task(for_ever(chore))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
