"""What an agent is told of earlier calls: only of who was identified, and never at the cost of the caller."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest_asyncio

from ivr.call.dealings import MOST, contacts, dealings, promises
from ivr.call.journal import Journal
from ivr.dialog.engine import Session
from ivr.model.call import Callback, CallRecord, Outcome
from ivr.model.dealings import Dealings
from ivr.model.identity import Customer, Level
from ivr.storage.store import Store
from tests.handoffs import plan_of

PLAN = plan_of({"ann": "sip:ann@h"})


@pytest_asyncio.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    kept = await Store.open(database_url)
    for day, agent, outcome in ((10, "", Outcome.ABANDONED), (11, "ann", Outcome.TRANSFERRED), (12, "", Outcome.OPEN)):
        await kept.save_record(
            CallRecord(
                call_id=f"01{day}",
                sip_call_id="s",
                ani="",
                dnis="",
                assistant="",
                language="en",
                started_at=f"2026-11-{day}T09:00:00.000Z",
                customer_id="C1",
                requests=({"intent": "claim_status", "result": "failed"}, {"intent": "new_claim", "result": "open"}),
                outcome=outcome,
                agent=agent,
            )
        )
    await kept.promise(
        Callback(
            callback_id="k",
            call_id="0111",
            number="+49151",
            customer_id="C1",
            reason="claim status",
            promised_at="2026-11-11T09:00:00Z",
            deadline="2026-11-13T09:00:00Z",
        )
    )
    yield kept
    await kept.close()


def session(level: Level) -> Session:
    return Session(language="en", level=level, customer=Customer(customer_id="C1", household="H1", name="Anna"))


async def test_a_customer_who_is_identified_is_told_of_and_whoever_may_be_somebody_else_is_not(store: Store) -> None:
    journal = Journal("0112", ())
    for unsure in (Level.L0, Level.L1):
        assert await dealings(session(unsure), journal, store) == Dealings()
    found = await dealings(session(Level.L2), journal, store)
    assert contacts(journal, found, PLAN) == (
        {"at": "2026-11-11T09:00:00.000Z", "why": "claim_status, new_claim", "ended": "transferred", "by": "ann"},
        {"at": "2026-11-10T09:00:00.000Z", "why": "claim_status, new_claim", "ended": "abandoned", "by": ""},
    )
    assert promises(journal, found) == "a callback by 2026-11-13T09:00:00Z: claim status"
    journal.note("callback.promised", callback="n", deadline="2026-11-12T13:00:00Z")
    assert promises(journal, found).startswith("a callback by 2026-11-12T13:00:00Z; a callback by 2026-11-13T")


async def test_that_somebody_needs_care_is_told_until_it_is_taken_back(store: Store) -> None:
    journal = Journal("0112", ())
    assert not (await dealings(session(Level.L2), journal, store)).needs_care
    await store.note_care("C1", "2026-11-11T09:00:00Z", "ann", "0111", "time")
    found = await dealings(session(Level.L2), journal, store)
    assert found.needs_care and len(found.contacts) == 2
    await store.clear_care("C1", "2026-11-12T09:00:00Z", "boss")
    assert not (await dealings(session(Level.L2), journal, store)).needs_care


async def test_a_call_this_one_goes_on_from_is_told_once(store: Store) -> None:
    journal = Journal("0112", ())
    journal.note(
        "call.returned", token="t", call="0111", began="2026-11-11T09:00:00", intent="new_claim", status="open"
    )
    found = await dealings(session(Level.L3), journal, store)
    told = contacts(journal, found, PLAN)
    assert [(each["at"][:10], each["ended"]) for each in told] == [("2026-11-11", "open"), ("2026-11-10", "abandoned")]
    assert len(told) <= MOST


async def test_a_store_that_fails_costs_the_contacts_and_nothing_else(store: Store, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ivr.db")) as database:
        database.execute("DROP TABLE calls")
    journal = Journal("0112", ())
    assert await dealings(session(Level.L2), journal, store) == Dealings()
    assert [entry.data["where"] for entry in journal.entries] == ["storage"]
