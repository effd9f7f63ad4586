"""`ivr validate`: the telephone's own faults are found at their place."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from ivr.cli import main
from ivr.config import NluSettings
from ivr.design.findings import validate
from ivr.design.training import WORTH_MENDING, surely

TFIDF = NluSettings(engine="tfidf")
CACHE = Path(__file__).parents[3] / "var" / "nlu"

SHIPPED = Path(__file__).parents[3] / "dialogs" / "insurance"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "assistant"))


def change(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text("utf-8")
    assert old in text, old
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")


@pytest.fixture(scope="module")
def shipped() -> set[str]:
    """What is found in the shipped assistant as it is."""
    return codes(SHIPPED)


def codes(folder: Path) -> set[str]:
    return {fault.code for fault in validate(folder, TFIDF)}


GREET = "    - say: utter_greet\n"
MOMENT = 'utter_one_moment: [{text: "'
ASKED = "choose: utter_how_can_i_help\n"
CASES = [
    ("responses.en.yml", MOMENT, MOMENT + "Well, " + "so " * 70, "long-prompt"),
    ("responses.en.yml", MOMENT, MOMENT + "About {claim.n|number} claims. ", "agreement"),
    ("flows/main.yml", GREET, "    - say: utter_claim_paid\n" + GREET, "slot-unset"),
    ("flows/main.yml", GREET, "    - id: again\n      say: utter_greet\n    - go: again\n", "endless-loop"),
    ("flows/main.yml", "en: [new claim, report a claim]", "en: [claim status]", "phrase-twice"),
    ("flows/main.yml", "en: [new claim, report a claim]", "en: [operator]", "phrase-global"),
    ("flows/humans.yml", "handoff: payments", "handoff: paymnts", "unknown-queue"),
    ("flows/claims.yml", "    - collect: claim_number", "    - call: main\n    - collect: claim_number", "call-circle"),
    ("flows/main.yml", ASKED, ASKED + "      noinput: {max: 0}\n", "noinput-path"),
    ("services.yml", "    method: POST\n", "    method: POST\n    auth: s3cr3t-t0ken\n", "secret"),
    ("services.yml", "${CRM_URL}/customers\"", "https://bot:hunter2@crm.example/customers\"", "secret"),
    ("services.yml", 'pin: "{pin}"', 'pin: "{pin}", api_key: "12345"', "secret"),
    ("services.yml", "customers/verify", "customers/verify/{pin}", "sensitive-url"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[str(c[3]) for c in CASES])
def test_a_fault_of_the_telephone_is_found_in_its_file(
    folder: Path, shipped: set[str], case: tuple[str, str, str, str]
) -> None:
    file, old, new, code = case
    change(folder, file, old, new)
    assert code not in shipped
    found = [f for f in validate(folder, TFIDF) if f.code == code]
    assert found and found[0].line > 0 and found[0].fix
    assert found[0].file == file or code == "sensitive-url"


def test_a_collected_value_copied_or_cleared_is_followed_along_every_path(folder: Path) -> None:
    said = "say: utter_claim_not_found\n"
    change(folder, "flows/claims.yml", said, "set: {claim_number: null}\n    - " + said)
    found = [f for f in validate(folder, TFIDF) if f.code == "slot-unset"]
    assert [f.what for f in found] == ["slot 'claim_number' may have no value yet when utter_claim_not_found says it"]


def test_a_secret_copied_to_an_open_slot_is_found(folder: Path) -> None:
    change(folder, "flows/claims.yml", "    - say: utter_identified\n", '    - set: {policy_number: "{pin}"}\n')
    assert "sensitive-copied" in codes(folder)


def test_an_intent_a_step_waits_for_and_nobody_can_say_is_found(folder: Path) -> None:
    change(folder, "domain.yml", "- thanks\n", "- thanks\n- lottery\n")
    change(folder, "flows/main.yml", "      - {intent: thanks, go: bye}\n", "      - {intent: lottery, go: bye}\n")
    found = [f for f in validate(folder, TFIDF) if f.code == "unheard"]
    assert [f.file for f in found] == ["flows/main.yml"] * 2  # once a language


SETTLED = (
    *("i want to pay my bill", "can i make a payment", "how do i pay my premium", "i want to pay by card"),
    *("when is my payment due", "is my payment through", "i need to pay my premium", "pay my insurance"),
)


def confuse(folder: Path) -> None:
    """A second intent for those who want to pay."""
    change(folder, "domain.yml", "- payment\n", "- payment\n- settle_premium\n")
    lines = "".join(f"    - {sentence}\n" for sentence in SETTLED)
    with (folder / "nlu.en.yml").open("a", encoding="utf-8") as file:
        file.write(f"- intent: settle_premium\n  examples: |\n{lines}")


@pytest.mark.parametrize("engine", ["tfidf", "auto"])
def test_two_intents_with_the_same_words_are_named_with_their_examples(folder: Path, engine: str) -> None:
    confuse(folder)
    nlu = NluSettings(engine=engine, cache_dir=CACHE)  # type: ignore[arg-type]
    (found,) = [f for f in validate(folder, nlu) if f.code == "confused"]
    assert re.match(r"payment and settle_premium are taken for each other, \d+ of \d+ examples \(\d+%\)", found.what)
    lines = (folder / "nlu.en.yml").read_text("utf-8").splitlines()
    for said, line in re.findall(r"'([^']+)' \(nlu\.en\.yml:(\d+)\)", found.what):
        assert lines[int(line) - 1].strip() == f"- {said}"
    assert found.what.count("nlu.en.yml:") >= 3 and "make one intent" in found.fix


def test_a_few_examples_taken_for_another_intent_by_chance_are_no_finding() -> None:
    """Wilson's bound by hand: 3 of 10 is surely above 8 %, 30 of 100 above 20 %, none of many above nothing."""
    assert surely(3, 10) == pytest.approx(0.0897, abs=1e-3)
    assert surely(30, 100) == pytest.approx(0.2059, abs=1e-3)
    assert surely(0, 50) == 0.0
    assert surely(3, 10) < WORTH_MENDING < surely(8, 16)


@pytest.mark.parametrize("shipped", sorted(p.parent for p in SHIPPED.parent.glob("*/dialog.yml")), ids=lambda p: p.name)
@pytest.mark.parametrize("engine", ["tfidf", "auto"])
def test_a_shipped_assistant_has_no_finding_at_all(shipped: Path, engine: str) -> None:
    nlu = NluSettings(engine=engine, cache_dir=CACHE)  # type: ignore[arg-type]
    assert [str(f) for f in validate(shipped, nlu)] == []


def test_the_command_prints_json_and_strict_makes_warnings_errors(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(folder, "flows/main.yml", GREET, "    - say: utter_claim_paid\n" + GREET)
    assert main(["validate", str(folder)]) == 0
    assert main(["validate", str(folder), "--strict", "--json"]) == 1
    said = capsys.readouterr().out
    report = json.loads(said[said.index("\n{") :])
    place = next(f for f in report["findings"] if f["code"] == "slot-unset")
    assert (place["file"], place["severity"]) == ("flows/main.yml", "warning") and place["line"] == 6
    assert main(["validate", str(folder / "nowhere")]) == 1
