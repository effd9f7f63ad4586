"""Who calls, by headers: only trusted peers assert, privacy is kept, diversion never names the caller."""

from __future__ import annotations

import pytest

from ivr.call.ani import caller_of, e164, user_of
from ivr.model.media import CallArrived

TRUNK, STRANGER = "10.0.0.5:5060", "203.0.113.9:5060"


def invite(
    *headers: tuple[str, str], source: str = TRUNK, sender: str = '"A" <sip:2025550101@pbx>;tag=1'
) -> CallArrived:
    return CallArrived(
        leg="L",
        sip_call_id="c",
        request_uri="sip:claims@bot.example",
        from_header=sender,
        to_header="<sip:claims@bot.example>",
        headers=headers,
        source=source,
        arrived_at_ms=0,
    )


def caller(arrived: CallArrived):  # type: ignore[no-untyped-def]
    return caller_of(arrived, trusted_peers=("10.0.0.5",), region="US")


def test_a_trusted_trunk_asserts_the_number() -> None:
    found = caller(invite(("P-Asserted-Identity", "<sip:+12025550102@carrier>")))
    assert (found.ani, found.claimed, found.dnis) == ("+12025550102", False, "claims")


def test_a_stranger_cannot_assert_a_number() -> None:
    found = caller(invite(("P-Asserted-Identity", "<sip:+12025550102@carrier>"), source=STRANGER))
    assert (found.ani, found.claimed) == ("+12025550101", True)


def test_a_tel_uri_is_preferred_among_several_assertions() -> None:
    found = caller(invite(("P-Asserted-Identity", "<sip:office@carrier>, <tel:+12025550103>")))
    assert found.ani == "+12025550103"


@pytest.mark.parametrize("privacy", ["id", "user", "id;critical", "header; id"])
def test_a_withheld_number_is_not_used(privacy: str) -> None:
    found = caller(invite(("P-Asserted-Identity", "<tel:+12025550102>"), ("Privacy", privacy)))
    assert found.ani == ""


def test_an_anonymous_from_is_no_number() -> None:
    assert caller(invite(sender="<sip:anonymous@anonymous.invalid>")).ani == ""


def test_diversion_says_who_was_called_first_and_not_who_calls() -> None:
    found = caller(invite(("Diversion", "<sip:+12025559999@acd>;reason=no-answer")))
    assert (found.ani, found.diverted_from) == ("+12025550101", "+12025559999")


@pytest.mark.parametrize(
    ("number", "region", "expected"),
    [
        ("8 (916) 123-45-67", "RU", "+79161234567"),
        ("9161234567", "RU", "+79161234567"),
        ("+1 202-555-0101", "RU", "+12025550101"),
        ("anonymous", "US", ""),
        ("", "US", ""),
        ("12", "US", ""),
    ],
)
def test_numbers_become_e164(number: str, region: str, expected: str) -> None:
    assert e164(number, region) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('"Bob" <sip:bob%2b1@host:5062;transport=tcp>;tag=x', "bob+1"),
        ("tel:+12025550101;phone-context=x", "+12025550101"),
        ("<sip:host.only>", "host.only"),
        ("garbage", ""),
    ],
)
def test_the_user_part_is_found(header: str, expected: str) -> None:
    assert user_of(header) == expected
