"""Conversation tests by ear: what is written is said, heard through a telephone line, and understood."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ivr.cli import main
from ivr.config import NluSettings
from ivr.design.aloud import run_heard, telephone
from ivr.design.rehearsal import Rehearsed, conversations, rehearse, story
from ivr.dialog.assistant import load_assistant
from ivr.model.hearing import Expectation, Hypothesis
from ivr.nlu.engines import engine_of

ROOT = Path(__file__).parents[3]
AS_IN_A_CALL = NluSettings(cache_dir=ROOT / "var" / "nlu")
INSURANCE, MODELS = ROOT / "dialogs" / "insurance", ROOT / "voice_models"


def test_a_telephone_line_keeps_the_sound_and_spoils_it_a_little() -> None:
    tone = (np.sin(np.arange(8000) / 5) * 12000).astype("<i2")
    line = np.frombuffer(telephone(tone.tobytes()), dtype="<i2").astype(float)
    inside = line[3200:11200]
    error = np.sqrt(np.mean((inside - tone) ** 2)) / np.sqrt(np.mean(tone.astype(float) ** 2))
    assert line.size == 8000 + 2 * 3200
    assert 0.001 < error < 0.1


class HardOfHearing:
    """Hears these words so, in doubt, the first time; once more, as they are."""

    def __init__(self, **misheard: str) -> None:
        self.misheard = misheard

    async def hear(self, text: str, language: str, expectation: Expectation, attempt: int = 0) -> Hypothesis:
        doubtful = next((h for word, h in self.misheard.items() if text.startswith(word)), "")
        if doubtful and attempt == 0:
            return Hypothesis(text=doubtful, confidence=0.4, engine="test")
        return Hypothesis(text=text, confidence=0.95, engine="test")


async def heard(folder: Path, ear: HardOfHearing) -> Rehearsed:
    """The conversation about the balance, through this ear."""
    assistant, told = load_assistant(folder), conversations(folder)
    engine = engine_of(NluSettings(engine="tfidf"), assistant.nlu_files)
    try:
        return (await run_heard(assistant, told[:1], engine.parse, ear)).results[0]
    finally:
        await engine.close()


async def test_a_right_value_read_back_in_doubt_is_answered_with_yes_and_the_report_says_so(small: Path) -> None:
    result = await heard(small, HardOfHearing(one="1 2 3 4"))
    assert result.passed, story(result)
    lines = result.report.transcript
    asked = lines.index("bot:  one two three four, right?")
    assert lines[asked + 1] == "      read back, which the page does not foresee: the answer is yes"


async def test_a_wrong_value_is_denied_and_said_once_more(small: Path) -> None:
    result = await heard(small, HardOfHearing(one="1 2 3 5"))
    assert result.passed, story(result)
    said = "\n".join(result.report.transcript)
    assert "five, right?\n      read back, which the page does not foresee: the answer is no" in said
    assert "      written, once more: one two three four" in said


async def test_a_value_surely_misheard_fails_the_conversation(small: Path) -> None:
    class Deaf(HardOfHearing):
        async def hear(self, text: str, language: str, expectation: Expectation, attempt: int = 0) -> Hypothesis:
            return Hypothesis(text="9 9 9 9" if text.startswith("one") else text, confidence=0.95, engine="test")

    assert not (await heard(small, Deaf())).passed


@pytest.mark.models
async def test_a_conversation_is_said_heard_and_understood() -> None:
    rehearsal = await rehearse(INSURANCE, AS_IN_A_CALL, only="help explains", models=MODELS)
    assert [story(result) for result in rehearsal.results if not result.passed] == []
    (helped,) = rehearsal.results
    assert "      written: " in "\n".join(helped.report.transcript)


@pytest.mark.models
def test_what_was_heard_stands_beside_what_was_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    main(["test", str(INSURANCE), "--audio", "-k", "a claim by voice, solved"])
    said = capsys.readouterr().out
    assert "written: two oh four five one eight\n    user: [user] 2 0 4 5 1 8\n" in said
    assert "1 conversations" in said
