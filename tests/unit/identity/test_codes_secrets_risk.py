"""Codes, PINs and passphrases, and what makes a call suspicious."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from ivr.identity.codes import code_fits, code_hash, code_message, new_code, number_for_codes, number_range, plain_code
from ivr.identity.policy import DEFAULT, Codes
from ivr.identity.risk import Suspect, points, signals
from ivr.identity.secrets import hash_secret, plain_passphrase, plain_pin, secret_fits
from ivr.model.attempts import Activity
from ivr.model.identity import Caller, Candidate, Phone, RiskKind

TODAY = date(2026, 3, 10)
MOBILE, OTHER, LANDLINE = "+4915123456789", "+4915123456788", "+493012345678"


def test_codes_are_digits_and_differ() -> None:
    codes = {new_code(Codes(digits=8)) for _ in range(50)}
    assert all(len(code) == 8 and code.isdigit() for code in codes)
    assert len(codes) > 45


def test_a_code_fits_only_in_its_call_for_its_customer_with_the_servers_key() -> None:
    bound = {"key": b"k", "call_id": "call", "customer_id": "C1"}
    hashed = code_hash("123456", **bound)
    assert "123456" not in hashed
    assert code_fits(hashed, "12 34-56", **bound)
    for other in ({"key": b"x"}, {"call_id": "other"}, {"customer_id": "C2"}):
        assert not code_fits(hashed, "123456", **(bound | other))
    assert not code_fits(hashed, "123457", **bound)
    assert not code_fits(hashed, "", **bound)
    assert plain_code("one two") == ""


@pytest.mark.parametrize(
    ("phones", "to"),
    [
        ([Phone(number=MOBILE)], MOBILE),
        ([Phone(number=MOBILE, since="2026-03-01")], MOBILE),
        ([Phone(number=MOBILE, since="2026-03-03")], ""),  # seven days are not more than seven
        ([Phone(number=MOBILE, since="2026-03-09"), Phone(number=OTHER, since="2020-01-01")], OTHER),
        ([Phone(number=MOBILE, since="last year")], ""),
        ([Phone(number=LANDLINE)], ""),
        ([], ""),
    ],
)
def test_codes_go_to_old_mobile_numbers_only(phones: list[Phone], to: str) -> None:
    assert number_for_codes(phones, DEFAULT, TODAY) == to


def test_a_message_brings_the_code_in_the_customers_language() -> None:
    told = code_message("123456", MOBILE, "ru", DEFAULT, "id")
    assert "123456" in told.text
    assert "5 мин" in told.text
    assert code_message("123456", MOBILE, "fr", DEFAULT, "id").text.startswith("Your code")
    assert number_range(MOBILE) == "+491512345"


def test_pins_and_passphrases_are_compared_as_they_are_said() -> None:
    assert [plain_pin(said) for said in ("47 11", "4-7-1-1")] == ["4711", "4711"]
    assert [plain_pin(said) for said in ("12", "47a1", "1234567890123", "٤٧١١")] == [""] * 4
    assert plain_passphrase("Мой Ёжик, в лесу!") == plain_passphrase("мой ежик в лесу") == "мойежиквлесу"
    assert plain_passphrase("My dog's name is Réx.") == plain_passphrase("my dogs name is rex")
    assert plain_passphrase("й" * 8) != plain_passphrase("и" * 8)
    assert plain_passphrase("rex") == ""
    with pytest.raises(ValueError, match="nothing to hash"):
        hash_secret("")


def test_a_secret_fits_its_hash_and_no_other() -> None:
    hashed = hash_secret("4711", invented=True)
    assert hashed != hash_secret("4711", invented=True)
    assert secret_fits(hashed, "4711")
    assert not secret_fits(hashed, "4712")
    assert not secret_fits(hashed, "")


@pytest.mark.slow
def test_nobodys_secret_takes_as_long_as_a_wrong_one_and_the_parameters_are_those_of_rfc_9106() -> None:
    import time

    hashed = hash_secret("4711")
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    took = []
    for known in (hashed, "", "$argon2id$damaged"):
        began = time.process_time()
        assert not secret_fits(known, "0000")
        took.append(time.process_time() - began)
    assert min(took) > max(took) / 3, took


def suspect(**changed: object) -> Suspect:
    caller = Caller(ani=MOBILE, dnis="1", claimed=False, number_type="mobile")
    return replace(Suspect(caller=caller, today=TODAY, activity=Activity()), **changed)  # type: ignore[arg-type]


def kinds(of: Suspect) -> set[RiskKind]:
    return {signal.kind for signal in signals(of, DEFAULT, 1)}


def caller(**changed: object) -> Caller:
    return replace(suspect().caller, **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        ({"caller": caller(verification="failed")}, RiskKind.ATTEST_FAILED),
        ({"caller": caller(number_type="voip")}, RiskKind.VOIP_INVALID),
        ({"caller": caller(signals=("spoofed_header",))}, RiskKind.SPOOFED_HEADER),
        ({"caller": caller(signals=("several_identities",))}, RiskKind.SEVERAL_IDENTITIES),
        ({"customers": 2}, RiskKind.SEVERAL_CUSTOMERS),
        ({"activity": Activity(calls_in_an_hour=11)}, RiskKind.VELOCITY),
        ({"activity": Activity(accounts_in_a_day=4)}, RiskKind.MANY_ACCOUNTS_ONE_NUMBER),
        ({"activity": Activity(numbers_in_a_day=4)}, RiskKind.MANY_NUMBERS_ONE_ACCOUNT),
        ({"key_gaps_ms": (20, 30, 20, 30)}, RiskKind.FAST_KEYS),
        ({"agent_requested": True, "failures": 1}, RiskKind.AGENT_AFTER_FAIL),
        ({"pumping": True}, RiskKind.OTP_PUMPING),
        ({"repeated_audio": True}, RiskKind.REPEATED_AUDIO),
        ({"voiceprint_mismatch": True}, RiskKind.VOICEPRINT_MISMATCH),
    ],
)
def test_each_oddity_is_a_signal_of_its_own(seen: dict[str, object], kind: RiskKind) -> None:
    assert kinds(suspect()) == set()
    assert kinds(suspect(**seen)) == {kind}


def test_a_number_put_on_file_days_ago_is_a_signal_when_it_calls() -> None:
    def known_since(day: str) -> Suspect:
        return suspect(candidate=Candidate(customer_id="C1", household="C1", phones=(Phone(number=MOBILE, since=day),)))

    assert kinds(known_since("2026-03-08")) == {RiskKind.NUMBER_NEW}
    assert kinds(known_since("2025-03-08")) == set()


def test_ordinary_things_are_not_suspicious() -> None:
    ordinary = suspect(
        activity=Activity(calls_in_an_hour=10, accounts_in_a_day=3, numbers_in_a_day=3),
        key_gaps_ms=(20, 20, 20),  # too few to tell
        agent_requested=True,
        customers=1,
    )
    assert kinds(ordinary) == set()


def test_signals_of_one_cause_count_once_and_all_together_are_capped() -> None:
    one_cause = signals(suspect(caller=caller(verification="failed", number_type="voip")), DEFAULT, 1)
    assert len(one_cause) == 2
    assert points(one_cause, DEFAULT) == DEFAULT.risk.points[RiskKind.ATTEST_FAILED]
    everything = suspect(
        caller=caller(verification="failed"),
        activity=Activity(calls_in_an_hour=99, accounts_in_a_day=99, numbers_in_a_day=99),
        pumping=True,
        repeated_audio=True,
        voiceprint_mismatch=True,
    )
    assert points(signals(everything, DEFAULT, 1), DEFAULT) == 8
