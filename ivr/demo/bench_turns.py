"""`ivr bench turns`: end of caller speech to first bot audio on the wire, over real SIP in real time.

One caller after the other says a fixed corpus to a bot whose answers are cached; what comes back is measured at the
caller's socket (ivr.demo.bench_talk has the rule). Many callers at once are ivr.demo.bench_load.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr.demo import bench_corpus as corpus
from ivr.demo.bench_corpus import Line
from ivr.demo.bench_house import open_bot
from ivr.demo.bench_talk import Said, Turn, audio, say, summary, turns_of
from ivr.demo.house import DemoError, House
from ivr.demo.memory import memory_of
from ivr.demo.processor_time import processor_time, used
from ivr.demo.talker import Talker
from ivr.demo.talkers import Talkers

FOLDER = Path("var/bench")
GREETING_S = 8.0
CALL_LINES = 8  # after nine sentences that mean nothing to the assistant a call is put through to a person
DENSE = "plain"  # the class whose first lines are said at the pace of dense talk
DENSE_LINES, DENSE_S = 11, 60.0  # short phrases a minute
_NO_RECORDINGS = "no Russian recordings: install the packages asterisk-core-sounds-ru and -ru-wav, or apt"

Lines = Mapping[str, Sequence[Line]]


@dataclass(slots=True)
class Measured:
    """What calls gave. cpu: seconds a minute of dense talk by part; memory: of the house, at the end."""

    turns: list[Turn] = field(default_factory=list)
    talkers: list[Talker] = field(default_factory=list)
    cpu: Mapping[str, float] = field(default_factory=dict)
    memory: Mapping[str, Any] = field(default_factory=dict)


async def bench_turns(*, full: bool = False) -> dict[str, Any]:
    """Measure one call after the other. full: the whole corpus, enough to see one cut-off in a hundred.

    Returns p50_ms, p95_ms, cut_offs, n over all and by class, the parts of the time, processor time of a minute of
    dense talk, gaps, dropped calls and memory. Raises DemoError.
    """
    folder = await asyncio.to_thread(FOLDER.absolute)
    lines = await corpus.english(folder / "caller", full=full)
    async with open_bot(folder, "en") as house:
        measured = await one_by_one(house, lines)
    left_out = await _russian(folder, measured, full=full)
    found = {
        **summary(measured.turns),
        "audio": audio(measured.talkers),
        "cpu_s_per_min_of_dense_talk": dict(measured.cpu),
        "memory": dict(measured.memory),
    }
    return {**found, "left_out": left_out} if left_out else found


async def _russian(folder: Path, measured: Measured, *, full: bool) -> str:
    """Add the Russian class. Returns why it was left out, "" when it was not."""
    said = await corpus.russian(full=full)
    if not said:
        return _NO_RECORDINGS
    try:
        async with open_bot(folder, "ru") as house:
            more = await one_by_one(house, {"russian": said})
    except DemoError as error:
        return f"Russian: {str(error).strip().splitlines()[-1]}"
    measured.turns += more.turns
    measured.talkers += more.talkers
    return ""


async def one_by_one(house: House, lines: Lines) -> Measured:
    """Calls of one class each; the first of DENSE at the pace of dense talk, all others of CALL_LINES lines at most."""
    measured = Measured()
    calls = [(kind, part) for kind, said in lines.items() for part in _calls_of(kind, said)]
    async with Talkers() as talkers:
        for number, (kind, said) in enumerate(calls):
            talker = await talkers.call(kind, house.ports.sip, f"39000{number:04}", number)
            await talker.greeted(GREETING_S)
            dense = DENSE_LINES if len(said) == DENSE_LINES else 0
            heard: list[Said] = []
            if dense:
                heard, measured.cpu = await _densely(house, talker, said[:dense])
            heard += [await say(talker, line) for line in said[dense:]]
            await talkers.hang_up(talker)
            measured.turns += await turns_of(house, talker, heard)
            measured.talkers.append(talker)
    measured.memory = await memory_of(house)
    return measured


def _calls_of(kind: str, lines: Sequence[Line]) -> list[Sequence[Line]]:
    first = DENSE_LINES if kind == DENSE and len(lines) >= DENSE_LINES else 0
    rest = [lines[at : at + CALL_LINES] for at in range(first, len(lines), CALL_LINES)]
    return [lines[:first], *rest] if first else rest


async def _densely(house: House, talker: Talker, lines: Sequence[Line]) -> tuple[list[Said], Mapping[str, float]]:
    """A minute of dense talk, and its processor time by part."""
    loop = asyncio.get_running_loop()
    before, began = await processor_time(house), loop.time()
    heard: list[Said] = []
    for at, line in enumerate(lines):
        await asyncio.sleep(max(0.0, began + at * DENSE_S / DENSE_LINES - loop.time()))
        heard.append(await say(talker, line))
    await asyncio.sleep(max(0.0, began + DENSE_S - loop.time()))
    return heard, used(before, await processor_time(house), (loop.time() - began) / 60)
