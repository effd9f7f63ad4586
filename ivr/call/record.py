"""The record of a call: a fold over its journal. Pure; the same fold rebuilds records from stored entries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ivr.model.call import CallRecord, LogEntry, Outcome


def fold(entries: Iterable[LogEntry]) -> CallRecord:
    """The record these entries amount to. The first must be call.arrived. Raises ValueError when it is not."""
    rows = iter(entries)
    first = next(rows, None)
    if first is None or first.kind != "call.arrived":
        raise ValueError("a call's journal begins with call.arrived")
    record = _arrived(first)
    latencies: list[int] = []
    for entry in rows:
        if entry.kind == "turn.answered":
            latencies.append(int(entry.data["latency_ms"]))
        step = _FOLDS.get(entry.kind)
        if step is not None:
            record = replace(record, **step(record, entry))
    if latencies:
        timings = {"turn_p50_ms": percentile(latencies, 50), "turn_p95_ms": percentile(latencies, 95)}
        record = replace(record, timings={**record.timings, **timings})
    return record


def percentile(values: list[int], percent: int) -> int:
    """The nearest-rank percentile of values, which must not be empty."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def _arrived(entry: LogEntry) -> CallRecord:
    data = entry.data
    return CallRecord(
        call_id=entry.call_id,
        sip_call_id=data["sip_call_id"],
        ani=data["ani"],
        dnis=data["dnis"],
        assistant=data["assistant"],
        language=data["language"],
        started_at=entry.at,
    )


def _answered(record: CallRecord, entry: LogEntry) -> dict[str, Any]:
    return {"answered_at": entry.at, "timings": {**record.timings, "answer_ms": entry.data["answer_ms"]}}


def _greeted(record: CallRecord, entry: LogEntry) -> dict[str, Any]:
    return {"timings": {**record.timings, "greeting_ms": entry.data["greeting_ms"]}}


def _level(_record: CallRecord, entry: LogEntry) -> dict[str, Any]:
    data = entry.data
    return {"level": data["level"], "customer_id": data["customer_id"], "household": data["household"]}


def _request(record: CallRecord, entry: LogEntry) -> dict[str, Any]:
    """dialog.request carries {intent, result}; a later result of the same request replaces it until it is settled."""
    request = {"intent": str(entry.data["intent"]), "result": str(entry.data["result"])}
    kept = list(record.requests)
    for at in range(len(kept) - 1, -1, -1):
        if kept[at]["intent"] == request["intent"]:
            if kept[at]["result"] == "open" or (kept[at]["result"] == "informed" and request["result"] != "open"):
                kept[at] = request
                return {"requests": tuple(kept)}
            break
    return {"requests": (*kept, request)}


def _heard(record: CallRecord, _entry: LogEntry) -> dict[str, Any]:
    return {"turns": record.turns + 1}


def _barged(record: CallRecord, _entry: LogEntry) -> dict[str, Any]:
    return {"barge_ins": record.barge_ins + 1}


def _bridged(_record: CallRecord, entry: LogEntry) -> dict[str, Any]:
    return {"agent": entry.data["agent"]}


def _language(_record: CallRecord, entry: LogEntry) -> dict[str, Any]:
    return {"language": entry.data["language"]}


def _recording(_record: CallRecord, entry: LogEntry) -> dict[str, Any]:
    return {"recording": entry.data["path"]}


def _overflowed(_record: CallRecord, entry: LogEntry) -> dict[str, Any]:
    return {"overflow_from": entry.data["queue"]}


def _ended(_record: CallRecord, entry: LogEntry) -> dict[str, Any]:
    data: Mapping[str, Any] = entry.data
    return {
        "ended_at": entry.at,
        "ended_by": data["by"],
        "outcome": Outcome(data["outcome"]),
        "disposition": data["disposition"],
    }


_FOLDS = {
    "call.answered": _answered,
    "call.greeted": _greeted,
    "overflow.arrived": _overflowed,
    "identity.level": _level,
    "dialog.request": _request,
    "dialog.language": _language,
    "turn.heard": _heard,
    "turn.keys": _heard,
    "turn.barged_in": _barged,
    "handoff.bridged": _bridged,
    "recording.started": _recording,
    "call.ended": _ended,
}
