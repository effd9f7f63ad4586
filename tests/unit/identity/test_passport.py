"""A signed number: what is verified, and that every tampering is found. The certificates are the tests' own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from email.utils import formatdate
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.identity.credentials import credential, parse_tn_auth_list
from ivr.identity.passport import CallFacts, SeenPassports, check_url, read_passports
from ivr.identity.verdict import StirError, Verdict, Why
from tests.fakes.stir import (
    X5U,
    Holder,
    encoded,
    identity,
    issue,
    number_range,
    one_number,
    passport,
    provider,
    signature,
)

ROOT = issue("Root", ca=True)
MIDDLE = issue("Middle", ROOT, ca=True, path_length=0)
CARRIER = issue("SHAKEN 709J", MIDDLE)
CHAIN = CARRIER.pem + MIDDLE.pem
NOW = time.time()
CALLER, CALLED = "12025550101", "12025550199"
FACTS = CallFacts(caller=f"+{CALLER}", called=frozenset({f"+{CALLED}"}), date="", call="one", now=NOW)


def token(key: ec.EllipticCurvePrivateKey = CARRIER.key, **changes: Any) -> str:
    return passport(key, **{"orig": CALLER, "dest": CALLED, "iat": NOW, **changes})


def verdict(
    *headers: str,
    pem: bytes = CHAIN,
    facts: CallFacts = FACTS,
    seen: SeenPassports | None = None,
    authorities: tuple[Holder, ...] = (ROOT,),
) -> Verdict:
    """What the headers come to when pem is what x5u leads to."""
    passports, fallback = read_passports(headers, facts)
    why = None
    for each in passports:
        try:
            check_url(each.x5u, ("cr.example.com",))
            found = each.verify(credential(pem, [holder.certificate for holder in authorities]), facts)
            (seen or SeenPassports()).note(each, facts)
        except StirError as error:
            why = why or error.why
        else:
            return found
    return Verdict(why=why) if why else fallback


def why(*headers: str, **changes: Any) -> Why:
    found = verdict(*headers, **changes)
    assert (found.verification == "passed") is (found.why is Why.VERIFIED)
    assert found.attest == "" or found.why is Why.VERIFIED
    return found.why


# ---- what is verified ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attest", ["A", "B", "C"])
def test_a_signed_number_is_verified_with_its_attestation(attest: str) -> None:
    found = verdict(identity(token(body={"attest": attest})))
    assert (found.verification, found.attest) == ("passed", attest)
    assert found.origid == "123e4567-e89b-12d3-a456-426655440000"


def test_claims_and_header_parameters_come_in_any_order() -> None:
    words = ".".join(
        encoded(each)
        for each in (
            {"x5u": X5U, "typ": "passport", "alg": "ES256", "ppt": "shaken"},
            {"origid": "o", "orig": {"tn": CALLER}, "iat": int(NOW), "dest": {"tn": ["1", CALLED]}, "attest": "B"},
        )
    )
    text = f"{words}.{signature(CARRIER.key, words)} ; ppt=shaken ; ALG=ES256;info=<{X5U}>"
    assert verdict(text).attest == "B"


def test_of_several_headers_the_one_that_is_verified_counts() -> None:
    stale = identity(token(iat=NOW - 900))
    assert why(stale, identity(token())) is Why.VERIFIED
    assert why(f"{stale}, {identity(token())}") is Why.VERIFIED


def test_a_compact_passport_is_put_together_again_and_attests_nothing() -> None:
    facts = replace(FACTS, date=formatdate(NOW, usegmt=True))
    full = token(head={"ppt": None}, body={"attest": None, "origid": None})
    compact = ".." + full.rpartition(".")[2]
    assert verdict(identity(compact, ppt=""), facts=facts) == Verdict(why=Why.VERIFIED)
    assert why(identity(compact, ppt=""), facts=replace(facts, caller="+12025550102")) is Why.BAD_SIGNATURE
    assert why(identity(compact, ppt=""), facts=replace(facts, date=formatdate(NOW - 90))) is Why.STALE
    assert why(identity(compact, ppt=""), facts=FACTS) is Why.STALE
    assert why(identity(compact), facts=facts) is Why.UNSUPPORTED


def test_a_diversion_is_no_word_about_the_caller() -> None:
    div = identity(token(head={"ppt": "div"}, body={"div": {"tn": "12025550150"}}), ppt="div")
    elsewhere = identity(token(dest="12025550150"))
    assert why(div) is Why.UNSUPPORTED
    assert why(div, identity(token())) is Why.VERIFIED
    assert why(elsewhere) is Why.WRONG_CALLED
    assert verdict(elsewhere, div).verification == "none"
    assert why(div, identity(token(iat=NOW - 900))) is Why.STALE


def test_no_header_says_nothing() -> None:
    assert why() is Why.UNSIGNED
    assert verdict().verification == "none" and verdict().answer == (428, "Use Identity Header")


# ---- tampering ----------------------------------------------------------------------------------------------------


def _hs256() -> str:
    head = {"typ": "passport", "ppt": "shaken", "x5u": X5U}
    body = {"attest": "A", "dest": {"tn": [CALLED]}, "iat": int(NOW), "orig": {"tn": CALLER}, "origid": "o"}
    return jwt.encode(body, "secret" * 8, algorithm="HS256", headers=head)


def _swapped_claim() -> str:
    words, _, signed = token(body={"attest": "C"}).rpartition(".")
    return f"{words.split('.')[0]}.{token().split('.')[1]}.{signed}"


TAMPERED: Mapping[str, tuple[Callable[[], str], Why, int]] = {
    "too old": (lambda: token(iat=NOW - 62), Why.STALE, 403),
    "from the future": (lambda: token(iat=NOW + 62), Why.STALE, 403),
    "no time": (lambda: token(body={"iat": None}), Why.MALFORMED, 438),
    "a time in words": (lambda: token(body={"iat": str(int(NOW))}), Why.MALFORMED, 438),
    "an endless time": (lambda: token(body={"iat": 10**400}), Why.MALFORMED, 438),
    "another caller": (lambda: token(orig="12025550102"), Why.WRONG_CALLER, 438),
    "a caller by name": (lambda: token(body={"orig": {"uri": "sip:a@b"}}), Why.WRONG_CALLER, 438),
    "another number called": (lambda: token(dest="12025550198"), Why.WRONG_CALLED, 438),
    "nobody called": (lambda: token(body={"dest": {"tn": []}}), Why.MALFORMED, 438),
    "no attestation": (lambda: token(body={"attest": None}), Why.MALFORMED, 438),
    "attestation D": (lambda: token(body={"attest": "D"}), Why.MALFORMED, 438),
    "no origid": (lambda: token(body={"origid": None}), Why.MALFORMED, 438),
    "a signature of another PASSporT": (_swapped_claim, Why.BAD_SIGNATURE, 438),
    "another key": (lambda: token(ec.generate_private_key(ec.SECP256R1())), Why.BAD_SIGNATURE, 438),
    "no signature": (lambda: token().rpartition(".")[0] + "." + encoded(bytes(64)), Why.BAD_SIGNATURE, 438),
    "a short signature": (lambda: token()[:-8], Why.BAD_SIGNATURE, 438),
    "algorithm none": (lambda: token(head={"alg": "none"}), Why.ALGORITHM, 438),
    "algorithm HS256": (_hs256, Why.ALGORITHM, 438),
    "algorithm ES384": (lambda: token(head={"alg": "ES384"}), Why.ALGORITHM, 438),
    "no passport": (lambda: token(head={"typ": "JWT"}), Why.MALFORMED, 438),
    "critical extensions": (lambda: token(head={"crit": ["b64"], "b64": True}), Why.MALFORMED, 438),
    "a certificate over http": (lambda: token(x5u=X5U.replace("https", "http")), Why.MALFORMED, 438),
    "no JSON": (lambda: "e30x.e30x.e30x", Why.MALFORMED, 438),
    "oversized": (lambda: token(body={"rcd": "x" * 9000}), Why.MALFORMED, 438),
    "deep as a well": (lambda: encoded(b"[" * 2900) + ".e30.AAAA", Why.MALFORMED, 438),
    "a claim twice": (lambda: encoded(b'{"alg":"ES256","alg":"ES256"}') + ".e30.AAAA", Why.MALFORMED, 438),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_tampering_is_found_and_named(how: str) -> None:
    make, reason, code = TAMPERED[how]
    found = verdict(identity(make()))
    assert (found.why, found.verification, found.attest) == (reason, "failed", "")
    assert found.answer[0] == code


def test_every_changed_letter_of_a_passport_is_found() -> None:
    good = token()
    for at in range(0, len(good), 7):
        changed = good[:at] + ("A" if good[at] != "A" else "B") + good[at + 1 :]
        if at < len(good) - 1:  # the last letter has bits that mean nothing
            assert verdict(identity(changed)).verification != "passed", at


@pytest.mark.parametrize(
    "params",
    [
        "",
        ";info=<https://evil.example.com/c.pem>",
        f";info=<{X5U}>;alg=none",
        f";info=<{X5U}>;ppt=",
        ";info=<>;alg=ES256",
    ],
)
def test_a_header_that_contradicts_its_passport_is_wrong(params: str) -> None:
    assert verdict(token() + params).verification == "failed"


def test_a_passport_of_another_call_is_a_copy() -> None:
    seen = SeenPassports()
    header = identity(token())
    assert why(header, seen=seen) is Why.VERIFIED
    assert why(header, seen=seen) is Why.VERIFIED  # the same INVITE once more, by another way
    assert why(header, seen=seen, facts=replace(FACTS, call="two")) is Why.REPLAYED
    respelled = identity(token())  # the same words, signed once more
    assert respelled != header
    assert why(respelled, seen=seen, facts=replace(FACTS, call="three")) is Why.REPLAYED


def test_what_was_seen_is_forgotten_when_it_is_stale_and_never_grows() -> None:
    seen = SeenPassports(most=3)
    for at in range(9):
        later = replace(FACTS, now=NOW + at * 30, call=str(at))
        assert why(identity(token(iat=NOW + at * 30)), seen=seen, facts=later) is Why.VERIFIED
        assert len(seen._seen) <= 3


# ---- certificates -------------------------------------------------------------------------------------------------

_CRITICAL = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
_NO_CA = issue("Not an authority", ROOT, entries=None)
_LOOSE = issue("Middle", ca=True)
_SHORT = issue("Short", ROOT, ca=True, path_length=0)
_DEEP = issue("Deep", _SHORT, ca=True)
_OLD = issue("Old", ROOT, ca=True, valid=(-60, -30))


def _usage(**allowed: bool) -> tuple[x509.KeyUsage, bool]:
    names = "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign"
    names += " crl_sign encipher_only decipher_only"
    return x509.KeyUsage(**{name: allowed.get(name, False) for name in names.split()}), True


_UNSIGNING = issue("No signer", ROOT, ca=True, extra=[_usage(digital_signature=True)])
_P384 = ec.generate_private_key(ec.SECP384R1())

BAD_CHAINS: Mapping[str, tuple[bytes, Why]] = {
    "self-signed": (issue("SHAKEN", key=CARRIER.key).pem, Why.UNTRUSTED),
    "of an authority of the same name": (issue("SHAKEN", _LOOSE, key=CARRIER.key).pem + _LOOSE.pem, Why.UNTRUSTED),
    "without its issuer": (CARRIER.pem, Why.UNTRUSTED),
    "issued by no authority": (issue("SHAKEN", _NO_CA, key=CARRIER.key).pem + _NO_CA.pem, Why.UNTRUSTED),
    "below an authority that may have none": (
        issue("SHAKEN", _DEEP, key=CARRIER.key).pem + _DEEP.pem + _SHORT.pem,
        Why.UNTRUSTED,
    ),
    "of one that may not sign": (issue("S", _UNSIGNING, key=CARRIER.key).pem + _UNSIGNING.pem, Why.UNTRUSTED),
    "an authority itself": (issue("SHAKEN", ROOT, ca=True, key=CARRIER.key).pem, Why.NO_TN_AUTH_LIST),
    "expired": (issue("SHAKEN", ROOT, valid=(-30, -1), key=CARRIER.key).pem, Why.EXPIRED),
    "not yet valid": (issue("SHAKEN", ROOT, valid=(1, 30), key=CARRIER.key).pem, Why.EXPIRED),
    "below an expired one": (issue("SHAKEN", _OLD, key=CARRIER.key).pem + _OLD.pem, Why.EXPIRED),
    "without TNAuthList": (issue("SHAKEN", ROOT, entries=None, key=CARRIER.key).pem, Why.NO_TN_AUTH_LIST),
    "with an empty TNAuthList": (issue("SHAKEN", ROOT, entries=[], key=CARRIER.key).pem, Why.NO_TN_AUTH_LIST),
    "with a broken TNAuthList": (issue("S", ROOT, entries=[b"\xa0\x7f"], key=CARRIER.key).pem, Why.NO_TN_AUTH_LIST),
    "for another number": (
        issue("SHAKEN", ROOT, entries=[one_number("12025550102")], key=CARRIER.key).pem,
        Why.NOT_COVERED,
    ),
    "for another range": (
        issue("SHAKEN", ROOT, entries=[number_range("12025550102", 10)], key=CARRIER.key).pem,
        Why.NOT_COVERED,
    ),
    "with a critical extension nobody knows": (
        issue("SHAKEN", ROOT, key=CARRIER.key, extra=[(_CRITICAL, True)]).pem,
        Why.BAD_CERTIFICATE,
    ),
    "of another curve": (issue("SHAKEN", ROOT, key=_P384).pem, Why.BAD_CERTIFICATE),
    "no PEM": (b"<html>not found</html>", Why.BAD_CERTIFICATE),
    "empty": (b"", Why.BAD_CERTIFICATE),
    "cut off": (CHAIN[:200], Why.BAD_CERTIFICATE),
    "a crowd": (CARRIER.pem * 7, Why.BAD_CERTIFICATE),
    "another carrier's": (issue("SHAKEN", ROOT).pem, Why.BAD_SIGNATURE),
}


@pytest.mark.parametrize("kind", BAD_CHAINS)
def test_a_certificate_that_proves_nothing_is_found(kind: str) -> None:
    pem, reason = BAD_CHAINS[kind]
    found = verdict(identity(token()), pem=pem)
    assert (found.why, found.verification) == (reason, "failed")
    assert found.answer[0] == (438 if reason is Why.BAD_SIGNATURE else 437)


@pytest.mark.parametrize(
    "entries",
    [[one_number(CALLER)], [number_range("12025550000", 200)], [provider("1"), one_number("44")], [provider()]],
)
def test_a_certificate_covers_its_numbers_and_its_providers(entries: list[bytes]) -> None:
    assert why(identity(token()), pem=issue("SHAKEN", ROOT, entries=entries, key=CARRIER.key).pem) is Why.VERIFIED


def test_a_chain_may_come_in_any_order_and_with_its_root() -> None:
    lower = issue("Lower", ROOT, ca=True)
    leaf = issue("SHAKEN", lower, key=CARRIER.key)
    assert why(identity(token()), pem=leaf.pem + ROOT.pem + MIDDLE.pem + lower.pem) is Why.VERIFIED
    assert why(identity(token()), authorities=(MIDDLE,), pem=CARRIER.pem) is Why.VERIFIED


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=40))
def test_no_tn_auth_list_breaks_its_reader(raw: bytes) -> None:
    for der in (raw, bytes([0x30, len(raw)]) + raw):
        try:
            assert parse_tn_auth_list(der)
        except ValueError:
            continue


# ---- where certificates come from ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "hosts", "reason"),
    [
        (X5U, ("cr.example.com",), None),
        (X5U, ("*.example.com",), None),
        (X5U, ("*",), None),
        ("https://cr.example.com:8443/a", ("cr.example.com",), None),
        ("https://127.0.0.1:4443/a", ("127.0.0.1:4443",), None),
        ("https://cr.example.com:22/a", ("cr.example.com", "*"), Why.HOST_NOT_ALLOWED),
        ("https://evil.com/cr.example.com", ("cr.example.com", "*.example.com"), Why.HOST_NOT_ALLOWED),
        ("https://evilexample.com/", ("*.example.com",), Why.HOST_NOT_ALLOWED),
        ("https://127.0.0.1/a", ("*",), Why.HOST_NOT_ALLOWED),
        ("https://[::1]/a", ("*",), Why.HOST_NOT_ALLOWED),
        ("https://0x7f.1/a", ("*",), Why.HOST_NOT_ALLOWED),
        ("https://localhost/a", ("*",), Why.HOST_NOT_ALLOWED),
        (X5U, (), Why.HOST_NOT_ALLOWED),
        ("http://cr.example.com/a", ("cr.example.com",), Why.UNSAFE_URL),
        ("file:///etc/passwd", ("*",), Why.UNSAFE_URL),
        ("https://cr.example.com@evil.com/", ("cr.example.com", "*"), Why.UNSAFE_URL),
        ("https://evil.com\\@cr.example.com/", ("cr.example.com",), Why.UNSAFE_URL),
        ("https://cr.example.com/a\nHost: b", ("cr.example.com",), Why.UNSAFE_URL),
        ("https://cr.example.com:x/", ("cr.example.com",), Why.UNSAFE_URL),
        ("https://" + "a" * 1100, ("*",), Why.UNSAFE_URL),
        ("", ("*",), Why.UNSAFE_URL),
    ],
)
def test_certificates_are_fetched_from_allowed_hosts_over_https_only(
    url: str, hosts: tuple[str, ...], reason: Why | None
) -> None:
    if reason is None:
        check_url(url, hosts)
        return
    with pytest.raises(StirError) as caught:
        check_url(url, hosts)
    assert caught.value.why is reason


_ODD = {
    "headers": st.lists(
        st.one_of(st.text(max_size=80), st.text('ey.AZ09_-;=<>", ', max_size=80), st.just(identity("e30.e30.e30"))),
        max_size=4,
    ),
    "date": st.text(max_size=30),
}


def _check_odd(headers: list[str], date: str) -> None:
    assert verdict(*headers, facts=replace(FACTS, date=date)).verification != "passed"


@settings(max_examples=25, deadline=None)
@given(**_ODD)
def test_no_identity_header_however_odd_raises(**odd: Any) -> None:
    _check_odd(**odd)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(**_ODD)
def test_no_identity_header_of_thousands_raises(**odd: Any) -> None:
    _check_odd(**odd)


@pytest.mark.alone
def test_a_verification_takes_less_than_five_milliseconds() -> None:
    ready = credential(CHAIN, [ROOT.certificate])
    took = []
    for at in range(120):
        header = identity(token(body={"origid": f"o{at}"}))
        began = time.thread_time()
        passports, _ = read_passports([header], FACTS)
        assert passports[0].verify(ready, FACTS).verification == "passed"
        took.append(time.thread_time() - began)
    assert sorted(took)[-2] < 0.005, f"p99 {sorted(took)[-2] * 1000:.2f} ms"
