"""A context is given by token or keys, in the form asked for, and nobody can guess one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ivr.routing.carriers import user_to_user
from ivr.routing.key_code import key_code
from ivr.storage.store import Store
from ivr.web.contexts_api import WRONG_IN_S, WRONG_MOST, WrongTokens

TOKEN = "01KAJ8F3KQZX5T0V9W2R7M4N6P"
PACKET: dict[str, Any] = {
    "v": 1,
    "id": TOKEN,
    "call": {"lang": "en"},
    "customer": {"id": "C1042", "name": "", "level": "L1", "segment": "dacha"},
    "need": {"intent": "claim_status", "status": "failed"},
    "skills": {"required": {"claims": 2, "lang:en": 1}, "preferred": {"agent": "a17"}},
    "queue": {"asked": "claims", "priority": 5, "overflow_from": ""},
    "summary": "Recognised number (L1).",
    "transcript_url": "/calls/01A",
}


async def test_a_context_is_given_in_the_form_a_contact_center_takes(serve: Callable[..., Any], store: Store) -> None:
    client, code = await serve(), key_code(TOKEN)
    await store.save_context(TOKEN, "01A", PACKET, "2099-01-01T00:00:00Z", code=code)

    async def got(path: str, status: int = 200) -> Any:
        async with client.get(f"/api/contexts/{path}") as answer:
            assert answer.status == status, path
            return await answer.json()

    assert await got(TOKEN) == await got(code) == await got(f"{code}?as=full") == PACKET
    digits = user_to_user(TOKEN).partition(";")[0]
    assert await got(digits) == await got(digits[2:]) == PACKET, "as Genesys has it: without the first octet"
    flat = await got(f"{TOKEN}?as=connect")
    assert flat["ivr_ctx_id"] == TOKEN and flat["ivr_skills"] == "claims=2,lang:en=1"
    assert flat["ivr_url"].endswith("/calls/01A") and "ivr_name" not in flat
    assert flat == await got(f"{TOKEN}?as=flat")
    task = await got(f"{TOKEN}?as=twilio")
    assert (task["priority"], task["attributes"]["skill_lang_en"]) == (5, 1)
    assert "as is one of" in (await got(f"{TOKEN}?as=fax", 400))["error"]
    accesses = [(each.who, each.what, each.subject) for each in await store.accesses(TOKEN)]
    assert accesses == [("this machine", "context", TOKEN)] * 8
    await store.save_context("T9", "01B", PACKET, "2020-01-01T00:00:00Z")
    wrong = [await got(name, 404) for name in ("T9", "01KAJ8F3KQZX5T0V9W2R7M4N6Q", "12345678", "12345674")]
    assert wrong == [{"error": "no such context"}] * 4  # expired, unknown, no code, nobody's code
    for _ in range(WRONG_MOST - 4):
        await got("T9", 404)
    assert (await got(TOKEN, 429))["error"] == "too many wrong tokens"


def test_whoever_guesses_waits_and_others_do_not() -> None:
    now = [100.0]
    wrong = WrongTokens(lambda: now[0])
    for _ in range(WRONG_MOST):
        assert wrong.wait_s("eve") == 0
        wrong.note("eve")
    assert wrong.wait_s("eve") == WRONG_IN_S
    assert wrong.wait_s("acd") == 0
    now[0] += WRONG_IN_S + 1
    assert wrong.wait_s("eve") == 0
