"""A call that brings a token is known again: what it was about, not who holds the telephone."""

from __future__ import annotations

from ivr.call.coming_back import WRONG_IN_S, WRONG_MOST, KeyedCodes, came_back
from ivr.call.dealings import contacts
from ivr.call.journal import Journal
from ivr.model.dealings import Dealings
from ivr.model.identity import Caller
from ivr.routing.carriers import user_to_user
from ivr.routing.key_code import key_code
from ivr.storage.store import Store
from tests.handoffs import plan_of

TOKEN, OLD = "01KAJ8F3KQZX5T0V9W2R7M4N6P", "01KAJ8F3KQZX5T0V9W2R7M4N6Q"
PACKET = {
    "v": 1,
    "call": {"call_id": "01A", "lang": "ru", "started": "2026-11-21T10:00:00+00:00"},
    "customer": {"id": "C1042", "name": "Пётр", "level": "L4"},
    "need": {"intent": "claim_status", "status": "failed"},
}


async def test_a_token_in_an_invite_finds_its_context_and_carries_no_identity(database_url: str) -> None:
    store = await Store.open(database_url)
    try:
        await store.save_context(TOKEN, "01A", PACKET, "2099-01-01T00:00:00Z")
        await store.save_context(OLD, "01A", PACKET, "2020-01-01T00:00:00Z")
        assert await came_back((("X-Ctx-Id", "hello"), ("X-Queue", "billing")), store) is None
        assert await came_back((("X-Ctx-Id", OLD),), store) is None
        for header in (("user-to-user", user_to_user(TOKEN)), ("X-Ctx-Id", TOKEN)):
            back = await came_back((header,), store)
            assert back is not None and (back.token, back.language) == (TOKEN, "ru")
    finally:
        await store.close()
    assert back is not None
    caller = back.known_of(Caller(ani="+12025550101", dnis="claims"))
    assert (caller.returned, caller.returned_intent, caller.returned_status) == (True, "claim_status", "failed")
    journal = Journal("01B", ())
    back.note(journal)
    assert "Пётр" not in str(journal.entries) and "C1042" not in str((journal.entries, caller))
    expected = {"at": "2026-11-21T10:00:00+00:00", "why": "claim_status", "ended": "failed", "by": ""}
    assert contacts(journal, Dealings(), plan_of({})) == (expected,)


async def test_a_keyed_code_finds_its_context_and_a_trunk_that_guesses_finds_nothing_for_a_while(
    database_url: str,
) -> None:
    store, now = await Store.open(database_url), 1000.0
    right, old = key_code(TOKEN), key_code(OLD)
    wrong = right[:-1] + str((int(right[-1]) + 1) % 10)
    try:
        await store.save_context(TOKEN, "01A", PACKET, "2099-01-01T00:00:00Z", code=right)
        await store.save_context(OLD, "01A", PACKET, "2020-01-01T00:00:00Z", code=old)
        codes = KeyedCodes(store, lambda: now)
        for guess in [wrong, old, *["00000000"] * (WRONG_MOST - 3)]:
            assert await codes.find("open", guess) is None
        found = await codes.find("open", right)
        assert found is not None and (found.token, found.language) == (TOKEN, "ru")
        assert await codes.find("open", "11111111") is None
        assert await codes.find("open", right) is None, "too many guesses"
        assert await codes.find("other", right) == found, "of this trunk alone"
        now += WRONG_IN_S - 1
        assert await codes.find("open", right) is None
        now += 1
        assert await codes.find("open", right) == found
    finally:
        await store.close()
