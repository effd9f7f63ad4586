"""What a voice sounds like, kept with consent. Biometric data: off by default, and never a proof of who somebody is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceSample:
    """A voice as numbers. vector: of length one; its numbers mean something to one engine alone. seconds: of speech
    that went into it; snr_db: of the speech over the noise between its words, 0 to 60."""

    engine: str
    vector: tuple[float, ...]
    seconds: float
    snr_db: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceConsent:
    """A customer's yes to a voiceprint. text_version: of the words that were agreed to; source: where that can be found
    (a call id, a document); given_at: UTC ISO 8601; withdrawn_at: "" while it holds. form: "spoken" | "written"."""

    consent_id: str
    customer_id: str
    text_version: str
    source: str
    given_at: str
    withdrawn_at: str = ""
    form: str = "spoken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Voiceprint:
    """The voice of a customer who agreed to that. enrolled_at: UTC ISO 8601."""

    customer_id: str
    sample: VoiceSample
    enrolled_at: str
    consent: VoiceConsent


class VoiceLikeness(StrEnum):
    """What a comparison came to. Only MISMATCH means anything, and that is suspicion; MATCH proves nobody."""

    MATCH = "match"
    UNSURE = "unsure"  # too little speech, too much noise, or between the thresholds
    MISMATCH = "mismatch"
