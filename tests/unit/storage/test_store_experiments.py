"""Outcomes of opportunities, suspended groups, what was learned."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.model.errors import StorageError
from ivr.model.offers import OfferAnswer, OfferDecision, OfferOutcome, Suspension
from ivr.storage.store import Store

AT = "2026-11-21T10:00:00.000Z"
DECIDED = OfferDecision(
    opportunity_id="O1",
    arm="treat",
    speak=True,
    household="H1",
    product="car",
    p_treat=0.8,
    probabilities={"car": 0.7, "flat": 0.3},
    eligible=("car", "flat"),
    phase="learn",
    group="senior",
    known=(0.5, -1.0),
)


def told(outcome: str, value: float, opportunity: str = "O1") -> OfferOutcome:
    return OfferOutcome(opportunity_id=opportunity, outcome=outcome, value=value, at=AT, source="crm")


async def test_the_report_reads_an_opportunity_with_its_answer_and_all_that_was_told_since(store: Store) -> None:
    ghost = replace(DECIDED, opportunity_id="O2", arm="holdout", speak=False, household="H2")
    closed = replace(DECIDED, opportunity_id="O3", arm="none", speak=False, product="")
    await store.save_opportunities([(each, "01A", "C1", AT) for each in (DECIDED, ghost, closed)])
    await store.save_answer("O1", OfferAnswer.DECLINED, AT)
    await store.save_outcomes([told("csat", 4.0), told("repeat_7d", 0.0)])
    first, second = await store.experiment_rows()
    assert (first.arm, first.group, first.phase, first.known) == ("treat", "senior", "learn", (0.5, -1.0))
    assert (first.answer, first.outcomes) == ("declined", {"csat": 4.0, "repeat_7d": 0.0})
    assert first.probabilities == {"car": 0.7, "flat": 0.3}
    assert (second.arm, second.product, second.answer, second.outcomes) == ("holdout", "car", "", {})


@pytest.mark.parametrize(
    ("column", "value"),
    [("probabilities", "oops"), ("probabilities", "null"), ("probabilities", "[1]"), ("known", "null"), ("known", "1")],
)
async def test_a_row_that_cannot_be_read_is_named(store: Store, tmp_path: Path, column: str, value: str) -> None:
    await store.save_opportunity(DECIDED, "01A", "C1", AT)
    await store.save_opportunity(replace(DECIDED, opportunity_id="O2"), "01A", "C1", AT)
    with sqlite3.connect(tmp_path / "data" / "ivr.db") as database:
        database.execute(f"UPDATE opportunities SET {column} = ? WHERE opportunity_id = 'O2'", (value,))
    with pytest.raises(StorageError, match="opportunity O2 cannot be read: probabilities or known"):
        await store.experiment_rows()


async def test_an_outcome_that_is_no_number_is_named(store: Store, tmp_path: Path) -> None:
    await store.save_opportunity(DECIDED, "01A", "C1", AT)
    await store.save_outcomes([told("csat", 4.0)])
    with sqlite3.connect(tmp_path / "data" / "ivr.db") as database:
        database.execute("UPDATE outcomes SET value = 'lots'")
    with pytest.raises(StorageError, match="outcome csat of opportunity O1 cannot be read: 'lots'"):
        await store.experiment_rows()


async def test_an_outcome_told_twice_stays_as_it_was_told_first(store: Store) -> None:
    await store.save_opportunity(DECIDED, "01A", "C1", AT)
    await store.save_outcomes([told("csat", 4.0)])
    await store.save_outcomes([told("csat", 1.0), told("aht_s", 240.0)])
    (row,) = await store.experiment_rows()
    assert row.outcomes == {"csat": 4.0, "aht_s": 240.0}


async def test_an_outcome_of_an_unknown_opportunity_is_refused_with_its_batch(store: Store) -> None:
    await store.save_opportunity(DECIDED, "01A", "C1", AT)
    with pytest.raises(StorageError):
        await store.save_outcomes([told("csat", 4.0), told("csat", 4.0, "O9")])
    (row,) = await store.experiment_rows()
    assert row.outcomes == {}


async def test_a_suspended_group_stays_suspended_until_a_person_reopens_it(store: Store) -> None:
    await store.suspend(Suspension(group="senior", at=AT, reason="csat -0.35"))
    assert [s.group for s in await store.suspended()] == ["senior"]
    assert await store.reopen("senior", "2026-12-01T10:00:00.000Z", "boss")
    assert await store.suspended() == []
    assert not await store.reopen("senior", AT, "boss"), "there is nothing left to reopen"


async def test_the_newest_belief_is_kept(store: Store) -> None:
    assert await store.belief("insurance") is None
    await store.save_belief("insurance", {"offers": 1}, AT)
    await store.save_belief("insurance", {"offers": 2}, AT)
    assert await store.belief("insurance") == {"offers": 2}
