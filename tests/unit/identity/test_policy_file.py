"""identity.yml: defaults, packs, and every mistake with its line and the word that was meant."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ivr.identity.policy import DEFAULT, Consent, OnRisk, Step
from ivr.identity.policy_file import load_policy, pack_names
from ivr.model.errors import DesignError
from ivr.model.identity import Level, RiskKind


def written(folder: Path, text: str) -> Path:
    (folder / "identity.yml").write_text("version: 1\n" + text, encoding="utf-8")
    return folder


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(DesignError) as caught:
        load_policy(written(folder, text))
    return [f"{f.line}: {f.code}: {f.fix}" for f in sorted(caught.value.faults)]


def test_an_assistant_without_the_file_has_the_defaults(tmp_path: Path) -> None:
    assert load_policy(tmp_path) == DEFAULT
    assert load_policy(written(tmp_path, "")) == replace(DEFAULT)


def test_what_is_written_stands_and_the_rest_is_default(tmp_path: Path) -> None:
    policy = load_policy(
        written(
            tmp_path,
            "steps: [ani, two_facts, otp]\nrequests: {balance: L2, payout: human}\nlimits: {otp_tries: 2}\n"
            "lockout: {delay_s: [60]}\nrisk: {attest_failed: +3, on_threshold: human, keep: L0}\n",
        )
    )
    assert policy.steps == {Step.ANI, Step.TWO_FACTS, Step.OTP}
    assert policy.level_of("balance", Level.L0) is Level.L2
    assert policy.level_of("balance", Level.L3) is Level.L3
    assert policy.level_of("payout", Level.L0) is Level.HUMAN
    assert (policy.limits.otp_tries, policy.limits.facts_tries) == (2, DEFAULT.limits.facts_tries)
    assert policy.lockout.delay_s == (60,)
    assert policy.risk.points[RiskKind.ATTEST_FAILED] == 3
    assert policy.risk.points[RiskKind.NUMBER_NEW] == DEFAULT.risk.points[RiskKind.NUMBER_NEW]
    assert (policy.risk.on_threshold, policy.risk.keep) == (OnRisk.HUMAN, Level.L0)


def test_packs_only_ever_ask_for_more(tmp_path: Path) -> None:
    assert pack_names() == ("eu", "ru", "us")
    text = "requests: {payout: L2, gift: human}\npayouts: [payout, gift]\npacks: [%s]\n"
    us, eu, ru = (load_policy(written(tmp_path, text % name)) for name in ("us", "eu", "ru"))
    assert (us.requests["payout"], us.facts_before_code) == (Level.L3, False)
    assert (eu.requests["payout"], eu.facts_before_code) == (Level.L4, True)
    assert (ru.requests["payout"], ru.voiceprint_consent) == (Level.L2, Consent.WRITTEN)
    assert us.requests["gift"] is eu.requests["gift"] is Level.HUMAN


def test_every_mistake_is_told_with_its_line_and_the_word_that_was_meant(tmp_path: Path) -> None:
    found = faults(
        tmp_path, "stepps: [ani]\nlimits: {facts_trys: 2, otp_tries: 99}\nsteps: [anni]\nrequests: {a: L7}\n"
    )
    assert found[0].startswith("2: unknown-key: Did you mean 'steps'?")
    assert "3: unknown-key: Did you mean 'facts_tries'?" in found
    assert "4: unknown-value: Did you mean 'ani'?" in found
    assert any(f.startswith("3: out-of-range") for f in found)
    assert any(f.startswith("5: unknown-value") for f in found)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("packs: [uss]\n", "unknown-pack"),
        ("lockout: {delay_s: [60, 30]}\n", "limits"),
        ("limits: {account_fail_24h: 60, account_fail_total: 50}\n", "limits"),
        ("risk: {number_new_days: 0}\n", "limits"),
        ("steps: [ani, two_facts]\nrequests: {balance: L3}\n", "unreachable-level"),
        ("steps: [ani, otp]\nrequests: {plan: L4}\n", "unreachable-level"),
        ("steps: [two_facts]\n", "unreachable-level"),
    ],
)
def test_what_makes_no_sense_together_is_refused(tmp_path: Path, text: str, code: str) -> None:
    found = faults(tmp_path, text)
    assert len(found) == 1
    assert f": {code}: " in found[0]
    assert not found[0].startswith("0:")
