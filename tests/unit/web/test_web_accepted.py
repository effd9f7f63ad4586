"""What people said yes to: on the page of who calls them, over the API, and on the console."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ivr.cli import main
from ivr.model.fulfilment import FulfilState
from ivr.storage.store import Store
from tests.unit.storage.test_store_fulfilments import CALLBACK, LED, ORDERED, accept
from tests.unit.storage.test_store_offers import BY_KEY
from tests.unit.web.test_web_api import checked

ACCEPTED, ORDER = "/api/offers/accepted", "/api/offers/orders/{order_id}"


@pytest.fixture
async def filled(store: Store) -> Store:
    """A call owed, and an order that waits."""
    await accept(store, LED, CALLBACK)
    await accept(store, replace(ORDERED, opportunity_id="O2"))
    await store.settle_fulfilment("O2", FulfilState.PENDING)
    return store


@pytest.mark.usefixtures("filled")
async def test_an_agent_sees_what_the_customer_said_yes_to_and_how(serve: Any) -> None:
    client = await serve()
    page = await (await client.get("/agent/a17")).text()
    assert "furniture cover" in page
    assert "Said yes at" in page and "key 1" in page
    assert BY_KEY.read_back in page
    russian = await (await client.get("/agent/a17", headers={"Accept-Language": "ru"})).text()
    assert "Согласие в" in russian and "клавиша 1" in russian


@pytest.mark.usefixtures("filled")
async def test_every_yes_is_listed_and_an_order_is_settled_once(serve: Any) -> None:
    client = await serve()
    listed = (await checked(client, "GET", ACCEPTED, ACCEPTED, 200))["accepted"]
    stands = {each["opportunity_id"]: (each["fulfilment"]["state"], each["callback"] is not None) for each in listed}
    assert stands == {"O1": ("lead", True), "O2": ("pending", False)}
    assert (await checked(client, "GET", ACCEPTED, f"{ACCEPTED}?since=2026-11-22", 200))["accepted"] == []
    await checked(client, "GET", ACCEPTED, f"{ACCEPTED}?since=yesterday", 400)
    path = f"/api/offers/orders/{ORDERED.order_id}"
    await checked(client, "POST", ORDER, path, 400, json={"state": "paid", "by": "crm"})
    await checked(client, "POST", ORDER, path, 200, json={"state": "confirmed", "by": "crm"})
    await checked(client, "POST", ORDER, path, 409, json={"state": "cancelled", "by": "crm"})
    await checked(client, "POST", ORDER, "/api/offers/orders/NONE", 409, json={"state": "cancelled", "by": "crm"})


async def _fill(url: str) -> None:
    opened = await Store.open(url)
    await accept(opened, LED, CALLBACK)
    await accept(opened, replace(ORDERED, opportunity_id="O2"))
    await opened.settle_fulfilment("O2", FulfilState.PENDING)
    await opened.finish_callback("B1", "a17")
    await opened.close()


def test_the_console_lists_them_and_settles_an_order(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(_fill(database_url))
    config = tmp_path / "ivr.toml"
    config.write_text(f'[storage]\nurl = "{database_url}"\n', "utf-8")

    def run(*arguments: str) -> tuple[int, str]:
        status = main(["offers", *arguments, "-c", str(config)])
        return status, capsys.readouterr().out

    assert run("order", ORDERED.order_id, "cancelled", "--by", "olga") == (
        0,
        f"order {ORDERED.order_id} cancelled, by olga\n",
    )
    status, told = run("accepted")
    assert status == 0
    assert "lead  a call: done (a17)" in told and f"order {ORDERED.order_id} cancelled" in told
    (first, _) = json.loads(run("accepted", "--json")[1])["accepted"]
    assert first["callback"]["done_by"] == "a17"
    assert main(["offers", "order", ORDERED.order_id, "confirmed", "--by", "olga", "-c", str(config)]) != 0
    assert run("accepted", "--since", "2026-12-01")[1] == "nobody has accepted anything\n"
