"""Offers on the phone: never again means never again, and the holdout hears nothing."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ivr.demo.crm_data import people
from ivr.demo.house import House
from ivr.model.ids import monotonic_ms
from ivr.offers.catalogue import load_catalogue
from ivr.offers.effects.plan import ACCEPTED, ANNOYED, HANGUP
from ivr.offers.effects.rows import population
from ivr.offers.experiment import Experiment
from ivr.storage.store import Store
from tests.sip.conftest import OpenHouse
from tests.sip.house import Caller, a_caller, visiting

pytestmark = [pytest.mark.sip, pytest.mark.models]

ASK, PITCH = "I have one offer", "Furniture cover insures"
CATALOGUE_FILE = Path(__file__).parents[2] / "dialogs" / "insurance" / "offers.yml"
CATALOGUE = load_catalogue(CATALOGUE_FILE)


def _rows(folder: Path, query: str, *values: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(f"file:{folder / 'ivr.sqlite3'}?mode=ro", uri=True) as db:
        return db.execute(query, values).fetchall()


def _outcomes(folder: Path, call_id: str) -> dict[str, float]:
    query = "SELECT outcome, value FROM outcomes JOIN opportunities USING (opportunity_id) WHERE call_id = ?"
    return dict(_rows(folder, query, call_id))


def _owed_and_announced(house: House, caller: Caller, product: str) -> None:
    """Somebody owes the customer the call that was promised, by when the caller was told; the log and the agents' pages
    hear of it."""
    title = CATALOGUE.products[product].titles["en"]
    promised = next(e["data"] for e in caller.call.events if e["kind"] == "callback.promised")
    query = "SELECT reason, state, deadline, opportunity_id FROM callbacks WHERE callback_id = ?"
    ((reason, state, deadline, opportunity),) = _rows(house.folder, query, promised["callback"])
    assert (reason, state, deadline) == (title, "due", promised["deadline"])
    follows = "SELECT fulfil, state, callback_id FROM fulfilments WHERE opportunity_id = ?"
    assert _rows(house.folder, follows, opportunity) == [("lead", "lead", promised["callback"])]
    assert "within four hours" in caller.texts()


async def _until_solved(caller: Caller, number: str, claim: str) -> None:
    """The caller's claim is told by keypad; the question is whether that helped."""
    await caller.dial(number)
    await caller.asked("utter_how_can_i_help")
    await caller.event("identity.level")
    await caller.press("1")
    await caller.asked("utter_ask_claim_number")
    await caller.press(claim)
    await caller.asked("utter_solved")


async def test_no_offers_said_once_holds_for_the_household_and_for_good(house: House, caller: Caller) -> None:
    # Two customers of one household: what one says holds for the other.
    first, second = (p for p in people() if p.household == "H2035")
    refusal = await caller.wav("Please do not make me any offers.")
    await _until_solved(caller, first.phone, first.claims[0][0])
    await caller.mutter(refusal)
    await caller.asked("utter_no_offers", finished=True)
    await caller.press("1")
    await caller.asked("utter_anything_else")
    await caller.press("2")
    assert (await caller.over())["outcome"] == "resolved"
    assert not any(e["data"]["speak"] for e in caller.call.events if e["kind"] == "offer.decided")
    assert ASK not in caller.texts()
    assert len(_rows(house.folder, "SELECT household FROM opt_outs WHERE household = ?", "H2035")) == 1

    await _until_solved(caller, second.phone, second.claims[0][0])
    await caller.press("1")
    decided = (await caller.event("offer.decided"))["data"]
    assert not decided["speak"]
    assert "g.optout" in decided["closed_by"]
    await caller.asked("utter_anything_else")
    await caller.press("2")
    assert (await caller.over())["outcome"] == "resolved"
    assert ASK not in caller.texts()


async def test_a_household_of_the_holdout_hears_no_offer_and_leaves_a_ghost(house: House, caller: Caller) -> None:
    held = next(p for p in people() if p.household == "H2037")
    assert Experiment(salt="ivr", holdout=0.2).arm(held.household) == "holdout"
    await _until_solved(caller, held.phone, held.claims[0][0])
    await caller.press("1")
    await caller.asked("utter_anything_else")
    await caller.press("2")
    record = await caller.over()
    assert record["outcome"] == "resolved"
    assert ASK not in caller.texts()
    assert PITCH not in caller.texts()
    ghosts = _rows(house.folder, "SELECT arm, speak, product FROM opportunities WHERE call_id = ?", record["call_id"])
    assert ghosts == [("holdout", 0, "dacha_furniture")]
    answers = "SELECT * FROM answers JOIN opportunities USING (opportunity_id) WHERE call_id = ?"
    assert _rows(house.folder, answers, record["call_id"]) == []


async def test_a_caller_who_hangs_up_in_the_offer_has_not_accepted_it(house: House, caller: Caller) -> None:
    person = next(p for p in people() if p.customer_id == "C2024")
    await _until_solved(caller, person.phone, person.claims[0][0])
    await caller.press("1")
    await caller.asked(ASK)
    began_ms = monotonic_ms()
    await caller.phone.first_audio_after(began_ms)
    await caller.phone.hang_up()
    record = await caller.over()
    assert record["outcome"] == "resolved"
    answers = "SELECT answer FROM answers JOIN opportunities USING (opportunity_id) WHERE call_id = ?"
    assert _rows(house.folder, answers, record["call_id"]) == [("hung_up",)]
    assert _outcomes(house.folder, record["call_id"])["early_hangup"] == 1.0
    store = await Store.open(f"sqlite:///{house.folder / 'ivr.sqlite3'}")
    counted = population([row for row in await store.experiment_rows() if row.household == person.household])
    await store.close()
    outcomes = counted.sample.outcomes
    assert [outcomes[name].tolist() for name in (HANGUP, ANNOYED, ACCEPTED)] == [[1.0], [1.0], [0.0]], "in the report"


async def test_an_offer_is_accepted_after_the_whole_price_and_stored_with_its_proof(
    house: House, caller: Caller
) -> None:
    person = next(p for p in people() if p.customer_id == "C2020")
    await _until_solved(caller, person.phone, person.claims[0][0])
    await caller.press("1")
    decided = await caller.event("offer.decided")
    script = CATALOGUE.products[decided["data"]["product"]].scripts["en"]
    await caller.asked(ASK)
    await caller.press("1")
    pitch = await caller.asked("offer.pitch")
    await caller.phone.first_audio_after(pitch["at_ms"])
    pressed_ms = await caller.press("1")  # in mid-pitch: the price was not heard, so it is read back to the end
    confirm = await caller.asked("offer.confirm")
    assert confirm["at_ms"] - pressed_ms < 500, "the pitch was cut at once"
    heard = await caller.event(
        "turn.prompted", 20, lambda e: e["seq"] > confirm["seq"] and not e["data"]["interrupted"]
    )
    words = script.ask.split() + script.pitch.split() + script.confirm.split()
    pace_ms = (heard["at_ms"] - confirm["at_ms"]) / len(script.confirm.split())
    assert pace_ms * len(words) <= 20_000, "the caller was promised twenty seconds"
    await caller.press("1")
    await caller.asked("offer.accepted")
    await caller.asked("utter_anything_else")
    await caller.press("2")
    await caller.asked("utter_goodbye")
    record = await caller.over()
    assert (record["outcome"], record["ended_by"]) == ("resolved", "bot")
    proof = "answer, proof_method, proof_digits, proof_read_back"
    query = f"SELECT {proof} FROM answers JOIN opportunities USING (opportunity_id) WHERE call_id = ?"
    rows = _rows(house.folder, query, record["call_id"])
    assert rows == [("accepted", "dtmf", "1", script.confirm)]
    _owed_and_announced(house, caller, decided["data"]["product"])
    told = _outcomes(house.folder, record["call_id"])
    assert told["early_hangup"] == 0.0
    assert 10 < told["aht_s"] < 120


async def test_a_no_over_the_question_ends_the_offer_warmly_and_goodbye_follows(house: House, caller: Caller) -> None:
    person = next(p for p in people() if p.customer_id == "C2010")
    no = await caller.wav("No, thank you.")
    await _until_solved(caller, person.phone, person.claims[0][0])
    await caller.press("1")
    asked = await caller.asked(ASK)
    await caller.phone.first_audio_after(asked["at_ms"])
    await caller.mutter(no)
    await caller.asked("offer.declined")
    await caller.asked("utter_anything_else")
    await caller.press("2")
    await caller.asked("utter_goodbye")
    record = await caller.over()
    assert (record["outcome"], record["barge_ins"]) == ("resolved", 1)
    assert PITCH not in caller.texts()
    answers = "SELECT answer FROM answers JOIN opportunities USING (opportunity_id) WHERE call_id = ?"
    assert _rows(house.folder, answers, record["call_id"]) == [("not_permitted",)]
    ((stored,),) = _rows(house.folder, "SELECT facts FROM opportunities WHERE call_id = ?", record["call_id"])
    facts = json.loads(stored)
    assert facts["intent"] == "claim_status"
    assert person.phone not in json.dumps(facts), "what is kept to explain a decision holds no number"


async def test_what_the_offer_was_like_is_asked_after_the_goodbye_and_moves_no_other_outcome(
    open_own_house: OpenHouse, tmp_path: Path
) -> None:
    """One says it, one hangs up on the question: both heard the goodbye to its end, and there the call ends for the
    experiment."""
    terms, draw = CATALOGUE.experiment, Experiment(salt="ivr", holdout=0.2)
    assert terms is not None
    async with (
        open_own_house({"offers": {"stated_share": 1.0}}) as own,
        visiting(own) as house,
        a_caller(house, tmp_path) as caller,
    ):
        answer = await caller.wav("I didn't mind.")
        for customer, wav in (("C2010", answer), ("C2020", None)):
            person = next(p for p in people() if p.customer_id == customer)
            graded = draw.asks(person.household, terms.survey_share)
            await _until_solved(caller, person.phone, person.claims[0][0])
            for keys, asked in (("1", ASK), ("2", "utter_anything_else"), *([("2", "offer.survey")] if graded else [])):
                await caller.press(keys)
                await caller.asked(asked)
            await caller.press("5" if graded else "2")
            goodbye = await caller.asked("utter_goodbye")
            question = await caller.asked("offer.stated")
            await caller.phone.first_audio_after(question["at_ms"])
            if wav is not None:
                await caller.mutter(wav)
                await caller.asked("offer.thanks")
            else:
                await caller.phone.hang_up()
            record = await caller.over()
            assert (record["outcome"], record["ended_by"]) == ("resolved", "bot" if wav else "caller")
            out = next(e for e in caller.call.events if e["kind"] == "turn.prompted" and e["seq"] > goodbye["seq"])
            answered = next(e for e in caller.call.events if e["kind"] == "call.answered")
            told = _outcomes(house.folder, record["call_id"])
            assert told.pop("aht_s") == pytest.approx((out["at_ms"] - answered["at_ms"]) / 1000, abs=0.2)
            grades = {"csat": 5.0, "csat_asked": 1.0} if graded else {}
            assert told == {"early_hangup": 0.0, "stated_asked": 1.0, **grades, **({"stated": 2.0} if wav else {})}


async def test_consent_to_advertising_is_asked_for_and_on_record_before_anything_is_offered(
    open_own_house: OpenHouse, tmp_path: Path
) -> None:
    """A yes into the question is asked again to its end; then it counts, and the pitch follows."""
    assistant = tmp_path / "insurance"
    shutil.copytree(CATALOGUE_FILE.parent, assistant)
    asks = 'ask_consent: {en: "May I? Yes agrees to advertising from {seller}.", ru: "Можно? Реклама от {seller}."}'
    offers = CATALOGUE_FILE.read_text(encoding="utf-8").replace("policy: [eu]", f"{asks}\npolicy: [ru]")
    (assistant / "offers.yml").write_text(offers, encoding="utf-8")
    settings = {"server": {"assistant": str(assistant)}, "recording": {"mode": "all"}}
    async with open_own_house(settings) as own, visiting(own) as house, a_caller(house, tmp_path) as caller:
        person = next(p for p in people() if p.customer_id == "C2020")
        await _until_solved(caller, person.phone, person.claims[0][0])
        await caller.press("1")
        asked = await caller.asked("Yes agrees to advertising")
        await caller.phone.first_audio_after(asked["at_ms"])
        await caller.press("1")
        await caller.asked("Yes agrees to advertising", finished=True)
        assert "offer.consented" not in caller.kinds()
        await caller.press("1")
        kept = await caller.event("offer.consented")
        pitch = await caller.asked("offer.pitch")
        assert kept["data"]["stored"] and kept["seq"] < pitch["seq"]
        await caller.press("2")
        await caller.asked("utter_anything_else")
        await caller.press("2")
        record = await caller.over()
    query = "SELECT method, digits, recording, asked_at, given_at, withdrawn_at FROM ads_consents WHERE call_id = ?"
    ((method, digits, recording, asked_at, given_at, withdrawn),) = _rows(own.folder, query, record["call_id"])
    assert (method, digits, withdrawn) == ("dtmf", "1", "")
    assert recording.endswith(f"{record['call_id']}.wav") and asked_at < given_at
    answers = "SELECT answer, asks_consent FROM answers JOIN ads_consents USING (consent_id) WHERE call_id = ?"
    assert _rows(own.folder, answers, record["call_id"]) == [("declined", 1)]
