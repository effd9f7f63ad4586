"""Offers on the phone: never again means never again, and the holdout hears nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ivr.demo.crm_data import people
from ivr.demo.house import House
from ivr.model.ids import monotonic_ms
from ivr.offers.experiment import Experiment
from tests.sip.house import Caller

pytestmark = [pytest.mark.sip, pytest.mark.models]

ASK, PITCH = "I have one offer", "Furniture cover insures"


def _rows(folder: Path, query: str, *values: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(f"file:{folder / 'ivr.sqlite3'}?mode=ro", uri=True) as db:
        return db.execute(query, values).fetchall()


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
