"""`ivr bench turns --calls N`: many callers at once, each of whom speaks a good quarter of the time.

Owns who says what when, the same in every run. The callers live in this process, on the machine that is measured; what
they cost is told with the result.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import numpy as np

from ivr.demo import bench_corpus as corpus
from ivr.demo.bench_house import CALLERS_PER_WORKER, open_bot
from ivr.demo.bench_talk import Said, Turn, audio, say, summary, turns_of
from ivr.demo.bench_turns import FOLDER, GREETING_S, Lines
from ivr.demo.house import DemoError, House
from ivr.demo.memory import memory_of
from ivr.demo.processor_time import processor_time, used
from ivr.demo.talker import Talker
from ivr.demo.talkers import Talkers

SECONDS = 90
WHO = ("plain", "digits", "plain", "yes_no", "plain", "menu", "plain", "digits", "plain", "yes_no", "plain", "digits")
"""What each of a dozen callers says, to a step that listens for it: half of them sentences, a quarter numbers."""
TALKING_SHARE = 0.3  # of the time a caller speaks
RAMP_S = 0.1  # between two calls that come in
LONGEST_START_S = 5.0  # callers do not begin at the same moment
LEAST_REST_S, JITTER = 0.2, 0.2


async def bench_load(*, calls: int, seconds: float = SECONDS) -> dict[str, Any]:
    """Measure calls at once for so long. Returns what bench_turns() does, and the processor share by part.

    Raises DemoError.
    """
    folder = await asyncio.to_thread(FOLDER.absolute)
    lines = await corpus.english(folder / "caller")
    async with open_bot(folder, "en", calls) as house:
        return await under_load(house, lines, calls, seconds)


async def under_load(house: House, lines: Lines, calls: int, seconds: float) -> dict[str, Any]:
    """The same with a house that is big enough already."""
    async with Talkers() as talkers:
        called = [await _call(talkers, house, number) for number in range(calls)]
        before, own, began = await processor_time(house), time.process_time(), time.monotonic()
        said = await asyncio.gather(
            *(_talk(talker, lines, began + seconds) for talker in called), return_exceptions=True
        )
        lasted_s = time.monotonic() - began
        after, own_s = await processor_time(house), time.process_time() - own
        memory = await memory_of(house)
        await asyncio.gather(*(talkers.hang_up(talker) for talker in called if not talker.ended_by))
    turns: list[Turn] = []
    for talker, one in zip(called, said, strict=True):
        if isinstance(one, BaseException) and not isinstance(one, DemoError):
            raise one
        if not isinstance(one, BaseException):
            turns += await turns_of(house, talker, one)
    spoke_s = sum(line.said.seconds for one in said if not isinstance(one, BaseException) for line, _ in one)
    return {
        **summary(turns),
        "calls": calls,
        "seconds": round(lasted_s, 1),
        "talking_share": round(spoke_s / lasted_s / calls, 3),
        "audio": audio(called),
        "cpu_share_of_one_core": used(before, after, lasted_s),
        "cpu_s_per_call_minute": used(before, after, calls * lasted_s / 60),
        "caller_cpu_share_of_one_core": round(own_s / lasted_s, 3),
        "memory": memory,
    }


async def _call(talkers: Talkers, house: House, number: int) -> Talker:
    port = house.ports.sip + number // CALLERS_PER_WORKER
    await asyncio.sleep(RAMP_S)
    return await talkers.call(WHO[number % len(WHO)], port, f"39000{number:04}", number)


async def _talk(talker: Talker, lines: Lines, until: float) -> list[Said]:
    """Say one line after the other; a rest after each answer makes the caller's share of the time right."""
    await talker.greeted(GREETING_S)
    rng = np.random.default_rng(talker.number)
    said: list[Said] = []
    due = time.monotonic() + float(rng.uniform(0.0, LONGEST_START_S))
    while time.monotonic() < until:
        choice = lines[talker.name]
        line = choice[int(rng.integers(len(choice)))]
        await asyncio.sleep(max(LEAST_REST_S, due - time.monotonic()))
        said.append(await say(talker, line))
        due += line.said.seconds / TALKING_SHARE * float(rng.uniform(1 - JITTER, 1 + JITTER))
    return said
