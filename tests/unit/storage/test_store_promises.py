"""Handoff contexts and callbacks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr.model.call import Callback
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
    assert await store.callbacks("done") == [replace(sooner, state="done", done_by="a17")]
    assert len(await store.callbacks()) == 2


async def test_a_promise_cannot_end_in_an_unknown_state(store: Store) -> None:
    await store.promise(LATER)
    with pytest.raises(StorageError, match="known_state"):
        await store.finish_callback("B1", "a17", "forgotten")
    with pytest.raises(StorageError):
        await store.promise(LATER)
