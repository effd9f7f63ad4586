"""Conversation tests by ear: what is written is said, heard through a telephone line, and understood."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ivr.cli import main
from ivr.config import NluSettings
from ivr.design.aloud import telephone
from ivr.design.rehearsal import rehearse, story

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
