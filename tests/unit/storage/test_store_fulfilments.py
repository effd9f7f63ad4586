"""What follows a yes: stored with it, told with it, and never left without somebody who owes it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from ivr.model.call import Callback
from ivr.model.errors import StorageError
from ivr.model.fulfilment import LEAD, LEADS_TO, ORDER, Following, Fulfilment, FulfilState
from ivr.model.offers import OfferAnswer
from ivr.model.webhooks import EventKind
from ivr.storage.store import Store
from tests.unit.storage.test_store_offers import AT, BY_KEY, SPOKEN

CALLBACK = Callback(
    callback_id="B1",
    call_id="01A",
    number="+4915112345678",
    customer_id="C1",
    reason="furniture cover",
    promised_at=AT,
    deadline="2026-11-21T14:00:00+00:00",
    opportunity_id="O1",
)
LED = Fulfilment(
    opportunity_id="O1",
    call_id="01A",
    customer_id="C1",
    household="H1",
    product="dacha_furniture",
    title="furniture cover",
    amount="3.90",
    currency="EUR",
    period="month",
    language="en",
    number="+4915112345678",
    fulfil=LEAD,
    state=FulfilState.LEAD,
    at=AT,
    callback_id="B1",
)
ORDERED = replace(LED, fulfil=ORDER, state=FulfilState.ORDERING, callback_id="", order_id="K7QX2M4N")
CONNECTING = replace(LED, fulfil="warm_transfer:sales", state=FulfilState.TRANSFERRING, callback_id="")


@pytest.fixture
async def told(url: str, clock) -> AsyncIterator[Store]:
    store = await Store.open(url, now=clock, subscribers={"crm": frozenset(EventKind)})
    yield store
    await store.close()


async def accept(store: Store, what: Fulfilment, callback: Callback | None = None) -> None:
    await store.save_opportunity(replace(SPOKEN, opportunity_id=what.opportunity_id), "01A", "C1", AT)
    following = Following(fulfilment=what, callback=callback)
    await store.save_answer(what.opportunity_id, OfferAnswer.ACCEPTED, AT, BY_KEY, following=following)


async def test_a_lead_is_stored_promised_and_told_with_the_yes(told: Store) -> None:
    await accept(told, LED, CALLBACK)
    assert await told.callbacks("due") == [CALLBACK]
    promised, accepted = await told.deliveries()  # the newest first
    assert (accepted.kind, promised.kind) == ("offer.accepted", "callback.promised")
    assert promised.data["opportunity_id"] == "O1"
    assert accepted.data["price"] == {"amount": "3.90", "currency": "EUR", "period": "month"}
    assert accepted.data["proof"]["text_version"] == BY_KEY.script_version
    assert (accepted.data["fulfil"], accepted.data["callback_id"]) == ("lead", "B1")
    (listed,) = await told.acceptances()
    assert (listed.fulfilment, listed.callback) == (LED, CALLBACK)
    assert (listed.method, listed.said, listed.read_back) == ("dtmf", "1", BY_KEY.read_back)
    await told.finish_callback("B1", "a17")
    (listed,) = await told.acceptances(since="2026-11-21")
    assert listed.callback is not None and listed.callback.state == "done"
    assert await told.acceptances(since="2026-11-22") == []


async def test_nothing_of_it_is_stored_when_a_part_cannot_be(told: Store) -> None:
    with pytest.raises(StorageError, match="what_is_promised_is_owed"):
        await accept(told, replace(LED, callback_id=""), CALLBACK)
    assert (await told.callbacks(), await told.acceptances(), await told.deliveries()) == ([], [], [])
    with pytest.raises(StorageError, match="what_is_promised_is_owed"):
        await accept(told, replace(ORDERED, opportunity_id="O2", order_id=""))


async def test_no_state_becomes_another_than_it_may(store: Store) -> None:
    for number, state in enumerate(FulfilState):
        named = {"opportunity_id": f"O{number}", "order_id": f"K{number}", "callback_id": "B0", "state": state}
        await accept(store, replace(LED, **named))
        for other in FulfilState:
            if other not in LEADS_TO.get(state, ()):
                assert not await store.settle_fulfilment(f"O{number}", other), (state, other)
        for after in LEADS_TO.get(state, ()):
            allowed = await store.settle_fulfilment(f"O{number}", after)
            assert allowed, (state, after)
            break


async def test_a_transfer_nobody_took_becomes_a_promise_once(told: Store) -> None:
    await accept(told, CONNECTING)
    assert await told.unsettled_fulfilments(call_id="01A") == [CONNECTING]
    assert await told.settle_fulfilment("O1", FulfilState.LEAD, CALLBACK)
    assert not await told.settle_fulfilment("O1", FulfilState.LEAD, replace(CALLBACK, callback_id="B2"))
    assert [each.callback_id for each in await told.callbacks()] == ["B1"]
    kinds = [each.kind for each in reversed(await told.deliveries())]
    assert kinds == ["offer.accepted", "callback.promised"]
    assert await told.unsettled_fulfilments(call_id="01A") == []


async def test_an_order_is_confirmed_or_cancelled_once_and_only_when_it_was_asked_for(store: Store) -> None:
    await accept(store, ORDERED)
    assert not await store.settle_order("K7QX2M4N", FulfilState.CONFIRMED, "crm"), "no message went out yet"
    assert await store.settle_fulfilment("O1", FulfilState.PENDING)
    assert not await store.settle_order("", FulfilState.CONFIRMED, "crm")
    assert await store.settle_order("K7QX2M4N", FulfilState.CONFIRMED, "crm")
    assert not await store.settle_order("K7QX2M4N", FulfilState.CANCELLED, "crm")
    (listed,) = await store.acceptances()
    assert listed.fulfilment is not None
    assert (listed.fulfilment.state, listed.fulfilment.changed_by) == (FulfilState.CONFIRMED, "crm")


async def test_an_acceptance_is_forgotten_with_what_followed_it_and_an_open_promise_stays(store: Store) -> None:
    await accept(store, LED, CALLBACK)
    await store.forget_offers([("O1", "01A")])
    assert await store.acceptances() == []
    assert await store.callbacks("due") == [CALLBACK]


async def test_a_yes_from_before_these_were_kept_is_listed_without(store: Store) -> None:
    await store.save_opportunity(SPOKEN, "01A", "C1", AT)
    await store.save_answer("O1", OfferAnswer.ACCEPTED, AT, BY_KEY)
    (listed,) = await store.acceptances()
    assert (listed.opportunity_id, listed.fulfilment, listed.callback) == ("O1", None, None)
