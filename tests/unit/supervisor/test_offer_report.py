"""Explaining a stored decision, outcomes by file, switching groups off and on: the commands, on a real store."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ivr.call.opportunities import Opportunities
from ivr.cli import main
from ivr.model.call import CallRecord, LogEntry
from ivr.model.offers import OfferAnswer
from ivr.offers.catalogue import load_catalogue
from ivr.offers.desk import OfferDesk
from ivr.offers.experiment import Experiment
from ivr.offers.replay import facts_as_data, facts_of
from ivr.storage.store import Store
from ivr.supervisor.effect_evidence import evidence
from tests.unit.offers.cases import DACHA_OWNER, OFFERS, OPEN_GATE, ROOT

CATALOGUE = load_catalogue(OFFERS)
DRAW = Experiment(salt="ivr", holdout=0.2)
AT = "2026-11-21T10:00:00.000Z"


@pytest.fixture
async def config(tmp_path: Path, database_url: str) -> Path:
    """Two decisions: one offered and declined, one closed because the household had heard it; one call without any."""
    path = tmp_path / "ivr.toml"
    assistant = ROOT / "dialogs" / "insurance"
    path.write_text(f'[server]\nassistant = "{assistant}"\n[storage]\nurl = "sqlite:///ivr.db"\n', encoding="utf-8")
    store = await Store.open(database_url)
    made = Opportunities(OfferDesk(CATALOGUE, "ivr", 0.2), store)
    first = await made.decide(OPEN_GATE, opportunity_id="O1", call_id="call-1")
    await made.answer(first, OfferAnswer.DECLINED, None, "call-1")
    await made.decide(replace(OPEN_GATE, load=0.95), opportunity_id="O2", call_id="call-2")
    values = dict.fromkeys(("sip_call_id", "ani", "dnis", "assistant", "language"), "x")
    asked = ({"intent": "payment", "result": "open"},)
    await store.save_record(CallRecord(call_id="call-3", customer_id="C1001", requests=asked, started_at=AT, **values))
    await store.close()
    return path


def run(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    assert main(["offers", *words]) == status
    told = capsys.readouterr()
    return told.out or told.err


def test_facts_survive_being_stored_and_hold_nothing_they_need_not() -> None:
    rich = replace(
        OPEN_GATE,
        customer=replace(
            DACHA_OWNER, name="Anna Hill", flags=("ads_consent",), profile={"birth_date": "1980-05-04", "iban": "DE1"}
        ),
        suspended=frozenset({"young"}),
        negative_words=("awful",),
    )
    data = json.loads(json.dumps(facts_as_data(rich)))
    assert "Hill" not in json.dumps(data) and "1980" not in json.dumps(data) and "DE1" not in json.dumps(data)
    again = facts_of(data)
    assert again.customer is not None and again.customer.profile == {"age": 46}
    assert replace(again, customer=None) == replace(rich, customer=None)
    with pytest.raises(ValueError, match="no facts"):
        facts_of({"level": "L1"})


def test_explain_names_the_first_rule_of_every_product(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = run(capsys, "explain", "--customer", "C1001", "--call", "call-1", "-c", str(config))
    assert "arm treat (offered)" in told and "group middle" in told
    assert "dacha_furniture      p = 1.0000  eligible <- drawn" in told
    for product in set(CATALOGUE.products) - {"dacha_furniture"}:
        (line, *_) = [line for line in told.splitlines() if line.strip().startswith(product)]
        assert "p.eligible: its own condition does not hold" in line
    closed = run(capsys, "explain", "--customer", "C1001", "--call", "call-2", "-c", str(config))
    assert "NO  g.load" in closed
    assert closed.count("g.load: too many calls are going on") == 2 * len(CATALOGUE.products)
    assert "NO  g.cap" in closed, "every rule is shown, though the first one decided"
    body = json.loads(run(capsys, "explain", "--customer", "C1001", "-c", str(config), "--json"))
    assert (body["call_id"], body["arm"]) == ("call-2", "none"), "the last decision about the customer"
    assert {p["product"] for p in body["products"]} == set(CATALOGUE.products)
    assert body["facts"]["load"] == 0.95
    nothing = run(capsys, "explain", "--call", "call-3", "-c", str(config), status=2)
    assert "payment (open)" in nothing
    assert "no call of customer" in run(capsys, "explain", "--customer", "C9", "-c", str(config), status=2)


def test_outcomes_come_by_file_all_or_none(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "told.csv"
    file.write_text(
        "opportunity,outcome,value\nO1,revenue_30d,46.80\nO1,csat,9\nO2,mood,1\nO1,stated,2.5\n", encoding="utf-8"
    )
    told = run(capsys, "outcomes", str(file), "-c", str(config), status=2)
    assert "told.csv:3: csat is between 1 and 5, not 9" in told and "told.csv:4: unknown outcome 'mood'" in told
    assert "told.csv:5: stated is 1 (useful), 2 (did_not_mind), 3 (annoying), not 2.5" in told
    file.write_text("opportunity,outcome,value,at\nO1,csat,4,\nnobody,csat,4,\n", encoding="utf-8")
    assert "nobody" in run(capsys, "outcomes", str(file), "-c", str(config), status=2)
    file.write_text(f"opportunity,outcome,value,at,source\nO1,csat,4,{AT},survey\n", encoding="utf-8")
    assert "1 outcomes" in run(capsys, "outcomes", str(file), "-c", str(config))
    assert "columns" in run(capsys, "outcomes", str(config), "-c", str(config), status=2)


def test_a_person_switches_a_group_off_and_on(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ("-c", str(config))
    assert "unknown group" in run(capsys, "suspend", "elders", *at, status=2)
    run(capsys, "suspend", "senior", "--reason", "a feeling", *at)
    assert "OFF  a feeling" in run(capsys, "suspensions", *at)
    assert "by Ada" in run(capsys, "reopen", "senior", "--by", "Ada", *at)
    assert "not suspended" in run(capsys, "reopen", "senior", "--by", "Ada", *at, status=1)
    (made,) = json.loads(run(capsys, "suspensions", "--json", *at))["suspensions"]
    assert (made["group"], made["reopened_by"]) == ("senior", "Ada")
    assert "nothing new" in run(capsys, "watch", *at)


def test_the_sample_size_is_told_before_the_start(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(run(capsys, "plan", "--json", "-c", str(config)))
    sizes = {row["detect"]: row for row in told["detect"]}
    told_elsewhere = {"repeat calls 10 -> 12 %": 11_038, "hang-ups 2 -> 3 %": 9_615, "complaints 0.5 -> 0.7 %": 61_013}
    for detect, households in told_elsewhere.items():
        assert abs(sizes[detect]["once"] - households) <= 1, "as anybody's formula gives it"
    assert all(1.2 < row["any_time"] / row["once"] < 1.7 for row in told["detect"])
    assert "<- not within the plan" in run(capsys, "plan", "-c", str(config))


def test_before_anything_is_counted_nothing_is_wrong_however_it_is_asked(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = json.loads(run(capsys, "report", "--json", "-c", str(config)))
    assert (told["sound"], told["rows"], [c["name"] for c in told["checks"] if not c["passed"]]) == (True, 0, [])
    text = run(capsys, "report", "--language", "ru", "-c", str(config))
    assert "Считать пока нечего" in text and "Намечено 20\N{NO-BREAK SPACE}000 домохозяйств, контроль 20 %" in text
    assert "," not in "".join(line[42:] for line in text.splitlines() if line.startswith("  ")), "no English numbers"
    config.write_text(config.read_text() + "[offers]\nholdout = 0\n", encoding="utf-8")
    assert "holdout is 0: without households" in run(capsys, "report", "-c", str(config))
    assert "holdout is 0: without households" in run(capsys, "plan", "-c", str(config), status=2)


async def test_a_row_the_event_log_does_not_know_is_a_red_check(config: Path, tmp_path: Path) -> None:
    store = await Store.open(f"sqlite:///{tmp_path / 'ivr.db'}")
    terms: Any = CATALOGUE.experiment
    far = 4_000_000_000_000
    (counts,) = [c for c in (await evidence(store, DRAW, far)).report(terms.plan).checks if c.name == "counts"]
    assert counts.detail == "not compared: no call is in the log"
    for seq, opportunity in enumerate(("O1", "O9"), 1):
        data = {"opportunity": opportunity, "arm": "treat"}
        store.append(LogEntry(call_id="call-1", seq=seq, at=AT, at_ms=1, kind="offer.decided", data=data))
    await store.flush()
    (counts,) = [c for c in (await evidence(store, DRAW, far)).report(terms.plan).checks if c.name == "counts"]
    assert (counts.passed, counts.detail) == (False, "1 stored, 2 in the call log")
    await store.close()
