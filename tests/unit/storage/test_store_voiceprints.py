"""No voiceprint without consent; deleting one forgets the voice and keeps the record of the consent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr.model.voiceprint import VoiceConsent, Voiceprint, VoiceSample
from ivr.storage.database import RefusedError
from ivr.storage.store import Store

CONSENT = VoiceConsent(
    consent_id="one", customer_id="C1", text_version="v1", source="call 7", given_at="2026-11-21T10:00:00+00:00"
)
ENROLLED = Voiceprint(
    customer_id="C1",
    sample=VoiceSample(engine="e", vector=(0.6, 0.8), seconds=12.5, snr_db=30.0),
    enrolled_at="2026-11-21T10:05:00+00:00",
    consent=CONSENT,
)


async def test_a_voiceprint_comes_back_with_its_consent(store: Store) -> None:
    await store.save_voiceprint(ENROLLED)
    assert await store.voiceprint("C1") == ENROLLED
    assert await store.all_voiceprints() == [ENROLLED]
    assert await store.voiceprint("C2") is None


async def test_enrolling_again_ends_the_older_consent(store: Store) -> None:
    await store.save_voiceprint(ENROLLED)
    again = replace(ENROLLED, consent=replace(CONSENT, consent_id="two"), enrolled_at="2026-11-22T00:00:00+00:00")
    await store.save_voiceprint(again)
    assert await store.all_voiceprints() == [again]
    ends = {consent.consent_id: consent.withdrawn_at for consent in await store.voice_consents("C1")}
    assert ends == {"one": "2026-11-22T00:00:00+00:00", "two": ""}


async def test_a_deleted_voice_leaves_the_record_of_its_consent_alone(store: Store) -> None:
    await store.save_voiceprint(ENROLLED)
    assert await store.delete_voiceprint("C1", "2026-11-23T00:00:00+00:00")
    assert await store.voiceprint("C1") is None
    assert [each.withdrawn_at for each in await store.voice_consents("C1")] == ["2026-11-23T00:00:00+00:00"]
    assert not await store.delete_voiceprint("C1", "2026-11-24T00:00:00+00:00")


async def test_the_database_refuses_a_voice_nobody_agreed_to_keep(store: Store) -> None:
    for missing in ("text_version", "source", "given_at"):
        with pytest.raises(RefusedError):
            await store.save_voiceprint(replace(ENROLLED, consent=replace(CONSENT, **{missing: ""})))
    assert await store.voiceprint("C1") is None
