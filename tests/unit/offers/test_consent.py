"""Consent to advertising needs a record behind it, and what records say of a customer reaches the gate."""

from __future__ import annotations

from typing import Any

import pytest

from ivr.model.identity import Customer
from ivr.offers.consent import with_standing

RECORD = {"text_version": "ads-3", "given_at": "2026-01-02", "source": "contract 4711"}


def flags(profile: dict[str, Any], *standing: str) -> tuple[str, ...]:
    customer = Customer(customer_id="C1", household="", flags=("vip", "ads_consent"), profile=profile)
    return with_standing(customer, frozenset(standing)).flags


@pytest.mark.parametrize(
    "told",
    [{}, {"ads_consent": True}, *({"ads_consent": {**RECORD, lost: ""}} for lost in RECORD)],
)
def test_a_flag_of_consent_alone_proves_nothing(told: dict[str, Any]) -> None:
    assert flags(told) == ("vip",)


def test_consent_holds_with_a_record_of_ours_or_one_in_the_profile() -> None:
    assert flags({"ads_consent": RECORD}) == ("vip", "ads_consent")
    assert flags({}, "ads_consent") == ("vip", "ads_consent")
    assert flags({}, "vulnerable") == ("vip", "vulnerable")
