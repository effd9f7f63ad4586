"""Handoff contexts and callbacks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr.model.call import Callback, OverflowResult
from ivr.model.errors import StorageError
from ivr.storage.store import Store

LATER = Callback(
    callback_id="B1",
    call_id="01A",
    number="+4915112345678",
    customer_id="C1",
    reason="claim",
    promised_at="2026-11-21T10:00:00.000Z",
    deadline="2026-11-21T16:00:00.000Z",
)


async def test_a_context_is_found_by_its_token_until_it_expires(store: Store, clock) -> None:
    packet = {"v": 1, "need": {"in_caller_words": "хочу поменять адрес"}}
    await store.save_context("T1", "01A", packet, "2026-11-21T14:00:00+00:00")
    assert await store.context("T1") == packet
    assert await store.context("T2") is None
    clock.wind(4 * 3600)
    assert await store.context("T1") is None
    assert await store.forget_expired_contexts() == 1


async def test_a_newer_context_replaces_the_one_of_its_token(store: Store) -> None:
    await store.save_context("T1", "01A", {"v": 1}, "2026-11-21T14:00:00Z")
    await store.save_context("T1", "01A", {"v": 2}, "2026-11-21T14:00:00Z")
    assert await store.context("T1") == {"v": 2}


async def test_promises_are_listed_by_urgency_and_finished_once(store: Store) -> None:
    sooner = replace(LATER, callback_id="B2", deadline="2026-11-21T12:00:00.000Z")
    await store.promise(LATER)
    await store.promise(sooner)
    assert await store.callbacks("due") == [sooner, LATER]
    assert await store.finish_callback("B2", "a17", "done")
    assert not await store.finish_callback("B2", "a18", "failed")
    assert await store.callbacks("due") == [LATER]
    [kept] = await store.callbacks("done")
    assert kept == replace(sooner, state="done", done_by="a17", done_at=kept.done_at)
    assert kept.promised_at <= kept.done_at <= kept.deadline, "kept, and in time"
    assert len(await store.callbacks()) == 2


async def test_a_promise_cannot_end_in_an_unknown_state(store: Store) -> None:
    await store.promise(LATER)
    with pytest.raises(StorageError, match="known_state"):
        await store.finish_callback("B1", "a17", "forgotten")
    with pytest.raises(StorageError):
        await store.promise(LATER)


async def test_one_person_at_a_time_is_about_to_call_and_a_forgotten_claim_is_free_again(store: Store, clock) -> None:
    await store.promise(LATER)
    assert await store.claim_callback("B1", "a17")
    assert await store.claim_callback("B1", "a17")  # once more is no fault
    assert not await store.claim_callback("B1", "a18")
    assert (await store.callbacks("due"))[0].claimed_by == "a17"
    assert not await store.release_callback("B1", "a18")
    assert await store.release_callback("B1", "a17")
    assert await store.claim_callback("B1", "a18")
    clock.wind(31 * 60)
    assert await store.claim_callback("B1", "a17")
    assert await store.finish_callback("B1", "a17")
    assert not await store.claim_callback("B1", "a17")


async def test_promises_of_a_full_queue_are_listed_by_the_places_their_callers_had(store: Store) -> None:
    placed = [
        ("B1", "2026-11-21T09:59:00.000Z", 0),
        ("B2", "2026-11-21T09:50:00.000Z", 0),
        ("B3", "2026-11-21T09:59:30.000Z", 5),
    ]
    for callback_id, arrived_at, priority in placed:
        place = replace(LATER, callback_id=callback_id, queue="billing", arrived_at=arrived_at, priority=priority)
        await store.promise(place)
    await store.promise(replace(LATER, callback_id="B4"))
    assert [c.callback_id for c in await store.callbacks("due", queue="billing")] == ["B3", "B2", "B1"]
    assert len(await store.callbacks("due")) == 4


async def test_how_an_overflowed_call_stands_is_found_by_token_and_by_call_id(store: Store) -> None:
    first = OverflowResult(
        token="T1", call_id="01A", sip_call_id="x@y", queue="billing", outcome="open", at="2026-11-21T10:00:00Z"
    )
    await store.save_overflow(first)
    assert await store.overflow("T1") == first
    ended = replace(first, outcome="returned", at="2026-11-21T10:01:00Z", data={"bot_s": 60})
    await store.save_overflow(ended)
    assert await store.overflow_of("x@y") == ended
    assert await store.overflows() == [ended]
    assert await store.overflow("T2") is None
    assert await store.overflow_of("") is None
