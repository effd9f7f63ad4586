"""The caller's first words tell the language; what is asked tells the recogniser what to expect."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ivr.dialog.assistant import Assistant, load_assistant
from ivr.dialog.engine import advance, new_session
from ivr.model import dialog as ev
from ivr.model.hearing import Hypothesis, Recognition
from ivr.model.identity import Caller
from ivr.model.understanding import Intent, Understanding

STARTED = ev.CallStarted(at_ms=0, call_id="c", caller=Caller(ani="", dnis="1"), language="en", started_at="")


@pytest.fixture(scope="module")
def bank(repo_root: Path) -> Assistant:
    return load_assistant(repo_root / "dialogs" / "bank")


def heard(text: str, language: str) -> ev.UtteranceHeard:
    recognition = Recognition(
        hypothesis=Hypothesis(text=text, confidence=0.9, engine="test", language=language),
        language=language,
        speech_started_at_ms=1,
        speech_ended_at_ms=2,
        decided_at_ms=3,
        decode_ms=1,
        decodes=1,
    )
    meaning = Understanding(text=text, intent=Intent(name="", confidence=0.0))
    return ev.UtteranceHeard(at_ms=4, recognition=recognition, understanding=meaning)


def hears(turn) -> list[ev.Hear]:
    return [command for command in turn.commands if isinstance(command, ev.Hear)]


def test_a_caller_whose_first_words_are_russian_is_served_in_russian(bank: Assistant) -> None:
    turn = advance(bank, new_session(bank, "en"), STARTED)
    (hear,) = hears(turn)
    assert hear.expectation.languages == bank.languages == ("en", "ru")
    turn = advance(bank, turn.session, heard("ерунда какая-то", "ru"))
    assert turn.session.language == "ru"
    assert ev.SwitchLanguage(language="ru") in turn.commands
    assert {p.language for c in turn.commands if isinstance(c, ev.Say) for p in c.prompts} == {"ru"}
    assert all(hear.expectation.languages == () for hear in hears(turn))


def test_later_words_change_nothing(bank: Assistant) -> None:
    turn = advance(bank, new_session(bank, "en"), STARTED)
    turn = advance(bank, turn.session, heard("rubbish", "en"))
    turn = advance(bank, turn.session, heard("ерунда", "ru"))
    assert turn.session.language == "en"


def test_an_assistant_of_one_language_tells_nothing_apart(bank: Assistant) -> None:
    alone = replace(bank, languages=("en",))
    (hear,) = hears(advance(alone, new_session(alone, "en"), STARTED))
    assert hear.expectation.languages == ()
