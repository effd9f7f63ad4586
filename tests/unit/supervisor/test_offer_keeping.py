"""Keeping the offers of a running center: what takes long is done in another process, learning follows an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ivr.call.opportunities import Opportunities
from ivr.config import ServerSettings, Settings, StorageSettings
from ivr.model.errors import StorageError
from ivr.model.offers import OfferAnswer, Suspension
from ivr.offers.catalogue import load_catalogue
from ivr.offers.desk import OfferDesk
from ivr.storage.store import Store
from ivr.supervisor.offer_keeping import OfferKeeping
from ivr.web.live import LiveHub
from tests.unit.offers.cases import OFFERS, OPEN_GATE, ROOT


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[tuple[OfferKeeping, OfferDesk, Store]]:
    settings = Settings(
        server=ServerSettings(assistant=ROOT / "dialogs" / "insurance"), storage=StorageSettings(url=database_url)
    )
    store = await Store.open(database_url)
    desk = OfferDesk(replace(load_catalogue(OFFERS), ranking="learned"), "s", 0.0)
    brain: Any = SimpleNamespace(offers=desk, assistant=SimpleNamespace(name="insurance"))
    yield OfferKeeping(settings, store, LiveHub(), lambda: brain), desk, store
    await store.close()


@pytest.mark.slow
async def test_the_effects_are_reckoned_in_another_process_and_kept_for_a_while(
    house: tuple[OfferKeeping, OfferDesk, Store],
) -> None:
    keeping, _, store = house
    first, second = await asyncio.gather(keeping.effects(), keeping.effects())
    assert first is second, "two who look at once are told the same"
    assert first["currency"] == "EUR"
    assert await keeping.effects() is first
    await store.suspend(Suspension(group="senior", at="2026-11-22T10:00:00.000Z", reason="a feeling"))
    told = (await keeping.effects())["report"]["answer"]["en"]
    assert "Offers to 65 and older are off since 22 November 2026." in told, "who was switched off is told at once"


@pytest.mark.slow
async def test_a_database_that_does_not_answer_is_said_so(
    house: tuple[OfferKeeping, OfferDesk, Store], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    settings = Settings(
        server=ServerSettings(assistant=ROOT / "dialogs" / "insurance"),
        storage=StorageSettings(url=f"sqlite:///{tmp_path / 'file' / 'ivr.db'}"),
    )
    keeping = OfferKeeping(settings, house[2], LiveHub(), SimpleNamespace)  # type: ignore[arg-type]
    with pytest.raises(StorageError):
        await keeping.effects()


async def test_the_desk_has_learned_soon_after_an_answer(house: tuple[OfferKeeping, OfferDesk, Store]) -> None:
    keeping, desk, store = house
    running = asyncio.create_task(keeping.run())
    made = Opportunities(desk, store)
    drawn = await made.decide(OPEN_GATE, opportunity_id="O1", call_id="c1")
    await made.answer(drawn, OfferAnswer.DECLINED, None, "c1")
    keeping.learn()
    assert desk.learner is not None
    for _ in range(500):
        if await store.belief("insurance"):
            break
        await asyncio.sleep(0.01)
    assert desk.learner.offers == 1
    stored = await store.belief("insurance")
    assert stored is not None and stored["belief"]["offers"] == 1
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
