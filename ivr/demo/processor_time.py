"""Processor time of a running house by part: control, media, speech, voice. Reads /proc.

A voice is a child of its speech worker and is counted apart.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ivr.demo.house import House
from ivr.demo.memory import children_of

PARTS = ("control", "media", "speech", "voice")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


async def processor_time(house: House) -> Mapping[str, float]:
    """Part -> CPU-seconds used so far."""
    workers = dict((await house.health())["workers"])
    return await asyncio.to_thread(_measure, house.service.pid, workers)


def used(before: Mapping[str, float], after: Mapping[str, float], per: float = 1.0) -> dict[str, float]:
    """What was used in between by part and in total, divided by per."""
    parts = {part: round((after[part] - before[part]) / per, 3) for part in PARTS}
    return {**parts, "total": round(sum(after[part] - before[part] for part in PARTS) / per, 3)}


def _measure(service: int, workers: Mapping[str, int]) -> dict[str, float]:
    found = dict.fromkeys(PARTS, 0.0)
    found["control"] = seconds_of(service)
    for name, pid in workers.items():
        found[name.partition("-")[0]] += seconds_of(pid)
        if name.startswith("speech"):
            found["voice"] += sum(seconds_of(child) for child in children_of(pid))
    return found


def seconds_of(pid: int) -> float:
    """User and system time of a process with all its threads, 0 when it is gone."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S
    return 0.0
