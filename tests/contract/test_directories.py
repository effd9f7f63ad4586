"""Every directory of customers answers alike: imported into the database, or behind a CRM's REST interface."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from ivr.call.directories import ImportedDirectory, RestDirectory
from ivr.call.importing import import_customers
from ivr.demo.crm_directory import CUSTOMERS, CustomerDesk, candidate_of_invented, demo_desk, routes
from ivr.demo.crm_people import Invented, invent
from ivr.demo.customer_csv import write_customers
from ivr.identity.candidates import plain
from ivr.identity.customer_file import read_customers
from ivr.model.errors import ServiceError
from ivr.model.identity import EvidenceKind
from ivr.model.ports import Directory
from ivr.storage.store import Store

COUNT = 600


def crm_of(desk: CustomerDesk) -> web.Application:
    app = web.Application()
    app[CUSTOMERS] = desk
    app.add_routes(routes())
    return app


@pytest.fixture(scope="module")
def people() -> list[Invented]:
    return invent(COUNT)


@pytest.fixture(params=["imported", "rest"])
async def directory(
    request: pytest.FixtureRequest, people: list[Invented], tmp_path: Path, database_url: str
) -> AsyncIterator[Directory]:
    if request.param == "imported":
        file = tmp_path / "customers.csv"
        with file.open("w", encoding="utf-8") as to:
            write_customers(map(candidate_of_invented, people), to)
        rows, faults = read_customers(file.read_text(encoding="utf-8").splitlines(), str(file), "US")
        assert not faults
        store = await Store.open(database_url)
        assert await import_customers(store, rows) == COUNT
        yield ImportedDirectory(store)
        await store.close()
    else:
        async with TestServer(crm_of(demo_desk(people))) as server:
            rest = RestDirectory(str(server.make_url("")))
            yield rest
            await rest.close()


async def test_customers_are_found_by_id_number_fact_and_name(directory: Directory, people: list[Invented]) -> None:
    person = next(p for p in people if p.language == "ru" and p.policy[0] == "D")
    found = await directory.by_id(person.customer_id)
    assert found is not None
    assert (found.names, found.birth_date, found.household) == (person.names, person.birth_date, person.household)
    assert [(p.number, p.since) for p in found.phones] == list(person.phones)
    assert person.customer_id in {c.customer_id for c in await directory.by_number(person.phones[0][0])}
    for said in (person.policy, person.policy[2:], person.policy.lower().replace("-", " ")):
        by_policy = await directory.by_fact(EvidenceKind.POLICY_NUMBER, plain(EvidenceKind.POLICY_NUMBER, said))
        assert [c.customer_id for c in by_policy] == [person.customer_id], said
    born = await directory.by_fact(EvidenceKind.BIRTH_DATE, person.birth_date)
    assert person.customer_id in {c.customer_id for c in born}
    ending = await directory.by_fact(EvidenceKind.ACCOUNT_NUMBER, person.account[-5:])
    assert person.customer_id in {c.customer_id for c in ending}
    for heard in (person.name, person.latin, " ".join(reversed(person.name.lower().split()))):
        assert person.customer_id in {c.customer_id for c in await directory.by_name(heard)}, heard


async def test_an_office_number_brings_enough_to_be_seen_as_one(directory: Directory, people: list[Invented]) -> None:
    office = next(
        n for p in people if "office" in p.traits for n, _ in p.phones if n.startswith(("+1202555", "+7999999"))
    )
    assert len(await directory.by_number(office)) > 5


async def test_nobody_is_an_empty_answer(directory: Directory) -> None:
    assert await directory.by_id("nobody") is None
    assert await directory.by_number("+12125550000") == ()
    assert await directory.by_number("") == ()
    assert await directory.by_fact(EvidenceKind.POLICY_NUMBER, "00000001") == ()
    assert await directory.by_fact(EvidenceKind.ACCOUNT_NUMBER, "") == ()
    assert await directory.by_name("Xqwzzt Bbrrgg") == ()
    assert await directory.by_name("") == ()


async def test_a_crm_that_is_down_slow_or_talks_nonsense_is_a_service_error() -> None:
    async def slow(_: web.Request) -> web.Response:
        await asyncio.sleep(0.5)
        return web.json_response([])

    async def nonsense(_: web.Request) -> web.Response:
        return web.json_response([{"customer_id": 7, "facts": {"shoe_size": [44]}}])

    async def broken(_: web.Request) -> web.Response:
        return web.Response(status=500)

    for handler in (slow, nonsense, broken):
        app = web.Application()
        app.router.add_get("/{rest:.*}", handler)
        async with TestServer(app) as server:
            rest = RestDirectory(str(server.make_url("")), timeout_s=0.1)
            for asked in (rest.by_id("C1001"), rest.by_number("+12025550101"), rest.by_name("Anna Petrova")):
                with pytest.raises(ServiceError):
                    await asked
            await rest.close()
    lost = RestDirectory("http://127.0.0.1:9")
    with pytest.raises(ServiceError):
        await lost.by_id("C1001")
    await lost.close()


async def test_the_crm_gives_pins_as_hashes() -> None:
    async with TestServer(crm_of(demo_desk())) as server:
        rest = RestDirectory(str(server.make_url("")))
        (anna,) = await rest.by_number("+12025550101")
        assert anna.pin_hash.startswith("$argon2id$") and "4821" not in repr(anna)
        await rest.close()


async def test_importing_again_replaces_and_erasing_leaves_nothing(database_url: str, people: list[Invented]) -> None:
    store = await Store.open(database_url)
    header = "customer_id,name,language,phones,policy_number,birth_date,pin"
    rows, _ = read_customers([header, "A1,Anna Petrova,en,+12025550101,D-77,1979-03-05,4821"], "f", "US")
    await import_customers(store, rows)
    directory = ImportedDirectory(store)
    before = await directory.by_id("A1")
    assert before is not None and before.pin_hash.startswith("$argon2id$") and "4821" not in repr(before)
    again, _ = read_customers([header, "A1,Anna Petrova,en,+12025550199,D-78,1979-03-05,"], "f", "US")
    await import_customers(store, again)
    assert await directory.by_number("+12025550101") == ()
    assert await directory.by_fact(EvidenceKind.POLICY_NUMBER, "d77") == ()
    assert len(await directory.by_fact(EvidenceKind.POLICY_NUMBER, "78")) == 1
    assert await store.erase_customer("A1") and not await store.erase_customer("A1")
    assert await directory.by_id("A1") is None
    assert await directory.by_number("+12025550199") == ()
    assert await directory.by_fact(EvidenceKind.BIRTH_DATE, "1979-03-05") == ()
    await store.close()


@pytest.mark.slow
async def test_ten_thousand_rows_are_imported_in_seconds(tmp_path: Path, database_url: str) -> None:
    file = tmp_path / "customers.csv"
    with file.open("w", encoding="utf-8") as to:
        write_customers(map(candidate_of_invented, invent(10_000)), to)
    store = await Store.open(database_url)
    began = time.process_time()
    rows, faults = read_customers(file.read_text(encoding="utf-8").splitlines(), str(file), "US")
    assert await import_customers(store, rows) == 10_000 and not faults
    assert time.process_time() - began < 15
    await store.close()
