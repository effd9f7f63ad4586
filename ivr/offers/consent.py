"""Consent to advertising by telephone as a record: a flag alone proves nothing to whoever asks for the proof.

38-FZ art. 18(1): it is given before, and whoever advertises proves it. A record names the text that was agreed to, when
and where it can be seen or heard. It is ours (`ivr offers consent`, or a yes in a call), or travels in the customer's
profile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ivr.model.consent import KeepConsent
from ivr.model.identity import Customer
from ivr.model.objections import AdsConsent
from ivr.offers.packs import PolicyPack

ADS_CONSENT, ADS_WITHDRAWN = "ads_consent", "ads_withdrawn"
NOTED_BY = "the caller"


def with_standing(customer: Customer, standing: frozenset[str]) -> Customer:
    """The customer with what records say: flags of standing, and the flag of consent only with a record behind it."""
    flags = dict.fromkeys((*customer.flags, *sorted(standing)))
    if ADS_CONSENT in flags and ADS_CONSENT not in standing and not _is_record(customer.profile.get(ADS_CONSENT)):
        del flags[ADS_CONSENT]
    return replace(customer, flags=tuple(flags))


def given_in_call(
    told: KeepConsent, customer_id: str, *, consent_id: str, call_id: str, recording: str, asked_at: str, given_at: str
) -> AdsConsent:
    """The record of a yes in a call. asked_at, given_at: when the question was said and answered, UTC ISO 8601, which
    is also where in the recording. Whether it proves anything the database says (storage/objection_tables.py)."""
    return AdsConsent(
        consent_id=consent_id,
        customer_id=customer_id,
        text_version=f"call-{hashlib.sha256(told.words.encode()).hexdigest()[:12]}",
        given_at=given_at,
        source=f"call {call_id}",
        recording=recording,
        noted_by=NOTED_BY,
        call_id=call_id,
        words=told.words,
        asked_at=asked_at,
        method=told.method,
        digits=told.digits,
        heard=told.heard,
        confidence=told.confidence,
    )


def is_to_be_asked(customer: Customer | None, packs: Iterable[PolicyPack]) -> bool:
    """Does a pack demand a consent that nobody has given so far, and nobody taken back?"""
    said = {ADS_CONSENT, ADS_WITHDRAWN}.intersection(customer.flags if customer else ())
    return not said and any(pack.consent == ADS_CONSENT for pack in packs)


def _is_record(told: Any) -> bool:
    """{"text_version": ..., "given_at": ISO 8601, "source" or "recording": ...}"""
    if (
        not isinstance(told, Mapping)
        or not told.get("text_version")
        or not (told.get("source") or told.get("recording"))
    ):
        return False
    try:
        datetime.fromisoformat(str(told.get("given_at", "")))
    except ValueError:
        return False
    return True
