"""Nouns of what people said about being offered anything. Times: UTC ISO 8601; "" while something has not happened."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """A household or a number ("tel:" before it) refused offers (what: "refused"), or asked for them again ("allowed").
    by: who noted it, "" for the caller's own word in call_id."""

    household: str
    at: str
    what: str
    by: str
    call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdsConsent:
    """Consent to advertising by telephone (38-FZ art. 18(1): whoever advertises proves it), apart from any consent to
    the processing of data. text_version: of what was agreed to; source: where the proof lies (a contract, a form, a
    web page); recording: a call's; one of the two is needed. noted_by: who entered it.

    Given in a call: call_id, the words of the question, when it was asked, and how the yes came: method "dtmf" with
    digits, or "speech" with what was heard and its confidence, 0..1. method is "" for one on paper."""

    consent_id: str
    customer_id: str
    text_version: str
    given_at: str
    source: str
    recording: str
    noted_by: str
    withdrawn_at: str = ""
    withdrawn_by: str = ""
    call_id: str = ""
    words: str = ""
    asked_at: str = ""
    method: str = ""
    digits: str = ""
    heard: str = ""
    confidence: float = 0.0


class CareReason(StrEnum):
    """Why somebody needs care. The list is short and closed so that nobody writes down an illness."""

    TIME = "time"  # more time, simpler words
    PRESSED = "pressed"  # somebody else seems to decide
    HARD_TIME = "hard_time"  # a hard time in life
    ASKED = "asked"  # asked for it
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class CareMark:
    """Somebody found in a call that a customer needs care, so that nothing may be offered. by: an agent; cleared_by: a
    supervisor; why: a CareReason, "" where none was given."""

    customer_id: str
    at: str
    by: str
    call_id: str
    cleared_at: str = ""
    cleared_by: str = ""
    why: str = ""
