"""Whether a voice may be another's than the one enrolled. Pure.

Owns the thresholds. A likeness raises no level: voices of one family, a cold or a recording are beyond it, and NIST
SP 800-63B-4 allows no voice over a telephone as an authenticator. A mismatch is a reason for suspicion among others.
"""

from __future__ import annotations

import math
from itertools import pairwise

from ivr.identity.policy import Consent, IdentityPolicy
from ivr.model.errors import IvrError
from ivr.model.identity import RiskKind
from ivr.model.voiceprint import VoiceConsent, VoiceLikeness, Voiceprint, VoiceSample

ENROL_SECONDS, ENROL_SNR_DB = 10.0, 15.0
COMPARE_SECONDS, COMPARE_SNR_DB = 3.0, 8.0
# SNR of the noisier side, dB -> (a likeness below is a mismatch, one above a match), for three seconds. Noise makes
# voices less like themselves, so the same number means less on a noisy line; more speech makes every likeness larger.
# Set by `ivr voiceprint evaluate` so that hardly any genuine voice is a mismatch: an accusation must be rare.
_THRESHOLDS = ((8.0, (0.58, 0.78)), (12.0, (0.62, 0.78)), (18.0, (0.68, 0.79)), (25.0, (0.72, 0.80)))
_LONG_SECONDS, _LONG_MORE = 6.0, 0.04


class VoiceprintError(IvrError):
    """A voice cannot be enrolled; the message says why."""


def enrollable(sample: VoiceSample | None) -> VoiceSample:
    """The sample, if a voiceprint can be made of it. Raises VoiceprintError."""
    if sample is None or sample.seconds < ENROL_SECONDS:
        seconds = sample.seconds if sample else 0.0
        raise VoiceprintError(
            f"{seconds:.1f} s of speech without its pauses are too little: want {ENROL_SECONDS:.0f} s"
        )
    if sample.snr_db < ENROL_SNR_DB:
        raise VoiceprintError(f"the line is too noisy: {sample.snr_db:.0f} dB, want {ENROL_SNR_DB:.0f} dB")
    return sample


def likeness(one: VoiceSample, other: VoiceSample) -> float:
    """Cosine of two voices, -1 to 1; this engine's are 0 to 1."""
    length = math.hypot(*one.vector) * math.hypot(*other.vector)
    return sum(map(float.__mul__, one.vector, other.vector)) / length if length else 0.0


def thresholds(enrolled: VoiceSample, heard: VoiceSample) -> tuple[float, float]:
    """(a likeness below is a mismatch, one above is a match) of two samples."""
    snr_db = max(min(enrolled.snr_db, heard.snr_db), _THRESHOLDS[0][0])
    more = _LONG_MORE if heard.seconds >= _LONG_SECONDS else 0.0
    below, above = _THRESHOLDS[-1][1]
    for (low_db, low), (high_db, high) in pairwise(_THRESHOLDS):
        if low_db <= snr_db < high_db:
            share = (snr_db - low_db) / (high_db - low_db)
            below, above = low[0] + share * (high[0] - low[0]), low[1] + share * (high[1] - low[1])
    return below + more, above + more


def compare(enrolled: Voiceprint, heard: VoiceSample) -> VoiceLikeness:
    """What the likeness of a voice with the enrolled one means. Withdrawn consent means that nothing is compared."""
    if enrolled.consent.withdrawn_at or enrolled.sample.engine != heard.engine:
        return VoiceLikeness.UNSURE
    if heard.seconds < COMPARE_SECONDS or heard.snr_db < COMPARE_SNR_DB:
        return VoiceLikeness.UNSURE
    below, above = thresholds(enrolled.sample, heard)
    found = likeness(enrolled.sample, heard)
    if found < below:
        return VoiceLikeness.MISMATCH
    return VoiceLikeness.MATCH if found > above else VoiceLikeness.UNSURE


def consented(consent: VoiceConsent, policy: IdentityPolicy) -> bool:
    """Whether a consent holds and has the form the packs of the assistant demand."""
    written = consent.form == Consent.WRITTEN.value
    return not consent.withdrawn_at and (written or policy.voiceprint_consent is Consent.SPOKEN)


def suspicion(found: VoiceLikeness) -> RiskKind | None:
    """The risk a comparison is; a match takes none away."""
    return RiskKind.VOICEPRINT_MISMATCH if found is VoiceLikeness.MISMATCH else None
