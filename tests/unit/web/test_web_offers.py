"""Offers over the API: the same gate, holdout and proof as in our own calls, held against the description."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ivr.model.call import CallRecord
from ivr.model.offers import StatedQuestion, Suspension
from ivr.offers.catalogue import load_catalogue
from ivr.offers.desk import OfferDesk
from ivr.storage.store import Store
from ivr.supervisor.offer_watch import join_outcomes
from tests.unit.offers.cases import OFFERS, ROOT
from tests.unit.web.test_web_api import checked

DECIDE, OUTCOME = "/api/offers/decide", "/api/offers/outcome"
CATALOGUE = load_catalogue(OFFERS).listening_for(
    negative={"en": ("ridiculous",)}, vulnerable={"en": ("passed away",), "ru": ("похороны",)}
)
CUSTOMER = {"id": "C1", "household": "H1", "lines": ["dacha"], "profile": {"age": 46}}
CALL: dict[str, Any] = {"id": "1", "intent": "claim_status", "other_intents": [], "resolved": True, "confirmed": True}
CALL |= {"bot_disclosed": True, "agent_requested": False, "open_ticket": False, "overflow": False, "said": ["thanks"]}
CALL |= {"repairs": 0, "recent_failures": 0, "latency_p95_ms": 0, "seconds": 90, "waited_s": 0, "load": 0.2}
ASKED = {"key": "k1", "level": "L1", "customer": CUSTOMER, "call": CALL}


def proof(**change: Any) -> dict[str, Any]:
    """A yes by key, given now."""
    asked = datetime.now(UTC)
    yes = {"asked_at": asked.isoformat(), "answered_at": (asked + timedelta(seconds=6)).isoformat()}
    yes |= {"read_back": "Furniture cover for three euros ninety a month. Shall a colleague call you?"}
    return yes | {"method": "dtmf", "digits": "1"} | change


def desk(holdout: float = 0.0) -> OfferDesk:
    return OfferDesk(CATALOGUE, "s", holdout)


async def decided(client: Any, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    return dict(await checked(client, "POST", DECIDE, DECIDE, status, json=body))


async def told(client: Any, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    return dict(await checked(client, "POST", OUTCOME, OUTCOME, status, json=body))


async def test_an_offer_is_decided_told_once_and_answered_with_its_proof(serve: Any, store: Store) -> None:
    learned: list[int] = []
    client = await serve(offers=desk, learn=lambda: learned.append(1))
    first = await decided(client, ASKED)
    assert (first["speak"], first["product"], first["relation"]) == (True, "dacha_furniture", "cross")
    assert "no offers" in first["script"]["notice"], "the first offer of a household carries the right to object"
    assert first["fulfil"] == "lead"
    assert await decided(client, ASKED) == first, "the same key gets the same answer"
    assert len(await store.opportunities_of(customer_id="C1")) == 1
    opportunity = first["opportunity"]
    lacking = {"opportunity": opportunity, "answer": "accepted"}
    assert "proof" in (await told(client, lacking, 422))["error"]
    await told(client, {**lacking, "proof": proof(digits="2")}, 422)
    await told(client, {**lacking, "proof": proof(method="speech", heard="yes", confidence=0.8)}, 422)
    stored = await told(client, {**lacking, "proof": proof()})
    assert stored == {"opportunity": opportunity, "answered": True, "outcomes": 0}
    assert (await told(client, {**lacking, "proof": proof()}))["answered"] is False, "told twice, stored once"
    assert learned == [1]
    (yes,) = await store.acceptances()
    assert yes.fulfilment is not None
    assert (yes.fulfilment.state, await store.callbacks()) == ("elsewhere", []), "who made the offer sees to it"
    await told(client, {"opportunity": opportunity, "answer": "declined"}, 409)
    await told(client, {"opportunity": opportunity, "outcomes": {"csat": 5, "aht_s": 200}})
    await told(client, {"opportunity": opportunity, "outcomes": {"csat": 1}})
    (row,) = await store.experiment_rows()
    assert (row.answer, row.outcomes) == ("accepted", {"csat": 5.0, "aht_s": 200.0})
    assert (await decided(client, ASKED))["speak"] is False, "an offer that was answered is not made again"
    again = await decided(client, {**ASKED, "key": "k2"})
    assert again["closed_by"] == ["g.cap"]


async def test_the_holdout_hears_nothing_and_is_not_told_what(serve: Any, store: Store) -> None:
    client = await serve(offers=lambda: desk(1.0))
    silent = await decided(client, ASKED)
    assert (silent["speak"], silent["product"], silent["script"], silent["closed_by"]) == (False, "", None, [])
    refused = await told(client, {"opportunity": silent["opportunity"], "answer": "accepted", "proof": proof()}, 409)
    assert "nothing" in refused["error"]
    (row,) = await store.experiment_rows()
    assert (row.arm, row.product, row.answer) == ("holdout", "dacha_furniture", "")


async def test_never_again_and_a_suspension_hold_for_the_next_conversation(serve: Any, store: Store) -> None:
    client = await serve(offers=desk)
    first = await decided(client, ASKED)
    await told(client, {"opportunity": first["opportunity"], "answer": "never_again"})
    sister = {**ASKED, "key": "k2", "customer": {**CUSTOMER, "id": "C2"}}
    assert "g.optout" in (await decided(client, sister))["closed_by"]
    other = {**ASKED, "key": "k3", "customer": {**CUSTOMER, "id": "C3", "household": "H3"}}
    await store.suspend(Suspension(group="middle", at="2026-11-21T10:00:00.000Z", reason="csat -0.4"))
    assert (await decided(client, other))["closed_by"] == ["g.suspended"]
    assert await store.reopen("middle", "2026-11-22T10:00:00.000Z", "boss")
    await store.suspend(Suspension(group="*", at="2026-11-23T10:00:00.000Z", reason="hang-ups"))
    assert (await decided(client, {**other, "key": "k4"}))["closed_by"] == ["g.suspended"]


async def test_what_conversations_were_about_counts_for_later_ones_and_is_forgotten_with_the_calls(
    serve: Any, store: Store
) -> None:
    client = await serve(offers=desk)
    first = await decided(client, ASKED)
    unsolved = {**CALL, "id": "2", "resolved": False, "confirmed": False, "other_intents": ["payment", "claim_status"]}
    assert (await decided(client, {**ASKED, "key": "k2", "call": unsolved}))["closed_by"][0] == "g.resolved"
    stranger = {key: value for key, value in ASKED.items() if key != "customer"}
    await decided(client, {**stranger, "key": "k3", "call": {**CALL, "id": "3"}})
    again = await decided(client, {**ASKED, "key": "k4", "call": {**CALL, "id": "4", "intent": "payment"}})
    assert "g.repeat" in again["closed_by"], "asked for before, in another conversation"
    now_ms = round(datetime.now(UTC).timestamp() * 1000)
    asked = await store.requests_between("H1", 0, now_ms + 1)
    assert sorted(asked) == [("1", "claim_status"), ("2", "claim_status"), ("2", "payment"), ("4", "payment")]
    await join_outcomes(store, (), now_ms)
    (row,) = (r for r in await store.experiment_rows() if r.opportunity_id == first["opportunity"])
    assert row.outcomes["repeat_7d"] == 1.0, "the second conversation was about the same"
    words = dict.fromkeys(("sip_call_id", "ani", "dnis", "assistant", "language"), "x")
    ours = CallRecord(call_id="5", household="H1", started_at=f"{datetime.now(UTC).isoformat()}", **words)
    await store.save_record(replace(ours, requests=({"intent": "tariff", "result": "resolved"},)))
    await decided(client, {**ASKED, "key": "k5", "call": {**CALL, "id": "5"}})
    assert ("5", "tariff") in await store.requests_between("H1", 0, now_ms + 60_000), "what we took we know better"
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    await store.forget_calls(await store.calls_before(tomorrow, tomorrow))
    assert await store.requests_between("H1", 0, now_ms + 60_000) == [("5", "tariff")], "it has not ended"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"resolved": False}, "g.resolved"),
        ({"bot_disclosed": False}, "g.bot_disclosed"),
        ({"said": ["This is ridiculous"]}, "g.positive"),
        ({"said": ["my husband passed away"]}, "g.vulnerable"),
        ({"said": ["у нас похороны", "let us speak English"]}, "g.vulnerable"),
        ({"open_ticket": True}, "g.repeat"),
        ({"load": 0.9}, "g.load"),
        ({"waited_s": 130}, "g.wait"),
        ({"other_intents": ["new_claim"]}, "g.never_intents"),
    ],
)
async def test_what_is_told_of_the_call_closes_the_gate(serve: Any, change: dict[str, Any], rule: str) -> None:
    client = await serve(offers=desk)
    answer = await decided(client, {**ASKED, "call": {**CALL, **change}})
    assert (answer["speak"], answer["closed_by"]) == (False, [rule])


NEEDED = {
    "g.resolved": ("resolved", "confirmed"),
    "g.positive": ("repairs", "recent_failures", "agent_requested", "latency_p95_ms"),
    "g.never_intents": ("other_intents",),
    "g.repeat": ("open_ticket",),
    "g.wait": ("seconds", "waited_s"),
    "g.load": ("load", "overflow"),
    "g.bot_disclosed": ("bot_disclosed",),
}


async def test_whatever_is_left_out_counts_against_the_offer(serve: Any) -> None:
    client = await serve(offers=desk)
    optional = set(CALL) - {"id", "intent"}
    assert optional == {name for names in NEEDED.values() for name in names} | {"said"}
    for rule, names in {**NEEDED, "g.positive g.vulnerable": ("said",)}.items():
        for name in names:
            call = {key: value for key, value in CALL.items() if key != name}
            answer = await decided(client, {**ASKED, "key": f"without {name}", "call": call})
            assert (answer["speak"], answer["closed_by"]) == (False, rule.split()), name


async def test_wrong_requests_are_refused_with_words(serve: Any) -> None:
    client = await serve(offers=desk)
    assert "call.intent" in (await decided(client, {**ASKED, "call": {"id": "1"}}, 400))["error"]
    assert "colour" in (await decided(client, {**ASKED, "colour": "red"}, 400))["error"]
    first = await decided(client, ASKED)
    await decided(client, {**ASKED, "call": {**CALL, "id": "2"}}, 409)
    at = {"opportunity": first["opportunity"]}
    await told(client, at, 400)
    assert "csat" in (await told(client, {**at, "outcomes": {"csat": 6}}, 400))["error"]
    assert "unknown" in (await told(client, {**at, "outcomes": {"mood": 1}}, 400))["error"]
    await told(client, {"opportunity": "nobody", "outcomes": {"csat": 5}}, 404)
    without = await serve()
    await decided(without, ASKED, 404)
    await told(without, {**at, "answer": "declined"}, 404)
    guarded = await serve(offers=desk, token="secret")
    await decided(guarded, ASKED, 401)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"language": " "}, "language: String should match pattern '\\S'"),
        ({"call": {**CALL, "intent": ""}}, "call.intent: String should have at least 1 character"),
        ({"call": {**CALL, "seconds": 1e308}}, "call.seconds: Input should be less than or equal to 10000000"),
    ],
)
async def test_what_cannot_be_of_a_conversation_is_said_in_one_sentence(
    serve: Any, change: dict[str, Any], words: str
) -> None:
    assert await decided(await serve(offers=desk), {**ASKED, **change}, 400) == {"error": words}


async def test_endless_numbers_are_no_numbers(serve: Any) -> None:
    client = await serve(offers=desk)
    body = json.dumps({**ASKED, "call": {**CALL, "seconds": float("inf")}})
    assert "Infinity" in body
    answer = await client.post(DECIDE, data=body, headers={"Content-Type": "application/json"})
    assert (answer.status, await answer.json()) == (400, {"error": "call.seconds: Input should be a finite number"})


async def test_silence_that_no_rule_of_the_call_explains_names_the_rules_of_the_products(serve: Any) -> None:
    client = await serve(offers=desk)
    said = {}
    for number, change in enumerate(
        ({"language": "en-US"}, {"language": "de"}, {"call": {**CALL, "intent": "weather"}}, {"level": "L0"})
    ):
        customer = {**CUSTOMER, "id": f"N{number}", "household": f"NH{number}"}
        answer = await decided(client, {**ASKED, "key": f"n{number}", "customer": customer, **change})
        said[number] = (answer["speak"], answer["closed_by"])
    assert said == {
        0: (True, []),
        1: (False, ["p.language"]),
        2: (False, ["p.relevant"]),
        3: (False, ["g.level"]),
    }


async def test_only_a_plain_yes_proves_an_acceptance(serve: Any, store: Store) -> None:
    client = await serve(offers=desk)
    about = {"opportunity": (await decided(client, ASKED))["opportunity"], "answer": "accepted"}
    for heard in ("no, never", "yes but how much is it", "let me think about it"):
        refused = await told(client, {**about, "proof": proof(method="speech", heard=heard, confidence=0.99)}, 422)
        assert refused["error"].startswith("heard is no plain yes")
    await told(client, {**about, "proof": proof(method="speech", heard="Yes, please.", confidence=0.93)})


@pytest.mark.parametrize("grade", [3.5, True, "5"])
async def test_a_grade_is_a_whole_number(serve: Any, grade: object) -> None:
    client = await serve(offers=desk)
    about = {"opportunity": (await decided(client, ASKED))["opportunity"]}
    assert "csat" in (await told(client, {**about, "outcomes": {"csat": grade}}, 400))["error"]


async def test_asking_twice_at_once_draws_one_offer(serve: Any, store: Store) -> None:
    client = await serve(offers=desk)
    answers = await asyncio.gather(*(decided(client, ASKED) for _ in range(5)))
    assert all(answer == answers[0] for answer in answers)
    assert len(await store.opportunities_of(customer_id="C1")) == 1


async def test_a_survey_is_asked_of_both_arms_in_the_same_words(serve: Any) -> None:
    terms = CATALOGUE.experiment
    assert terms is not None
    asking = replace(CATALOGUE, experiment=replace(terms, survey={"en": "Press one to five."}, survey_share=1.0))
    answers = []
    for share in (1.0, 0.0):
        client = await serve(offers=lambda share=share: OfferDesk(asking, "s", share))
        answers.append(await decided(client, {**ASKED, "key": str(share)}))
    assert [(a["speak"], a["survey"]) for a in answers] == [(False, "Press one to five."), (True, "Press one to five.")]


async def test_whoever_hears_an_offer_may_be_asked_what_it_was_like(serve: Any, store: Store) -> None:
    terms = CATALOGUE.experiment
    assert terms is not None
    question = StatedQuestion(ask="How was it?", thanks="Thank you.")
    asking = replace(CATALOGUE, experiment=replace(terms, stated={"en": question}))
    client = await serve(offers=lambda: OfferDesk(asking, "s", 0.0, 1.0))
    answer = await decided(client, ASKED)
    assert (answer["speak"], answer["stated"]) == (True, "How was it?")
    about = {"opportunity": answer["opportunity"]}
    await client.post("/api/offers/outcome", json={**about, "answer": "declined"})
    again = await decided(client, ASKED)
    assert (again["speak"], again["stated"]) == (False, "How was it?"), "it is asked after the answer"
    told = await client.post("/api/offers/outcome", json={**about, "outcomes": {"stated_asked": 1, "stated": 4}})
    assert told.status == 400
    await client.post("/api/offers/outcome", json={**about, "outcomes": {"stated_asked": 1, "stated": 3}})
    (row,) = await store.experiment_rows()
    assert row.outcomes == {"stated_asked": 1.0, "stated": 3.0}
    await client.post("/api/offers/outcome", json={**about, "outcomes": {"optout": 1}})
    assert (await decided(client, ASKED))["stated"] == ""
    client = await serve(offers=lambda: OfferDesk(asking, "s", 1.0, 1.0))
    held = await decided(client, {**ASKED, "key": "another", "customer": {**ASKED["customer"], "id": "C9"}})
    assert (held["speak"], held["stated"]) == (False, "")


@pytest.mark.parametrize("token", ["secret", ""])
async def test_the_program_of_the_guide_runs(serve: Any, store: Store, token: str) -> None:
    client = await serve(offers=desk, **({"token": token} if token else {}))
    guide = (ROOT / "docs" / "integrating.md").read_text(encoding="utf-8")
    program = re.search(r"```python\n(.*?)```", guide, re.DOTALL)
    assert program is not None
    assert len([line for line in program[1].splitlines() if line.strip()]) <= 20
    environment = {"IVR_URL": str(client.make_url("")).rstrip("/"), "IVR_WEB_TOKEN": token, "PATH": "/usr/bin"}
    ran = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", program[1]], env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "one offer from Northwind" in ran.stdout
    (row,) = await store.experiment_rows()
    assert (row.answer, row.outcomes) == ("declined", {"csat": 5.0, "early_hangup": 0.0, "aht_s": 184.0})
