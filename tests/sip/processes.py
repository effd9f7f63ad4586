"""The processes of a house, seen from outside: who lives, who is whose child, and what the database says afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ivr.demo.house import House
from ivr.model.call import Callback, CallRecord, LogEntry
from ivr.storage.store import Store
from tests.sip.house import until


async def worker_pid(house: House, name: str) -> int:
    """The process id of a worker ("media-0", "speech-0")."""
    return int((await house.health())["workers"][name])


async def kill_worker(house: House, name: str, number: signal.Signals = signal.SIGKILL) -> int:
    """Send a worker a signal the hard way; its process id."""
    pid = await worker_pid(house, name)
    os.kill(pid, number)
    return pid


async def replaced(house: House, name: str, old: int, within_s: float = 15) -> None:
    """Wait until another process does the work of a worker, and all of it."""

    async def there() -> bool:
        health = await house.health()
        return health["workers"][name] not in {0, old} and not health["reasons"]

    await until(f"{name} works again", there, within_s)


def family(pid: int) -> list[int]:
    """A process and everything below it."""
    found = [pid]
    for at in found:
        with suppress(OSError):
            for task in Path(f"/proc/{at}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def alive(pids: Sequence[int]) -> list[str]:
    """The command lines of those that still live (zombies do not)."""
    living = []
    for pid in pids:
        with suppress(OSError):
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            if state not in {"Z", "X"}:
                living.append(Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " "))
    return living


async def all_gone(pids: Sequence[int], within_s: float) -> None:
    """Wait until none of the processes lives."""

    async def gone() -> bool:
        return not alive(pids)

    await until(f"all processes have ended: {alive(pids)}", gone, within_s)


async def status_of(house: House, within_s: float) -> int:
    """The exit status of the service, which must end by itself in time."""
    return await asyncio.wait_for(house.service.wait(), within_s)


async def last_call(folder: Path) -> tuple[CallRecord, list[LogEntry], list[Callback]]:
    """The newest call in the database of a house that is not running, with its log and all due callbacks."""
    store = await Store.open(f"sqlite:///{folder / 'ivr.sqlite3'}")
    try:
        record = (await store.calls(1))[0]
        return record, await store.events(record.call_id), await store.callbacks()
    finally:
        await store.close()


def log_of(house: House) -> str:
    """Everything the service has logged."""
    return house.log_path.read_text(encoding="utf-8", errors="replace")
