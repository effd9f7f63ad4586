"""A small assistant: every file a designer can write, each as short as it can be."""

from __future__ import annotations

from pathlib import Path

import pytest

FILES = {
    "dialog.yml": """\
version: "1"
assistant: small
languages: [en]
start: main
defaults:
  escape: human
globals:
- {intent: operator, dtmf: "0", go: human}
""",
    "domain.yml": """\
version: "1"
intents: [balance, operator, thanks, affirm, deny]
slots:
  account: {type: digits, length: 4}
  code: {type: digits, length: 4, sensitive: true}
  note: {type: text}
  found: {type: any}
""",
    "services.yml": """\
version: "1"
services:
  look_up:
    url: "${CRM_URL}/accounts/{account}"
    outcomes:
      ok: {when: status == 200, set: {found: body}}
      missing: {when: status == 404}
  check_code:
    method: POST
    url: "${CRM_URL}/check"
    body: {code: "{code}"}
    outcomes:
      ok: {when: status == 200}
""",
    "flows/main.yml": """\
version: "1"
flows:
  main:
    steps:
    - say: utter_greet
    - choose: utter_menu
      options:
      - {intent: balance, dtmf: "1", phrases: [balance], call: balance}
      - {intent: thanks, phrases: [thank you], go: bye}
    - hangup: done
  balance:
    request: balance
    steps:
    - collect: account
    - id: ask_them
      action: look_up
      with: {account: "{account}"}
      outcomes: {ok: told, missing: human, error: human, timeout: human}
    - id: told
      say: utter_balance
    - return: true
  human:
    steps:
    - handoff: desk
      say: utter_transfer
  bye:
    steps:
    - hangup: goodbye
""",
    "responses.en.yml": """\
version: "3.1"
responses:
  utter_greet: [{text: "This is the machine of Small.", metadata: {discloses: bot}}]
  utter_menu: [{text: "How can I help?"}]
  utter_menu_2: [{text: "Say balance, or press one."}]
  utter_ask_account: [{text: "Which account?"}]
  utter_ask_account_2: [{text: "Four digits, please."}]
  utter_confirm_account: [{text: "{account|digits}, right?"}]
  utter_invalid_account: [{text: "There is no such account."}]
  utter_confirm_balance: [{text: "Your balance?"}]
  utter_confirm_thanks: [{text: "Is that all?"}]
  utter_balance: [{text: "There are {found.amount|money} on {account|digits}."}]
  utter_transfer: [{text: "I connect you."}]
  utter_cut_off: [{text: "Sorry."}]
  utter_no_hearing: [{text: "Please use the keypad."}]
  utter_trouble: [{text: "Something went wrong."}]
  utter_goodbye: [{text: "Goodbye."}]
  utter_noinput: [{text: "I heard nothing."}]
  utter_nomatch: [{text: "I did not understand."}]
  utter_help: [{text: "Say what you want."}]
  utter_hold: [{text: "One moment."}]
  utter_no_offers: [{text: "Noted."}]
  utter_offer_unclear: [{text: "I take that as a no."}]
""",
    "nlu.en.yml": """\
version: "3.1"
nlu:
- intent: balance
  examples: |
    - my balance please
    - how much money is there
    - what is on my account
    - tell me the balance
    - how much do I have
- intent: operator
  examples: |
    - operator
    - a human being
    - an agent
    - let me speak to somebody
    - a person
- intent: thanks
  examples: |
    - thank you that is all
    - thanks a lot
    - many thanks
    - cheers
    - that will be it
""",
    "routing.yml": """\
version: 1
ring_timeout_s: 15
wrap_up_s: 30
whisper_max_s: 8
skills: {}
queues:
  desk: {title: the desk}
agents:
  a1: {name: Anna, sip: "sip:a1@127.0.0.1", skills: {"lang:en": 5}, queues: [desk]}
""",
    "tests/first.yml": """\
version: "1"
mock:
  look_up:
  - with: {account: "1234"}
    outcome: ok
    set: {found: {amount: 12.5}}
  - outcome: missing
tests:
- name: the balance
  turns:
  - bot: utter_greet
  - bot: utter_menu
  - user: my balance please
  - bot: utter_ask_account
  - user: one two three four
    expect: {slots: {account: "1234"}}
  - action: look_up
  - bot: utter_balance
    text_contains: [twelve euros and fifty cents]
  - ends: done
- name: keys
  turns:
  - dtmf: "1"
  - dtmf: "9999"
  - handoff: desk
""",
}


@pytest.fixture(autouse=True)
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands find settings that need no model: what is tested here are the tools, not the understanding."""
    settings = tmp_path / "settings"
    settings.mkdir()
    (settings / "ivr.toml").write_text('[nlu]\nengine = "tfidf"\n', "utf-8")
    monkeypatch.chdir(settings)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The folder of the small assistant."""
    folder = tmp_path / "small"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder
