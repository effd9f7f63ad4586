"""The words of the language, on the small assistant: other languages, variations, interruptions, values unasked."""

from __future__ import annotations

from pathlib import Path

from ivr.config import NluSettings
from ivr.design.findings import validate
from ivr.dialog.assistant import Assistant, load_assistant
from ivr.dialog.conversation import play
from ivr.dialog.engine import advance, new_session
from ivr.dialog.report import Report
from ivr.dialog.script import load
from ivr.model import dialog as ev
from ivr.model.hearing import Hypothesis, Recognition
from ivr.model.identity import Caller
from ivr.model.understanding import Entity, Intent, Understanding
from ivr.nlu.embedded import EmbeddedEngine

TFIDF = NluSettings(engine="tfidf")


def change(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text("utf-8")
    assert old in text, old
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")


def speak_russian(folder: Path) -> None:
    """The small assistant also in Russian, with key 8 to change the language."""
    change(folder, "dialog.yml", "languages: [en]", "languages: [en, ru]")
    change(folder, "dialog.yml", "globals:\n", 'globals:\n- {intent: switch_language, dtmf: "8", do: language}\n')
    change(folder, "domain.yml", "thanks, affirm", "thanks, switch_language, affirm")
    english = (folder / "responses.en.yml").read_text("utf-8")
    russian = english.replace('text: "', 'text: "По-русски: ')
    (folder / "responses.ru.yml").write_text(russian, "utf-8")
    with (folder / "nlu.en.yml").open("a", encoding="utf-8") as file:
        said = ("russian please", "can we speak russian", "another language", "do you speak russian", "in russian")
        file.write("- intent: switch_language\n  examples: |\n" + "".join(f"    - {s}\n" for s in said))
    pairs = {
        "balance": ("мой баланс", "сколько денег на счете", "что у меня на счете", "назовите баланс", "остаток"),
        "operator": ("оператор", "живой человек", "позовите оператора", "хочу с человеком", "специалист"),
        "thanks": ("спасибо", "это все", "большое спасибо", "благодарю", "больше ничего"),
        "switch_language": ("по английски", "давайте по английски", "english", "другой язык", "можно английский"),
    }
    text = 'version: "3.1"\nnlu:\n'
    for intent, said in pairs.items():
        text += f"- intent: {intent}\n  examples: |\n" + "".join(f"    - {s}\n" for s in said)
    (folder / "nlu.ru.yml").write_text(text, "utf-8")


async def told(folder: Path, turns: str) -> Report:
    (folder / "tests" / "first.yml").write_text(f'version: "1"\ntests:\n- name: told\n  turns:\n{turns}', "utf-8")
    assistant = load_assistant(folder)
    engine = EmbeddedEngine.train(assistant.nlu_files)
    report = await play(assistant, load(folder / "tests" / "first.yml", folder)[0], engine.parse)
    await engine.close()
    return report


def started(assistant: Assistant, number: str = "+1") -> tuple[ev.Command, ...]:
    caller = Caller(ani=number, dnis="1", claimed=False)
    start = ev.CallStarted(at_ms=0, call_id="c", caller=caller, language="en", started_at="2026-11-20T09:00:00Z")
    return advance(assistant, new_session(assistant, "en"), start).commands


async def test_the_language_changes_in_mid_call_and_the_question_is_asked_again_in_it(small: Path) -> None:
    speak_russian(small)
    assert [str(f) for f in validate(small, TFIDF) if f.severity == "error"] == []
    report = await told(
        small,
        """\
  - user: can we speak russian
  - bot: utter_menu
    text_contains: [По-русски]
  - user: сколько денег на счете
  - bot: utter_ask_account
    text_contains: [По-русски]
  - dtmf: "0"
  - bot: utter_transfer
    text_contains: [По-русски]
""",
    )
    assert report.problems == ()
    assert report.session.language == "ru"


async def test_a_step_can_set_the_language_and_an_unknown_one_is_a_finding(small: Path) -> None:
    speak_russian(small)
    change(small, "flows/main.yml", "    - say: utter_greet\n", "    - language: ru\n    - say: utter_greet\n")
    report = await told(small, "  - bot: utter_greet\n    text_contains: [По-русски]\n")
    assert report.problems == ()
    assert ev.SwitchLanguage(language="ru") in started(load_assistant(small))
    change(small, "flows/main.yml", "language: ru", "language: rus")
    assert [f.code for f in validate(small, TFIDF) if f.severity == "error"] == ["unknown-language"]
    change(small, "flows/main.yml", "language: rus", "language: ru")
    change(small, "dialog.yml", "do: language", "do: language, language: de")
    assert [f.code for f in validate(small, TFIDF) if f.severity == "error"] == ["unknown-language"]


def test_callers_hear_different_variations_and_one_caller_always_the_same(small: Path) -> None:
    change(small, "responses.en.yml", '{text: "How can I help?"}', '{text: "How can I help?"}, {text: "Yes please?"}')
    assistant = load_assistant(small)

    def heard(number: str) -> str:
        says = [c for c in started(assistant, number) if isinstance(c, ev.Say)]
        return next(p.text for say in says for p in say.prompts if p.name == "utter_menu")

    assert {heard(f"+1555{n}") for n in range(20)} == {"How can I help?", "Yes please?"}
    assert heard("+15550100") == heard("+15550100")


def test_one_prompt_may_forbid_to_be_interrupted(small: Path) -> None:
    change(small, "responses.en.yml", "{discloses: bot}", "{discloses: bot, barge_in: false}")
    says = [c for c in started(load_assistant(small)) if isinstance(c, ev.Say)]
    assert [(s.prompts[0].name, s.barge_in.speech, s.barge_in.dtmf) for s in says] == [
        ("utter_greet", False, False),
        ("utter_menu", True, True),
    ]


def test_a_value_said_beside_the_one_asked_for_fills_its_own_slot(small: Path) -> None:
    change(small, "domain.yml", "  note:", "  paid_on: {type: date}\n  note:")
    change(small, "flows/main.yml", "    - id: ask_them\n", "    - collect: paid_on\n    - id: ask_them\n")
    change(
        small,
        "responses.en.yml",
        "  utter_confirm_account:",
        '  utter_ask_paid_on: [{text: "When?"}]\n  utter_confirm_paid_on: [{text: "{paid_on|date}, right?"}]\n'
        "  utter_confirm_account:",
    )
    assistant, session = load_assistant(small), new_session(load_assistant(small), "en")
    caller = Caller(ani="+1", dnis="1", claimed=False)
    start = ev.CallStarted(at_ms=0, call_id="c", caller=caller, language="en", started_at="2026-11-20T09:00:00Z")
    session = advance(assistant, session, start).session
    session = advance(assistant, session, ev.DigitsDialed(at_ms=0, digits="1")).session
    said = "one two three four paid yesterday"
    entities = (
        Entity(entity="digits", value="1234", readings=("1234",), start=0, end=18),
        Entity(entity="number", value="1234", readings=("1234",), start=0, end=18),
        Entity(entity="date", value="2026-11-19", readings=("2026-11-19",), start=24, end=33),
    )
    hypothesis = Hypothesis(text=said, confidence=0.95, engine="test")
    recognition = Recognition(
        hypothesis=hypothesis,
        language="en",
        speech_started_at_ms=0,
        speech_ended_at_ms=1,
        decided_at_ms=1,
        decode_ms=0,
        decodes=1,
    )
    meaning = Understanding(text=said, intent=Intent(name="", confidence=0.0), entities=entities)
    turn = advance(assistant, session, ev.UtteranceHeard(at_ms=0, recognition=recognition, understanding=meaning))
    assert dict(turn.session.slots) == {"account": "1234", "paid_on": "2026-11-19"}
    assert [c.args for c in turn.commands if isinstance(c, ev.CallService)] == [{"account": "1234"}]
