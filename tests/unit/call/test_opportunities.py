"""Two calls of one household at the same moment, in two processes: one hears an offer."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from ivr.call.opportunities import Opportunities
from ivr.model.errors import StorageError
from ivr.model.offers import OfferDecision
from ivr.offers.desk import OfferDesk
from ivr.storage.store import Store
from tests.unit.call.test_offering import CATALOGUE
from tests.unit.offers.cases import DACHA_OWNER, OPEN_GATE

HOUSEHOLDS = 20


async def test_of_two_decisions_on_a_household_at_the_same_time_one_holds(database_url: str) -> None:
    stores = [await Store.open(database_url) for _ in range(2)]
    desk = OfferDesk(CATALOGUE, "s", 0.0)
    here, there = (Opportunities(desk, store) for store in stores)

    async def decided(made: Opportunities, name: str, number: int) -> OfferDecision | StorageError:
        facts = replace(OPEN_GATE, customer=replace(DACHA_OWNER, customer_id=f"C{number}", household=f"H{number}"))
        try:
            return await made.decide(facts, opportunity_id=f"{name}{number}", call_id=f"{name}{number}")
        except StorageError as error:
            return error

    try:
        for number in range(HOUSEHOLDS):
            both = await asyncio.gather(decided(here, "a", number), decided(there, "b", number))
            made = [each for each in both if isinstance(each, OfferDecision) and each.arm != "none"]
            assert len(made) == 1, both
            later = await decided(here, "later", number)
            assert isinstance(later, OfferDecision), "nothing stands in the way of the next call"
            assert not later.product, "it was offered something just now"
    finally:
        for store in stores:
            await store.close()
