"""The agent's desk: signs of life, notes of a call, languages, and what the holdout must not show."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from ivr.model.accounts import WrapUp
from ivr.model.call import Outcome
from ivr.model.identity import EvidenceKind
from ivr.offers.gate import RULES
from ivr.routing.desk_terms import DISPOSITIONS, NOT_READY
from ivr.storage.store import Store
from ivr.web.agent_words import WORDS
from ivr.web.call_words import CALL_WORDS
from ivr.web.live import LiveHub
from ivr.web.screen_words import SCREEN_WORDS

CARD = {"hint": "dacha_furniture", "why": "owns dacha", "script": "Would you …", "allowed": False}


@pytest.mark.slow
async def test_a_page_says_that_it_is_open_and_when_it_leaves(serve: Any) -> None:
    client = await serve()

    async def here() -> bool:
        return bool((await (await client.get("/api/agents")).json())["agents"][0]["here"])

    assert not await here()
    assert (await client.post("/agent/a17/beat", json={"page": "one"})).status == 204
    assert await here()
    assert (await client.post("/agent/a99/beat", json={"page": "one"})).status == 404


@pytest.mark.slow
async def test_what_an_agent_notes_is_kept_part_by_part(serve: Any, store: Store, hub: LiveHub) -> None:
    told: list[tuple[WrapUp, WrapUp]] = []
    client = await serve(wrapped_up=lambda now, before: told.append((now, before)))
    path = "/api/calls/01A/wrap-up"
    assert (await client.post(path, json={"agent_id": "a17"})).status == 404
    hub.publish("agent:a17", "pop", {"pop_id": "P", "call_id": "01A", "packet": {}})
    assert (await client.post(path, json={"code": "solved"})).status == 400  # whose?
    for wrong in ({"code": "nonsense"}, {"solved": "perhaps"}, {"asked_again": [1]}):
        assert (await client.post(path, json={"agent_id": "a17", **wrong})).status == 400
    parts = ({"asked_again": True}, {"solved": True}, {"code": "solved", "note": "sent a letter"})
    answers = await asyncio.gather(*(client.post(path, json={"agent_id": "a17", **part}) for part in parts))
    assert [answer.status for answer in answers] == [200, 200, 200]
    kept = await store.wrap_up("01A", "a17")
    assert kept is not None
    assert (kept.code, kept.note, kept.solved, kept.asked_again) == ("solved", "sent a letter", True, True)
    assert sorted(bool(before.at) for _, before in told) == [False, True, True]
    assert sum(now.asked_again and not before.asked_again for now, before in told) == 1
    assert await store.asked_again(0) == (1, 1)
    assert "asked again in 0 % of the transfers" in await (await client.get("/calls")).text()


async def screen_html(serve: Any, hub: LiveHub, offer: dict[str, Any] | None) -> str:
    hub.publish("agent:a17", "pop", {"pop_id": "P", "call_id": "01A", "packet": {"offer": offer}})
    client = await serve()
    async with client.get("/agent/a17/events") as stream:
        async for raw in stream.content:
            line = raw.decode()
            if line.startswith("data:") and "html" in line:
                return str(json.loads(line[5:])["html"])
    raise AssertionError("no pop")


async def test_the_holdout_looks_like_a_call_without_an_offer(serve: Any, hub: LiveHub) -> None:
    plain = await screen_html(serve, hub, None)
    assert await screen_html(serve, hub, {**CARD, "arm": "holdout"}) == plain
    treated = await screen_html(serve, hub, {**CARD, "arm": "treat"})
    assert treated != plain
    assert 'data-state="waits"' in treated


async def test_an_offer_blocked_for_another_reason_has_no_script_in_the_page(serve: Any, hub: LiveHub) -> None:
    html = await screen_html(serve, hub, {**CARD, "arm": "treat", "blocked_by": "g.optout"})
    assert "Would you" not in html
    assert 'data-state="blocked"' in html


@pytest.mark.slow
@pytest.mark.parametrize(
    ("header", "heading"),
    [
        ("ru-RU,ru;q=0.9,en;q=0.8", "Ожидание звонка"),
        ("de, en;q=0.5", "Waiting for a call"),
        ("", "Waiting for a call"),
    ],
)
async def test_the_page_is_in_the_language_the_browser_asks_for(serve: Any, header: str, heading: str) -> None:
    client = await serve()
    page = await (await client.get("/agent/a17", headers={"Accept-Language": header})).text()
    assert heading in page


@pytest.mark.slow
async def test_a_language_chosen_is_remembered(serve: Any) -> None:
    client = await serve()
    answer = await client.post("/language", data={"language": "ru", "next": "/agent/a17"})
    assert "Ожидание звонка" in await answer.text()
    assert "Ожидание звонка" in await (await client.get("/agent/a17", headers={"Accept-Language": "en"})).text()
    assert (await client.post("/language", data={"language": "xx"})).status == 400


def test_every_word_is_there_in_every_language() -> None:
    for words in (*WORDS.values(), *CALL_WORDS.values()):
        assert words.keys() in (WORDS["en"].keys(), CALL_WORDS["en"].keys())
        assert all(words.values())
    assert WORDS.keys() == SCREEN_WORDS.keys() == CALL_WORDS.keys()
    assert {outcome.value for outcome in Outcome} <= CALL_WORDS["en"].keys()
    for screen in SCREEN_WORDS.values():
        for name in ("levels", "evidence", "warnings", "blocked", "statuses"):
            assert getattr(screen, name).keys() == getattr(SCREEN_WORDS["en"], name).keys()
        assert {kind.value for kind in EvidenceKind} <= screen.evidence.keys()
        assert RULES.keys() <= screen.blocked.keys()
    for titles in (*DISPOSITIONS.values(), *NOT_READY.values()):
        assert titles.keys() == WORDS.keys()


def test_the_scripts_of_all_pages_are_small(repo_root: Path) -> None:
    scripts = list((repo_root / "ivr/web/static").glob("*.js"))
    assert scripts
    assert sum(path.stat().st_size for path in scripts) < 200_000
