"""What deviates in a designer's file is told in a designer's words, with the range or the word that was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.identity.policy_file import load_policy
from ivr.model.errors import DesignError
from ivr.offers.catalogue import load_catalogue

FOLDER = Path(__file__).parents[2] / "dialogs" / "insurance"


def told(folder: Path, text: str) -> list[str]:
    (folder / "identity.yml").write_text("version: 1\n" + text, encoding="utf-8")
    with pytest.raises(DesignError) as caught:
        load_policy(folder)
    return [f"{f.line}:{f.code}: {f.what}. {f.fix}" for f in sorted(caught.value.faults)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("stepps: [ani]", "2:unknown-key: stepps: there is no word 'stepps' here. Did you mean 'steps'?"),
        (
            "limits: {facts_trys: 2}",
            "2:unknown-key: limits.facts_trys: there is no word 'facts_trys' here. Did you mean 'facts_tries'?",
        ),
        (
            "limits: {otp_tries: 99}",
            "2:out-of-range: limits.otp_tries: 99 is more than 5. Write a number from 1 to 5.",
        ),
        (
            "limits: {otp_tries: many}",
            "2:no-number: limits.otp_tries: a whole number is expected, and 'many' stands there. "
            "Write a whole number from 1 to 5.",
        ),
        (
            "risk: {attest_failed: -1}",
            "2:out-of-range: risk.attest_failed: -1 is less than 0. Write a number from 0 to 10.",
        ),
        (
            "lockout: {delay_s: [30, 0]}",
            "2:out-of-range: lockout.delay_s.1: 0 is less than 1. Write a number from 1 to 86400.",
        ),
        (
            "requests: {a: l2}",
            "2:unknown-value: requests.a: 'l2' is none of L0, L1, L2, L3, L4, human. Did you mean 'L2'?",
        ),
        (
            "requests: {a: L9}",
            "2:unknown-value: requests.a: 'L9' is none of L0, L1, L2, L3, L4, human. Write one of these.",
        ),
        (
            "risk: {on_threshold: lowwer}",
            "2:unknown-value: risk.on_threshold: 'lowwer' is none of lower, human. Did you mean 'lower'?",
        ),
        ("steps: ani", "2:no-list: steps: a list is expected, and 'ani' stands there. Write it as [ani]."),
        ("steps: []", "2:wrong-length: steps: 1 or more entries are expected, and there are 0. Write 1 or more."),
        (
            "limits: 3",
            "2:no-mapping: limits: words with values are expected, and 3 stands there. Write {word: value}. "
            "Known here: account_fail_24h, account_fail_total, facts_tries, number_fail_1h, otp_sends_per_day, "
            "otp_sends_per_prefix_hour, otp_tries, pin_tries.",
        ),
        (
            "lockout: {notify_sms: maybe}",
            "2:no-flag: lockout.notify_sms: true or false is expected, and 'maybe' stands there. Write true or false.",
        ),
        (
            "shared_numbers: ['0800 1']",
            "2:wrong-form: shared_numbers.0: '0800 1' is not allowed here. "
            "Write a number with + and the country code, as +12025550150.",
        ),
        (
            "stepup: {ask_only_when_needed: false}",
            "2:unknown-value: stepup.ask_only_when_needed: false is not true. Write true.",
        ),
    ],
)
def test_what_was_expected_is_said_in_a_designers_words(tmp_path: Path, text: str, line: str) -> None:
    assert told(tmp_path, text) == [line]


def test_a_word_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "identity.yml").write_text("steps: [ani]\n", encoding="utf-8")
    with pytest.raises(DesignError) as caught:
        load_policy(tmp_path)
    assert [(f.code, f.fix) for f in caught.value.faults] == [("missing", "Add version: with its value.")]


def test_the_other_files_of_this_kind_are_read_alike(tmp_path: Path) -> None:
    whole = (FOLDER / "offers.yml").read_text(encoding="utf-8")
    (tmp_path / "offers.yml").write_text(whole.replace("margin:", "marginn:", 1), encoding="utf-8")
    with pytest.raises(DesignError) as caught:
        load_catalogue(tmp_path / "offers.yml")
    hints = {f.code: f.fix for f in caught.value.faults}
    assert hints["unknown-key"] == "Did you mean 'margin'?"
    assert "See the file format." not in hints.values()


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("mean: 0.06", "mean: 1.5", "1.5 is not less than 1. Write a number above 0 and below 1."),
        ("csat: -0.15", "csat: 0", "0 is not less than 0. Write a number of at least -4 and below 0."),
        ("survey_share: 0.25", "survey_share: 25", "25 is more than 1. Write a number above 0, 1 at most."),
        ("amount: 3.90", "amount: 3.905", "3.905 has more than 2 decimals. Write a number above 0, with 2 at most."),
        ("margin: 12.00", "margin: -3", "-3 is less than 0. Write a number of at least 0."),
        (
            'middle: "customer.age >= 30"',
            ", ".join(f'g{age}: "customer.age >= {age}"' for age in range(30, 37)),
            "at most 8 entries are expected, and there are 9. Write at most 8.",
        ),
    ],
)
def test_the_range_that_is_told_is_the_range_that_is_taken(tmp_path: Path, old: str, new: str, line: str) -> None:
    whole = (FOLDER / "offers.yml").read_text(encoding="utf-8")
    assert old in whole
    (tmp_path / "offers.yml").write_text(whole.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DesignError) as caught:
        load_catalogue(tmp_path / "offers.yml")
    assert [f"{f.what}. {f.fix}".partition(": ")[2] for f in caught.value.faults] == [line]


def test_a_word_that_stands_twice_is_told_in_one_line(tmp_path: Path) -> None:
    whole = (FOLDER / "offers.yml").read_text(encoding="utf-8")
    (tmp_path / "offers.yml").write_text(whole.replace("\n  flat:\n", "\n  dacha_furniture:\n"), encoding="utf-8")
    with pytest.raises(DesignError) as caught:
        load_catalogue(tmp_path / "offers.yml")
    assert [f.what for f in caught.value.faults] == ["the word 'dacha_furniture' stands here a second time"]
