"""Waiting with a bound for what cannot be stopped: a database whose thread waits for a lock does not hear that nobody
waits any more, and asyncio.wait_for would wait on with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

Result = TypeVar("Result")


async def within(seconds: float, work: Awaitable[Result]) -> Result:
    """What the work comes to. Raises TimeoutError when that takes longer; the work goes on, and its end is nobody's."""
    task = asyncio.ensure_future(work)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if done:
        return task.result()
    task.add_done_callback(lambda late: late.cancelled() or late.exception())
    raise TimeoutError
