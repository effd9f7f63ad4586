"""An agent offers what the desk draws: when the request is solved, never to the holdout, with proof; or never again."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ivr.call.at_desk import OfferSettled, OffersUnwanted
from ivr.call.opportunities import Opportunities
from ivr.model.call import CallRecord
from ivr.model.errors import StorageError
from ivr.model.identity import Customer, Level
from ivr.model.offers import OfferAnswer, OfferProof
from ivr.model.routing import AgentAct, AgentState, WhisperAnswer
from ivr.offers.catalogue import load_catalogue
from ivr.offers.desk import OfferDesk
from ivr.storage.store import Store
from ivr.web.live import LiveHub
from tests.unit.offers.cases import OFFERS, OPEN_GATE

CATALOGUE = load_catalogue(OFFERS)
PATH = "/api/calls/01A/offer"
SOLVED = {"agent_id": "a17", "solved": True}


class LiveCall:
    """What a live call does when it is asked: the real decision, with this share held out. posted: what it was told."""

    def __init__(self, store: Store, held_out: float) -> None:
        self._store, self.offers = store, OfferDesk(CATALOGUE, "s", held_out)
        self.posted: list[object] = []
        self.decided = 0

    async def decide(self, call_id: str) -> None:
        self.decided += 1
        if self.decided > 1:
            return
        customer = Customer(customer_id="C1", household="H1", lines=("dacha",), profile={"age": 46})
        facts = replace(OPEN_GATE, customer=customer, level=Level.L2, now=datetime.now(UTC), suspended=None)
        await Opportunities(self.offers, self._store).decide(facts, opportunity_id="O1", call_id=call_id)

    def post(self, _call_id: str, message: object) -> bool:
        self.posted.append(message)
        return True


async def at_the_desk(serve: Any, store: Store, hub: LiveHub, held_out: float = 0.0) -> tuple[Any, LiveCall]:
    call = LiveCall(store, held_out)
    client = await serve(
        offers=lambda: call.offers,
        decide_offer=call.decide,
        post_to_call=call.post,
        queues=lambda: {"claims": "claims"},
    )
    packet = {"customer": {"id": "C1"}, "offer": {"blocked_by": "no offer on this call"}}
    hub.publish("agent:a17", "pop", {"pop_id": "P", "call_id": "01A", "packet": packet})
    return client, call


async def posted(client: Any, path: str, status: int = 200, **body: object) -> dict[str, Any]:
    async with client.post(path, json={"agent_id": "a17", **body}) as answer:
        assert answer.status == status, await answer.text()
        return dict(await answer.json())


async def test_a_yes_to_an_agent_needs_everything_told_and_is_stored_with_who_and_what(
    serve: Any, store: Store, hub: LiveHub, tmp_path: Path
) -> None:
    client, call = await at_the_desk(serve, store, hub)
    waiting = await posted(client, f"{PATH}/answer", 409, answer="accepted")
    assert waiting["error"] == "nothing was offered in this call"
    await posted(client, "/api/calls/01A/wrap-up", solved=True)
    card = await posted(client, PATH)
    assert card["state"] == "open"
    assert "no offers" in card["html"], "the first offer of a household carries the right to object"
    refusal = await posted(client, f"{PATH}/answer", 422, answer="accepted", told="seller,total_cost,read_back")
    assert refusal["error"] == "tell it first, and tick it: sales_purpose, renewal, notice"
    every = "seller,sales_purpose,total_cost,renewal,notice,read_back"
    await asyncio.sleep(0.05)
    ticked = {"told": every, "ticked_s": 0.03}
    assert (await posted(client, f"{PATH}/answer", answer="accepted", **ticked))["state"] == "answered"
    with sqlite3.connect(tmp_path / "ivr.db") as connection:
        asked, answered = connection.execute("SELECT proof_asked_at, proof_answered_at FROM answers").fetchone()
    between = datetime.fromisoformat(answered) - datetime.fromisoformat(asked)
    assert timedelta(milliseconds=29) <= between <= timedelta(milliseconds=31), "asked when the agent ticked it"
    assert (await posted(client, f"{PATH}/answer", 409, answer="declined"))[
        "error"
    ] == "it was answered already: accepted"
    [stored] = await store.opportunities_of(call_id="01A")
    assert (stored.answer, call.decided) == ("accepted", 2)
    (owed,) = await store.callbacks("due")
    assert (owed.reason, owed.opportunity_id) == ("furniture cover", "O1"), "somebody sees to it, or says it is done"
    assert call.posted == [OfferSettled(opportunity_id="O1", product="dacha_furniture", answer=OfferAnswer.ACCEPTED)]


async def test_the_database_takes_no_yes_of_an_agent_without_who_and_what(
    serve: Any, store: Store, hub: LiveHub
) -> None:
    await (await at_the_desk(serve, store, hub))[1].decide("01A")
    told = {"script_version": "1", "read_back": "3.90", "asked_at": "t", "answered_at": "t", "method": "agent"}
    nothing = {"heard": "", "confidence": 0.0, "digits": ""}
    for who in ({"agent": "a17"}, {"disclosures": "read_back"}, {"agent": " ", "disclosures": " "}):
        with pytest.raises(StorageError):
            await store.save_answer(
                "O1", OfferAnswer.ACCEPTED, "2026-11-22T10:00:00Z", OfferProof(**told, **nothing, **who)
            )
    whole = OfferProof(**told, **nothing, agent="a17", disclosures="read_back")
    await store.save_answer("O1", OfferAnswer.ACCEPTED, "2026-11-22T10:00:00Z", whole)


async def test_the_holdout_and_a_closed_gate_look_alike_before_and_after(
    serve: Any, store: Store, hub: LiveHub
) -> None:
    held_out = OfferDesk(CATALOGUE, next(s for s in map(str, range(99)) if _is_held_out(s)), 0.5)
    seen = []
    for offers in (held_out, None):
        call = LiveCall(store, 0.5)
        call.offers = offers or held_out
        other = await serve(offers=lambda c=call: c.offers, decide_offer=call.decide if offers else _nothing)
        name = "01H" if offers else "01N"
        packet = {"customer": {"id": "C1"}, "offer": {"arm": "holdout", "hint": "car"} if offers else {}}
        hub.publish("agent:a17", "pop", {"pop_id": name, "call_id": name, "packet": packet})
        before = await posted(other, f"/api/calls/{name}/offer")
        await posted(other, f"/api/calls/{name}/wrap-up", solved=True)
        after = await posted(other, f"/api/calls/{name}/offer")
        seen.append((before["state"], after["state"], after["html"].replace(name, "")))
    assert seen[0] == seen[1]
    [ghost] = await store.opportunities_of(call_id="01H")
    assert (ghost.decision.arm, ghost.decision.speak, bool(ghost.decision.product)) == ("holdout", False, True)


async def test_never_again_holds_at_once_with_or_without_an_offer(serve: Any, store: Store, hub: LiveHub) -> None:
    client, call = await at_the_desk(serve, store, hub)
    await posted(client, "/api/calls/01A/wrap-up", solved=True)
    await posted(client, f"{PATH}/answer", answer="never_again")
    assert await store.opted_out("H1")
    assert [type(each) for each in call.posted] == [OfferSettled, OffersUnwanted]
    words = dict.fromkeys(("sip_call_id", "dnis", "assistant", "language"), "x")
    at = "2026-11-22T10:00:00Z"
    await store.save_record(CallRecord(call_id="01B", ani="+49151", started_at=at, **words))
    other = await serve(post_to_call=lambda _call_id, _message: False)  # that call is over
    hub.publish("agent:a17", "pop", {"pop_id": "Q", "call_id": "01B", "packet": {}})
    await posted(other, "/api/calls/01B/offer/answer", answer="never_again")
    assert await store.opted_out("tel:+49151")


async def test_the_buttons_of_a_call_reach_the_call_and_nonsense_does_not(
    serve: Any, store: Store, hub: LiveHub
) -> None:
    client, call = await at_the_desk(serve, store, hub)
    for wrong in ({"do": "dance"}, {"do": "pass_on", "queue": "moon"}, {"do": "pass_on", "to": "a17"}, {"do": ""}):
        await posted(client, "/api/calls/01A/act", 400, **wrong)
    for elsewhere in ("/api/calls/01B/act", "/api/calls/01A/act"):  # a call of nobody's, and one of somebody else's
        who = "a17" if "01B" in elsewhere else "a18"
        refused = await posted(client, elsewhere, 409, agent_id=who, do="take")
        assert refused["error"] == "this call is not at your desk"
    assert call.posted == []
    await posted(client, "/api/calls/01A/act", do="take")
    await posted(client, "/api/calls/01A/act", do="pass_on", target="agent:a18", why="tariff")
    await posted(client, "/api/calls/01A/act", do="keep")
    assert call.posted == [
        AgentAct(agent_id="a17", answer=WhisperAnswer.TAKE),
        AgentAct(agent_id="a17", queue="claims", to="a18", why="tariff"),
        AgentAct(agent_id="a17"),
    ]


async def test_a_page_leaves_the_wrap_up_only_with_a_disposition(serve: Any, hub: LiveHub, book: Any) -> None:
    client = await serve()
    hub.publish("agent:a17", "pop", {"pop_id": "P", "call_id": "01A", "packet": {}})
    book.put("a17", AgentState.WRAP_UP)
    state = "/api/agents/a17/state"
    for wish in ("ready", "not_ready"):
        assert await posted(client, state, 409, state=wish, page="p1") == {"error": "Choose how it ended."}
    await posted(client, "/api/calls/01A/wrap-up", code="solved")
    await posted(client, state, state="ready", page="p1")
    assert book.rows["a17"][1] is AgentState.AVAILABLE


async def test_a_browser_without_scripts_is_heard_of_and_told_of_a_call(serve: Any, hub: LiveHub, book: Any) -> None:
    client = await serve()

    async def here() -> bool:
        return bool((await (await client.get("/api/agents")).json())["agents"][0]["here"])

    page = await (await client.get("/agent/a17")).text()
    assert '<noscript><meta http-equiv="refresh" content="5; url=/agent/a17?still=1"></noscript>' in page
    assert not await here()
    await client.get("/agent/a17?still=1")
    assert await here()
    hub.publish("agent:a17", "pop", {"pop_id": "P", "call_id": "01A", "packet": {}})
    book.put("a17", AgentState.TALKING)
    page = await (await client.get("/agent/a17")).text()
    assert 'http-equiv="refresh"' not in page, "what is being typed must stay"
    assert '<iframe class="plain" src="/agent/a17/plain?call=01A"' in page
    frame = await client.get("/agent/a17/plain?call=01Z")
    assert "frame-ancestors 'self'" in frame.headers["Content-Security-Policy"]
    assert "Call coming" in await frame.text()


def _is_held_out(salt: str) -> bool:
    return OfferDesk(CATALOGUE, salt, 0.5).experiment.arm("H1") == "holdout"


async def _nothing(_call_id: str) -> None:
    return None
