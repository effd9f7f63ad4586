"""Who calls, by headers: only trusted trunks assert, privacy is kept, diversion never names the caller."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.config import TrunkSettings
from ivr.identity.numbers import STRANGERS, called_numbers, e164, number_evidence, number_type, trunk_of
from ivr.model.identity import Caller
from ivr.model.media import CallArrived
from ivr.model.sip import address

CARRIER = TrunkSettings(name="carrier", peers=("10.0.0.5",), trusted=True, verstat=True)
PAI, RPID = "P-Asserted-Identity", "Remote-Party-ID"


def invite(
    *headers: tuple[str, str],
    sender: str = '"A" <sip:2025550101@pbx>;tag=1',
    to: str = "<sip:claims@bot.example>",
    uri: str = "sip:claims@bot.example",
) -> CallArrived:
    return CallArrived(
        leg="L",
        sip_call_id="c",
        request_uri=uri,
        from_header=sender,
        to_header=to,
        headers=headers,
        source="10.0.0.5:5060",
        arrived_at_ms=0,
    )


def caller(*headers: tuple[str, str], trunk: TrunkSettings = CARRIER, sender: str = "<sip:2025550101@pbx>") -> Caller:
    return number_evidence(invite(*headers, sender=sender), trunk, region="US").caller


# ---- whose word it is ---------------------------------------------------------------------------------------------


def test_a_trusted_trunk_asserts_the_number() -> None:
    found = caller((PAI, "<sip:+12025550102@carrier>"))
    assert (found.ani, found.claimed, found.number_source, found.dnis) == ("+12025550102", False, "pai", "claims")
    assert found.believed and found.trunk == "carrier"


def test_a_stranger_cannot_assert_a_number_and_is_caught_trying() -> None:
    found = caller((PAI, "<sip:+12025550102@carrier>"), trunk=STRANGERS)
    assert (found.ani, found.claimed, found.number_source) == ("+12025550101", True, "from")
    assert found.signals == ("spoofed_header",) and not found.believed
    harmless = caller((PAI, "<sip:+12025550101@pbx>"), trunk=STRANGERS)  # what its From says anyway
    assert harmless.signals == () and not harmless.believed


def test_a_strict_trunk_gives_a_spoofer_no_number_at_all() -> None:
    strict = TrunkSettings(name="open", peers=("10.0.0.5",), strict=True)
    assert caller((RPID, "<sip:+12025550102@carrier>;party=calling"), trunk=strict).ani == ""
    assert caller(trunk=strict).ani == "+12025550101"


def test_a_tel_uri_is_preferred_and_two_numbers_are_noticed() -> None:
    found = caller((PAI, '"O, \\"K\\"" <sip:office@carrier>, <sip:+12025550107@c>'), (PAI, "<tel:+12025550103>"))
    assert (found.ani, found.signals) == ("+12025550103", ("several_identities",))
    assert caller((PAI, "<sip:+12025550103@c>, <tel:+1-202-555-0103>")).signals == ()


def test_remote_party_id_speaks_when_nothing_is_asserted() -> None:
    called, calling = "<sip:+12025550104@c>;party=called", "<sip:+12025550105@c>;party=calling;screen=yes"
    found = caller((RPID, called), (RPID, calling))
    assert (found.ani, found.claimed, found.number_source) == ("+12025550105", False, "rpid")
    assert caller((RPID, calling.replace("screen=yes", "screen=no"))).claimed
    assert caller((RPID, calling), trunk=STRANGERS).ani == "+12025550101"


def test_a_from_is_a_claim_unless_the_trunk_stands_for_it() -> None:
    assert caller().claimed
    screening = CARRIER.model_copy(update={"from_asserted": True})
    assert not caller(trunk=screening).claimed
    assert caller(trunk=STRANGERS.model_copy(update={"from_asserted": True})).claimed


def test_an_assertion_without_a_number_leaves_the_from_as_a_claim() -> None:
    found = caller((PAI, "<sip:office@carrier>"))
    assert (found.ani, found.claimed, found.number_source) == ("+12025550101", True, "from")


# ---- privacy ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("privacy", ["id", "user", "id;critical", "header; id", "SESSION", "none, id"])
@pytest.mark.parametrize("trunk", [CARRIER, STRANGERS])
def test_a_withheld_number_is_kept_nowhere_but_for_its_signature(privacy: str, trunk: TrunkSettings) -> None:
    found = number_evidence(invite((PAI, "<tel:+12025550102>"), ("Privacy", privacy)), trunk, region="US")
    assert found.caller.private and found.caller.ani == found.caller.number_type == ""
    assert "2025550" not in repr(found.caller) and not found.caller.believed
    assert found.signed.startswith("+1202555")


@pytest.mark.parametrize(
    ("headers", "sender"),
    [
        ((), '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1'),
        (((PAI, "<sip:+12025550102@c>"),), "<sip:anonymous@anonymous.invalid>"),
        (((PAI, "<sip:anonymous@anonymous.invalid>"),), "<sip:2025550101@pbx>"),
        (((RPID, "<sip:+12025550102@c>;party=calling;privacy=full"),), "<sip:2025550101@pbx>"),
        ((), "<sip:Restricted@carrier>"),
    ],
)
def test_every_way_of_withholding_is_respected(headers: tuple[tuple[str, str], ...], sender: str) -> None:
    found = caller(*headers, sender=sender)
    assert found.private and "2025550" not in repr(found)


def test_privacy_none_withholds_nothing() -> None:
    assert caller((PAI, "<tel:+12025550102>"), ("Privacy", "none")).ani == "+12025550102"


# ---- diversion ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "first"),
    [
        ((("Diversion", "<sip:+12025559999@acd>;reason=no-answer, <sip:x@y>"),), "+12025559999"),
        ((("History-Info", "<sip:+12025559998@acd?Reason=SIP>;index=1, <sip:b@bot>;index=1.1"),), "+12025559998"),
        ((("History-Info", "<sip:+12025559998@acd?Privacy=history>;index=1"),), ""),
        ((("Diversion", "<sip:+12025559999@acd>;privacy=full"),), ""),
        ((), ""),
    ],
)
def test_diversion_says_who_was_called_first_and_never_who_calls(
    headers: tuple[tuple[str, str], ...], first: str
) -> None:
    found = caller(*headers)
    assert (found.ani, found.diverted_from) == ("+12025550101", first)


# ---- numbers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "region", "expected"),
    [
        ("<tel:8(916)123-45-67>", "RU", "+79161234567"),
        ("<sip:9161234567@t;user=phone>", "RU", "+79161234567"),
        ("<tel:+1-202-555-0101;ext=17>", "RU", "+12025550101"),
        ("<sip:+12025550101;npdi;rn=+12025550000@t;user=phone>", "US", "+12025550101"),
        ("<tel:5550101;phone-context=+1202>", "RU", "+12025550101"),
        ("<tel:2025550101;phone-context=pbx.example>", "US", "+12025550101"),
        ("<sip:%2B12025550101@t>", "US", "+12025550101"),
        ("<sip:+12025550101:secret@t>", "US", "+12025550101"),
        ("<sip:agent2025550101@t>", "US", ""),
        ("<sip:1800FLOWERS@t>", "US", ""),
        ("<sip:٢٠٢٥٥٥٠١٠١@t>", "US", ""),
        ("<sip:+12025550101%00@t>", "US", ""),
        ("<sip:12@t>", "US", ""),
        ("<sip:@t>", "US", ""),
        ("garbage", "US", ""),
    ],
)
def test_an_address_becomes_e164_or_nothing(uri: str, region: str, expected: str) -> None:
    assert e164(address(uri), region) == expected


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("+79161234567", "mobile"),
        ("+12025550101", "fixed_or_mobile"),
        ("+19002345678", "premium"),
        ("+18002345678", "toll_free"),
        ("+445612345678", "voip"),
        ("+10000000000", "invalid"),
        ("", ""),
    ],
)
def test_the_kind_of_a_number_is_told(number: str, kind: str) -> None:
    assert number_type(number) == kind


def test_the_region_of_a_trunk_goes_before_that_of_the_house() -> None:
    moscow = CARRIER.model_copy(update={"region": "RU"})
    assert caller((PAI, "<sip:89161234567@t>"), trunk=moscow).ani == "+79161234567"


def test_what_was_called_is_the_request_uri_then_to_and_the_numbers_of_the_trunk() -> None:
    owning = CARRIER.model_copy(update={"numbers": ("2025550199",)})
    by_name = invite(to="<sip:+12025550188@bot>")
    assert called_numbers(by_name, owning, region="US") == {"+12025550188", "+12025550199"}
    by_number = invite(uri="sip:+12025550177@bot", to="<sip:+12025550188@bot>")
    assert called_numbers(by_number, CARRIER, region="US") == {"+12025550177"}


# ---- trunks and their verdicts ------------------------------------------------------------------------------------


def test_a_sender_belongs_to_the_trunk_of_the_narrowest_network() -> None:
    wide = TrunkSettings(name="wide", peers=("10.0.0.0/8", "2001:db8::/32"))
    trunks = (wide, CARRIER)
    sources = ("10.0.0.5:5060", "10.9.9.9:5060", "[2001:db8::1]:5060", "[::ffff:10.0.0.5]:5060", "192.0.2.1:1", "x", "")
    assert [trunk_of(source, trunks).name for source in sources] == ["carrier", "wide", "wide", "carrier", "", "", ""]


@pytest.mark.parametrize(
    ("header", "verdict"),
    [
        ("<sip:+12025550102;verstat=TN-Validation-Passed-A@c;user=phone>", ("passed", "A")),
        ("<sip:+12025550102@c;verstat=tn-validation-passed-b>", ("passed", "B")),
        ("<tel:+12025550102;verstat=TN-Validation-Passed-C>", ("passed", "C")),
        ("<tel:+12025550102;verstat=TN-Validation-Passed>", ("passed", "")),
        ("<tel:+12025550102;verstat=TN-Validation-Failed>", ("failed", "")),
        ("<tel:+12025550102;verstat=No-TN-Validation>", ("none", "")),
        ("<tel:+12025550102;verstat=TN-Validation-Passed-A-and-more>", ("none", "")),
    ],
)
def test_the_peers_verdict_counts_where_its_trunk_says_so(header: str, verdict: tuple[str, str]) -> None:
    found = caller((PAI, header))
    assert (found.verification, found.attest) == verdict
    deaf = CARRIER.model_copy(update={"verstat": False})
    assert caller((PAI, header), trunk=deaf).verification == "none"


def test_a_bare_passed_is_worth_what_the_trunk_says() -> None:
    telling = CARRIER.model_copy(update={"plain_verstat": "A"})
    assert caller((PAI, "<tel:+12025550102;verstat=TN-Validation-Passed>"), trunk=telling).attest == "A"


def test_a_number_proven_false_is_not_believed() -> None:
    assert not caller((PAI, "<tel:+12025550102;verstat=TN-Validation-Failed>")).believed


# ---- odd input ----------------------------------------------------------------------------------------------------

_PIECES = st.sampled_from(
    (
        *'"\\<>@;=,?[]: \x00é\u0661',
        "sip:",
        "tel:",
        "+12025550102",
        "%2b",
        "%zz",
        "verstat",
        "privacy=full",
        "party=calling",
        "phone-context=+1",
        "anonymous.invalid",
        "Anna",
    )
)
_VALUES = st.one_of(st.text(max_size=60), st.lists(_PIECES, max_size=14).map("".join))
_NAMES = st.sampled_from([PAI, RPID, "Privacy", "Diversion", "History-Info", "Identity", "p-asserted-identity"])


_ODD = {
    "headers": st.lists(st.tuples(_NAMES, _VALUES), max_size=5),
    "sender": _VALUES,
    "uri": _VALUES,
    "trusted": st.booleans(),
}


def _check_odd(headers: list[tuple[str, str]], sender: str, uri: str, trusted: bool) -> None:
    trunk = CARRIER if trusted else STRANGERS
    arrived = invite(*headers, sender=sender, uri=uri, to=sender)
    found = number_evidence(arrived, trunk, region="US").caller
    assert re.fullmatch(r"(\+[1-9][0-9]{6,14})?", found.ani)
    assert not (found.private and found.ani) and (trusted or found.claimed)
    called_numbers(arrived, trunk, region="US")


@settings(max_examples=25, deadline=None)
@given(**_ODD)
def test_no_header_however_odd_raises_or_makes_a_wrong_number(**odd: Any) -> None:
    _check_odd(**odd)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(**_ODD)
def test_no_header_of_thousands_raises_or_makes_a_wrong_number(**odd: Any) -> None:
    _check_odd(**odd)


def test_huge_headers_take_no_time() -> None:
    began = time.process_time()
    for piece in ('"', "<sip:1@a>,"):
        huge = piece * (64000 // len(piece))
        caller((PAI, huge), (RPID, huge), ("Privacy", huge), ("Diversion", huge), ("History-Info", huge), sender=huge)
    assert time.process_time() - began < 1.5
