"""What contact centers ask for and tell, and who is about to keep a promise, against the description."""

from __future__ import annotations

from typing import Any

from ivr.model.call import Callback, OverflowResult
from ivr.storage.store import Store
from tests.unit.web.test_web_api import AT, checked

RESULT, CLAIM, RELEASE = (
    "/api/overflow/{token}",
    "/api/callbacks/{callback_id}/claim",
    "/api/callbacks/{callback_id}/release",
)


async def test_a_contact_center_finds_how_its_call_stands_by_token_and_by_call_id(serve: Any, store: Store) -> None:
    client = await serve()
    await checked(client, "GET", RESULT, "/api/overflow/T1", 404)
    standing = {
        "token": "T1",
        "call_id": "01A",
        "sip_call_id": "a@acd",
        "queue": "billing",
        "outcome": "open",
        "at": AT,
    }
    await store.save_overflow(OverflowResult(**standing))
    assert await checked(client, "GET", RESULT, "/api/overflow/T1", 200) == standing
    data = {"token": "T1", "outcome": "returned", "intent": "payment", "level": "L1", "bot_s": 40, "waited_s": 300}
    await store.save_overflow(OverflowResult(**{**standing, "outcome": "returned", "data": data}))
    told = await checked(client, "GET", RESULT, "/api/overflow/T1", 200)
    assert told == {**standing, **data}
    found = await checked(client, "GET", "/api/overflow", "/api/overflow?sip_call_id=a@acd", 200)
    assert found == {"overflow": [told]}
    assert (await checked(client, "GET", "/api/overflow", "/api/overflow?sip_call_id=b@acd", 200))["overflow"] == []
    assert (await checked(client, "GET", "/api/overflow", "/api/overflow", 200))["overflow"] == [told]


async def test_a_contact_center_says_how_long_callers_wait(serve: Any) -> None:
    said: dict[str, int] = {}

    def tell(queue: str, expected_ms: int) -> bool:
        said[queue] = expected_ms
        return queue == "billing"

    client, waits = await serve(tell_wait=tell), "/api/overflow/waits"
    await checked(client, "POST", waits, waits, 200, json={"queue": "billing", "expected_s": 420})
    assert said == {"billing": 420_000}
    await checked(client, "POST", waits, waits, 404, json={"queue": "travel", "expected_s": 420})
    for wrong in ({"queue": "billing"}, {"queue": "", "expected_s": 1}, {"queue": "billing", "expected_s": -1}):
        await checked(client, "POST", waits, waits, 400, json=wrong)


async def test_a_promise_is_claimed_by_one_person_at_a_time(serve: Any, store: Store) -> None:
    client = await serve()
    promise = Callback(
        callback_id="B1", call_id="01A", number="+491", customer_id="", reason="claim", promised_at=AT, deadline=AT
    )
    await store.promise(promise)
    await checked(client, "POST", CLAIM, "/api/callbacks/B1/claim", 400, json={})
    await checked(client, "POST", CLAIM, "/api/callbacks/B1/claim", 200, json={"by": "a17"})
    await checked(client, "POST", CLAIM, "/api/callbacks/B1/claim", 409, json={"by": "a18"})
    await checked(client, "POST", RELEASE, "/api/callbacks/B1/release", 409, json={"by": "a18"})
    await checked(client, "POST", RELEASE, "/api/callbacks/B1/release", 200, json={"by": "a17"})
    await checked(client, "POST", CLAIM, "/api/callbacks/B1/claim", 303, data={"by": "a18"})
    listed = await checked(client, "GET", "/api/callbacks", "/api/callbacks?state=due", 200)
    assert listed["callbacks"][0]["claimed_by"] == "a18"
