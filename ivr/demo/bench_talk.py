"""Turns of callers as they are measured: what was said when, what the bot made of it, and the figures of many.

The rule: a caller plays 20 ms frames of G.711 in real time at -24 dBov, goes on with line noise at -66 dBFS, and waits
until the bot has spoken and been silent for half a second. wire_ms is the first packet of the bot with a sample above
-45 dBFS, timed at its arrival, less the time the last packet with such a sample of the caller was sent. A cut-off: the
bot speaks, or a turn closes, before the caller has finished. Times are milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ivr.call.record import percentile
from ivr.demo.bench_corpus import Line
from ivr.demo.follower import Event
from ivr.demo.house import DemoError, House
from ivr.demo.talker import Talker, Utterance

PATIENCE_S = 6.0
_CLOSINGS = frozenset({"turn.heard", "turn.rejected"})
_PARTS = ("endpoint_ms", "decode_ms", "understanding_ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One sentence and its answer. wire_ms: None when it was cut off or not answered. parts: where the time went."""

    kind: str
    wire_ms: int | None
    cut_off: bool
    parts: Mapping[str, int]


Said = tuple[Line, Utterance]


async def say(talker: Talker, line: Line) -> Said:
    """Say one line and wait for the answer."""
    return line, await talker.say(line.said, PATIENCE_S)


async def turns_of(house: House, talker: Talker, said: Sequence[Said]) -> list[Turn]:
    """The turns of a call, joined with its event log. Raises DemoError."""
    records = (await house.get("/api/calls?limit=200"))["calls"]
    call_id = next((r["call_id"] for r in records if r["sip_call_id"] == talker.sip_call_id), "")
    if not call_id:
        raise DemoError(f"caller {talker.number}: the call is not in the API")
    events: list[Event] = (await house.get(f"/api/calls/{call_id}"))["events"]
    ends = [utterance.began_ms for _, utterance in said[1:]] + [float("inf")]
    return [_turn(line, utterance, events, end) for (line, utterance), end in zip(said, ends, strict=True)]


def _turn(line: Line, said: Utterance, events: Sequence[Event], until_ms: float) -> Turn:
    mine = [event for event in events if said.began_ms <= event["at_ms"] < until_ms]
    closed_early = any(e["kind"] in _CLOSINGS and e["at_ms"] < said.ended_ms for e in mine)
    cut_off = said.early or closed_early
    parts: dict[str, int] = {}
    wire_ms = round(said.heard_ms - said.ended_ms) if said.heard_ms and not cut_off else None
    heard = next((e["data"] for e in mine if e["kind"] == "turn.heard"), None)
    answered = next((e["data"] for e in mine if e["kind"] == "turn.answered"), None)
    if wire_ms is not None and heard is not None and answered is not None:
        parts = {part: heard[part] for part in _PARTS}
        parts["answering_ms"] = answered["latency_ms"] - parts["endpoint_ms"] - parts["understanding_ms"]
        parts["inside_ms"] = answered["latency_ms"]
        parts["to_the_wire_ms"] = wire_ms - answered["latency_ms"]
    return Turn(kind=line.kind, wire_ms=wire_ms, cut_off=cut_off, parts=parts)


def figures(turns: Sequence[Turn]) -> dict[str, Any]:
    """p50_ms, p95_ms, max_ms, cut_offs, unanswered and n of turns. Times are of turns that were not cut off."""
    wire = [turn.wire_ms for turn in turns if turn.wire_ms is not None]
    return {
        "p50_ms": percentile(wire, 50) if wire else None,
        "p95_ms": percentile(wire, 95) if wire else None,
        "max_ms": max(wire, default=None),
        "cut_offs": sum(turn.cut_off for turn in turns),
        "unanswered": sum(turn.wire_ms is None and not turn.cut_off for turn in turns),
        "n": len(turns),
    }


def summary(turns: Sequence[Turn]) -> dict[str, Any]:
    """The figures over all turns, of each class, and the parts of the time (median and 95th percentile)."""
    kinds = dict.fromkeys(turn.kind for turn in turns)
    names = dict.fromkeys(part for turn in turns for part in turn.parts)
    parts = {name: [turn.parts[name] for turn in turns if name in turn.parts] for name in names}
    return {
        **figures(turns),
        "classes": {kind: figures([turn for turn in turns if turn.kind == kind]) for kind in kinds},
        "parts_p50": {name: percentile(values, 50) for name, values in parts.items()},
        "parts_p95": {name: percentile(values, 95) for name, values in parts.items()},
    }


def audio(talkers: Sequence[Talker]) -> dict[str, Any]:
    """What came back as audio: gaps of more than 60 ms, the longest, calls the bot dropped, and our own lateness."""
    late = sorted(ms for talker in talkers for ms in talker.late_ms)
    return {
        "gaps_over_60_ms": sum(len(talker.ear.gaps) for talker in talkers),
        "longest_gap_ms": round(max((t.ear.longest_gap_ms for t in talkers), default=0.0), 1),
        "dropped_calls": sum(talker.ended_by != "local" for talker in talkers),
        "packets": sum(talker.ear.packets for talker in talkers),
        "caller_late_p99_ms": round(late[int(len(late) * 0.99)], 1) if late else 0.0,
        "caller_late_max_ms": round(late[-1], 1) if late else 0.0,
    }
