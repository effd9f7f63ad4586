"""The guide for designers is right: its example is built up as it says, and every snippet of it can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ivr.cli import main
from ivr.config import NluSettings
from ivr.design.findings import validate
from ivr.dialog.source import Faults, read

TFIDF = NluSettings(engine="tfidf")

GUIDE = (Path(__file__).parents[3] / "docs" / "designing.md").read_text("utf-8")
SNIPPETS = re.findall(r"^```yaml\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
STEPS = re.split(r"^\*\*(?:Second|Third): ", GUIDE, flags=re.MULTILINE)


def build(step: str, folder: Path) -> None:
    """Write the files a part of the guide shows; one marked "added" is appended to."""
    for snippet in re.findall(r"^```yaml\n(.*?)^```", step, re.MULTILINE | re.DOTALL):
        named = re.match(r"# (hours/\S+?)(, added)?\n", snippet)
        if named is None:
            continue
        path = folder / named[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((path.read_text("utf-8") if named[2] else "") + snippet.split("\n", 1)[1], "utf-8")


def test_the_example_is_free_of_errors_after_every_step_and_its_tests_pass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(STEPS) == 3
    for step in STEPS:
        build(step, tmp_path)
        assert [str(f) for f in validate(tmp_path / "hours", TFIDF) if f.severity == "error"] == []
    assert [str(f) for f in validate(tmp_path / "hours", TFIDF)] == []
    assert main(["test", str(tmp_path / "hours"), "--coverage"]) == 0
    assert "2 conversations, 0 failed" in capsys.readouterr().out


def test_every_snippet_is_yaml(tmp_path: Path) -> None:
    assert len(SNIPPETS) > 10
    for snippet in SNIPPETS:
        faults, file = Faults(), tmp_path / "snippet.yml"
        file.write_text(snippet, "utf-8")
        assert read(file, tmp_path, faults) is not None, (snippet, [str(f) for f in faults.found])


def test_every_command_of_the_guide_exists(capsys: pytest.CaptureFixture[str]) -> None:
    for command in set(re.findall(r"`ivr (\w+)", GUIDE)):
        with pytest.raises(SystemExit) as left:
            main([command, "--help"])
        assert left.value.code == 0, command
    said = capsys.readouterr().out
    assert all(option in said for option in ("--strict", "--junit", "--coverage", "--live", "--svg", "--json"))


def test_the_sessions_of_the_guide_are_what_the_tools_print(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for step in STEPS:
        build(step, tmp_path)
    flow = tmp_path / "hours" / "flows" / "hours.yml"
    right = flow.read_text("utf-8")
    flow.write_text(right.replace("collect: place", "collect: plaze"), "utf-8")
    main(["validate", str(tmp_path / "hours")])
    flow.write_text(right, "utf-8")
    tests = tmp_path / "hours" / "tests" / "hours.yml"
    tests.write_text(tests.read_text("utf-8").replace("[eight to eight]", "[nine to nine]"), "utf-8")
    main(["test", str(tmp_path / "hours")])
    said = capsys.readouterr().out
    sessions = re.findall(r"^```text\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    assert len(sessions) == 3
    for line in (*sessions[0].splitlines()[:-1], *sessions[2].splitlines()[:-1]):
        assert line in said, line
