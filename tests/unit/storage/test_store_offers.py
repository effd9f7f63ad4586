"""Opportunities, answers and opt-outs. The database itself refuses an acceptance without proof."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import asyncpg

from ivr.model.errors import StorageError
from ivr.model.offers import (
    NEVER_SPOKEN,
    GateFinding,
    OfferAnswer,
    OfferDecision,
    OfferOutcome,
    OfferProof,
    Suspension,
)
from ivr.storage import offers
from ivr.storage.offers import PastOffer, Remembered
from ivr.storage.store import Store

AT = "2026-11-21T10:00:00.000Z"
SPOKEN = OfferDecision(
    opportunity_id="O1",
    arm="treat",
    speak=True,
    household="H1",
    product="dacha_furniture",
    p_treat=0.8,
    probabilities={"dacha_furniture": 1.0},
    gate=(GateFinding(rule="g.resolved", passed=True),),
    eligible=("dacha_furniture",),
    removed={"car": "eligible"},
)
BY_KEY = OfferProof(
    script_version="3",
    read_back="Furniture cover, 3.90 a month",
    asked_at=AT,
    answered_at=AT,
    method="dtmf",
    heard="",
    confidence=0.0,
    digits="1",
)
BY_VOICE = replace(BY_KEY, method="speech", heard="yes please", confidence=0.93, digits="")


async def offers_of(store: Store, household: str = "H1") -> tuple[PastOffer, ...]:
    known = await store.remembered(household, [household], [], AT, besides="", surveyed_since=AT)
    return known.offers


async def test_an_acceptance_with_proof_is_stored(store: Store) -> None:
    for number, proof in enumerate((BY_KEY, BY_VOICE)):
        await store.save_opportunity(replace(SPOKEN, opportunity_id=f"O{number}"), "01A", "C1", AT)
        await store.save_answer(f"O{number}", OfferAnswer.ACCEPTED, AT, proof)
    assert await offers_of(store) == (("dacha_furniture", OfferAnswer.ACCEPTED, AT),) * 2


@pytest.mark.parametrize(
    "proof",
    [
        None,
        replace(BY_KEY, digits="2"),
        replace(BY_KEY, read_back=" "),
        replace(BY_KEY, asked_at=""),
        replace(BY_KEY, script_version=""),
        replace(BY_KEY, method=""),
        replace(BY_VOICE, confidence=0.89),
        replace(BY_VOICE, heard=""),
    ],
)
async def test_an_acceptance_without_full_proof_is_refused(store: Store, proof: OfferProof | None) -> None:
    await store.save_opportunity(SPOKEN, "01A", "C1", AT)
    with pytest.raises(StorageError):
        await store.save_answer("O1", OfferAnswer.ACCEPTED, AT, proof)
    assert await offers_of(store) == (("dacha_furniture", None, AT),)


@pytest.mark.parametrize(
    "values",
    [
        "(opportunity_id, answer, at) VALUES ('O1', 'accepted', 'now')",
        "(opportunity_id, answer, at, proof_method) VALUES ('O1', 'accepted', 'now', NULL)",
        "(opportunity_id, answer, at, proof_method, proof_digits) VALUES ('O1', 'accepted', 'now', 'dtmf', '1')",
        "(opportunity_id, answer, at) VALUES ('O1', 'Accepted', 'now')",
        "(opportunity_id, answer, at, proof_script_version, proof_read_back, proof_asked_at, proof_answered_at, "
        "proof_method, proof_heard, proof_confidence) VALUES ('O1', 'accepted', 'n', '1', 'r', 'n', 'n', 'speech', "
        "'yes', 'very')",
    ],
)
async def test_raw_sql_cannot_store_an_acceptance_without_proof(store: Store, tmp_path: Path, values: str) -> None:
    await store.save_opportunity(SPOKEN, "01A", "C1", AT)
    with (
        sqlite3.connect(tmp_path / "data" / "ivr.db") as connection,
        pytest.raises(sqlite3.IntegrityError, match="constraint failed"),
    ):
        connection.execute(f"INSERT INTO answers {values}")


async def test_raw_sql_cannot_turn_a_refusal_into_an_acceptance(store: Store, tmp_path: Path) -> None:
    await store.save_opportunity(SPOKEN, "01A", "C1", AT)
    await store.save_answer("O1", OfferAnswer.DECLINED, AT, None)
    with (
        sqlite3.connect(tmp_path / "data" / "ivr.db") as connection,
        pytest.raises(sqlite3.IntegrityError, match="accepted_is_proven"),
    ):
        connection.execute("UPDATE answers SET answer = 'accepted'")


async def test_an_answer_is_stored_once(store: Store) -> None:
    await store.save_opportunity(SPOKEN, "01A", "C1", AT)
    await store.save_answer("O1", OfferAnswer.DECLINED, AT, None)
    with pytest.raises(StorageError):
        await store.save_answer("O1", OfferAnswer.ACCEPTED, AT, BY_KEY)
    assert await offers_of(store) == (("dacha_furniture", OfferAnswer.DECLINED, AT),)


async def test_an_answer_needs_its_opportunity(store: Store) -> None:
    with pytest.raises(StorageError):
        await store.save_answer("nowhere", OfferAnswer.DECLINED, AT, None)


async def test_ghosts_are_logged_but_are_no_offers_of_the_household(store: Store, tmp_path: Path) -> None:
    await store.save_opportunity(replace(SPOKEN, arm="holdout", speak=False), "01A", "C1", AT)
    assert await offers_of(store) == ()
    with sqlite3.connect(tmp_path / "data" / "ivr.db") as connection:
        row = connection.execute("SELECT arm, product, p_treat, probabilities FROM opportunities").fetchone()
    assert row == ("holdout", "dacha_furniture", 0.8, '{"dacha_furniture": 1.0}')


async def test_an_opt_out_is_for_good_and_for_that_household(store: Store) -> None:
    assert not await store.opted_out("H1")
    await store.opt_out("H1", AT, "01A")
    await store.opt_out("H1", AT, "01B")
    assert await store.opted_out("H1")
    assert not await store.opted_out("H2")


def test_moments_of_a_decision_do_not_outgrow_the_numbers_of_postgresql() -> None:
    binds = offers._REMEMBERED.compile(dialect=asyncpg.dialect()).binds
    assert {name for name in binds if name.endswith("_ms")} == {"since_ms", "surveyed_ms"}
    assert all(isinstance(binds[name].type, sa.BigInteger) for name in ("since_ms", "surveyed_ms"))


async def test_what_a_decision_asks_comes_in_one_answer(store: Store) -> None:
    """Offers heard, opt-outs, suspensions, and whether the household was asked for a grade lately."""
    await store.save_opportunity(SPOKEN, "01A", "C1", AT)
    await store.save_answer("O1", OfferAnswer.DECLINED, AT, None)
    await store.suspend(Suspension(group="senior", at=AT, reason="harm"))

    async def asked(household: str, *, since: str = "2026-10-01T00:00:00Z") -> Remembered:
        keys = (household, "tel:+12025550100")
        return await store.remembered(household, keys, ["claim"], since, besides="", surveyed_since=since)

    known = await asked("H1")
    assert known.offers == (("dacha_furniture", OfferAnswer.DECLINED, AT),)
    assert (known.opted_out, known.calls, known.off, known.surveyed) == (False, 0, (("senior", "harm"),), False)
    outcome = OfferOutcome(opportunity_id="O1", outcome="csat_asked", value=1.0, at=AT, source="call")
    await store.save_outcomes([outcome])
    await store.opt_out("tel:+12025550100", AT, "01A")
    assert (await asked("H1")).surveyed
    assert (await asked("H1")).opted_out
    assert not (await asked("H1", since="2026-11-22T00:00:00Z")).surveyed, "long ago is not lately"
    assert not (await asked("H2")).surveyed
    assert not (await asked("H1")).stated, "one question is not the other"
    await store.save_outcomes([replace(outcome, outcome="stated_asked")])
    assert ((await asked("H1")).stated, (await asked("H1")).surveyed, (await asked("H2")).stated) == (True, True, False)
    await store.save_outcomes([replace(outcome, outcome=NEVER_SPOKEN)])
    assert (await asked("H1")).offers == (), "an offer nobody heard is none of the household's"
    assert not (await asked("")).surveyed, "strangers are no household"
