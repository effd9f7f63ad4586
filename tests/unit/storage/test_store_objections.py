"""What people said about being offered anything stays as a record; what cannot have been said is refused."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from ivr.model.call import CallRecord
from ivr.model.errors import StorageError
from ivr.model.objections import AdsConsent, CareReason
from ivr.model.offers import OfferAnswer, Suspension
from ivr.storage import database
from ivr.storage.store import Store
from tests.unit.storage.test_store_offers import AT, BY_KEY, SPOKEN

LATER, LATEST = "2026-11-21T11:00:00.000Z", "2026-11-21T12:00:00.000Z"
CONSENT = AdsConsent(
    consent_id="K1",
    customer_id="C1",
    text_version="ads-3",
    given_at=AT,
    source="contract 4711, page 2",
    recording="",
    noted_by="ann",
)


async def test_an_objection_is_taken_back_by_a_person_only_and_both_stay_on_record(store: Store) -> None:
    assert not await store.take_back("H1", AT, "ann"), "there was none"
    await store.opt_out("H1", AT, "01A")
    assert await store.take_back("H1", LATER, "ann")
    assert not await store.opted_out("H1")
    await store.opt_out("H1", LATEST, "", "bob")
    assert await store.opted_out("H1")
    said = [(o.what, o.at, o.by, o.call_id) for o in await store.objections("H1")]
    assert said == [("refused", AT, "", "01A"), ("allowed", LATER, "ann", ""), ("refused", LATEST, "bob", "")]
    assert await store.opt_out_moments() == {"H1": (AT, LATEST)}, (
        "an offer that was objected to was, whatever came later"
    )


async def test_the_database_takes_no_answer_to_an_offer_nobody_was_to_hear(store: Store, tmp_path: Path) -> None:
    await store.save_opportunity(replace(SPOKEN, arm="holdout", speak=False), "01A", "C1", AT)
    with pytest.raises(StorageError):
        await store.save_answer("O1", OfferAnswer.ACCEPTED, AT, BY_KEY)
    with sqlite3.connect(tmp_path / "data" / "ivr.db") as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        for speak in (0, 1):
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(
                    f"INSERT INTO answers (opportunity_id, answer, speak) VALUES ('O1', 'declined', {speak})"
                )


async def test_the_database_takes_no_yes_that_came_before_its_question(store: Store) -> None:
    await store.save_opportunity(SPOKEN, "01A", "C1", AT)
    with pytest.raises(StorageError):
        await store.save_answer("O1", OfferAnswer.ACCEPTED, LATER, replace(BY_KEY, asked_at=LATER, answered_at=AT))
    await store.save_answer("O1", OfferAnswer.ACCEPTED, LATER, replace(BY_KEY, asked_at=AT, answered_at=LATER))


async def test_who_switched_a_group_off_is_kept(store: Store) -> None:
    await store.suspend(Suspension(group="senior", at=AT, reason="complaints", suspended_by="ann"))
    [off] = await store.suspended()
    assert (off.suspended_by, off.reopened_by) == ("ann", "")


@pytest.mark.parametrize("lacking", [{"text_version": ""}, {"given_at": ""}, {"source": ""}, {"customer_id": ""}])
async def test_a_consent_says_when_to_which_text_and_where_it_can_be_seen(
    store: Store, lacking: dict[str, str]
) -> None:
    with pytest.raises(StorageError):
        await store.save_ads_consent(replace(CONSENT, **lacking))
    await store.save_ads_consent(CONSENT)


async def standing(store: Store, customer_id: str) -> frozenset[str]:
    """What a decision is told of the customer."""
    asked = await store.remembered("", [], [], AT, besides="", surveyed_since=AT, customer_id=customer_id)
    return asked.standing


async def test_consent_and_care_hold_until_they_end_and_stay_readable(store: Store) -> None:
    assert await standing(store, "C1") == frozenset()
    await store.save_ads_consent(CONSENT)
    await store.note_care("C1", AT, "a17", "01A")
    assert await standing(store, "C1") == {"ads_consent", "vulnerable"}
    assert await standing(store, "C2") == frozenset()
    assert await store.withdraw_ads_consent("C1", LATER, "bob")
    assert not await store.withdraw_ads_consent("C1", LATEST, "bob"), "it ended already"
    assert await store.needs_care("C1") is not None
    assert await store.clear_care("C1", LATER, "ann")
    assert await store.needs_care("C1") is None
    assert await standing(store, "C1") == {"ads_withdrawn"}, "who took a consent back is not asked for it in a call"
    [consent], [mark] = await store.ads_consents("C1"), await store.care_marks("C1")
    assert (consent.withdrawn_at, consent.withdrawn_by) == (LATER, "bob")
    assert (mark.by, mark.call_id, mark.cleared_by) == ("a17", "01A", "ann")


async def test_why_somebody_needs_care_is_one_of_a_short_list(store: Store) -> None:
    with pytest.raises(StorageError):
        await store.note_care("C1", AT, "a17", "01A", "an illness")
    await store.note_care("C1", AT, "a17", "01A", CareReason.TIME)
    assert [mark.why for mark in await store.care_marks("C1")] == ["time"]


SAID = replace(
    CONSENT, source="call 01A", call_id="01A", words="You agree to advertising?", asked_at=AT, method="dtmf", digits="1"
)
HEARD = replace(SAID, method="speech", digits="", heard="yes please", confidence=0.9)


@pytest.mark.parametrize(
    "unproven",
    [
        replace(SAID, digits="2"),
        replace(SAID, words=" "),
        replace(SAID, call_id=""),
        replace(SAID, asked_at=""),
        replace(SAID, asked_at=LATER),
        replace(SAID, method="shouting"),
        replace(HEARD, confidence=0.89),
        replace(HEARD, heard=" "),
    ],
)
async def test_the_database_takes_no_consent_of_a_call_without_question_and_clear_yes(
    store: Store, unproven: AdsConsent
) -> None:
    with pytest.raises(StorageError):
        await store.save_ads_consent(unproven)


async def test_nobody_can_have_answered_a_pitch_whose_consent_is_not_on_record(store: Store) -> None:
    await store.save_opportunity(replace(SPOKEN, asks_consent=True), "01A", "C1", AT)
    for asks, consent in ((True, ""), (True, "K1"), (False, "")):
        for answer, proof in ((OfferAnswer.ACCEPTED, BY_KEY), (OfferAnswer.DECLINED, None)):
            with pytest.raises(StorageError):
                await store.save_answer("O1", answer, AT, proof, asks_consent=asks, consent_id=consent)
    await store.save_ads_consent(HEARD)
    await store.save_answer("O1", OfferAnswer.ACCEPTED, AT, BY_KEY, asks_consent=True, consent_id="K1")
    await store.save_opportunity(replace(SPOKEN, opportunity_id="O2", asks_consent=True), "01B", "C1", AT)
    await store.save_answer("O2", OfferAnswer.NOT_PERMITTED, AT, asks_consent=True)


async def test_the_call_a_consent_was_given_in_stays_as_long_as_it_must_be_proven(store: Store) -> None:
    words = dict.fromkeys(("sip_call_id", "ani", "dnis", "assistant", "language"), "x")
    for call_id in ("01A", "01B"):
        await store.save_record(CallRecord(call_id=call_id, started_at=AT, ended_at=AT, recording=call_id, **words))
    await store.save_ads_consent(SAID)
    assert await store.calls_before(LATEST, proven_since=LATEST) == ["01B"]
    assert await store.recordings_before(LATEST, proven_since=LATEST) == [("01B", "01B")]
    await store.withdraw_ads_consent("C1", LATER, "bob")
    assert await store.calls_before(LATEST, proven_since=LATER) == ["01B"]
    assert await store.calls_before(LATEST, proven_since=LATEST) == ["01A", "01B"]


async def test_a_database_of_before_keeps_its_objections_and_its_answers(tmp_path: Path) -> None:
    """Whose times a program made up: what is known of them is when the answer was told."""
    _at_revision("0014", tmp_path / "old.sqlite3")
    with sqlite3.connect(tmp_path / "old.sqlite3") as old:
        old.execute("INSERT INTO opt_outs VALUES ('H1', '2026-01-02', '01A')")
        old.execute(
            "INSERT INTO opportunities (opportunity_id, speak, p_treat, probabilities, gate, eligible, removed, at_ms) "
            "VALUES ('O1', 1, 0.8, '{}', '[]', '[]', '{}', 1)"
        )
        old.execute(
            "INSERT INTO answers (opportunity_id, answer, at, proof_script_version, proof_read_back, proof_asked_at, "
            "proof_answered_at, proof_method, proof_digits) VALUES ('O1', 'accepted', '2026-01-02', '1', 'x', '2030', "
            "'2001', 'dtmf', '1')"
        )
    store = await Store.open(f"sqlite:///{tmp_path}/old.sqlite3")
    [said] = await store.objections("H1")
    assert (said.what, said.at, said.call_id, await store.opted_out("H1")) == ("refused", "2026-01-02", "01A", True)
    assert (await store.opportunity("O1")).answer == "accepted"  # type: ignore[union-attr]
    await store.close()
    with sqlite3.connect(tmp_path / "old.sqlite3") as new:
        kept = new.execute("SELECT proof_asked_at, proof_answered_at, speak FROM answers").fetchone()
    assert kept == ("2026-01-02", "2026-01-02", 1)


def _at_revision(revision: str, path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{path}")
    config = Config()
    config.set_main_option("script_location", str(database._MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()
