"""The demo bank's part of the CRM over real HTTP, its data in a real file."""

import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from ivr.demo.crm import make_crm
from ivr.demo.crm_bank import accounts, cards
from ivr.demo.crm_data import people

pytestmark = pytest.mark.slow

Client = TestClient[Any, Any]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bank") / "crm.sqlite"


@pytest.fixture
async def crm(filled: Path) -> AsyncIterator[Client]:
    async with TestClient(TestServer(make_crm(filled))) as client:
        yield client


async def answer(client: Client, method: str, path: str, **given: Any) -> tuple[int, Any]:
    async with client.request(method, path, **given) as response:
        return response.status, await response.json()


@pytest.mark.parametrize(
    ("number", "customer", "balance", "overdrawn"),
    [("70011001", "C1001", 2310.45, 0.0), ("70011002", "C1002", -85.2, 85.2), ("70011051", "C1051", 0.0, 0.0)],
)
async def test_a_balance_is_told_to_its_customer(
    crm: Client, number: str, customer: str, balance: float, overdrawn: float
) -> None:
    assert await answer(crm, "GET", f"/accounts/{number}/balance", params={"customer_id": customer}) == (
        200,
        {"number": number, "balance": balance, "overdrawn": overdrawn, "currency": "EUR"},
    )


@pytest.mark.parametrize(
    "path", ["70011001/balance?customer_id=C1002", "70011001/balance", "1/balance?customer_id=C1001"]
)
async def test_a_balance_is_told_to_nobody_else(crm: Client, path: str) -> None:
    assert (await answer(crm, "GET", f"/accounts/{path}"))[0] == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"account": "70011001", "pin": "4821"}, 200),
        ({"account": "70011001", "pin": "4822"}, 403),
        ({"account": "99999999", "pin": "4821"}, 404),
        ({"account": 70011001, "pin": "4821"}, 400),
        ({"account": "70011001"}, 400),
        ([], 400),
    ],
)
async def test_only_account_and_pin_together_prove_a_customer(crm: Client, body: Any, status: int) -> None:
    found, customer = await answer(crm, "POST", "/accounts/verify", json=body)
    assert found == status
    assert customer.get("customer_id") == ("C1001" if status == 200 else None)


async def test_a_blocked_card_stays_blocked_and_nobody_elses_is(crm: Client, filled: Path) -> None:
    for _ in range(2):
        status, card = await answer(crm, "POST", "/cards/4417/block", json={"customer_id": "C1001"})
        assert (status, card["last4"], card["status"]) == (200, "4417", "blocked")
        assert date.fromisoformat(card["replacement_on"]) > datetime.now(UTC).date()
    with sqlite3.connect(filled) as db:
        assert db.execute("SELECT customer_id, last4 FROM cards WHERE blocked").fetchall() == [("C1001", "4417")]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/cards/4417/block", {"customer_id": "C1002"}, 404),
        ("/cards/0000/block", {"customer_id": "C1001"}, 404),
        ("/cards/4417/block", {}, 400),
        ("/cards/4417/block", {"customer_id": 1}, 400),
        ("/cards/4417/block", [], 400),
    ],
)
async def test_what_is_not_the_customers_card_is_not_blocked(crm: Client, path: str, body: Any, status: int) -> None:
    assert (await answer(crm, "POST", path, json=body))[0] == status


@pytest.mark.parametrize(
    ("last4", "customer", "delivery"),
    [
        ("8820", "C1001", {"status": "on_the_way", "expected_on": "2026-11-27", "delivered_on": None}),
        ("3052", "C1002", {"status": "delivered", "expected_on": None, "delivered_on": "2026-11-12"}),
        ("9164", "C1003", {"status": "in_production", "expected_on": None, "delivered_on": None}),
    ],
)
async def test_a_new_card_is_somewhere(crm: Client, last4: str, customer: str, delivery: dict[str, Any]) -> None:
    status, told = await answer(crm, "GET", f"/cards/{last4}/delivery", params={"customer_id": customer})
    assert (status, told) == (200, {"last4": last4} | delivery)


@pytest.mark.parametrize(
    "path", ["4417/delivery?customer_id=C1001", "8820/delivery?customer_id=C1002", "8820/delivery"]
)
async def test_an_old_card_and_a_strangers_are_not_under_way(crm: Client, path: str) -> None:
    assert (await answer(crm, "GET", f"/cards/{path}"))[0] == 404


async def test_a_file_of_before_the_bank_gets_its_tables(tmp_path: Path) -> None:
    database = tmp_path / "crm.sqlite"
    async with TestClient(TestServer(make_crm(database))):
        pass
    with sqlite3.connect(database) as db:
        db.execute("DROP TABLE cards")
        db.execute("DROP TABLE accounts")
    async with TestClient(TestServer(make_crm(database))) as client:
        assert (await answer(client, "GET", "/accounts/70011001/balance?customer_id=C1001"))[0] == 200


def test_accounts_and_cards_belong_to_people_of_the_register() -> None:
    known = {person.customer_id for person in people()}
    assert {account.customer_id for account in accounts()} | {card.customer_id for card in cards()} <= known


async def test_no_pin_of_an_account_stands_in_the_file(crm: Client, filled: Path) -> None:
    with sqlite3.connect(filled) as db:
        rows = db.execute("SELECT salt, pin FROM accounts").fetchall()
    assert rows and all(len(salt) == 16 and len(pin) == 64 for salt, pin in rows)
