"""What callers say to an offer, to "did that help?" and against offers altogether, through the real understanding.

The tables in tests/data hold the sentences and what is to come of each. An offer accepted by mistake is a contract
nobody wanted: there is none, neither of the tables nor of anything the assistants were taught to hear.
"""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from ivr.config import NluSettings
from ivr.dialog.assistant import load_assistant
from ivr.nlu.engines import engine_of
from ivr.nlu.training_data import read_training_data
from tests.conversations.offer_call import PERMISSION, READ_BACK, SOLVED, Place, call_at, outcome, place, say

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

ROOT = Path(__file__).parents[2]
OFFERING = {"insurance": "claim_status", "bank": "balance"}  # an assistant's flow that ends in an offer
Places = Mapping[str, Place]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def places() -> AsyncIterator[Places]:
    found = {}
    for name, flow in OFFERING.items():
        assistant = load_assistant(ROOT / "dialogs" / name)
        engine = engine_of(NluSettings(cache_dir=ROOT / "var" / "nlu"), assistant.nlu_files)
        found[name] = place(assistant, engine, flow)
    yield found
    for each in found.values():
        await each.engine.close()


def table(name: str) -> list[dict[str, str]]:
    with (ROOT / "tests" / "data" / f"{name}.tsv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def assistants_of(row: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(OFFERING) if row["assistant"] == "both" else (row["assistant"],)


@pytest.mark.parametrize("moment", [READ_BACK, PERMISSION])
async def test_what_is_said_to_an_offer_has_the_outcome_the_caller_meant(places: Places, moment: str) -> None:
    rows = table("offer_replies")
    assert all(sum(row["language"] == language for row in rows) >= 120 for language in ("en", "ru"))
    wrong = []
    for row in rows:
        for name in assistants_of(row):
            before = call_at(places[name], moment, row["language"])
            came = outcome(before, await say(places[name], before, row["text"]))
            if came != row[moment]:
                wrong.append(f"{name}: {row['text']!r} -> {came}, not {row[moment]}")
    assert not wrong, "\n".join(wrong)


async def test_nothing_the_assistants_are_taught_to_hear_but_a_yes_accepts_an_offer(places: Places) -> None:
    said = 0
    for name, where in places.items():
        for language, path in where.assistant.nlu_files.items():
            before = call_at(where, READ_BACK, language)
            for example in read_training_data(path).examples:
                accepted = outcome(before, await say(where, before, example.text)) == "accepted"
                assert not accepted or example.intent == "affirm", f"{name}: {example.text!r} accepts"
                said += 1
    assert said > 1400


async def test_a_yes_heard_badly_and_a_doubtful_one_said_twice_accept_nothing(places: Places) -> None:
    where = places["insurance"]
    before = call_at(where, READ_BACK, "en")
    assert outcome(before, await say(where, before, "yes", confidence=0.89)) == "declined"
    for row in table("offer_replies"):
        if row[READ_BACK] not in ("again", "pitch") or row["language"] != "en":
            continue
        before = call_at(where, READ_BACK, "en")
        for _ in range(3):
            turn = await say(where, before, row["text"])
            assert outcome(before, turn) != "accepted", row["text"]
            if turn.session.decision is None:
                break
            before = turn


@pytest.mark.parametrize(
    ("language", "text", "begun"),
    [
        ("en", "i'd like to make a complaint", "complaint"),
        ("en", "yes but i want to make a complaint", "complaint"),
        ("en", "it did but i also want to complain about your staff", "complaint"),
        ("en", "no i want to complain", "complaint"),
        ("en", "i also need a copy of my policy", "policy_copy"),
        ("en", "yes i got the payment", ""),
        ("en", "yes thanks that's my address", ""),
        ("en", "yes", ""),
        ("ru", "хочу пожаловаться", "complaint"),
        ("ru", "да но я хочу пожаловаться", "complaint"),
        ("ru", "помогло но сотрудник мне нагрубил", "complaint"),
        ("ru", "нет хочу пожаловаться", "complaint"),
        ("ru", "ещё нужна копия полиса", "policy_copy"),
        ("ru", "да платёж прошёл", ""),
        ("ru", "да полис получил", ""),
        ("ru", "да", ""),
    ],
)
async def test_a_complaint_heard_where_it_is_asked_whether_that_helped_is_a_complaint(
    places: Places, language: str, text: str, begun: str
) -> None:
    where = places["insurance"]
    before = call_at(where, SOLVED, language)
    turn = await say(where, before, text)
    assert [request["intent"] for request in turn.session.requests[1:]] == ([begun] if begun else [])
    assert (turn.session.requests[0]["result"] == "resolved") is not bool(begun)
    assert turn.session.words == (text if begun else "")


@pytest.mark.parametrize("name", OFFERING)
async def test_objections_to_offers_are_heard_as_such_and_never_as_a_wish_to_hear_them_again(
    places: Places, name: str
) -> None:
    where, rows, heard, repeated = places[name], table("objections"), 0, []
    taught = {e.text for path in where.assistant.nlu_files.values() for e in read_training_data(path).examples}
    for row in rows:
        assert row["text"] not in taught, "what was taught tells nothing"
        alive = [choice.intent for choice in where.assistant.globals]
        intent = (await where.engine.parse(row["text"], language=row["language"], expected=alive)).intent
        if row["intent"] == "no_offers":
            heard += intent.name == "no_offers" and intent.confidence >= where.assistant.policy.accept
            repeated += [row["text"]] if intent.name == "repeat" else []
        else:
            assert intent.name == row["intent"], row["text"]
    assert repeated == []
    assert heard / sum(row["intent"] == "no_offers" for row in rows) >= 0.95


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        (
            "en",
            "call me again later; please call me back; you called me yesterday; don't hang up; stop; leave it;"
            "never mind; that's enough thank you; remove my old car from the policy; stop the payment;"
            "no more questions; i'm tired of waiting; don't ask me for the pin again; i already told you that;"
            "no thanks; not interested; can you call me again; do you have any offers; tell me your offers;"
            "what offers are there",
        ),
        (
            "ru",
            "перезвоните мне; вы мне звонили; хватит; стоп; не надо; больше ничего не нужно; больше вопросов нет;"
            "уберите старый номер; уберите машину из полиса; не сейчас; достаточно спасибо; вы уже спрашивали;"
            "сколько можно ждать; я устал ждать; какие у вас предложения; что вы предлагаете; не интересует;"
            "позвоните мне завтра; оставьте как есть; отмените платёж",
        ),
    ],
)
async def test_what_only_sounds_like_an_objection_is_none(places: Places, language: str, texts: str) -> None:
    where = places["insurance"]
    alive = [choice.intent for choice in where.assistant.globals]
    for text in map(str.strip, texts.split(";")):
        intent = (await where.engine.parse(text, language=language, expected=alive)).intent
        assert intent.name != "no_offers" or intent.confidence < where.assistant.policy.accept, text
