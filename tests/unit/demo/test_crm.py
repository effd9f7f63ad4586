"""The demo CRM over real HTTP, its data in a real file."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from ivr.demo.crm import make_crm
from ivr.demo.crm_data import people

pytestmark = pytest.mark.slow

Client = TestClient[Any, Any]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("crm") / "data" / "crm.sqlite"


@pytest.fixture
async def crm(filled: Path) -> AsyncIterator[Client]:
    async with TestClient(TestServer(make_crm(filled))) as client:
        yield client


async def answer(client: Client, method: str, path: str, **given: Any) -> tuple[int, Any]:
    async with client.request(method, path, **given) as response:
        return response.status, await response.json()


async def test_a_known_number_brings_the_whole_customer(crm: Client) -> None:
    assert await answer(crm, "GET", "/customers", params={"phone": "+12025550101"}) == (
        200,
        {
            "customer_id": "C1001",
            "household": "H1001",
            "name": "Anna Petrova",
            "lines": ["dacha"],
            "owns": ["dacha_home"],
            "flags": [],
            "language": "en",
            "profile": {"age": 47, "tenure_years": 6, "segment": "private"},
        },
    )


async def test_a_plus_nobody_escaped_is_still_a_plus(crm: Client) -> None:
    status, customer = await answer(crm, "GET", "/customers?phone=+12025550102")
    assert (status, customer["name"]) == (200, "James Walker")


@pytest.mark.parametrize("phone", ["", "anonymous", "+0", "12", "+1202555010x", "' OR 1=1 --"])
async def test_what_is_no_number_is_refused(crm: Client, phone: str) -> None:
    assert (await answer(crm, "GET", "/customers", params={"phone": phone}))[0] == 400


async def test_an_unknown_number_is_not_found(crm: Client) -> None:
    assert (await answer(crm, "GET", "/customers", params={"phone": "+12025550199"}))[0] == 404


async def test_a_shared_number_names_nobody(crm: Client) -> None:
    status, body = await answer(crm, "GET", "/customers", params={"phone": "+12025550150"})
    assert status == 409
    assert body == {"error": "several customers share this number"}


@pytest.mark.parametrize(
    ("number", "customer", "claim"),
    [
        ("204518", "C1001", {"status": "paid", "amount": 1250.5, "currency": "EUR", "paid_on": "2026-11-03"}),
        ("317204", "C1002", {"status": "in_review", "amount": None, "paid_on": None, "documents": []}),
        (
            "550913",
            "C1003",
            {
                "status": "waiting_documents",
                "documents": ["the repair invoice", "photos of the damage"],
                "documents_text": "the repair invoice and photos of the damage",
            },
        ),
    ],
)
async def test_a_claim_is_told_to_its_customer(crm: Client, number: str, customer: str, claim: dict[str, Any]) -> None:
    status, body = await answer(crm, "GET", f"/claims/{number}", params={"customer_id": customer})
    assert status == 200
    assert body["number"] == number
    assert claim.items() <= body.items()


@pytest.mark.parametrize(
    ("number", "query"),
    [("204518", "?customer_id=C1002"), ("204518", ""), ("999999", "?customer_id=C1001"), ("%27", "?customer_id=C1001")],
)
async def test_a_claim_is_told_to_nobody_else(crm: Client, number: str, query: str) -> None:
    assert (await answer(crm, "GET", f"/claims/{number}{query}"))[0] == 404


async def test_policy_and_pin_prove_a_customer(crm: Client) -> None:
    proof = {"policy": "33104417", "pin": "4821"}
    status, customer = await answer(crm, "POST", "/customers/verify", json=proof)
    assert (status, customer["customer_id"]) == (200, "C1001")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"policy": "33104417", "pin": "4822"}, 403),
        ({"policy": "33104417", "pin": ""}, 403),
        ({"policy": "99999999", "pin": "4821"}, 404),
        ({"policy": "33104417"}, 400),
        ({"policy": 33104417, "pin": 4821}, 400),
        ([], 400),
    ],
)
async def test_anything_else_proves_nothing(crm: Client, body: Any, status: int) -> None:
    assert (await answer(crm, "POST", "/customers/verify", json=body))[0] == status


@pytest.mark.parametrize("path", ["/leads", "/callbacks", "/customers/verify", "/_faults"])
@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"5", b"[" * 30_000])
async def test_a_body_that_is_no_json_object_is_refused(crm: Client, path: str, raw: bytes) -> None:
    assert (await answer(crm, "POST", path, data=raw))[0] == 400


async def test_no_pin_stands_in_the_file(crm: Client, filled: Path) -> None:
    with sqlite3.connect(filled) as db:
        rows = db.execute("SELECT salt, pin FROM policies").fetchall()
    assert all(len(salt) == 16 and len(pin) == 64 for salt, pin in rows)
    assert len({pin for _, pin in rows}) == len(rows)
    assert b"4821" not in b"".join(pin for _, pin in rows)


@pytest.mark.parametrize("kind", ["leads", "callbacks"])
async def test_leads_and_callbacks_outlive_a_restart(tmp_path: Path, kind: str) -> None:
    database = tmp_path / "crm.sqlite"
    note = {"customer_id": "C1001", "product": "dacha_furniture", "note": "позвонить"}
    async with TestClient(TestServer(make_crm(database))) as client:
        assert await answer(client, "POST", f"/{kind}", json=note) == (201, {"id": 1})
    async with TestClient(TestServer(make_crm(database))) as client:
        status, filed = await answer(client, "GET", f"/{kind}")
    assert (status, [paper["body"] for paper in filed]) == (200, [note])


async def test_a_crm_that_is_down_cuts_the_connection_until_it_is_well_again(crm: Client) -> None:
    assert (await answer(crm, "POST", "/_faults", json={"mode": "down"}))[0] == 200
    with pytest.raises(aiohttp.ClientConnectionError):
        await answer(crm, "POST", "/leads", json={"lost": True})
    assert (await answer(crm, "POST", "/_faults", json={"mode": "ok"}))[0] == 200
    assert await answer(crm, "GET", "/leads") == (200, [])


async def test_a_slow_crm_answers_late(crm: Client) -> None:
    await answer(crm, "POST", "/_faults", json={"mode": "slow", "delay_ms": 150})
    asked = time.monotonic()
    assert (await answer(crm, "GET", "/claims/204518?customer_id=C1001"))[0] == 200
    assert time.monotonic() - asked >= 0.15


@pytest.mark.parametrize(
    "wish", [{}, {"mode": "odd"}, {"mode": "slow", "delay_ms": -1}, {"mode": "slow", "delay_ms": "1"}, {"mode": []}]
)
async def test_an_unknown_fault_is_refused(crm: Client, wish: dict[str, Any]) -> None:
    assert (await answer(crm, "POST", "/_faults", json=wish))[0] == 400


def test_the_people_are_many_believable_and_invented() -> None:
    everyone = people()
    assert len(everyone) >= 40
    reserved = re.compile(r"\+120255501\d\d|\+442079460\d{3}")
    assert [p.phone for p in everyone if not reserved.fullmatch(p.phone)] == []
    phones = [p.phone for p in everyone]
    assert {phone for phone in phones if phones.count(phone) > 1} == {"+12025550150"}
    statuses = {claim["status"] for person in everyone for _, claim in person.claims}
    assert statuses == {"paid", "in_review", "waiting_documents"}
    numbers = [number for person in everyone for number, _ in person.claims]
    assert len(set(numbers)) == len(numbers)
    assert all(person.tenure_years <= person.age - 18 + 4 for person in everyone)
    assert [p.name for p in everyone] == [p.name for p in people()]


def test_it_runs_as_a_program_and_stops_when_asked(tmp_path: Path, reserve_ports: Callable[[int], range]) -> None:
    port = reserve_ports(1)[0]
    command = [sys.executable, "-m", "ivr.demo.crm", "--port", str(port), "--database", str(tmp_path / "crm.sqlite")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
    ) as crm:
        assert crm.stdout is not None
        assert str(port) in crm.stdout.readline()
        crm.send_signal(signal.SIGTERM)
        assert crm.wait(timeout=10) == 0
