"""Resident memory of a running house, process by process, against what the product promises. Reads /proc."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from ivr.demo.house import House

# Megabytes, by the kind of process. A voice is a child of its speech worker and is counted apart.
LIMITS_MB = {"media": 40, "speech": 500, "control": 250}

_MODULE = re.compile(r"ivr\.\w+\.(\w+)")


async def memory_of(house: House) -> dict[str, Any]:
    """Name -> {rss_mb, limit_mb, ok} of the control process and every worker; children have rss_mb alone."""
    workers = dict((await house.health())["workers"])
    return await asyncio.to_thread(_measure, {"control": house.service.pid, **workers}, set(workers.values()))


def _measure(pids: dict[str, int], workers: set[int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, pid in pids.items():
        rss_mb, limit_mb = rss_mb_of(pid), LIMITS_MB[name.partition("-")[0]]
        found[name] = {"rss_mb": rss_mb, "limit_mb": limit_mb, "ok": rss_mb <= limit_mb}
        for child in children_of(pid):
            if child not in workers:
                found[f"{name}/{_name(child)}"] = {"rss_mb": rss_mb_of(child)}
    return found


def rss_mb_of(pid: int) -> float:
    """Resident memory of a process in MB of 1024 * 1024 bytes, 0 when it is gone."""
    with suppress(OSError):
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
        if found:
            return round(int(found[1]) / 1024, 1)
    return 0.0


def children_of(pid: int) -> list[int]:
    """The processes a process has started, empty when it is gone."""
    children: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += [int(child) for child in (task / "children").read_text(encoding="utf-8").split()]
    return children


def _name(pid: int) -> str:
    with suppress(OSError):
        found = _MODULE.search(Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8"))
        if found:
            return found[1]
    return str(pid)
