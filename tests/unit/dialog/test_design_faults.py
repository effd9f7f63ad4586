"""Designers' mistakes are found together, at their place, with the way to mend them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ivr.dialog.assistant import load_assistant
from ivr.dialog.lint import lint
from ivr.dialog.source import Faults, harmless
from ivr.document import Document
from ivr.model.errors import DesignError, Fault

SHIPPED = Path(__file__).parents[3] / "dialogs" / "insurance"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "assistant"))


def change(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")


CASES = [
    ("flows/claims.yml", "ask: utter_solved", "ask: utter_solvd", "missing-text", "utter_solved"),
    ("flows/claims.yml", "collect: claim_number", "collect: claim_nummer", "unknown-slot", "claim_number"),
    ("flows/claims.yml", "action: get_claim", "action: get_clam", "unknown-service", "get_claim"),
    ("flows/claims.yml", "not_found: not_found", "not_fund: not_found", "unknown-outcome", "not_found"),
    ("flows/claims.yml", "with: {number:", "with: {numer:", "argument", "number"),
    ("flows/claims.yml", 'if: claim.status == "paid"', 'if: clam.status == "paid"', "condition", "claim"),
    ("flows/claims.yml", "offer: true", "offer: utter_solved", "offer", "offer: true"),
    ("flows/claims.yml", "go: to_operator", "go: to_oprator", "unknown-target", "to_operator"),
    ("flows/claims.yml", "confirm: when_unsure", "confirm: sometimes", "unknown-value", "when_unsure"),
    ("flows/claims.yml", "timeout: 8s", "timeout: 8", "duration", "5s"),
    ("flows/main.yml", "call: new_claim", "call: new_clam", "unknown-flow", "new_claim"),
    ("flows/main.yml", 'new_claim, dtmf: "2"', 'new_claim, dtmf: "1"', "dtmf-twice", "another key"),
    ("flows/main.yml", 'dtmf: "2"', 'dtmf: "0"', "dtmf-twice", "another key"),
    ("flows/main.yml", 'dtmf: "2"', "dtmf: 2", "unquoted-dtmf", 'dtmf: "1"'),
    ("flows/main.yml", 'dtmf: "2"', "dtmf: *", "yaml", "YAML"),
    ("flows/main.yml", "choose: utter_how", "chose: utter_how", "unknown-step", "choose"),
    ("flows/main.yml", "intent: payment", "intent: paymnt", "unknown-intent", "payment"),
    ("flows/humans.yml", "data: [claim_number]", "data: [pin]", "sensitive-data", "data"),
    ("responses.en.yml", "{claim_number|digits}", "{pin|digits}", "sensitive-spoken", "masked"),
    ("responses.en.yml", "{claim_number|digits}", "{claim_nmber|digits}", "unknown-slot", "claim_number"),
    ("responses.en.yml", "|money:", "|mony:", "formatter", "money"),
    ("responses.en.yml", "  utter_hold:", "  utter_hld:", "missing-text", "utter_hold"),
    ("dialog.yml", "start: main", "start: mian", "unknown-flow", "main"),
    ("dialog.yml", "  escape: to_operator", "  escap: to_operator", "no-escape", "escape"),
    ("domain.yml", "type: digits", "type: digit", "unknown-value", "digits"),
    ("domain.yml", "[1-9][0-9]{5}", "[1-9", "pattern", "pattern"),
    ("services.yml", "method: POST", "retries: 2\n    method: POST", "unsafe-retry", "idempotent"),
    ("services.yml", "status == 404", "statas == 404", "condition", "status"),
]


Case = tuple[str, str, str, str, str]
HIDES_THE_REST = {"yaml"}  # of the whole assistant
HIDES_WHAT_HANGS_ON_IT = {"unknown-step", "unknown-service"}  # of the same file


def beside(one: Case, other: Case) -> bool:
    """Can both mistakes be found in one copy of the assistant?"""
    codes = {one[3], other[3]}
    if codes & HIDES_THE_REST:
        return False
    return one[0] != other[0] or not (one[1] in other[1] or other[1] in one[1] or codes & HIDES_WHAT_HANGS_ON_IT)


def together(cases: list[Case]) -> list[list[Case]]:
    """The cases, as many at once as can be found: reading an assistant takes a while."""
    groups: list[list[Case]] = []
    for case in cases:
        group = next((group for group in groups if all(beside(case, other) for other in group)), None)
        if group is None:
            groups.append(group := [])
        group.append(case)
    return groups


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> dict[Case, tuple[Path, DesignError]]:
    """The folder in which a case was tried, and with what it was refused."""
    found: dict[Case, tuple[Path, DesignError]] = {}
    for cases in together(CASES):
        folder = Path(shutil.copytree(SHIPPED, tmp_path_factory.mktemp("wrong") / "assistant"))
        for file, old, new, *_ in cases:
            change(folder, file, old, new)
        with pytest.raises(DesignError) as told:
            load_assistant(folder)
        found |= dict.fromkeys(cases, (folder, told.value))
    return found


@pytest.mark.parametrize("case", CASES, ids=[f"{c[3]} {c[2]}" for c in CASES])
def test_a_mistake_is_found_at_its_line_with_the_way_to_mend_it(
    refused: dict[Case, tuple[Path, DesignError]], case: Case
) -> None:
    file, _, new, code, hint = case
    folder, told = refused[case]
    found = [f for f in told.faults if f.code == code and hint in f"{f.what} {f.fix}"]
    assert found, told
    line = (folder / file).read_text("utf-8")[: (folder / file).read_text("utf-8").index(new)].count("\n") + 1
    if code not in ("no-escape", "yaml") and "utter_hld" not in new:
        assert any(f.file == file and f.line == line for f in found), (line, found)


def test_all_mistakes_are_found_at_once(folder: Path) -> None:
    for file, old, new, _, _ in (CASES[0], CASES[11], CASES[24]):
        change(folder, file, old, new)
    codes = {f.code for f in lint(folder) if f.severity == "error"}
    assert {"missing-text", "dtmf-twice", "unknown-value"} <= codes


@pytest.mark.slow
@pytest.mark.parametrize(
    "raw",
    [
        b"\xff\xfe\x00",
        b"flows: {a: &x [1], b: *x}",
        b"- 1",
        b"a: 1\na: 2",
        b"flows: [",
        b"x" * 1_100_000,
        b"flows: {main: 3, bye: {steps: {}}}",
        b"flows: {main: {steps: [3, {say: 4}, {}, {choose: 1, options: [2]}]}}",
        b"flows: {1: {}}",
        b"",
    ],
)
def test_a_file_that_is_nonsense_is_a_finding_and_no_traceback(folder: Path, raw: bytes) -> None:
    for file in ("flows/main.yml", "domain.yml", "dialog.yml", "services.yml", "responses.en.yml"):
        kept = (folder / file).read_bytes()
        (folder / file).write_bytes(raw)
        assert any(isinstance(f, Fault) and f.severity == "error" for f in lint(folder)), file
        (folder / file).write_bytes(kept)


def test_a_step_nothing_leads_to_is_a_warning(folder: Path) -> None:
    change(folder, "flows/claims.yml", "    - return: true\n", "    - return: true\n    - say: utter_hold\n")
    assert [f.code for f in lint(folder)] == ["unreachable-step"]


def test_an_offer_before_the_request_is_resolved_is_a_warning(folder: Path) -> None:
    change(folder, "flows/claims.yml", "    - ask: utter_solved\n", "    - offer: true\n    - ask: utter_solved\n")
    assert [f.code for f in lint(folder)] == ["offer-unresolved"]


def test_the_forms_of_a_counted_noun_are_words_and_no_slots(folder: Path) -> None:
    change(folder, "responses.en.yml", "{claim_number|digits}", "{claim_number|count:day/days}")
    assert [fault for fault in lint(folder) if fault.code == "unknown-slot"] == []


def test_a_file_of_megabytes_is_refused_before_it_is_read(folder: Path) -> None:
    large = folder / "nlu.en.yml"
    large.write_bytes(b"version: '3.1'\n" + b"# more\n" * 700_000)
    faults = Faults()
    assert not harmless(large, folder, faults)
    assert [(fault.file, fault.code) for fault in faults.found] == [("nlu.en.yml", "file")]
    with pytest.raises(DesignError, match="more than 500000 bytes"):
        Document(large)
