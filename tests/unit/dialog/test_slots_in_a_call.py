"""Values said in either language reach the dialog typed, with what the parsers must know of the slot asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.dialog.assistant import Assistant, load_assistant
from ivr.dialog.engine import Session, advance, new_session
from ivr.model import dialog as ev
from ivr.model.hearing import Hypothesis, Recognition
from ivr.model.identity import Caller
from ivr.model.understanding import Intent, Understanding
from ivr.nlu.spoken import find

FILES = {
    "dialog.yml": """\
version: "1"
assistant: values
languages: [en, ru]
start: main
currency: EUR
defaults: {escape: human}
globals:
- {intent: operator, dtmf: "0", go: human}
""",
    "domain.yml": """\
version: "1"
intents: [operator, affirm, deny]
slots:
  born: {type: date, past: true, order: DMY}
  total: {type: money, between: [100, 5000]}
  at: {type: time, between: ["08:00", "20:00"]}
  kind:
    type: choice
    values:
      car: {en: [car], ru: [машина]}
      flat: {en: [flat], ru: [квартира]}
  holder: {type: name, candidates: [John Smith, Maria Garcia]}
""",
    "flows/main.yml": """\
version: "1"
flows:
  main:
    steps:
    - collect: born
    - collect: total
    - collect: at
    - collect: kind
    - collect: holder
    - say: utter_all
    - hangup: done
  human:
    steps:
    - handoff: desk
      say: utter_transfer
""",
}
TEXTS = """\
version: "3.1"
responses:
  utter_ask_born: [{text: "Born?"}]
  utter_ask_total: [{text: "How much?"}]
  utter_ask_at: [{text: "When?"}]
  utter_ask_kind: [{text: "What?"}]
  utter_ask_holder: [{text: "Who?"}]
  utter_confirm_born: [{text: "{born|date}?"}]
  utter_confirm_total: [{text: "{total|money}?"}]
  utter_confirm_at: [{text: "{at|time}?"}]
  utter_confirm_kind: [{text: "{kind}?"}]
  utter_confirm_holder: [{text: "{holder|name}?"}]
  utter_all: [{text: "{born|date}; {total|money}; {at|time}; {holder|name}."}]
  utter_transfer: [{text: "A moment."}]
"""
OWN = (
    "cut_off",
    "no_hearing",
    "trouble",
    "goodbye",
    "noinput",
    "nomatch",
    "help",
    "hold",
    "no_offers",
    "offer_unclear",
)


@pytest.fixture
def assistant(tmp_path: Path) -> Assistant:
    texts = TEXTS + "".join(f"  utter_{role}: [{{text: Well.}}]\n" for role in OWN)
    texts += "".join(f"  utter_invalid_{slot}: [{{text: No.}}]\n" for slot in ("born", "total", "at", "kind", "holder"))
    for name, text in {**FILES, "responses.en.yml": texts, "responses.ru.yml": texts}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    for language in ("en", "ru"):
        (tmp_path / f"nlu.{language}.yml").write_text('version: "3.1"\nnlu: []\n', encoding="utf-8")
    return load_assistant(tmp_path)


class Call:
    """The dialog of one call, and what it listens for."""

    def __init__(self, assistant: Assistant, language: str) -> None:
        self.assistant, self.language = assistant, language
        self.session: Session = new_session(assistant, language)
        self.said: list[str] = []
        self.hear: ev.Hear | None = None
        caller = Caller(ani="+15550100", dnis="1")
        started = ev.CallStarted(
            at_ms=0, call_id="c", caller=caller, language=language, started_at="2026-11-18T09:00:00Z"
        )
        self.react(started)

    def react(self, event: ev.Event) -> None:
        turn = advance(self.assistant, self.session, event)
        self.session = turn.session
        for command in turn.commands:
            if isinstance(command, ev.Say):
                self.said += [prompt.text for prompt in command.prompts]
            elif isinstance(command, ev.Hear):
                self.hear = command

    def say(self, text: str) -> None:
        assert self.hear is not None
        context = self.hear.slot_context
        found = tuple(e for t in self.hear.slot_types if (e := find(t, text, self.language, context)))
        recognition = Recognition(
            hypothesis=Hypothesis(text=text, confidence=0.95, engine="test"),
            language=self.language,
            speech_started_at_ms=0,
            speech_ended_at_ms=1,
            decided_at_ms=2,
            decode_ms=1,
            decodes=1,
        )
        meaning = Understanding(text=text, intent=Intent(name="", confidence=0.0), entities=found)
        self.react(ev.UtteranceHeard(at_ms=3, recognition=recognition, understanding=meaning))

    def key(self, digits: str) -> None:
        self.react(ev.DigitsDialed(at_ms=3, digits=digits))


WANTED = {
    "born": "1982-03-05",
    "total": {"amount": 1250, "currency": "EUR"},
    "at": "16:30",
    "kind": "flat",
    "holder": "John Smith",
}


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["fifth of march eighty two", "twelve fifty", "half past four", "the second one", "jon smyth", "yes"]),
        ("ru", ["пятое марта восемьдесят второго", "1250 евро", "в половине пятого", "квартиру", "джон смит", "да"]),
    ],
)
def test_values_said_are_typed_and_doubtful_ones_are_read_back(
    assistant: Assistant, language: str, words: list[str]
) -> None:
    call = Call(assistant, language)
    for text in words:
        call.say(text)
    assert {name: call.session.slots.get(name) for name in WANTED} == WANTED
    assert "John Smith?" in call.said


def test_values_keyed_are_the_same_values(assistant: Assistant) -> None:
    call = Call(assistant, "en")
    for keys in ("05031982", "1250", "1630", "2"):
        call.key(keys)
    assert {n: v for n, v in WANTED.items() if n != "holder"}.items() <= dict(call.session.slots).items()


def test_a_value_out_of_bounds_is_asked_again(assistant: Assistant) -> None:
    call = Call(assistant, "en")
    call.say("fifth of march eighty two")
    call.say("nine thousand euros")
    assert call.session.slots.get("total") is None and call.said[-1] == "How much?"
