"""The demo insurer's counter over real HTTP: payments, copies, addresses, codes."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from ivr.demo.crm import make_crm
from ivr.demo.crm_data import Register
from ivr.demo.crm_policies import CODE_VALID_S, PolicyDesk, today_utc

pytestmark = pytest.mark.slow

Client = TestClient[Any, Any]

ANNA, JAMES, EDITH = "C1001", "C1002", "C1004"
ADDRESS = {"postcode": "18055", "street": "Mill Lane", "house_number": 12, "flat_number": 0}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Filled once: ten thousand customers take a second."""
    path = tmp_path_factory.mktemp("policies") / "crm.sqlite"
    Register(path).prepare()
    return path


@pytest.fixture
async def crm(filled: Path, tmp_path: Path) -> AsyncIterator[Client]:
    own = Path(shutil.copy(filled, tmp_path / "crm.sqlite"))
    async with TestClient(TestServer(make_crm(own))) as client:
        yield client


async def answer(client: Client, method: str, path: str, **given: Any) -> tuple[int, Any]:
    async with client.request(method, path, **given) as response:
        return response.status, await response.json()


async def test_what_is_due_is_told_to_its_customer_only(crm: Client) -> None:
    status, dues = await answer(crm, "GET", "/policies/33104417/payments", params={"customer_id": ANNA})
    assert (status, dues["status"], dues["currency"]) == (200, "due", "EUR")
    assert dues["due_on"] > today_utc().isoformat() > dues["last_on"]
    assert (await answer(crm, "GET", "/policies/33104417/payments", params={"customer_id": JAMES}))[0] == 404
    assert (await answer(crm, "GET", "/policies/33104417/payments"))[0] == 404


async def test_every_state_of_payment_is_there_to_be_met(crm: Client) -> None:
    states = {}
    for policy, customer in (("33104417", ANNA), ("33104425", JAMES), ("33104433", "C1003")):
        dues = (await answer(crm, "GET", f"/policies/{policy}/payments", params={"customer_id": customer}))[1]
        states[dues["status"]] = dues["amount"], dues["due_on"]
    assert set(states) == {"due", "overdue", "settled"}
    assert states["settled"] == (None, None)


async def test_a_copy_goes_to_the_address_on_file(crm: Client) -> None:
    wish = {"customer_id": ANNA, "by": "post"}
    status, sent = await answer(crm, "POST", "/policies/33104417/copies", json=wish)
    assert (status, sent["arrives_on"]) == (201, (today_utc() + timedelta(days=4)).isoformat())
    assert (await answer(crm, "POST", "/policies/33104417/copies", json={**wish, "by": "fax"}))[0] == 400
    assert (await answer(crm, "POST", "/policies/33104425/copies", json=wish))[0] == 404
    filed = (await answer(crm, "GET", "/copies"))[1]
    assert [paper["body"]["policy"] for paper in filed] == ["33104417"]


async def test_the_town_on_file_is_named_in_the_language_of_the_call(crm: Client) -> None:
    assert (await answer(crm, "PUT", f"/customers/{ANNA}/address", json=ADDRESS))[0] == 200
    english = (await answer(crm, "GET", f"/customers/{ANNA}/contacts"))[1]
    russian = (await answer(crm, "GET", f"/customers/{ANNA}/contacts", params={"language": "ru"}))[1]
    assert (english["town"], russian["town"], russian["postcode"]) == ("Rostock", "Росток", "18055")
    assert english["email_at"] == "example dot org"
    assert (await answer(crm, "GET", f"/customers/{JAMES}/contacts"))[1]["email"] is False
    assert (await answer(crm, "GET", "/postcodes/80331", params={"language": "ru"}))[1]["town"] == "Мюнхен"
    assert (await answer(crm, "GET", "/postcodes/00000"))[0] == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [({"postcode": "99999"}, 404), ({"street": ""}, 400), ({"house_number": "12"}, 400), ({"flat_number": None}, 400)],
)
async def test_what_is_no_address_is_not_kept(crm: Client, change: dict[str, Any], status: int) -> None:
    before = (await answer(crm, "GET", f"/customers/{ANNA}/contacts"))[1]
    assert (await answer(crm, "PUT", f"/customers/{ANNA}/address", json={**ADDRESS, **change}))[0] == status
    assert (await answer(crm, "GET", f"/customers/{ANNA}/contacts"))[1] == before


async def test_a_payment_link_goes_to_the_telephone_on_file(crm: Client) -> None:
    status, sent = await answer(crm, "POST", "/policies/33104417/pay-link", json={"customer_id": ANNA})
    assert (status, sent) == (201, {"number_end": "01"})
    (message,) = (await answer(crm, "GET", "/messages"))[1]
    assert message["body"]["to"] == "+12025550101" and "https://" in message["body"]["text"]
    assert (await answer(crm, "POST", "/policies/33104441/pay-link", json={"customer_id": EDITH}))[0] == 409
    assert (await answer(crm, "POST", "/policies/33104417/pay-link", json={"customer_id": JAMES}))[0] == 404


@pytest.mark.parametrize(("days", "status"), [(0, 201), (28, 201), (29, 422), (-1, 422)])
async def test_a_promised_day_lies_within_four_weeks(crm: Client, days: int, status: int) -> None:
    pay_on = (today_utc() + timedelta(days=days)).isoformat()
    wish = {"customer_id": ANNA, "pay_on": pay_on}
    assert (await answer(crm, "POST", "/policies/33104417/promises", json=wish))[0] == status
    assert len((await answer(crm, "GET", "/promises"))[1]) == (status == 201)


async def test_a_promise_needs_a_day_and_a_policy(crm: Client) -> None:
    assert (await answer(crm, "POST", "/policies/33104417/promises", json={"customer_id": ANNA}))[0] == 400
    wish = {"customer_id": JAMES, "pay_on": today_utc().isoformat()}
    assert (await answer(crm, "POST", "/policies/33104417/promises", json=wish))[0] == 404


async def last_code(crm: Client) -> str:
    text = (await answer(crm, "GET", "/messages"))[1][-1]["body"]["text"]
    return re.findall(r"\d{6}", text)[0]


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def test_a_code_proves_its_customer_once(crm: Client) -> None:
    assert await answer(crm, "POST", f"/customers/{ANNA}/code", json={}) == (201, {"number_end": "01"})
    given = {"code": await last_code(crm)}
    assert (await answer(crm, "POST", f"/customers/{JAMES}/code/check", json=given))[0] == 410
    status, customer = await answer(crm, "POST", f"/customers/{ANNA}/code/check", json=given)
    assert (status, customer["customer_id"]) == (200, ANNA)
    assert (await answer(crm, "POST", f"/customers/{ANNA}/code/check", json=given))[0] == 410
    assert (await answer(crm, "POST", f"/customers/{EDITH}/code", json={}))[0] == 409
    assert (await answer(crm, "POST", f"/customers/{ANNA}/code/check", json={"code": 5}))[0] == 400


async def test_three_wrong_codes_close_the_door_and_a_new_code_does_not_open_it(crm: Client) -> None:
    await answer(crm, "POST", f"/customers/{ANNA}/code", json={})
    wrong = {"code": another(await last_code(crm))}
    statuses = [(await answer(crm, "POST", f"/customers/{ANNA}/code/check", json=wrong))[0] for _ in range(4)]
    assert statuses == [403, 403, 403, 410]
    await answer(crm, "POST", f"/customers/{ANNA}/code", json={})
    right = {"code": await last_code(crm)}
    assert (await answer(crm, "POST", f"/customers/{ANNA}/code/check", json=right))[0] == 410


async def test_a_code_dies_of_age(crm: Client, tmp_path: Path) -> None:
    desk = PolicyDesk(tmp_path / "crm.sqlite")
    for age_s, alive in ((CODE_VALID_S, True), (CODE_VALID_S + 1, False)):
        desk.send_code(ANNA, 1000.0)
        code = await last_code(crm)
        if alive:
            assert desk.check_code(ANNA, code, 1000.0 + age_s) is not None
        else:
            with pytest.raises(KeyError):
                desk.check_code(ANNA, code, 1000.0 + age_s)
