"""An assistant with a slot of every type, and a caller who talks to it through `advance`, without a telephone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ivr.dialog.assistant import Assistant, load_assistant
from ivr.dialog.engine import advance, new_session
from ivr.model import dialog as ev
from ivr.model.hearing import Hypothesis, Recognition
from ivr.model.identity import Caller
from ivr.model.understanding import Intent, Understanding
from ivr.nlu.spoken import find

SLOTS = {
    "code": "{type: digits, length: 6, called: {en: [policy number], ru: [номер полиса]}}",
    "count": "{type: number, between: [1, 500]}",
    "sum": "{type: money, between: [100, 5000]}",
    "day": "{type: date, between: [2026-11-19, 2028-12-31]}",
    "at": '{type: time, between: ["08:00", "20:00"]}',
    "line": "{type: phone, region: GB}",
    "insured": "{type: yes_no}",
    "kind": "{type: choice, values: {car: {en: [car], ru: [машина]}, flat: {en: [flat], ru: [квартира]}}}",
    "holder": "{type: name, candidates: [John Smith, Maria Garcia, Ivan Petrov, Joan Smith]}",
    "story": "{type: text}",
}
CONFIRM = ("never", "when_unsure", "always")
FORMATS = {"code": "digits", "count": "number", "sum": "money", "day": "date", "at": "time", "line": "phone"}
OWN = "cut_off no_hearing trouble goodbye noinput nomatch help hold no_offers offer_unclear".split()  # noqa: SIM905

DIALOG = """\
version: "1"
assistant: every_type
languages: [en, ru]
start: code_never
region: IE
defaults: {escape: human, max_tries: 3}
globals:
- {intent: operator, dtmf: "0", go: human}
- {intent: switch_language, dtmf: "8", do: language}
"""
SERVICES = """\
version: "1"
services:
  look_up: {method: GET, url: "http://127.0.0.1:9/{x}", outcomes: {ok: {when: status == 200}}}
  do_it: {method: POST, url: "http://127.0.0.1:9/", body: {x: "{x}"}, outcomes: {ok: {when: status == 200}}}
"""


def flows() -> str:
    """A flow for each slot and each way to confirm it, and some of several questions."""
    parts = ['version: "1"\nflows:\n']
    for slot in SLOTS:
        for confirm in CONFIRM:
            parts.append(f"  {slot}_{confirm}:\n    steps:\n    - {{collect: {slot}, confirm: {confirm}}}\n")
            parts.append("    - collect: after\n    - say: utter_done\n    - hangup: done\n")
    parts.append(MORE)
    return "".join(parts)


MORE = """\
  several:
    steps:
    - {collect: code, confirm: never}
    - collect: secret
    - collect: day
    - {collect: kind, confirm: never}
    - collect: channel
    - {collect: sum, confirm: never}
    - say: utter_done
    - hangup: done
  looked_up:
    steps:
    - {collect: code, confirm: never}
    - {action: look_up, with: {x: "{code}"}}
    - {ask: utter_right, affirm: finish, deny: human}
    - {id: finish, say: utter_done}
    - hangup: done
  done_once:
    steps:
    - {collect: code, confirm: never}
    - {action: do_it, with: {x: "{code}"}}
    - {ask: utter_right, affirm: finish, deny: human}
    - {id: finish, say: utter_done}
    - hangup: done
  menu:
    steps:
    - choose: utter_menu
      options:
      - {intent: several, dtmf: "1", call: several}
      - {intent: cards, dtmf: "2", call: cards}
    - say: utter_done
    - hangup: done
  cards:
    request: cards
    steps:
    - {collect: secret}
    - {collect: last_four, confirm: never}
  human:
    steps:
    - handoff: desk
      say: utter_transfer
"""
EXTRA_SLOTS = """\
  after: {type: digits, length: 3}
  secret: {type: digits, length: 4, sensitive: true, called: {en: [pin], ru: [пин]}}
  last_four: {type: digits, length: 4}
  channel:
    type: choice
    values: {email: {en: [email, by email], ru: [по почте]}, post: {en: [post, by post], ru: [письмом]}}
"""


def responses(language: str) -> str:
    names = [*SLOTS, "after", "secret", "last_four", "channel"]
    lines = ['version: "3.1"\nresponses:\n']
    for slot in names:
        way = f"|{FORMATS[slot]}" if slot in FORMATS else ""
        shown = "{secret|masked}" if slot == "secret" else f"{{{slot}{way}}}"
        lines.append(f'  utter_ask_{slot}: [{{text: "{language} {slot}?"}}]\n')
        lines.append(f'  utter_ask_{slot}_2: [{{text: "{language} {slot} again?"}}]\n')
        lines.append(f'  utter_confirm_{slot}: [{{text: "{language} {shown}?"}}]\n')
        lines.append(f'  utter_invalid_{slot}: [{{text: "{language} no {slot}"}}]\n')
    lines.append('  utter_outside_sum: [{text: "from {least|money} to {most|money}"}]\n')
    lines.append('  utter_outside_day: [{text: "from {least|date} to {most|date}"}]\n')
    lines.append('  utter_outside_at: [{text: "from {least|time} to {most|time}"}]\n')
    lines.append('  utter_outside_count: [{text: "from {least|number} to {most|number}"}]\n')
    lines.append('  utter_which_holder: [{text: "{first|name} or {second|name}?"}]\n')
    lines.append('  utter_which_kind: [{text: "{first} or {second}?"}]\n')
    for name in ("done", "right", "menu", "menu_2", "transfer", "confirm_several", "confirm_cards", "right_2"):
        lines.append(f'  utter_{name}: [{{text: "{language} {name}"}}]\n')
    lines += [f'  utter_{role}: [{{text: "{language} {role}"}}]\n' for role in OWN]
    return "".join(lines)


class Talk:
    """One call: what was said to the caller, what is listened for, why each collection ended."""

    def __init__(self, assistant: Assistant, start: str, language: str = "en") -> None:
        self.assistant, self.session = replace(assistant, start=start), new_session(assistant, language)
        self.said: list[str] = []
        self.hear: ev.Hear | None = None
        self.notes: list[ev.Note] = []
        self.called: list[ev.CallService] = []
        self.handed_over: list[ev.RequestHandoff] = []
        self.ended = False
        caller = Caller(ani="+15550100", dnis="1")
        self.give(
            ev.CallStarted(
                at_ms=0, call_id="c", caller=caller, language=language, started_at="2026-11-18T09:00:00Z"
            )
        )  # fmt: skip

    def give(self, event: ev.Event) -> None:
        turn = advance(self.assistant, self.session, event)
        self.session = turn.session
        for command in turn.commands:
            match command:
                case ev.Say():
                    self.said += [prompt.text for prompt in command.prompts]
                case ev.Hear():
                    self.hear = command
                case ev.Note():
                    self.notes.append(command)
                case ev.CallService():
                    self.called.append(command)
                case ev.RequestHandoff():
                    self.handed_over.append(command)
                case ev.EndCall():
                    self.ended = True

    def say(self, text: str, intent: str = "", confidence: float = 0.95) -> Talk:
        assert self.hear is not None
        language = self.session.language
        hear = self.hear
        found = tuple(e for t in hear.slot_types if (e := find(t, text, language, hear.slot_context)))
        phrase = next((p.value for p in hear.expectation.phrases if p.text.lower() == text.lower()), None)
        recognition = Recognition(
            hypothesis=Hypothesis(text=text, confidence=confidence, engine="test", value=phrase),
            language=language,
            speech_started_at_ms=0,
            speech_ended_at_ms=1,
            decided_at_ms=2,
            decode_ms=1,
            decodes=1,
        )
        meaning = Understanding(
            text=text, intent=Intent(name=intent, confidence=0.95 if intent else 0.0), entities=found
        )
        self.give(ev.UtteranceHeard(at_ms=3, recognition=recognition, understanding=meaning))
        return self

    def key(self, digits: str) -> Talk:
        self.give(ev.DigitsDialed(at_ms=3, digits=digits))
        return self

    def silence(self) -> Talk:
        self.give(ev.SilenceElapsed(at_ms=3))
        return self

    def answered(self, outcome: str = "ok", **values: Any) -> Talk:
        self.give(ev.ServiceEnded(at_ms=4, service=self.session.service, outcome=outcome, values=values))
        return self

    @property
    def step(self) -> str:
        return self.session.stack[-1].step if self.session.stack else ""

    def reasons(self, slot: str) -> list[str]:
        return [str(n.data["reason"]) for n in self.notes if n.kind == "dialog.slot" and n.data["slot"] == slot]


@pytest.fixture(scope="session")
def every_type(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    folder = tmp_path_factory.mktemp("every_type")
    slots = "".join(f"  {name}: {options}\n" for name, options in SLOTS.items()) + EXTRA_SLOTS
    intents = "intents: [operator, switch_language, several, cards, affirm, deny]"
    files = {
        "dialog.yml": DIALOG,
        "domain.yml": f'version: "1"\n{intents}\nslots:\n{slots}',
        "services.yml": SERVICES,
        "flows/main.yml": flows(),
    }
    for language in ("en", "ru"):
        files[f"responses.{language}.yml"] = responses(language)
        files[f"nlu.{language}.yml"] = 'version: "3.1"\nnlu: []\n'
    for name, text in files.items():
        Path(folder / name).parent.mkdir(exist_ok=True)
        Path(folder / name).write_text(text, encoding="utf-8")
    return load_assistant(folder)


@pytest.fixture
def talk(every_type: Assistant) -> Callable[..., Talk]:
    """A call that begins with a flow: talk("code_never", "ru")."""
    return lambda start, language="en": Talk(every_type, start, language)
