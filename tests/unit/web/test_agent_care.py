"""An agent notes in a call that the customer needs care: at once, on every page; taking it back is no page's matter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ivr.call.opportunities import Opportunities
from ivr.model.routing import AgentState
from ivr.storage.store import Store
from ivr.web.live import LiveHub
from tests.unit.offers.cases import DACHA_OWNER, OPEN_GATE
from tests.unit.web.test_agent_offer import LiveCall, at_the_desk, posted

CARE = "/api/calls/01A/care"
WHO = {"id": "C1", "name": "Anna", "level": "L2"}


async def at_the_call(serve: Any, store: Store, hub: LiveHub, book: Any, **customer: str) -> tuple[Any, LiveCall]:
    client, call = await at_the_desk(serve, store, hub)
    pop = {"pop_id": "P", "call_id": "01A", "packet": {"customer": {**WHO, **customer}}}
    hub.publish("agent:a17", "pop", pop)
    book.put("a17", AgentState.TALKING)
    return client, call


async def test_a_mark_warns_at_once_and_closes_the_offer_of_this_call_and_of_the_next(
    serve: Any, store: Store, hub: LiveHub, book: Any
) -> None:
    client, call = await at_the_call(serve, store, hub, book)
    page = await (await client.get("/agent/a17")).text()
    assert '<button name="why" value="time">Needs more time or simpler words</button>' in page
    await posted(client, "/api/calls/01A/wrap-up", solved=True)
    assert (await posted(client, "/api/calls/01A/offer"))["state"] == "open"
    with hub.subscribe("agent:a17") as other:
        while await other.next(0.01):
            continue
        shown = await posted(client, CARE, why="time")
        told = await other.next(1)
    assert told is not None and (told.event, told.data) == ("care", {"call_id": "01A"})
    assert "Vulnerable customer: take time, sell nothing" in shown["warnings"]
    assert "Noted by a17" in shown["warnings"] and "ivr offers clear-care" in shown["warnings"]
    assert 'data-state="blocked"' in shown["offer"] and "Not now:</strong> vulnerable customer" in shown["offer"]
    await posted(client, "/api/calls/01A/offer/answer", 409, answer="accepted", told="read_back")
    await posted(client, CARE, why="other")
    [mark] = await store.care_marks("C1")
    assert (mark.by, mark.call_id, mark.why) == ("a17", "01A", "time"), "noted once"
    page = await (await client.get("/agent/a17", headers={"Accept-Language": "ru"})).text()
    assert "Уязвимый клиент" in page and "Нужно больше времени, проще слова" in page and 'id="caring"' not in page
    hub.publish("agent:a18", "pop", {"pop_id": "Q", "call_id": "01B", "packet": {"customer": WHO}})
    book.put("a18", AgentState.TALKING)
    assert "take time, sell nothing" in await (await client.get("/agent/a18")).text(), "the next call sees it"
    facts = replace(OPEN_GATE, customer=replace(DACHA_OWNER, customer_id="C1", household="H9"), suspended=None)
    later = await Opportunities(call.offers, store).decide(facts, opportunity_id="O2", call_id="01B")
    assert [finding.rule for finding in later.gate if not finding.passed] == ["g.vulnerable"]


async def test_only_the_agent_at_that_call_may_note_it_of_somebody_known(
    serve: Any, store: Store, hub: LiveHub, book: Any
) -> None:
    client, _ = await at_the_call(serve, store, hub, book, level="L1")
    assert 'id="caring"' not in await (await client.get("/agent/a17")).text(), "the page does not say who it is"
    assert "nobody is known" in (await posted(client, CARE, 409, why="time"))["error"]
    await at_the_call(serve, store, hub, book)
    for wrong in ("", "an illness"):
        assert (await posted(client, CARE, 400, why=wrong))["error"].startswith("why is one of time, pressed")
    await posted(client, CARE, 404, why="time", agent_id="a18")
    book.put("a17", AgentState.RESERVED)
    assert (await posted(client, CARE, 409, why="time"))["error"] == "take the call first"
    assert await store.care_marks("C1") == []


async def test_without_scripts_the_form_leads_back_to_the_page_and_a_mark_of_the_customer_system_is_no_mark_of_ours(
    serve: Any, store: Store, hub: LiveHub, book: Any
) -> None:
    client, _ = await at_the_call(serve, store, hub, book)
    form = {"agent_id": "a17", "why": "asked"}
    async with client.post(CARE, data=form, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/agent/a17")
    assert await store.needs_care("C1") is not None
    assert await store.clear_care("C1", "2026-11-22T10:00:00Z", "boss")
    flagged = {"customer": {**WHO, "flags": ["vulnerable"]}}
    hub.publish("agent:a17", "pop", {"pop_id": "R", "call_id": "01A", "packet": flagged})
    page = await (await client.get("/agent/a17")).text()
    assert "take time, sell nothing" in page and "Not now:</strong> vulnerable customer" in page
    assert '<p class="faint">Noted by' not in page
