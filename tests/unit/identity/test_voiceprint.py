"""A voice is compared with care: noise and shortness end in doubt, a match proves nothing, consent is a condition."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from ivr.identity.policy import DEFAULT, Consent
from ivr.identity.voiceprint import VoiceprintError, compare, consented, enrollable, suspicion, thresholds
from ivr.model.identity import RiskKind
from ivr.model.voiceprint import VoiceConsent, VoiceLikeness, Voiceprint, VoiceSample

CONSENT = VoiceConsent(
    consent_id="1", customer_id="C", text_version="v1", source="call 7", given_at="2026-11-21T10:00:00+00:00"
)


def voice(likeness: float, *, seconds: float = 4.0, snr_db: float = 30.0, engine: str = "e") -> VoiceSample:
    vector = (likeness, math.sqrt(1 - likeness**2))
    return VoiceSample(engine=engine, vector=vector, seconds=seconds, snr_db=snr_db)


ENROLLED = Voiceprint(customer_id="C", sample=voice(1.0, seconds=20), enrolled_at="", consent=CONSENT)


@pytest.mark.parametrize(
    ("heard", "result"),
    [
        (voice(0.95), VoiceLikeness.MATCH),
        (voice(0.76), VoiceLikeness.UNSURE),
        (voice(0.60), VoiceLikeness.MISMATCH),
        (voice(0.65, snr_db=12), VoiceLikeness.UNSURE),
        (voice(0.65, snr_db=12, seconds=8), VoiceLikeness.MISMATCH),
        (voice(0.10, snr_db=5), VoiceLikeness.UNSURE),
        (voice(0.10, seconds=2), VoiceLikeness.UNSURE),
        (voice(0.10, engine="another"), VoiceLikeness.UNSURE),
    ],
)
def test_a_likeness_means_less_on_a_noisy_line(heard: VoiceSample, result: VoiceLikeness) -> None:
    assert compare(ENROLLED, heard) is result


def test_a_withdrawn_consent_ends_comparing() -> None:
    withdrawn = replace(ENROLLED, consent=replace(CONSENT, withdrawn_at="2026-11-22T10:00:00+00:00"))
    assert compare(withdrawn, voice(0.1)) is VoiceLikeness.UNSURE


def test_only_a_mismatch_is_a_risk_and_nothing_is_ever_a_proof() -> None:
    assert suspicion(VoiceLikeness.MISMATCH) is RiskKind.VOICEPRINT_MISMATCH
    assert suspicion(VoiceLikeness.MATCH) is suspicion(VoiceLikeness.UNSURE) is None


def test_thresholds_rise_with_clarity_and_length() -> None:
    lines = [thresholds(voice(1, snr_db=60), voice(1, snr_db=snr))[0] for snr in range(0, 60, 3)]
    assert lines == sorted(lines) and lines[0] < lines[-1]
    assert thresholds(voice(1), voice(1, seconds=8))[0] > thresholds(voice(1), voice(1))[0]


@pytest.mark.parametrize("poor", [None, voice(1, seconds=9), voice(1, seconds=30, snr_db=10)])
def test_a_poor_recording_is_not_enrolled(poor: VoiceSample | None) -> None:
    with pytest.raises(VoiceprintError):
        enrollable(poor)
    assert enrollable(voice(1, seconds=12, snr_db=20)).seconds == 12


def test_a_consent_counts_while_it_holds_and_in_the_form_the_packs_demand() -> None:
    written = replace(DEFAULT, voiceprint_consent=Consent.WRITTEN)
    on_paper = replace(CONSENT, form="written")
    assert consented(CONSENT, DEFAULT) and consented(on_paper, DEFAULT) and consented(on_paper, written)
    assert not consented(CONSENT, written)
    assert not consented(replace(on_paper, withdrawn_at="2026-11-21T10:00:00+00:00"), DEFAULT)
