"""Values that may be missing when they are said: found on every path where they are, and on no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.dialog.conditions import disproves, proves
from ivr.dialog.lint import lint

SHIPPED = sorted(path.parent for path in (Path(__file__).parents[3] / "dialogs").glob("*/dialog.yml"))
OWN = (
    *("cut_off", "no_hearing", "trouble", "goodbye", "noinput", "nomatch"),
    *("help", "hold", "no_offers", "offer_unclear"),
)
DIALOG = """\
version: "1"
assistant: small
languages: [en]
start: main
defaults: {escape: human}
globals: [{intent: operator, dtmf: "0", go: human}]
"""
DOMAIN = """\
version: "1"
intents: [operator, affirm, deny, more]
slots:
  code: {type: digits, length: 4}
  other: {type: digits, length: 4}
  claim: {type: any}
  names: {type: any}
  holder: {type: name, candidates: names}
"""
SERVICES = """\
version: "1"
services:
  get:
    url: "http://127.0.0.1:9/"
    outcomes: {ok: {when: status == 200, set: {claim: body}}, none: {when: status == 404}}
"""
RESPONSES = """\
version: "3.1"
responses:
  utter_hello: [{text: "Hello.", metadata: {discloses: bot}}]
  utter_code: [{text: "Code {code|digits}."}]
  utter_claim: [{text: "It is {claim.status}."}]
  utter_sure: [{text: "Sure?"}]
  utter_sure_2: [{text: "About {code|digits}, sure?"}]
  utter_bye: [{text: "Bye."}]
  utter_bye_2: [{text: "Bye?"}]
  utter_which_holder: [{text: "{first|name} or {second|name}?"}]
"""
HUMAN = "  human:\n    steps: [{handoff: desk, say: utter_hello}]\n"


def unset(folder: Path, flows: str) -> list[str]:
    """The slots that may be unset, as the linter says."""
    texts = RESPONSES + "".join(f"  utter_{role}: [{{text: Well.}}]\n" for role in OWN)
    for slot in ("code", "other", "holder"):
        texts += f"  utter_ask_{slot}: [{{text: {slot}?}}]\n  utter_ask_{slot}_2: [{{text: {slot}?}}]\n"
        texts += f'  utter_confirm_{slot}: [{{text: "{{{slot}}}?"}}]\n  utter_invalid_{slot}: [{{text: No.}}]\n'
    files = {"dialog.yml": DIALOG, "domain.yml": DOMAIN, "services.yml": SERVICES, "responses.en.yml": texts}
    for name, text in {**files, "flows/main.yml": f'version: "1"\nflows:\n{flows}{HUMAN}'}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    found = lint(folder)
    assert not [f for f in found if f.severity == "error"], found
    return sorted(f.what.split("'")[1] for f in found if f.code == "slot-unset")


def main(*steps: str) -> str:
    return "  main:\n    steps:\n" + "".join(f"    - {step}\n" for step in steps)


CASES = {
    "said before it is asked": (main("say: utter_code", "collect: code", "hangup: done"), ["code"]),
    "said after it is asked": (main("collect: code", "say: utter_code", "hangup: done"), []),
    "emptied in between": (main("collect: code", "set: {code: null}", "say: utter_code", "hangup: done"), ["code"]),
    "of an outcome that brings it": (
        main("{action: get, outcomes: {ok: next, none: human}}", "say: utter_claim", "hangup: done"),
        [],
    ),
    "of an outcome that does not": (
        main("{action: get, outcomes: {ok: next, none: next}}", "say: utter_claim", "hangup: done"),
        ["claim"],
    ),
    "after a condition that proves it": (
        main('branch: [{if: claim.status == "paid", then: [{say: utter_claim}]}]', "hangup: done"),
        [],
    ),
    "in the other arm": (
        main('branch: [{if: claim.status == "paid", then: next}, {else: [{say: utter_claim}]}]', "hangup: done"),
        ["claim"],
    ),
    "after an arm for its absence": (
        main("branch: [{if: not code, then: human}, {else: [{say: utter_code}]}]", "hangup: done"),
        [],
    ),
    "after the flow that asks for it": (
        main("call: ask", "say: utter_code", "hangup: done") + "  ask:\n    steps: [{collect: code}]\n",
        [],
    ),
    "after a flow that empties it": (
        main("collect: code", "call: ask", "say: utter_code", "hangup: done")
        + "  ask:\n    steps: [{set: {code: null}}]\n",
        ["code"],
    ),
    "after a flow that calls the one that asks": (
        main("call: one", "say: utter_code", "hangup: done")
        + "  one:\n    steps: [{call: two}]\n  two:\n    steps: [{collect: code}]\n",
        [],
    ),
    "in the words of a second try": (main("ask: utter_sure", "hangup: done"), ["code"]),
    "in the flow's own escape": (
        "  main:\n    escape: sorry\n    steps:\n    - collect: code\n    - hangup: done\n"
        "    - id: sorry\n      say: utter_code\n    - hangup: done\n",
        ["code"],
    ),
    "of a name without its candidates": (main("collect: holder", "hangup: done"), ["names"]),
    "in a flow two ways lead to": (
        main("{ask: utter_bye, affirm: next, deny: tell}", "collect: code", "go: tell")
        + "  tell:\n    steps: [{say: utter_code}, {hangup: done}]\n",
        ["code"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_value_that_may_be_missing_is_found_and_no_other(tmp_path: Path, case: str) -> None:
    flows, slots = CASES[case]
    assert unset(tmp_path, flows) == slots


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_nothing_of_the_kind_is_said_about_what_ships(folder: Path) -> None:
    assert [f for f in lint(folder) if f.code in ("slot-unset", "endless-loop", "call-circle")] == []


@pytest.mark.parametrize(
    ("expression", "holding", "failing"),
    [
        ("code", {"code"}, set()),
        ("not code", set(), {"code"}),
        ("code == none", set(), {"code"}),
        ("code != none", {"code"}, set()),
        ('code != "1"', set(), set()),
        ('code == "1"', {"code"}, set()),
        ('claim.status != "paid"', {"claim"}, set()),
        ("not claim.open", {"claim"}, set()),
        ("code and claim.open", {"code", "claim"}, set()),
        ("code or claim.open", set(), set()),
        ("not code or not other", set(), {"code", "other"}),
        ("claim.open or code", {"claim"}, set()),
        ('code in ["1", "2"]', {"code"}, set()),
        ('code not in ["1"]', set(), set()),
        ("len(code) > 3", set(), set()),
        ("level >= L1", {"level", "L1"}, set()),
        ("this is (not", set(), set()),
    ],
)
def test_what_a_condition_proves(expression: str, holding: set[str], failing: set[str]) -> None:
    assert (proves(expression), disproves(expression)) == (holding, failing)
