"""Calls as the effect report wants them, read from the store: records, what of their logs the report needs, and what
agents noted afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ivr.config import Settings
from ivr.model.accounts import WrapUp
from ivr.model.call import CallRecord, LogEntry
from ivr.model.errors import StorageError
from ivr.model.working_hours import WorkingHours, working_hours
from ivr.offers.effects.handled import Handled
from ivr.storage.store import Store

PAGE = 500
KINDS = ("call.greeted", "handling.drawn", "handoff.bridged", "handoff.moved", "handoff.passed_on", "identity.level")
"""Entries of a call's log the report reads besides the record."""
GREETING_MS = 2000
"""Whoever is recognised within so long of the greeting's first sound is greeted so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How calls are read. moved_on: an agent's codes that say the call had to be passed on."""

    hours: WorkingHours
    moved_on: frozenset[str]


def reading_of(settings: Settings) -> Reading:
    """By [effects]."""
    stated = settings.effects
    return Reading(hours=working_hours(stated.working_hours, stated.time_zone), moved_on=frozenset(stated.moved_on))


async def handled_calls(store: Store, reading: Reading, since_ms: float) -> AsyncIterator[Handled]:
    """Answered calls that have ended and began since a moment, newest first."""
    async for page in pages(store, since_ms):
        answered = [record for record in page if record.answered_at]
        ids = [record.call_id for record in answered]
        logs: dict[str, list[LogEntry]] = {call_id: [] for call_id in ids}
        for entry in await store.entries(ids, KINDS):
            logs[entry.call_id].append(entry)
        notes = await notes_of(store, ids)
        for record in answered:
            yield readable(record, logs[record.call_id], notes.get(record.call_id, ()), reading)


async def notes_of(store: Store, call_ids: Sequence[str]) -> dict[str, list[WrapUp]]:
    """What agents noted of these calls."""
    found: dict[str, list[WrapUp]] = {}
    for each in await store.wrap_ups(call_ids):
        found.setdefault(each.call_id, []).append(each)
    return found


async def pages(store: Store, since_ms: float) -> AsyncIterator[list[CallRecord]]:
    """Calls that ended, newest first, back to a moment."""
    before: str | None = None
    while page := await store.calls(PAGE, before=before):
        yield [r for r in page if r.ended_at and _began_ms(r) >= since_ms]
        if _began_ms(page[-1]) < since_ms:
            return
        before = page[-1].call_id


def _began_ms(record: CallRecord) -> float:
    try:
        return seconds(record.started_at) * 1000
    except ValueError as error:
        raise StorageError(f"call {record.call_id} cannot be read: {error}") from error


def readable(record: CallRecord, entries: Iterable[LogEntry], notes: Sequence[WrapUp], reading: Reading) -> Handled:
    """The same as handled; raises StorageError naming a call that cannot be read."""
    try:
        return handled(record, entries, notes, reading)
    except (ValueError, TypeError, KeyError) as error:
        raise StorageError(f"call {record.call_id} cannot be read: {error}") from error


def handled(record: CallRecord, entries: Iterable[LogEntry], notes: Sequence[WrapUp], reading: Reading) -> Handled:
    """The call, from its record, entries of KINDS (others do no harm) and what agents noted of it."""
    first: dict[str, LogEntry] = {}
    for entry in entries:
        if entry.kind != "identity.level" or entry.data["level"] not in ("", "L0"):
            first.setdefault(entry.kind, entry)
    answered, ended = seconds(record.answered_at), seconds(record.ended_at)
    ended = max(ended, answered)
    bridged = first.get("handoff.bridged")
    heard_ms = bridged.data.get("heard_before_ms", 0) if bridged is not None else 0
    to_human = seconds(bridged.at) - heard_ms / 1000 if bridged is not None else ended
    level, greeted = first.get("identity.level"), first.get("call.greeted")
    in_time = level is not None and greeted is not None and level.at_ms <= greeted.at_ms + GREETING_MS
    drawn = first["handling.drawn"].data if "handling.drawn" in first else {}
    codes = {note.code for note in notes if note.code}
    passed_on = "handoff.passed_on" in first or bool(codes & reading.moved_on)
    started_ms = round(seconds(record.started_at) * 1000)
    return Handled(
        call_id=record.call_id,
        household=record.household or record.customer_id,
        at_ms=started_ms,
        bot_s=round(to_human - answered, 3),
        requests=tuple((r["intent"], r["result"]) for r in record.requests),
        outcome=record.outcome.value,
        agent=record.agent,
        level=record.level,
        answer_ms=int(record.timings.get("answer_ms", 0)),
        agent_s=None if "handoff.moved" in first else round(ended - to_human, 3),
        greeted=in_time,
        open=reading.hours.open_at(started_ms),
        arm=str(drawn.get("arm", "")),
        unit=str(drawn.get("unit", "")),
        held=float(drawn.get("held", 0.0)),
        moved_on=passed_on if codes or passed_on else None,
        asked_again=any(note.asked_again for note in notes) if notes else None,
    )


def seconds(moment: str) -> float:
    """Unix seconds of a moment as stored; 0 for none."""
    return datetime.fromisoformat(moment).timestamp() if moment else 0.0
