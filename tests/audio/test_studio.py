"""Prompts of a small assistant, with the real voice and the real recogniser, by the command."""

import json
from pathlib import Path

import pytest

from ivr.cli import main
from ivr.config import Settings
from ivr.dialog.assistant import load_assistant
from ivr.supervisor.studio import prompts_of
from tests.unit.design.conftest import FILES


@pytest.fixture
def config(tmp_path: Path, repo_root: Path) -> Path:
    """A small assistant and a cache of its own."""
    for name, text in FILES.items():
        (tmp_path / "small" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "small" / name).write_text(text, encoding="utf-8")
    file = tmp_path / "ivr.toml"
    file.write_text(
        f'[server]\nassistant = "small"\n[speech]\ncache_dir = "cache"\nmodels_dir = "{repo_root / "voice_models"}"\n'
        'recognizer = "whisper"\nvoices = ["piper", "pyttsx3"]\n',
        encoding="utf-8",
    )
    return file


@pytest.mark.models
def test_prompts_are_missing_then_rendered_then_found_well(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["prompts", "check", "-c", str(config), "--json"]
    assert main([*command, "--no-listening"]) == 1
    before = json.loads(capsys.readouterr().out)
    assert before["problems"] == {"missing": before["n"]} and before["n"] >= 5
    assert main(["prompts", "render", "-c", str(config), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rendered"] == before["n"]
    status = main(command)
    after = json.loads(capsys.readouterr().out)
    assert set(after["problems"]) <= {"unintelligible"} and status == bool(after["problems"])
    assert all(each["ms"] > 300 and abs(each["lufs"] + 23) < 1 for each in after["prompts"])
    assert after["languages"]["en"]["wer_mean"] <= 0.2


@pytest.mark.models
def test_a_prompt_that_is_no_speech_is_unintelligible(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = config.read_text(encoding="utf-8").replace('["piper", "pyttsx3"]', '["tests.fakes.hum_voice"]')
    config.write_text(text, encoding="utf-8")
    assert main(["prompts", "render", "-c", str(config), "--json"]) == 0
    capsys.readouterr()
    assert main(["prompts", "check", "-c", str(config)]) == 1
    assert "unintelligible" in capsys.readouterr().out


def test_every_sentence_of_the_bank_is_rendered_ahead_and_so_are_fixed_parts(repo_root: Path) -> None:
    found = prompts_of(Settings(), load_assistant(repo_root / "dialogs" / "bank"))
    texts = {(each.language, each.text) for each in found}
    assert ("ru", "На вашем счёте,") in texts
    assert len(texts) == len(found) > 200
    assert not any("{" in text for _, text in texts)
