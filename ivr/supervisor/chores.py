"""What a center does beside its calls: each chore runs for ever, and whatever breaks it ends no call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TypeAlias

from ivr.log import get_log

PAUSE_S = 60.0  # before a chore that broke begins anew

Chore: TypeAlias = Callable[[], Coroutine[None, None, None]]

_log = get_log("supervisor.chores")


async def for_ever(chore: Chore, pause_s: float = PAUSE_S) -> None:
    """The one exception boundary of a chore, which shares its task group with all calls. One that returns is done."""
    while True:
        try:
            await chore()
        except Exception:  # noqa: BLE001 - whatever it was, the calls go on
            _log.exception("chore.broken")
            await asyncio.sleep(pause_s)
        else:
            return
