"""Calls that a crash of the control process left open: their logs get an end, their callers a promise.

Owns what such a call is owed; how it would have gone on is nobody's knowledge.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ivr.call.record import fold
from ivr.log import get_log
from ivr.model.call import Callback, CallRecord, LogEntry, Outcome
from ivr.model.ids import new_id
from ivr.routing.returning import OverflowOutcome
from ivr.storage.store import Store

REASON = "the call was cut off by a failure on our side"

_log = get_log("supervisor.broken_calls")


async def close_broken_calls(store: Store, callback_s: int) -> int:
    """Close every open record as lost, as of its last sign of life; promise a callback within callback_s seconds.

    Returns how many there were. Raises StorageError.
    """
    broken = await store.open_calls()
    for record in broken:
        entries = await store.events(record.call_id)
        if not entries:  # the crash came before the first entry was written
            lost = replace(record, ended_at=record.started_at, ended_by="failure", outcome=Outcome.LOST)
            await store.save_record(lost)
            continue
        last = entries[-1]
        for kind, data in await _endings(store, record, callback_s):
            last = LogEntry(call_id=last.call_id, seq=last.seq + 1, at=last.at, at_ms=last.at_ms, kind=kind, data=data)
            entries.append(last)
            store.append(last)
        await store.flush()
        await _tell_overflow(store, record)
        await store.save_record(fold(entries))
    if broken:
        _log.warning("calls.closed_as_lost", calls=len(broken))
    return len(broken)


async def _tell_overflow(store: Store, record: CallRecord) -> None:
    """A contact center that asks hears what became of the caller it sent."""
    stands = await store.overflow_of_call(record.call_id) if record.overflow_from else None
    if stands is not None and stands.outcome == "open":
        outcome = (OverflowOutcome.CALLBACK if record.ani else OverflowOutcome.ABANDONED).value
        data = {"token": stands.token, "outcome": outcome, "queue": stands.queue, "sip_call_id": stands.sip_call_id}
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        await store.save_overflow(replace(stands, outcome=outcome, at=at, data=data))


async def _endings(store: Store, record: CallRecord, callback_s: int) -> list[tuple[str, dict[str, str]]]:
    """What the log still has to say: kind and data."""
    said: list[tuple[str, dict[str, str]]] = [("trouble", {"where": "service", "what": "the bot's process died"})]
    if record.ani:
        now = datetime.now(UTC)
        callback = Callback(
            callback_id=new_id(),
            call_id=record.call_id,
            number=record.ani,
            customer_id=record.customer_id,
            reason=REASON,
            promised_at=now.isoformat(timespec="seconds"),
            deadline=(now + timedelta(seconds=callback_s)).isoformat(timespec="seconds"),
        )
        await store.promise(callback)
        said.append(("callback.promised", {"callback": callback.callback_id, "deadline": callback.deadline}))
    end = {"by": "failure", "outcome": Outcome.LOST.value, "disposition": "the bot's process died"}
    return [*said, ("call.ended", end)]
