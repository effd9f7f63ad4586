"""The outbox: told with what is stored, in order, by lease, until it is old."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ivr.model.call import Callback, CallRecord, LogEntry, Outcome, OverflowResult
from ivr.model.errors import StorageError
from ivr.model.webhooks import DeliveryState, EventKind, WebhookEvent
from ivr.storage.store import Store

CRM, DESKTOP = "crm", "desktop"
LEASE_MS = 8000
RECORD = CallRecord(
    call_id="01A",
    sip_call_id="a@b",
    ani="+1",
    dnis="2",
    assistant="x",
    language="en",
    started_at="2026-11-21T10:00:00Z",
)
PROMISE = Callback(
    callback_id="B1",
    call_id="01A",
    number="+4915112345678",
    customer_id="C1",
    reason="claim",
    promised_at="2026-11-21T10:00:00.000Z",
    deadline="2026-11-21T16:00:00.000Z",
)


@pytest.fixture
async def told(url: str, clock) -> AsyncIterator[Store]:
    subscribers = {CRM: frozenset(EventKind), DESKTOP: frozenset({EventKind.CONTEXT})}
    store = await Store.open(url, now=clock, subscribers=subscribers)
    yield store
    await store.close()


def entry(seq: int, kind: str, **data: object) -> LogEntry:
    return LogEntry(call_id="01A", seq=seq, at="2026-11-21T10:00:00Z", at_ms=seq, kind=kind, data=data)


async def drained(store: Store, endpoint: str = CRM) -> list[tuple[str, str]]:
    """Kind and id of everything there is to deliver, taken one after the other."""
    found = []
    while claimed := await store.claim_deliveries(endpoint, 1, LEASE_MS):
        found.append((claimed[0].kind, claimed[0].event_id))
        await store.delivered(claimed[0])
    return found


async def test_what_is_stored_is_told_in_its_order_to_whoever_subscribed(told: Store) -> None:
    rings: list[int] = []
    told.on_told(lambda: rings.append(1))
    await told.save_record(RECORD)  # it goes on: nothing to tell
    assert rings == []
    await told.save_context("T1", "01A", {"v": 1}, "2026-11-21T14:00:00Z")
    told.append(entry(1, "handoff.chosen", agent="a1"))
    told.append(entry(2, "handoff.bridged", agent="a1", method="bridge"))
    await told.flush()
    await told.promise(PROMISE)
    await told.save_overflow(
        OverflowResult(token="T9", call_id="01A", sip_call_id="", queue="q", outcome="open", at=PROMISE.promised_at)
    )
    await told.save_overflow(
        OverflowResult(
            token="T9",
            call_id="01A",
            sip_call_id="",
            queue="q",
            outcome="returned",
            at=PROMISE.promised_at,
            data={"token": "T9", "outcome": "returned"},
        )
    )
    ended = RECORD.__class__(
        **{
            **{n: getattr(RECORD, n) for n in RECORD.__slots__},
            "ended_at": "2026-11-21T10:01:00Z",
            "outcome": Outcome.TRANSFERRED,
        }
    )
    await told.save_record(ended)
    await told.save_record(ended)  # stored again, told once
    assert await told.finish_callback("B1", "a1")
    assert not await told.finish_callback("B1", "a2")
    assert await drained(told) == [
        ("handoff.context", "T1"),
        ("transfer.ended", "01A-2"),
        ("callback.promised", "B1-promised"),
        ("overflow.result", "T9-returned"),
        ("call.ended", "01A-ended"),
        ("callback.ended", "B1-ended"),
    ]
    assert await drained(told, DESKTOP) == [("handoff.context", "T1")]
    assert len(rings) >= 6


async def test_what_could_not_be_stored_is_not_told(told: Store) -> None:
    await told.promise(PROMISE)
    await drained(told)
    with pytest.raises(StorageError):
        await told.promise(PROMISE)
    told.append(entry(1, "handoff.ended", result="no_agent"))
    told.append(entry(1, "handoff.ended", result="busy"))  # the same place in the log: refused
    await told.flush()
    assert await drained(told) == [("transfer.ended", "01A-1")]


async def test_an_event_waits_for_the_earlier_ones_of_its_call_only(told: Store, clock) -> None:
    events = [
        WebhookEvent(event_id=name, kind=EventKind.TEST, at="2026-11-21T10:00:00Z", call_id=call)
        for name, call in (("e1", "A"), ("e2", "A"), ("e3", "B"), ("e4", ""), ("e5", ""))
    ]
    await told.tell(*events)
    claimed = await told.claim_deliveries(CRM, 9, LEASE_MS)
    assert [each.event_id for each in claimed] == ["e1", "e3", "e4", "e5"]
    assert await told.claim_deliveries(CRM, 9, LEASE_MS) == []  # under way, until the lease is over
    await told.not_delivered(claimed[0], "HTTP 500", 30_000)
    await told.delivered(claimed[1])
    clock.wind(29)
    assert [each.event_id for each in await told.claim_deliveries(CRM, 9, LEASE_MS)] == ["e4", "e5"]  # lost in mid-try
    clock.wind(2)
    again = await told.claim_deliveries(CRM, 1, LEASE_MS)
    assert [(each.event_id, each.failures, each.trouble) for each in again] == [("e1", 1, "HTTP 500")]
    await told.not_delivered(again[0], "TimeoutError", None)
    assert [each.event_id for each in await told.claim_deliveries(CRM, 1, LEASE_MS)] == ["e2"]  # e1 is given up
    dead = await told.deliveries(DeliveryState.DEAD)
    assert [(each.event_id, each.failures) for each in dead] == [("e1", 2)]
    assert await told.retry_deliveries(endpoint=CRM, event_id="e1") == 1
    assert [each.event_id for each in await told.claim_deliveries(CRM, 1, LEASE_MS)] == ["e1"]


async def test_another_process_delivers_what_its_writer_did_not(told: Store, url: str, clock) -> None:
    await told.save_context("T1", "01A", {"v": 1}, "2026-11-21T14:00:00Z")
    other = await Store.open(url, now=clock)
    try:
        assert await other.claim_deliveries(CRM, 9, LEASE_MS) == []
        clock.wind(6)
        assert [each.event_id for each in await other.claim_deliveries(CRM, 9, LEASE_MS)] == ["T1"]
        assert await told.claim_deliveries(CRM, 9, LEASE_MS) == []  # never both
    finally:
        await other.close()


async def test_nothing_is_kept_longer_than_needed(told: Store, clock) -> None:
    await told.save_context("T1", "01A", {"v": 1}, "2026-11-21T14:00:00Z")
    first = (await told.claim_deliveries(CRM, 1, LEASE_MS))[0]
    assert first.data["packet"] == {"v": 1}
    await told.delivered(first)
    assert (await told.deliveries(DeliveryState.DELIVERED))[0].data == {}
    await told.promise(PROMISE)
    clock.wind(4 * 3600)
    assert await told.forget_old_deliveries() == 2  # the context is past its time for both, also where it still waits
    assert await told.delivery_counts() == {(CRM, DeliveryState.WAITING): 1}
    clock.wind(7 * 86_400)
    assert await told.forget_old_deliveries() == 1


async def test_a_context_is_found_by_its_code_unless_two_have_it(told: Store, clock) -> None:
    until = "2026-11-21T14:00:00Z"
    await told.save_context("T1", "01A", {"v": 1}, until, code="12345674")
    assert await told.context_by_code("12345674") == ("T1", {"v": 1})
    await told.save_context("T2", "01B", {"v": 2}, until, code="12345674")
    assert await told.context_by_code("12345674") is None
    await told.save_context("T3", "01C", {"v": 3}, until)
    assert await told.context_by_code("") is None
    await told.save_context("T4", "01D", {"v": 4}, until, code="76543210")
    clock.wind(4 * 3600)
    assert await told.context_by_code("76543210") is None
