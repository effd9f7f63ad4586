"""Consent to advertising by telephone as a record: a flag alone proves nothing to whoever asks for the proof.

38-FZ art. 18(1): it is given before, and whoever advertises proves it. A record names the text that was agreed to, when
and where it can be seen or heard. It is ours (`ivr offers consent`), or travels in the customer's profile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ivr.model.identity import Customer

ADS_CONSENT = "ads_consent"


def with_standing(customer: Customer, standing: frozenset[str]) -> Customer:
    """The customer with what records say: flags of standing, and the flag of consent only with a record behind it."""
    flags = dict.fromkeys((*customer.flags, *sorted(standing)))
    if ADS_CONSENT in flags and ADS_CONSENT not in standing and not _is_record(customer.profile.get(ADS_CONSENT)):
        del flags[ADS_CONSENT]
    return replace(customer, flags=tuple(flags))


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
