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
from ivr.dialog.lint import lint

TFIDF = NluSettings(engine="tfidf")
CACHE = Path(__file__).parents[3] / "var" / "nlu"

SHIPPED = Path(__file__).parents[3] / "dialogs" / "insurance"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped assistant, with one file of its tests."""

    def left_out(at: str, names: list[str]) -> set[str]:
        return set(names) - {"people.yml"} if at.endswith("tests") else set()

    return Path(shutil.copytree(SHIPPED, tmp_path / "assistant", ignore=left_out))


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
CLAIM_NUMBER = "    - collect: claim_number"
LOTTERY = "- intent: lottery\n  examples: |\n    - a ticket\n"
SERVICE = "services:\n  more:\n    {}\n    outcomes:\n      ok: {{}}\n"
CASES = [
    ("responses.en.yml", MOMENT, MOMENT + "Well, " + "so " * 70, "long-prompt"),
    ("responses.en.yml", MOMENT, MOMENT + "About {claim.n|number} claims. ", "agreement"),
    ("flows/main.yml", GREET, "    - say: utter_no_town\n" + GREET, "slot-unset"),
    ("flows/main.yml", GREET, "    - say: utter_claim_paid\n" + GREET, "level-told"),
    ("services.yml", "    needs: L2\n", "    needs: L4\n", "level-service"),
    ("services.yml", "    needs: L1\n", "", "needs-unsaid"),
    ("identity.yml", "payment: L2 ", "payment: L1 ", "level-lower"),
    ("identity.yml", "policy_copy: L2", "policy_cpy: L2", "unknown-flow"),
    ("flows/main.yml", GREET, "    - id: again\n      say: utter_greet\n    - go: again\n", "endless-loop"),
    ("flows/main.yml", "en: [new claim, report a claim]", "en: [claim status]", "phrase-twice"),
    ("flows/main.yml", "en: [new claim, report a claim]", "en: [operator]", "phrase-global"),
    ("flows/humans.yml", "handoff: payments", "handoff: paymnts", "unknown-queue"),
    ("flows/claims.yml", CLAIM_NUMBER, "    - call: claim_status\n" + CLAIM_NUMBER, "call-circle"),
    ("routing.yml", '"lang:en": 5, "lang:ru": 5', '"lang:en": 5', "nobody-answers"),
    ("flows/main.yml", ASKED, ASKED + "      noinput: {max: 0}\n", "noinput-path"),
    ("services.yml", "    method: POST\n", "    method: POST\n    auth: s3cr3t-t0ken\n", "secret"),
    ("services.yml", "${CRM_URL}/postcodes/", "https://bot:hunter2@crm.example/postcodes/", "secret"),
    ("services.yml", 'by: "{by}"}', 'by: "{by}", api_key: "12345"}', "secret"),
    ("flows/payments.yml", 'with: {policy: "{policy_number}"', 'with: {policy: "{pin}"', "sensitive-url"),
    ("responses.en.yml", MOMENT, MOMENT + "Your PIN is {pin|digits}. ", "sensitive-spoken"),
    ("responses.ru.yml", "  utter_one_moment:", "  utter_one_momen:", "missing-text"),
    ("responses.ru.yml", "  utter_how_can_i_help_2:", "  utter_how_can_i_help_9:", "no-reask"),
    ("flows/main.yml", "{intent: payment, dtmf: \"3\"", "{intent: payment, dtmf: \"9\"", "dtmf-twice"),
    ("flows/main.yml", "{intent: payment, dtmf: \"3\"", "{intent: payment, dtmf: 3", "unquoted-dtmf"),
    ("flows/main.yml", "{intent: payment,", "{intent: paymnt,", "unknown-intent"),
    ("flows/main.yml", "affirm: what_else", "affirm: what_els", "unknown-target"),
    ("flows/main.yml", GREET, "    - go: menu\n    - id: lost\n      say: utter_greet\n", "unreachable-step"),
    ("flows/main.yml", "  bye:\n", "  forgotten:\n    steps:\n    - hangup: done\n  bye:\n", "unreachable-flow"),
    ("flows/main.yml", GREET, GREET.replace("say:", "sya:"), "unknown-step"),
    ("flows/claims.yml", "    - collect: claim_n", "    - offer: true\n    - collect: claim_n", "offer-unresolved"),
    ("flows/claims.yml", "collect: claim_number", "collect: claim_numbr", "unknown-slot"),
    ("flows/policies.yml", "action: send_copy\n", "action: send_cpy\n", "unknown-service"),
    ("flows/claims.yml", "not_found: not_found", "nt_found: not_found", "unknown-outcome"),
    ("flows/claims.yml", 'claim.status == "paid"', 'clam.status == "paid"', "condition"),
    ("flows/humans.yml", "data: [claim_number]", "data: [claim_number, pin]", "sensitive-data"),
    ("dialog.yml", '- {intent: operator, dtmf: "0", go: to_operator}\n', "", "no-operator"),
    ("dialog.yml", "escape: to_operator", "escape: to_operater", "unknown-flow"),
    ("domain.yml", "type: digits, length: 8", "type: digit, length: 8", "unknown-value"),
    ("nlu.en.yml", "- intent: payment\n", LOTTERY + "- intent: payment\n", "nlu.few"),
    ("nlu.en.yml", "    - pay my bill\n", "    - pay my bill\n    - operator\n", "nlu.twice"),
    ("services.yml", "services:\n", SERVICE.format("rasa_action: {url: u, name: 'no name'}"), "action-name"),
    ("services.yml", "services:\n", SERVICE.format("python: ivr.design.findings:validat"), "no-action"),
    ("services.yml", "services:\n", SERVICE.format("python: no_such_package.rate:it"), "no-action"),
    ("services.yml", "services:\n", SERVICE.format("python: rate_claim"), "no-action"),
    ("offers.yml", "margin: 12.00", "margin: 0", "offer-margin"),
    ("offers.yml", "never_intents: [complaint, new_claim]", "never_intents: []", "offer-always"),
    ("offers.yml", "never_intents: [complaint, new_claim]", "never_intents: [payment]", "offer-never-after"),
    ("offers.yml", "ranking: fixed", "ranking: rules\nrules: {senior: [flat]}", "offer-order"),
    ("offers.yml", "ranking: fixed", "ranking: fixed\nrules: {else: [flat]}", "offer-unused"),
    ("offers.yml", "gate: ", "gate:\n  offers_per_30d: 0\n ", "offer-never"),
    ("offers.yml", "owns('dacha_furniture')", "owns('dacha_furnitur')", "unknown-product"),
    ("offers.yml", "    fulfil: lead", "    replaces: summer_house\n    fulfil: lead", "unknown-product"),
    ("offers.yml", "May I tell you?", "I will tell you.", "offer-question"),
    ("offers.yml", "about {product} for {price}?", "for {price}?", "offer-unread"),
    ("offers.yml", "Say yes or press one, or say no.", "Say yes or no.", "offer-key"),
    ("offers.yml", "customer.age < 30", "call.intent == 'paymnt'", "unknown-intent"),
    ("offers.yml", "languages: [en, ru]", "languages: [en]", "offer-languages"),
]  # fmt: skip


# Their place is the step, though the mistake is in another file.
ELSEWHERE = frozenset({"needs-unsaid", "level-service", "nobody-answers", "sensitive-url", "no-reask"})
# Found while a file is read; such a file is looked at no further.
READING = {"unknown-target", "unquoted-dtmf", "unknown-step", "unknown-flow", "unknown-value", "unknown-outcome"}
READING |= {"action-name"}
# Looked for only where the flows are in order.
LAST = {"nobody-answers"}


def groups() -> list[list[tuple[str, str, str, str]]]:
    """The cases, as many at once as one copy of the assistant can hold: reading it takes a second or two."""
    found: list[list[tuple[str, str, str, str]]] = []
    for case in CASES:
        for group in found:
            alike = all((group[0][3] in kind) == (case[3] in kind) for kind in (READING, LAST))
            if alike and not any((file, old) == case[:2] for file, old, _, _ in group):
                group.append(case)
                break
        else:
            found.append([case])
    return found


@pytest.mark.slow
@pytest.mark.parametrize("cases", groups(), ids=lambda cases: "+".join(case[3] for case in cases))
def test_faults_of_the_telephone_are_found_in_their_files(
    folder: Path, shipped: set[str], cases: list[tuple[str, str, str, str]]
) -> None:
    for file, old, new, _ in cases:
        change(folder, file, old, new)
    found = validate(folder, TFIDF)
    for file, _, new, code in cases:
        assert code not in shipped
        places = [f for f in found if f.code == code and (f.file == file or code in ELSEWHERE)]
        assert places, (code, new, [str(f) for f in found])
        placed = all(f.line > 0 and f.column > 0 for f in places) or code == "no-operator"  # what is absent has no line
        assert placed and all(f.what and f.fix for f in places), code


def test_an_assistant_nobody_can_leave_for_a_person_is_no_assistant(folder: Path) -> None:
    for path in [*folder.glob("flows/*.yml")]:
        text = re.sub(r"- handoff: (\w+)\n( +)say: \w+(\n\2\S.*)*", "- hangup: done", path.read_text("utf-8"))
        path.write_text(text, "utf-8")
    assert "no-human" in {fault.code for fault in lint(folder)}


def test_a_misspelt_name_comes_with_the_one_that_was_meant(folder: Path) -> None:
    change(folder, "flows/main.yml", "{intent: payment,", "{intent: paymnt,")
    change(folder, "flows/claims.yml", "action: get_claim\n", "action: get_clam\n")
    change(folder, "flows/humans.yml", "handoff: payments", "handoff: paymnts")
    change(folder, "flows/main.yml", GREET, GREET.replace("utter_greet", "utter_gret"))
    change(folder, "services.yml", "services:\n", SERVICE.format("python: ivr.design.findings:validat"))
    fixes = "\n".join(f.fix for f in validate(folder, TFIDF))
    for meant in ("payment", "get_claim", "payments", "utter_greet", "validate"):
        assert re.search(rf"mean '?{meant}\b", fixes), (meant, fixes)


@pytest.mark.slow
def test_requests_the_offers_name_are_requests_callers_can_make(folder: Path) -> None:
    change(folder, "offers.yml", "never_intents: [complaint, new_claim]", "never_intents: [complaint, new_clam]")
    change(folder, "offers.yml", "  planned: 20000", "  complaints: [complant]\n  planned: 20000")
    found = [f for f in validate(folder, TFIDF) if f.code == "unknown-intent"]
    assert [(f.file, f.what, f.fix) for f in found] == [
        ("offers.yml", "no intent 'complant'", "Did you mean 'complaint'?"),
        ("offers.yml", "no intent 'new_clam'", "Did you mean 'new_claim'?"),
    ]
    assert len({f.line for f in found}) == 2
    change(folder, "offers.yml", "  complaints: [complant]\n", "")
    for path in (folder / "flows").glob("*.yml"):
        text = path.read_text("utf-8").replace("      - {intent: complaint, call: complaint}\n", "")
        path.write_text(text.replace("request: complaint", "request: new_claim"), "utf-8")
    change(folder, "domain.yml", "- complaint\n", "")
    found = [f for f in validate(folder, TFIDF) if f.code == "unknown-intent" and "complaint" in f.what]
    assert any("the report cannot tell complaints" in f.what for f in found), "the default needs the intent, too"


def test_what_becomes_of_values_and_intents_is_followed_along_every_path(folder: Path) -> None:
    said = "say: utter_claim_not_found\n"
    change(folder, "flows/claims.yml", said, "set: {claim_number: null}\n    - " + said)
    change(folder, "flows/identify.yml", "    - say: utter_identified\n", '    - set: {policy_number: "{pin}"}\n')
    change(folder, "domain.yml", "- thanks\n", "- thanks\n- lottery\n")
    change(folder, "flows/main.yml", "      - {intent: thanks, go: bye}\n", "      - {intent: lottery, go: bye}\n")
    found = validate(folder, TFIDF)
    unset = [f.what for f in found if f.code == "slot-unset" and f.file == "flows/claims.yml"]
    assert unset == ["slot 'claim_number' may have no value yet when utter_claim_not_found says it"], "it was cleared"
    assert "sensitive-copied" in {f.code for f in found}, "a secret in an open slot"
    unheard = [f.file for f in found if f.code == "unheard"]
    assert unheard == ["flows/main.yml"] * 2, "an intent nobody can say, once a language"


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


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize("shipped", sorted(p.parent for p in SHIPPED.parent.glob("*/dialog.yml")), ids=lambda p: p.name)
@pytest.mark.parametrize("engine", ["tfidf", "auto"])
def test_a_shipped_assistant_has_no_finding_at_all(shipped: Path, engine: str) -> None:
    nlu = NluSettings(engine=engine, cache_dir=CACHE)  # type: ignore[arg-type]
    assert [str(f) for f in validate(shipped, nlu)] == []


def test_the_command_prints_json_and_strict_makes_warnings_errors(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(small, "flows/main.yml", GREET, "    - say: utter_balance\n" + GREET)
    added = (small / "flows" / "main.yml").read_text("utf-8").splitlines().index("    - say: utter_balance") + 1
    assert main(["validate", str(small)]) == 0
    assert main(["validate", str(small), "--strict", "--json"]) == 1
    said = capsys.readouterr().out
    report = json.loads(said[said.index("\n{") :])
    place = next(f for f in report["findings"] if f["code"] == "slot-unset")
    assert (place["file"], place["severity"]) == ("flows/main.yml", "warning") and place["line"] == added
    assert main(["validate", str(small / "nowhere")]) == 1
