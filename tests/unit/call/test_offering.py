"""What a call tells the gate: the whole call, every queue the caller stood in, and what was offered but never heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ivr.call.following import FollowUp
from ivr.call.journal import Journal
from ivr.call.offer_facts import CallSoFar, waited_in_line
from ivr.call.offering import DECIDE_S, Offering
from ivr.dialog.offering import facts_so_far
from ivr.dialog.session import Frame, Session
from ivr.metrics import Metrics
from ivr.model.call import CallRecord, LogEntry
from ivr.model.consent import KeepConsent
from ivr.model.dialog import DecideOffer, RecordOfferAnswer
from ivr.model.errors import StorageError
from ivr.model.identity import Caller, Level
from ivr.model.offers import NEVER_SPOKEN, OfferAnswer, OfferDecision
from ivr.offers.catalogue import load_catalogue
from ivr.offers.desk import OfferDesk
from ivr.storage.store import Store
from tests.unit.offers.cases import DACHA_OWNER, OFFERS

CATALOGUE = load_catalogue(OFFERS).listening_for(negative={}, vulnerable={"en": (), "ru": ("похороны",)})
SO_FAR = CallSoFar(call_ms=60_000, load=0.1, recorded=False, latency_p95_ms=900)


class SlowStore(Store):
    """A store whose disk takes its time after the commit, so that whoever asked is gone when it answers."""

    async def save_opportunity(self, *told: Any, **more: Any) -> None:
        await super().save_opportunity(*told, **more)
        await asyncio.sleep(DECIDE_S + 1)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    opened = await Store.open(database_url)
    yield opened
    await opened.close()


def call_of(store: Store, holdout: float = 0.0) -> tuple[Offering, Journal]:
    journal = Journal("now", ())
    house: Any = SimpleNamespace(offers=OfferDesk(CATALOGUE, "s", holdout), store=store, metrics=Metrics())
    house.learn = lambda: None
    return Offering("now", house, journal, FollowUp("now", house, journal, lambda: session(SERVED), str)), journal


def session(*requests: tuple[str, str], at: int = -1, **told: Any) -> Session:
    """A call with these requests and results, offering after the one at this place (the last)."""
    asked = tuple({"intent": intent, "result": result} for intent, result in requests)
    stack = (Frame(flow="main", step="x"), Frame(flow="any", step="offer", request=range(len(asked))[at]))
    values = {"language": "en", "level": Level.L1, "customer": DACHA_OWNER, "bot_disclosed": True, "stack": stack}
    return Session(requests=asked, **{**values, **told})


async def closed_by(store: Store, of_call: Session, *entries: tuple[str, Mapping[str, Any]]) -> list[str]:
    offering, journal = call_of(store)
    for kind, data in entries:
        journal.note(kind, **data)
    command = DecideOffer(facts=facts_so_far(of_call))
    decided = (await offering.decide(command, of_call, SO_FAR)).decision
    assert decided.gate, "the desk was asked"
    return [finding.rule for finding in decided.gate if not finding.passed]


SERVED = ("claim_status", "resolved")


@pytest.mark.parametrize(
    ("of_call", "rules"),
    [
        (session(SERVED), []),
        (session(("payment", "informed"), SERVED), []),
        (session(("new_claim", "resolved"), SERVED), ["g.never_intents"]),
        (session(SERVED, ("complaint", "resolved"), at=0), ["g.never_intents"]),
        (session(("payment", "failed"), SERVED), ["g.resolved"]),
        (session(("payment", "open"), SERVED), ["g.resolved"]),
        (session(SERVED, ("payment", "failed"), at=0), ["g.resolved"]),
        (session(SERVED, caller=Caller(ani="", dnis="", waited_s=121)), ["g.wait"]),
        (session(SERVED, caller=Caller(ani="", dnis="", overflow_from="billing")), ["g.load"]),
        (session(SERVED, customer=replace(DACHA_OWNER, flags=("open_ticket",))), ["g.repeat"]),
        (session(SERVED, no_offers=True), ["g.optout"]),
    ],
)
async def test_the_gate_looks_at_the_whole_call(store: Store, of_call: Session, rules: list[str]) -> None:
    assert await closed_by(store, of_call) == rules


async def test_the_second_call_for_the_same_in_a_week_is_no_time_for_an_offer(store: Store) -> None:
    told = dict.fromkeys(("sip_call_id", "ani", "dnis", "assistant", "language"), "x")
    of_call = session(("payment", "resolved"), SERVED)
    record = CallRecord(call_id="before", customer_id="C1001", household="H1001", started_at=_days_ago(3), **told)
    await store.save_record(replace(record, requests=({"intent": "policy_copy", "result": "resolved"},)))
    assert await closed_by(store, of_call) == []
    again = replace(record, call_id="again", requests=({"intent": "payment", "result": "resolved"},))
    await store.save_record(replace(again, started_at=_days_ago(8)))
    assert "g.repeat" not in await closed_by(store, of_call)
    await store.save_record(replace(again, call_id="third"))
    assert "g.repeat" in await closed_by(store, of_call), "whichever request of this call it is"


def _days_ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


async def test_what_was_said_in_another_language_or_beside_the_dialog_is_heard(store: Store) -> None:
    grief = ("turn.heard", {"text": "у нас похороны"})
    assert await closed_by(store, session(SERVED), grief) == ["g.vulnerable"]


def test_time_in_our_own_line_is_time_waited() -> None:
    def entry(kind: str, at_s: int) -> LogEntry:
        return LogEntry(call_id="c", seq=1, at="", at_ms=at_s * 1000, kind=kind, data={})

    back = [entry("handoff.requested", 10), entry("handoff.waiting", 11), entry("handoff.ended", 70)]
    assert waited_in_line(back, 500_000) == 60_000
    taken = [*back, entry("turn.heard", 80), entry("handoff.requested", 100), entry("handoff.bridged", 190)]
    assert waited_in_line(taken, 500_000) == 150_000
    assert waited_in_line(taken[:-1], 110_000) == 70_000, "still waiting"


@pytest.mark.slow
async def test_an_offer_stored_too_late_was_never_spoken_and_does_not_use_the_cap(tmp_path: Path) -> None:
    for holdout, outcomes in ((0.0, {NEVER_SPOKEN: 1.0, "aht_s": 60.0}), (1.0, {"aht_s": 60.0})):
        slow = await SlowStore.open(f"sqlite:///{tmp_path / f'{holdout}.db'}")
        offering, _ = call_of(slow, holdout)
        of_call = session(SERVED)
        decided = await offering.decide(DecideOffer(facts=facts_so_far(of_call)), of_call, SO_FAR)
        assert (decided.decision.arm, decided.decision.speak) == ("none", False)
        await offering.ended(early=None, answered_s=60)
        (row,) = await slow.experiment_rows()
        assert (row.answer, dict(row.outcomes)) == ("", outcomes), "both arms are told of"
        await slow.close()
        awake = await Store.open(f"sqlite:///{tmp_path / f'{holdout}.db'}")
        assert await closed_by(awake, of_call) == []
        await awake.close()


def consenting(confidence: float) -> KeepConsent:
    decision = OfferDecision(opportunity_id="O1", arm="treat", speak=True, household="H1001", asks_consent=True)
    return KeepConsent(decision=decision, words="Advertising?", method="speech", heard="yes", confidence=confidence)


async def test_a_consent_is_on_record_with_its_proof_before_anything_is_answered(store: Store) -> None:
    offering, journal = call_of(store)
    told = consenting(0.95)
    await store.save_opportunity(told.decision, "now", "C1001", _days_ago(0))
    journal.note("turn.said", text="Advertising?", name="offer.ask", language="ru")
    declined = RecordOfferAnswer(decision=told.decision, answer=OfferAnswer.DECLINED)
    with pytest.raises(StorageError):
        await offering.answered(declined, "a.wav")
    unclear = await offering.consented(consenting(0.89), session(SERVED), "a.wav")
    assert (unclear.stored, await store.ads_consents("C1001")) == (False, [])
    assert (await offering.consented(told, session(SERVED), "a.wav")).stored
    [record] = await store.ads_consents("C1001")
    assert (record.source, record.recording, record.words, record.heard) == ("call now", "a.wav", "Advertising?", "yes")
    assert record.asked_at == next(e.at for e in journal.entries if e.kind == "turn.said") <= record.given_at
    await offering.answered(declined, "a.wav")
    assert (await store.opportunity("O1")).answer == "declined"  # type: ignore[union-attr]
    assert (await offering.decide_with_agent(session(SERVED), SO_FAR)).speak is False, "answered"


async def test_no_offers_after_a_consent_ends_the_consent(store: Store) -> None:
    offering, _ = call_of(store)
    assert (await offering.consented(consenting(0.95), session(SERVED), "a.wav")).stored
    await offering.refused_for_good(session(SERVED))
    [record] = await store.ads_consents("C1001")
    assert record.withdrawn_at


async def test_a_caller_gone_before_the_first_word_heard_no_offer(store: Store) -> None:
    offering, journal = call_of(store)
    of_call = session(SERVED)
    decided = await offering.decide(DecideOffer(facts=facts_so_far(of_call)), of_call, SO_FAR)
    assert decided.decision.speak
    await offering.ended(early=True, answered_s=60)
    (row,) = await store.experiment_rows()
    assert row.outcomes[NEVER_SPOKEN] == 1.0
    offering, journal = call_of(store)
    await offering.decide(DecideOffer(facts=facts_so_far(of_call)), of_call, SO_FAR)
    journal.note("turn.said", text="I have one offer", name="offer.ask", language="en")
    await offering.ended(early=None, answered_s=60)
    assert sum(NEVER_SPOKEN in row.outcomes for row in await store.experiment_rows()) == 1
    assert await closed_by(store, of_call) == ["g.cap"], "begun is heard"
