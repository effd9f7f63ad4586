"""noinput, nomatch and rejected: counted and told apart, inherited; interruptions per prompt; another language."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ivr.dialog.assistant import Assistant, load_assistant
from ivr.dialog.engine import advance, new_session
from ivr.dialog.steps import CollectStep
from ivr.model import dialog as ev
from ivr.model.identity import Caller

Talks = Callable[..., Any]
FILES = {
    "dialog.yml": """\
version: "1"
assistant: ladders
languages: [en]
start: main
defaults:
  escape: human
  max_tries: 9
  noinput: {max: 3, timeout: 4s}
  nomatch: {max: 3}
  rejected: {max: 3}
  barge_in: {speech: false, dtmf: true}
globals: [{intent: operator, dtmf: "0", go: human}]
""",
    "domain.yml": """\
version: "1"
intents: [operator, affirm, deny]
slots: {code: {type: digits, length: 4}, other: {type: digits, length: 4}, last: {type: digits, length: 4}}
""",
    "flows/main.yml": """\
version: "1"
flows:
  main:
    rejected: {max: 1}
    noinput: {max: 2}
    barge_in: {speech: true}
    steps:
    - {say: utter_hello, barge_in: false}
    - collect: code
      rejected: {max: 0}
      nomatch: {max: 1}
      noinput: {max: 1, timeout: 7s}
      barge_in: false
      escape: two
    - {id: two, collect: other, nomatch: {max: 0}, escape: three}
    - {id: three, collect: last}
    - hangup: done
  human:
    steps: [{handoff: desk, say: utter_transfer}]
""",
}
OWN = (
    *("cut_off", "no_hearing", "trouble", "goodbye", "noinput", "nomatch"),
    *("help", "hold", "no_offers", "offer_unclear"),
)
TEXTS = """\
version: "3.1"
responses:
  utter_hello: [{text: "Hello."}]
  utter_transfer: [{text: "A moment."}]
  utter_ask_code: [{text: "Code?"}]
  utter_ask_code_2: [{text: "Second time."}]
  utter_ask_code_noinput: [{text: "Are you there?"}]
  utter_ask_other: [{text: "Other?"}]
  utter_ask_other_2: [{text: "Other again?"}]
  utter_ask_other_rejected: [{text: "Four figures, please."}]
  utter_ask_last: [{text: "Last?"}]
  utter_ask_last_2: [{text: "Last again?", metadata: {barge_in: false}}]
  utter_ask_last_3: [{text: "Last, a third time?"}]
"""


@pytest.fixture(scope="module")
def ladders(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    folder = tmp_path_factory.mktemp("ladders")
    texts = TEXTS + "".join(f'  utter_{role}: [{{text: "{role}."}}]\n' for role in OWN)
    names = [f"{kind}_{slot}" for kind in ("confirm", "invalid") for slot in ("code", "other", "last")]
    texts += "".join(f"  utter_{name}: [{{text: {name}.}}]\n" for name in names)
    for name, text in {**FILES, "responses.en.yml": texts, "nlu.en.yml": 'version: "3.1"\nnlu: []\n'}.items():
        Path(folder / name).parent.mkdir(exist_ok=True)
        Path(folder / name).write_text(text, encoding="utf-8")
    return load_assistant(folder)


@pytest.fixture
def call(ladders: Assistant, talk: Talks) -> Any:
    made = talk("code_never")
    return type(made)(ladders, "main")


def test_each_kind_has_its_own_ladder_and_its_own_end(call: Any) -> None:
    call.key("1")
    assert call.step == "two" and call.reasons("code") == ["rejected"], "not one rejection is forgiven at this step"
    call.say("banana")
    assert call.step == "three" and call.reasons("other") == ["nomatch"]
    call.silence().silence()
    assert call.step == "three" and not call.handed_over, "the flow forgives two silences"
    call.silence()
    assert call.handed_over and call.reasons("last") == ["noinput"]


def test_the_step_goes_before_the_flow_and_the_flow_before_the_assistant(ladders: Assistant) -> None:
    steps = ladders.flows["main"].steps
    policies = {name: step.policy for name, step in steps.items() if isinstance(step, CollectStep)}
    found = {name: (p.noinput_max, p.nomatch_max, p.rejected_max) for name, p in policies.items()}
    assert found == {"code": (1, 1, 0), "two": (2, 0, 1), "three": (2, 3, 1)}
    assert [policies[name].noinput_ms for name in ("code", "two")] == [7_000, 4_000]
    assert ladders.policy.rejected_max == 3


def test_rejections_are_counted_by_the_flow(call: Any) -> None:
    call.key("1").say("banana")
    call.key("1")
    assert call.step == "three"
    call.key("1")
    assert call.handed_over and call.reasons("last") == ["rejected"]


def test_the_reason_has_its_own_words_before_the_numbered_ones(call: Any) -> None:
    call.silence()
    assert call.said[-1] == "Are you there?"
    call.say("banana")
    assert call.said[-1] == "Second time."
    call.key("1")
    call.key("12")
    assert call.said[-2:] == ["invalid_other.", "Four figures, please."]


def test_a_third_time_is_asked_in_third_words(call: Any) -> None:
    call.key("1").say("banana")
    call.silence()
    assert call.said[-1] == "Last again?"
    call.say("banana")
    assert call.said[-1] == "Last, a third time?"


def test_every_prompt_is_interrupted_as_it_says_itself_then_as_its_step_says(ladders: Assistant, talk: Talks) -> None:
    said: list[ev.Say] = []
    made = type(talk("code_never"))(ladders, "main")

    def take(event: ev.Event) -> None:
        turn = advance(ladders, made.session, event)
        made.session = turn.session
        said.extend(c for c in turn.commands if isinstance(c, ev.Say))

    take(ev.DigitsDialed(at_ms=0, digits="1"))
    take(ev.UtteranceRejected(at_ms=0, reason="noise"))
    take(ev.SilenceElapsed(at_ms=0))
    allowed = {p.text: (s.barge_in.speech, s.barge_in.dtmf) for s in said for p in s.prompts}
    assert allowed["Other?"] == (True, True), "the flow lets speech in, the assistant keys"
    assert allowed["Last?"] == (True, True)
    assert allowed["Last again?"] == (False, False), "the text says so itself"


def test_what_a_step_forbids_holds_for_its_prompts(ladders: Assistant) -> None:
    started = ev.CallStarted(at_ms=0, call_id="c", caller=Caller(ani="", dnis="1"), language="en", started_at="")
    turn = advance(ladders, new_session(ladders, "en"), started)
    assert [c.barge_in for c in turn.commands if isinstance(c, ev.Say)] == [ev.BargeIn(speech=False, dtmf=False)]


# ---- another language in the middle of a step ---------------------------------------------------------------------


@pytest.mark.parametrize("slot", ["code", "count", "sum", "day", "at", "line", "insured", "kind", "holder", "story"])
def test_a_question_goes_on_in_the_other_language(talk: Talks, slot: str) -> None:
    call = talk(f"{slot}_always").say("по-русски", intent="switch_language")
    assert call.said[-1] == f"ru {slot}?" and call.session.language == "ru" and call.session.repairs == 0
    back = talk(f"{slot}_always", "ru").key("8") if slot in ("holder", "story") else None
    if back is not None:
        assert back.said[-1] == f"en {slot}?"


def test_a_read_back_goes_on_in_the_other_language(talk: Talks) -> None:
    call = talk("day_always").say("the sixth of May").key("8")
    assert call.said[-1].startswith("ru шестого мая")
    assert call.say("да").session.slots["day"] == "2027-05-06"
    call = talk("kind_always").say("the flat").key("8")
    assert call.said[-1] == "ru квартира?"


def test_a_read_back_is_corrected_in_the_other_language(talk: Talks) -> None:
    call = talk("day_always").say("the sixth of May").key("8").say("нет, пятое мая").say("да")
    assert call.session.slots["day"] == "2027-05-05"


def test_two_that_fit_are_asked_apart_in_the_other_language(talk: Talks) -> None:
    call = talk("kind_always").say("car or flat").key("8")
    assert call.said[-1] == "машина or квартира?"
    assert call.say("квартира").said[-1] == "ru квартира?"


def test_a_menu_a_yes_no_question_and_a_doubtful_intent_go_on_in_the_other_language(talk: Talks) -> None:
    assert talk("menu").key("8").said[-1] == "ru menu"
    assert talk("looked_up").key("204518").answered().key("8").said[-1] == "ru right"


def test_values_given_before_the_switch_stay_and_are_corrected_after_it(talk: Talks) -> None:
    call = talk("several").say("two oh four five one eight").key("4711").key("8")
    assert call.said[-1] == "ru day?"
    call.say("извините, номер полиса один два три четыре пять шесть")
    assert call.session.slots["code"] == "123456" and call.said[-1] == "ru day?"
