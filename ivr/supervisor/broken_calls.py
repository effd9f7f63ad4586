"""Calls that a crash of a control process left open: their logs get an end, their callers a promise.

Owns what such a call is owed, and which are looked after here: this cell's own, and those of cells that share the
database and are silent. How such a call would have gone on is nobody's knowledge.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ivr.call.following import lead_of
from ivr.call.record import fold
from ivr.log import get_log
from ivr.model.call import Callback, CallRecord, LogEntry, Outcome
from ivr.model.errors import StorageError
from ivr.model.fulfilment import Fulfilment, FulfilState
from ivr.model.ids import new_id
from ivr.routing.returning import OverflowOutcome
from ivr.storage.store import Store

REASON = "the call was cut off by a failure on our side"
LOOK_S = 60.0
"""Between two signs of life of this cell."""
LONG_OVER_S = 5 * 3600.0
"""After that no call of a yes goes on: calls end within four hours ([limits] max_call_s)."""

_log = get_log("supervisor.broken_calls")


class BrokenCalls:
    """What this cell does about them. callback_s: within how many seconds their callers are promised a call."""

    def __init__(self, store: Store, callback_s: int) -> None:
        self._store, self._callback_s = store, callback_s

    async def close_own(self) -> int:
        """Before calls are taken: what this cell left open was lost with its process. How many. Raises StorageError."""
        await self._store.alive()
        return await self._close(await self._store.open_calls())

    async def look_after_others(self) -> None:
        """Tell that this cell lives, and close what cells that are silent left open, for ever."""
        while True:
            try:
                await self.look()
            except StorageError as error:
                _log.error("calls.not_looked_after", error=str(error))
            await asyncio.sleep(LOOK_S)

    async def look(self) -> int:
        """One look. How many calls of others were closed. Raises StorageError."""
        await self._store.alive()
        for each in await self._store.unsettled_fulfilments(before=_ago(LONG_OVER_S)):
            await _lead(self._store, each, self._callback_s)
        return await self._close(await self._store.take_over_calls())

    async def _close(self, broken: Sequence[CallRecord]) -> int:
        """Close them as lost, as of their last sign of life."""
        for record in broken:
            await _close(self._store, record, self._callback_s)
        if broken:
            _log.warning("calls.closed_as_lost", calls=len(broken))
        return len(broken)


async def _close(store: Store, record: CallRecord, callback_s: int) -> None:
    entries = await store.events(record.call_id)
    if not entries:  # the crash came before the first entry was written
        lost = replace(record, ended_at=record.started_at, ended_by="failure", outcome=Outcome.LOST)
        await store.save_record(lost)
        return
    last = entries[-1]
    for kind, data in await _endings(store, record, callback_s) if last.kind != "call.ended" else ():
        last = LogEntry(call_id=last.call_id, seq=last.seq + 1, at=last.at, at_ms=last.at_ms, kind=kind, data=data)
        entries.append(last)
        store.append(last)
    await store.flush()
    await _tell_overflow(store, record)
    await store.save_record(fold(entries))


async def _tell_overflow(store: Store, record: CallRecord) -> None:
    """A contact center that asks hears what became of the caller it sent."""
    stands = await store.overflow_of_call(record.call_id) if record.overflow_from else None
    if stands is not None and stands.outcome == "open":
        outcome = (OverflowOutcome.CALLBACK if record.ani else OverflowOutcome.ABANDONED).value
        data = {"token": stands.token, "outcome": outcome, "queue": stands.queue, "sip_call_id": stands.sip_call_id}
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        await store.save_overflow(replace(stands, outcome=outcome, at=at, data=data))


async def _lead(store: Store, left: Fulfilment, callback_s: int) -> list[tuple[str, dict[str, str]]]:
    """A yes nobody sees to any more: a colleague calls. What the log says of it."""
    callback = lead_of(left, callback_s)
    if not await store.settle_fulfilment(left.opportunity_id, FulfilState.LEAD, callback):
        return []
    return [("callback.promised", {"callback": callback.callback_id, "deadline": callback.deadline})]


def _ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()


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
    for each in await store.unsettled_fulfilments(call_id=record.call_id):
        said += await _lead(store, each, callback_s)
    end = {"by": "failure", "outcome": Outcome.LOST.value, "disposition": "the bot's process died"}
    return [*said, ("call.ended", end)]
