"""The effect page: what it shows comes from the report, stands there in both languages, and needs no script."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivr.config import ServerSettings, Settings, StorageSettings
from ivr.model.offers import OfferAnswer, OfferDecision, OfferOutcome, Suspension
from ivr.sections import EffectsSettings
from ivr.storage.store import Store
from ivr.supervisor.effects import effects_document
from ivr.web.effects_charts import Interval, forest
from tests.unit.offers.cases import ROOT
from tests.unit.web.test_web_api import checked

AT = "2026-03-01T10:00:00.000Z"  # long ago: everything about it is known


@pytest.fixture
async def document(store: Store, tmp_path: Path) -> AsyncIterator[dict[str, Any]]:
    """600 households: seniors who were offered something call again more often."""
    rng = np.random.default_rng(3)
    rows, told, answers = [], [], []
    for number in range(600):
        group, treated = ("senior", "middle")[number % 2], bool(rng.random() < 0.8)
        product = ("travel", "car")[int(rng.random() < 0.5)]
        made = OfferDecision(
            opportunity_id=f"O{number}",
            arm="treat" if treated else "holdout",
            speak=treated,
            household=f"H{number}",
            product=product,
            relation="up",
            p_treat=0.8,
            probabilities={"travel": 0.5, "car": 0.5},
            group=group,
        )
        rows.append((made, f"c{number}", f"C{number}", AT))
        if treated:
            said = OfferAnswer.DECLINED if rng.random() < 0.9 else OfferAnswer.NEVER_AGAIN
            answers.append((f"O{number}", OfferAnswer.HUNG_UP if not number % 40 else said, AT, None))
        harm = 0.4 * treated * (group == "senior")
        values = {
            "csat": float(np.clip(round(4.2 - harm + rng.standard_normal()), 1, 5)),
            "repeat_7d": float(rng.random() < 0.15 + harm),
            "early_hangup": float((treated and not number % 40) or rng.random() < 0.05),
            "complaint_14d": float(rng.random() < 0.3),
            "churned_90d": float(rng.random() < 0.3 + 0.1 * treated * (group == "senior")),
            "revenue_30d": 4.0 * treated,
        }
        if treated and not number % 10:
            values |= {"stated_asked": 1.0} | ({} if number % 30 else {"stated": 1.0 + number % 3 + number // 30 % 3})
        told += [
            OfferOutcome(opportunity_id=f"O{number}", outcome=name, value=value, at=AT, source="test")
            for name, value in values.items()
        ]
    await store.save_opportunities(rows)
    await store.save_answers(answers)
    await store.add_outcomes(told)
    yield await effects_document(
        Settings(
            server=ServerSettings(assistant=ROOT / "dialogs" / "insurance"),
            storage=StorageSettings(url=f"sqlite:///{tmp_path / 'ivr.db'}"),
            effects=EffectsSettings(customer_year=120.0),
        ),
        days=10_000.0,
    )


async def test_hang_ups_in_mid_offer_are_counted_as_such(document: dict[str, Any]) -> None:
    ends = document["ends"]
    assert sum(ends.values()) == document["arms"]["treat"]
    assert 8 <= ends["hung_up"] <= 15, "every fortieth household, four of five of them treated"
    hangup = next(f for f in document["report"]["overall"] if f["outcome"] == "early_hangup")
    assert hangup["treated"] * document["arms"]["treat"] >= ends["hung_up"]


async def test_lost_customers_and_complaints_are_effects_with_their_intervals(document: dict[str, Any]) -> None:
    told = {figure["name"]: figure for figure in document["ledger"]}
    churn, retained = told["churn_effect"], told["retained_value"]
    for figure in (churn, retained, told["complaint_effect"]):
        assert figure["how"] == "randomised"
        assert figure["low"] < figure["value"] < figure["high"]
    assert churn["low"] < 0.05 < churn["high"], "offered seniors leave: five in a hundred over all callers"
    assert retained["value"] == pytest.approx(-churn["value"] * 600 * 120.0, abs=0.00005 * 600 * 120)


async def test_the_page_shows_the_report_in_both_languages_and_in_files(
    serve: Any, store: Store, document: dict[str, Any]
) -> None:
    async def told() -> dict[str, Any]:
        return document

    client = await serve(effects=told)
    for language, words in (("en", "The experiment is sound"), ("ru", "Опыт проведён чисто")):
        answer = await client.get("/effects", headers={"Accept-Language": language})
        page = await answer.text()
        assert answer.status == 200
        assert words in page
        assert document["report"]["answer"][language] in page.replace("&#39;", "'")
        assert page.count("<svg") == page.count("</svg>") >= 4
        assert "<script" not in page and "style=" not in page, "no script, and nothing the content policy forbids"
        for check in document["report"]["checks"]:
            assert check["titles"][language] in page
        assert document["report"]["p_harm_beyond_margin"]["words"][language] in page
    body = await checked(client, "GET", "/api/effects", "/api/effects", 200)
    assert body["report"]["groups"] == document["report"]["groups"]
    table = (await checked(client, "GET", "/api/effects.csv", "/api/effects.csv", 200)).decode()
    lines = list(csv.DictReader(io.StringIO(table)))
    (csat,) = [
        line for line in lines if (line["part"], line["group"], line["figure"]) == ("experiment", "senior", "csat")
    ]
    (group,) = [g for g in document["report"]["groups"] if g["group"] == "senior"]
    assert float(csat["value"]) == next(f["effect"] for f in group["findings"] if f["outcome"] == "csat")
    assert {line["figure"] for line in lines if line["part"] == "ranking"} >= {"chance", "car first"}
    likely = {(line["group"], line["figure"]): line for line in lines if line["part"] == "posterior"}
    assert float(likely["", "p_harm_beyond_margin annoyed"]["value"]) > 0.97, "seniors call again more often"
    assert likely["senior", "p_harm_beyond_margin annoyed"]["value"] == "", "too few callers, not nought"
    stated = document["report"]["stated"]
    assert f"Спрошено {stated['asked']}, ответили {stated['answered']}" in page
    said = {line["figure"]: float(line["value"]) for line in lines if line["part"] == "stated"}
    assert said == {each["answer"]: each["share"] for each in stated["said"]}


async def test_the_page_calls_groups_by_their_titles_and_writes_numbers_as_the_language_does(
    serve: Any, document: dict[str, Any]
) -> None:
    async def told() -> dict[str, Any]:
        return document

    client = await serve(effects=told)
    for language, title, number in (("en", "65 and older", "20,000"), ("ru", "65 и старше", "20\N{NO-BREAK SPACE}000")):
        page = await (await client.get("/effects", headers={"Accept-Language": language})).text()
        assert f"<td>{title}</td>" in page and ">senior<" not in page
        assert number in page and ("20,000" in page) == (language == "en")
        assert title in document["report"]["answer"][language]


async def test_prices_can_be_changed_on_the_page_and_the_ledger_has_one_of_its_own(
    serve: Any, document: dict[str, Any]
) -> None:
    async def told() -> dict[str, Any]:
        return document

    client = await serve(effects=told)
    net = document["report"]["money"]["net"]
    assert f"{net:+.2f}" in await (await client.get("/effects")).text()
    free = "&".join(f"price_{name}=0" for name in document["prices"])
    revenue = document["report"]["money"]["revenue"]
    page = await (await client.get(f"/effects?{free}")).text()
    assert f"<strong>{revenue:+.2f}</strong>" in page, "without prices there is no harm: net is revenue"
    assert "price_csat" in page and 'value="0"' in page
    assert (await client.get("/effects?price_csat=much")).status == 200
    for language, words in (("en", "never reached an agent"), ("ru", "не дошло до человека")):
        ledger = await (await client.get("/direct", headers={"Accept-Language": language})).text()
        assert words in ledger and "<svg" not in ledger


async def test_a_suspended_group_is_announced_and_reopened_by_a_named_person(serve: Any, store: Store) -> None:
    await store.suspend(Suspension(group="senior", at=AT, reason="csat <b>-0.4</b>"))
    client = await serve()
    page = await (await client.get("/effects")).text()
    assert "Offers to senior are off" in page
    assert "csat &lt;b&gt;-0.4&lt;/b&gt;" in page
    path = "/effects/reopen"
    await checked(client, "POST", path, path, 400, data={"group": "senior", "by": " "})
    await checked(client, "POST", path, path, 404, data={"group": "young", "by": "Ada"})
    await checked(client, "POST", path, path, 303, data={"group": "senior", "by": "Ada"})
    (made,) = await store.suspensions()
    assert made.reopened_by == "Ada"
    assert "are off" not in await (await client.get("/effects")).text()
    await checked(client, "GET", "/api/effects", "/api/effects", 404)
    await checked(client, "GET", "/api/effects.csv", "/api/effects.csv", 404)


async def test_an_assistant_without_calls_has_a_page_too(
    serve: Any, fresh_database: Callable[[Path], str], tmp_path: Path
) -> None:
    settings = Settings(
        server=ServerSettings(assistant=ROOT / "dialogs" / "bank"),
        storage=StorageSettings(url=fresh_database(tmp_path / "empty.db")),
    )
    document = await effects_document(settings)

    async def told() -> dict[str, Any]:
        return document

    client = await serve(effects=told)
    answer = await client.get("/effects")
    assert answer.status == 200
    page = await answer.text()
    assert "How many households an answer takes" in page
    assert "20 % of the households hear none" in page
    assert "check red" not in page, "nothing is wrong with an experiment that has not begun"
    await checked(client, "GET", "/api/effects.csv", "/api/effects.csv", 200)


def test_a_chart_is_well_formed_and_escapes_what_it_is_given() -> None:
    line = Interval(label='<&"', value=0.1, low=None, high=None, thin_low=-0.2, thin_high=0.4)
    drawn = ET.fromstring(str(forest([line, line], title='a "title" & more', limit=-0.15)))
    texts = [element.text for element in drawn.iter("text")]
    assert texts.count('<&"') == 2
    assert drawn.attrib["aria-label"] == 'a "title" & more'
    assert 4 <= len(texts) - 2 <= 9, "a handful of round numbers along the axis"
