"""Whoever accepts is owed something by somebody, whatever goes wrong afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ivr.call.following import FollowUp
from ivr.call.journal import Journal
from ivr.call.offering import Offering
from ivr.config import Settings
from ivr.dialog.assistant import load_assistant
from ivr.dialog.session import Session
from ivr.metrics import Metrics
from ivr.model.dialog import RecordOfferAnswer
from ivr.model.errors import ServiceError
from ivr.model.fulfilment import LEAD, ORDER, Acceptance, FulfilState
from ivr.model.identity import Caller, Level, TextMessage
from ivr.model.offers import OfferAnswer, OfferDecision
from ivr.offers.catalogue import load_catalogue
from ivr.offers.desk import OfferDesk
from ivr.storage.store import Store
from tests.unit.offers.cases import DACHA_OWNER, OFFERS, OPEN_GATE
from tests.unit.offers.test_fulfilment import catalogue as catalogue_file

TRANSFER = "warm_transfer:service"
MOBILE = "+491701234567"
SHIPPED = load_assistant(OFFERS.parent)
CALLER = Session(language="en", level=Level.L1, customer=DACHA_OWNER, caller=Caller(ani="+4930123456", dnis="1"))


class Gateway:
    """Takes messages, or none."""

    def __init__(self) -> None:
        self.taken: list[TextMessage] = []
        self.broken = False

    async def send(self, message: TextMessage) -> None:
        if self.broken:
            raise ServiceError("HTTP 503")
        self.taken.append(message)


class OneCall:
    """A call at the moment of its yes, in a real store. fulfil: of the product; queues: those there are."""

    def __init__(self, store: Store, folder: Path, fulfil: str, *, mobile: str = MOBILE, queues: bool = True) -> None:
        words: dict[str, Any] = {} if fulfil == ORDER else {"sms": {}}
        path = OFFERS if fulfil == LEAD else catalogue_file(folder, fulfil, **words)
        desk = OfferDesk(load_catalogue(path).listening_for(negative={}, vulnerable={}), "s", 0.0)
        self.store, self.gateway = store, Gateway()
        self.journal = Journal("now", ())
        plan = SimpleNamespace(queues={"service": None} if queues else {})
        self.house: Any = SimpleNamespace(offers=desk, store=store, metrics=Metrics(), routing=plan)
        self.house.identity, self.house.assistant, self.house.settings = self.gateway, SHIPPED, Settings()
        self.house.learn = lambda: None
        self.follow_up = FollowUp("now", self.house, self.journal, lambda: CALLER, lambda: mobile)
        self.offering = Offering("now", self.house, self.journal, self.follow_up)

    async def accepts(self) -> OfferDecision:
        desk: OfferDesk = self.house.offers
        made = desk.decide(replace(OPEN_GATE, now=datetime.now(UTC)), opportunity_id="O1", draw=_First())
        decision = self.follow_up.possible(made)
        assert decision.product == "dacha_furniture" and decision.script is not None
        await self.store.save_opportunity(decision, "now", "C1001", datetime.now(UTC).isoformat())
        words = decision.script.confirm
        said = RecordOfferAnswer(
            decision=decision, answer=OfferAnswer.ACCEPTED, read_back=words, method="dtmf", digits="1"
        )
        await self.offering.answered(said, "")
        return decision

    async def stands(self) -> Acceptance:
        (found,) = await self.store.acceptances()
        return found

    def noted(self, kind: str) -> list[dict[str, Any]]:
        return [dict(entry.data) for entry in self.journal.entries if entry.kind == kind]


class _First:
    """Draws the likeliest product: the first."""

    def choices(self, population: Any, weights: Any = None, k: int = 1) -> Any:
        return [max(zip(weights, population, strict=True))[1]] * k

    def random(self) -> float:
        return 0.0


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    opened = await Store.open(database_url)
    yield opened
    await opened.close()


async def state(call: OneCall) -> tuple[FulfilState, int]:
    """How it stands, and how many calls are owed."""
    found = (await call.stands()).fulfilment
    assert found is not None
    return found.state, len(await call.store.callbacks("due"))


async def test_a_lead_is_a_promise_with_the_product_the_deadline_and_the_customer(store: Store, tmp_path: Path) -> None:
    call = OneCall(store, tmp_path, LEAD)
    await call.accepts()
    found = (await call.stands()).fulfilment
    (owed,) = await store.callbacks("due")
    assert (owed.reason, owed.customer_id, owed.number) == ("furniture cover", "C1001", "+4930123456")
    assert (owed.opportunity_id, owed.language, found.callback_id if found else "") == ("O1", "en", owed.callback_id)
    left = datetime.fromisoformat(owed.deadline) - datetime.now(UTC)
    assert timedelta(hours=3.9) < left <= timedelta(hours=4), "as the assistant's flows promise"
    assert call.follow_up.promised
    assert call.noted("callback.promised") == [{"callback": owed.callback_id, "deadline": owed.deadline}]


async def test_an_order_waits_for_its_confirmation_and_the_message_names_it(store: Store, tmp_path: Path) -> None:
    call = OneCall(store, tmp_path, ORDER)
    await call.accepts()
    assert await state(call) == (FulfilState.PENDING, 0)
    found = (await call.stands()).fulfilment
    (message,) = call.gateway.taken
    assert found is not None
    assert (message.kind, message.number, message.code) == ("order", MOBILE, found.order_id)
    assert f"confirm order {found.order_id}" in message.text and "three euros ninety" in message.text
    assert (found.number, found.amount) == (MOBILE, "3.90")


async def test_an_order_whose_message_nobody_takes_becomes_a_call(store: Store, tmp_path: Path) -> None:
    call = OneCall(store, tmp_path, ORDER)
    call.gateway.broken = True
    await call.accepts()
    assert await state(call) == (FulfilState.LEAD, 1)
    assert call.follow_up.promised


@pytest.mark.parametrize(("fulfil", "told"), [(ORDER, {"mobile": ""}), (TRANSFER, {"queues": False})])
async def test_what_cannot_follow_is_not_said_and_a_colleague_calls(
    store: Store, tmp_path: Path, fulfil: str, told: dict[str, Any]
) -> None:
    call = OneCall(store, tmp_path, fulfil, **told)
    decision = await call.accepts()
    assert decision.script is not None and decision.script.accepted == "A colleague will call you within four hours."
    assert decision.fulfil == LEAD
    assert await state(call) == (FulfilState.LEAD, 1)
    assert call.gateway.taken == []


@pytest.mark.parametrize(
    ("settled", "ended", "becomes"),
    [
        ((True,), True, (FulfilState.TRANSFERRED, 0)),
        ((False,), False, (FulfilState.LEAD, 1)),
        ((True, False), False, (FulfilState.LEAD, 1)),  # the queue that took the caller hung up at once
        ((), False, (FulfilState.LEAD, 1)),  # the caller hung up while waiting
        ((), True, (FulfilState.TRANSFERRED, 0)),  # moved away before it was told
    ],
)
async def test_a_transfer_ends_with_somebody_or_with_one_promise(
    store: Store, tmp_path: Path, settled: tuple[bool, ...], ended: bool, becomes: tuple[FulfilState, int]
) -> None:
    call = OneCall(store, tmp_path, TRANSFER)
    await call.accepts()
    assert await state(call) == (FulfilState.TRANSFERRING, 0)
    for taken in settled:
        await call.follow_up.settle(taken=taken)
    await call.follow_up.ended(with_human=ended)
    await call.follow_up.ended(with_human=ended)
    assert await state(call) == becomes
