"""The assistant the benches call: it says "All right." to whatever it hears, and listens again.

Owns its files. Whom the caller asks for (the user of the Request-URI) chooses what it listens for: yes or no, a word of
a menu, a number of known length, anything. So turns end as they do in real dialogs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ivr.nlu.training_data import read_training_data

SAID_BY_THE_ENGINE = ("cut_off", "help", "hold", "no_hearing", "no_offers", "offer_unclear", "trouble", "goodbye")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tongue:
    """Where the intents of a language come from, and what is said in it."""

    lender: Path
    hello: str
    all_right: str
    go_on: str


TONGUES = {
    "en": _Tongue(
        lender=Path("dialogs/insurance"),
        hello="This is the automated assistant.",
        all_right="All right.",
        go_on="Go on.",
    ),
    "ru": _Tongue(
        lender=Path("dialogs/bank"),
        hello="Это автоматический помощник.",
        all_right="Хорошо.",
        go_on="Продолжайте.",
    ),
}

_FLOWS = """version: "1"
flows:
  main:
    steps:
    - say: utter_hello
    - branch:
      - if: caller.dnis == "yes_no"
        then: [{{go: yes_no}}]
      - if: caller.dnis == "menu"
        then: [{{go: menu}}]
      - if: caller.dnis == "digits"
        then: [{{go: digits}}]
    - id: listen
      choose: utter_say
      options:
{options}    - id: said
      go: listen
  yes_no:
    steps:
    - id: asked
      ask: utter_say
      affirm: said
      deny: said
    - id: said
      go: asked
  menu:
    steps:
    - collect: topic
      confirm: never
    - set: {{topic: null}}
    - go: topic
  digits:
    steps:
    - collect: number
      confirm: never
    - set: {{number: null}}
    - go: number
  person:
    steps:
    - handoff: claims
      outcomes: {{else: next}}
    - hangup: done
"""


def write_assistant(folder: Path, language: str = "en", *, topics: tuple[str, ...] = (), length: int = 6) -> Path:
    """Write it. topics: the words of the menu; length: of a number."""
    tongue = TONGUES[language]
    intents = sorted(read_training_data(tongue.lender / f"nlu.{language}.yml").intents)
    (folder / "flows").mkdir(parents=True, exist_ok=True)
    options = "".join(f"      - {{intent: {intent}, go: said}}\n" for intent in intents)
    files = {
        "dialog.yml": (
            f'version: "1"\nassistant: bench\nlanguages: [{language}]\nstart: main\n'
            "defaults:\n  noinput: {timeout: 60s, max: 9}\n  nomatch: {max: 9}\n  max_tries: 9\n"
            "  confidence: {accept: 0.0, confirm: 0.0}\n  escape: person\n"
        ),
        "domain.yml": _domain(intents, language, topics or ("nothing",), length),
        f"responses.{language}.yml": _responses(tongue),
        "services.yml": 'version: "1"\nservices: {}\n',
        "flows/main.yml": _FLOWS.format(options=options),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / f"nlu.{language}.yml").write_bytes((tongue.lender / f"nlu.{language}.yml").read_bytes())
    for name in ("offers.yml", "routing.yml"):
        (folder / name).write_bytes((TONGUES["en"].lender / name).read_bytes())
    return folder.absolute()


def _domain(intents: list[str], language: str, topics: tuple[str, ...], length: int) -> str:
    values = "".join(
        f'      {topic.replace(" ", "_")}: {{{language}: [{topic}], dtmf: "{at % 9 + 1}"}}\n'
        for at, topic in enumerate(topics)
    )
    return (
        f'version: "1"\nintents: [{", ".join(intents)}]\nslots:\n'
        f"  number: {{type: digits, length: {length}}}\n  topic:\n    type: choice\n    values:\n{values}"
    )


def _responses(tongue: _Tongue) -> str:
    said = "".join(
        f'  utter_{name}: [{{text: "{tongue.all_right}"}}]\n'
        for name in (
            *("say", "say_2", "ask_topic", "ask_topic_2", "ask_number", "ask_number_2", "nomatch"),
            *("invalid_topic", "invalid_number", "confirm_topic", "confirm_number"),
            *SAID_BY_THE_ENGINE,
        )
    )
    return (
        'version: "3.1"\nresponses:\n'
        f'  utter_hello: [{{text: "{tongue.hello}", metadata: {{discloses: bot}}}}]\n'
        f'  utter_noinput: [{{text: "{tongue.go_on}"}}]\n{said}'
    )
