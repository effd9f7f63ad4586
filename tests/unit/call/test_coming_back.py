"""A call that brings a token is known again: what it was about, not who holds the telephone."""

from __future__ import annotations

from pathlib import Path

from ivr.call.coming_back import came_back, contacts
from ivr.call.journal import Journal
from ivr.model.identity import Caller
from ivr.routing.carriers import user_to_user
from ivr.storage.store import Store

TOKEN, OLD = "01KAJ8F3KQZX5T0V9W2R7M4N6P", "01KAJ8F3KQZX5T0V9W2R7M4N6Q"
PACKET = {
    "v": 1,
    "call": {"call_id": "01A", "lang": "ru", "started": "2026-11-21T10:00:00+00:00"},
    "customer": {"id": "C1042", "name": "Пётр", "level": "L4"},
    "need": {"intent": "claim_status", "status": "failed"},
}


async def test_a_token_in_an_invite_finds_its_context_and_carries_no_identity(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite:///{tmp_path / 'ivr.db'}")
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
    expected = {"at": "2026-11-21T10:00:00+00:00", "what": "claim_status: failed, with the bot"}
    assert contacts(journal) == (expected,)
