"""A recording played again and a voice unlike the enrolled one: signs of risk, with real storage; never a proof."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ivr.call.code_gateway import ConsoleGateway
from ivr.call.directories import ImportedDirectory
from ivr.call.identity_desk import IdentityDesk
from ivr.call.journal import Journal
from ivr.call.standing import Standing
from ivr.call.voice_signs import MOST_UTTERANCES, VoiceSigns
from ivr.identity.policy import DEFAULT, Consent, IdentityPolicy
from ivr.metrics import Metrics
from ivr.model.hearing import MeasureVoice, UtteranceMarked, VoiceMeasured
from ivr.model.identity import Caller, Candidate, EvidenceKind, Level
from ivr.model.ids import new_id
from ivr.model.voiceprint import VoiceConsent, Voiceprint, VoiceSample
from ivr.storage.store import Store

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
ANNA = Candidate(customer_id="C1", household="H1", names={"en": "Anna Petrova"})
OWN = VoiceSample(engine="e", vector=(1.0, 0.0), seconds=12.0, snr_db=30.0)
SAID = tuple(f"mark{n}" for n in range(4))


def enrolled(form: str = "spoken") -> Voiceprint:
    consent = VoiceConsent(
        consent_id="one", customer_id="C1", text_version="v1", source="call 7", given_at="2026-01-01", form=form
    )
    return Voiceprint(customer_id="C1", sample=OWN, enrolled_at="2026-01-01", consent=consent)


class House:
    """A desk over a real database; at: the clock."""

    def __init__(self) -> None:
        self.at = NOW
        self.metrics = Metrics()

    async def open(self, url: str) -> None:
        self.store = await Store.open(url, now=lambda: self.at)
        self.desk = IdentityDesk(
            ImportedDirectory(self.store),
            self.store,
            ConsoleGateway(print),
            self.metrics,
            key=b"key",
            compares_voices=True,
            clock=lambda: self.at,
        )

    def call(self, policy: IdentityPolicy = DEFAULT, desk: IdentityDesk | None = None) -> Call:
        return Call(desk or self.desk, policy)


class Call:
    """One call whose voice is heard."""

    def __init__(self, desk: IdentityDesk, policy: IdentityPolicy) -> None:
        self.journal, self.asked = Journal(new_id(), ()), list[object]()
        caller = Caller(ani="+4915123456789", dnis="1", claimed=False, number_type="mobile")
        call_id = self.journal.call_id
        self.standing = Standing(call_id, desk, policy, self.journal, caller=lambda: caller, believed=lambda: True)
        self._signs = VoiceSigns(
            call_id, desk, policy, standing=self.standing, journal=self.journal, to_speech=self.asked.append
        )

    async def knows_anna(self) -> None:
        self.standing.choose(ANNA)
        for kind in (EvidenceKind.ANI, EvidenceKind.NAME, EvidenceKind.BIRTH_DATE):
            self.standing.add(kind)
        await self._signs.expect()

    async def says(self, marks: tuple[str, ...] = SAID) -> bool:
        return await self._signs.heard(UtteranceMarked(call_id=self.journal.call_id, turn=1, marks=marks))

    async def sounds(self, *vector: float, seconds: float = 5.0) -> bool:
        sample = replace(OWN, vector=vector, seconds=seconds)
        return await self._signs.heard(VoiceMeasured(call_id=self.journal.call_id, sample=sample))

    @property
    def risks(self) -> list[str]:
        return [str(entry.data["signal"]) for entry in self.journal.entries if entry.kind == "identity.risk"]

    @property
    def level(self) -> Level:
        identity = self.standing.identity()
        return identity.level if identity else Level.L0


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    house = House()
    await house.open(database_url)
    yield house
    await house.desk.close()
    await house.store.close()


async def test_an_utterance_of_another_call_is_a_recording_and_one_of_the_same_call_is_not(house: House) -> None:
    first, second = house.call(), house.call()
    assert not await first.says() and not await first.says()
    assert await second.says((*SAID[:3], "lost"))
    assert second.risks == ["repeated_audio"] and first.risks == []
    assert not await second.says()  # told once
    metrics = house.metrics.exposition().decode()
    assert 'ivr_identity_risk_total{signal="repeated_audio"} 1.0' in metrics
    assert not await house.call().says((*SAID[:2], "x", "y"))  # half of them may be chance


async def test_marks_are_kept_as_keyed_hashes_and_for_some_days_only(house: House) -> None:
    await house.call().says()
    assert await house.store.marks_shared("other", SAID, 10**9) == 0  # nothing is found by the mark itself
    stranger = IdentityDesk(ImportedDirectory(house.store), house.store, None, Metrics(), key=b"other key")
    assert not await house.call(desk=stranger).says()
    house.at = NOW.replace(day=25)
    assert not await house.call().says()
    await house.desk.tidy(keep_tries_days=400)
    assert await house.store.forget_marks(14 * 86_400_000) == 0  # done already
    assert await house.call().says()


async def test_a_call_is_looked_at_only_so_long(house: House) -> None:
    await house.call().says()
    call = house.call()
    for n in range(MOST_UTTERANCES):
        assert not await call.says(tuple(f"{n}-{mark}" for mark in SAID))
    assert not await call.says()


async def test_a_voice_unlike_the_enrolled_one_lowers_and_one_alike_raises_nothing(house: House) -> None:
    await house.store.save_voiceprint(enrolled())
    owner, stranger = house.call(), house.call(replace(DEFAULT, risk=replace(DEFAULT.risk, threshold=2)))
    for call in (owner, stranger):
        await call.knows_anna()
        assert call.asked == [MeasureVoice(call_id=call.journal.call_id)]
        assert call.level is Level.L2
    assert not await owner.sounds(1.0, 0.0)
    assert (owner.level, owner.risks) == (Level.L2, [])
    assert not await stranger.sounds(0.0, 1.0, seconds=1.0)  # too little to accuse anybody
    assert await stranger.sounds(0.0, 1.0)
    assert (stranger.level, stranger.risks) == (Level.L1, ["voiceprint_mismatch"])
    noted = [entry.data["result"] for entry in stranger.journal.entries if entry.kind == "identity.voice"]
    assert noted == ["unsure", "mismatch"]
    assert not await owner.sounds(0.0, 1.0)  # decided: the next person on the same line is not accused


async def test_no_voice_is_asked_for_without_a_consent_of_the_form_the_packs_demand(house: House) -> None:
    written = replace(DEFAULT, voiceprint_consent=Consent.WRITTEN)
    await house.store.save_voiceprint(enrolled())
    call = house.call(written)
    await call.knows_anna()
    assert call.asked == [] and not await call.sounds(0.0, 1.0)
    await house.store.save_voiceprint(
        replace(enrolled("written"), consent=replace(enrolled("written").consent, consent_id="two"))
    )
    signed = house.call(written)
    await signed.knows_anna()
    assert len(signed.asked) == 1
    await house.store.delete_voiceprint("C1", "2026-03-01")
    withdrawn = house.call()
    await withdrawn.knows_anna()
    assert withdrawn.asked == []


async def test_where_voiceprints_are_off_nobodys_voice_is_asked_for(house: House) -> None:
    await house.store.save_voiceprint(enrolled())
    off = IdentityDesk(ImportedDirectory(house.store), house.store, None, Metrics(), clock=lambda: NOW)
    call = house.call(desk=off)
    await call.knows_anna()
    assert call.asked == []
