"""Nouns of what people said about being offered anything. Times: UTC ISO 8601; "" while something has not happened."""

from __future__ import annotations

from dataclasses import dataclass


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
    web page); recording: a call's; one of the two is needed. noted_by: who entered it."""

    consent_id: str
    customer_id: str
    text_version: str
    given_at: str
    source: str
    recording: str
    noted_by: str
    withdrawn_at: str = ""
    withdrawn_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CareMark:
    """Somebody found in a call that a customer needs care, so that nothing may be offered. by: an agent; cleared_by: a
    supervisor."""

    customer_id: str
    at: str
    by: str
    call_id: str
    cleared_at: str = ""
    cleared_by: str = ""
