"""`ivr test`: failures with their transcript, JUnit, coverage with lines, and two hundred conversations in seconds."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ivr.cli import main
from ivr.config import NluSettings
from ivr.design.coverage import cover
from ivr.design.rehearsal import conversations, rehearse, run
from ivr.dialog.assistant import load_assistant
from ivr.model.errors import DesignError
from ivr.nlu.embedded import EmbeddedEngine

TFIDF = NluSettings(engine="tfidf")


async def test_the_conversations_of_a_folder_are_run_with_real_understanding(small: Path) -> None:
    rehearsal = await rehearse(small, TFIDF)
    assert [(r.told.name, r.report.problems) for r in rehearsal.results] == [("the balance", ()), ("keys", ())]
    only = await rehearse(small, TFIDF, only="key")
    assert [r.told.name for r in only.results] == ["keys"]


def test_a_failure_is_shown_where_it_happened_and_the_exit_status_says_so(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tests = small / "tests" / "first.yml"
    tests.write_text(tests.read_text("utf-8").replace("bot: utter_balance", "bot: utter_transfer"), "utf-8")
    assert main(["test", str(small), "--junit", str(tmp_path / "out" / "junit.xml"), "--coverage"]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "tests/first.yml:9: the balance"
    wrong = next(i for i, line in enumerate(said) if "!!" in line)
    assert "line 18: expected bot utter_transfer" in said[wrong] and "one two three four" in "".join(said[:wrong])
    root = ElementTree.parse(tmp_path / "out" / "junit.xml").getroot()
    assert (root.attrib["tests"], root.attrib["failures"]) == ("2", "1")
    failure = root.find(".//testcase[@name='the balance']/failure")
    assert failure is not None and "utter_transfer" in failure.attrib["message"]
    assert main(["test", str(small), "-k", "keys"]) == 0


async def test_coverage_names_the_lines_of_steps_and_edges_nobody_came_to(small: Path) -> None:
    rehearsal = await rehearse(small, TFIDF)
    coverage = cover(rehearsal.assistant, (r.report.path for r in rehearsal.results))
    assert "flows/main.yml:28:7: step bye/hangup_1 was not visited" in coverage.missed
    assert any("no test goes from balance/ask_them to human/handoff_1" in line for line in coverage.missed) is False
    assert str(coverage) == "coverage: 8 of 9 steps, 9 of 10 edges"
    first = cover(rehearsal.assistant, [rehearsal.results[0].report.path])
    assert "flows/main.yml:15:7: no test goes from balance/ask_them to human/handoff_1 (missing)" in first.missed


@pytest.mark.alone
async def test_two_hundred_conversations_take_less_than_ten_seconds(small: Path) -> None:
    assistant, told = load_assistant(small), conversations(small)
    engine = EmbeddedEngine.train(assistant.nlu_files)
    many = [replace(told[i % 2], name=f"number {i}") for i in range(200)]
    began = time.monotonic()
    rehearsal = await run(assistant, many, engine.parse)
    await engine.close()
    assert rehearsal.passed and len(rehearsal.results) == 200
    assert time.monotonic() - began < 10


@pytest.mark.models
@pytest.mark.alone
async def test_two_hundred_shipped_conversations_take_less_than_ten_seconds_with_the_engine_of_the_calls() -> None:
    root, told, passed = Path(__file__).parents[3], 0, True
    nlu, folders = (
        NluSettings(cache_dir=root / "var" / "nlu"),
        (root / "dialogs" / "bank", root / "dialogs" / "insurance"),
    )
    for folder in folders:  # sentences are turned into vectors once, whenever they are new
        await rehearse(folder, nlu, only="nothing")
    began = time.process_time()
    for folder in folders:
        rehearsal = await rehearse(folder, nlu)
        told, passed = told + len(rehearsal.results), passed and rehearsal.passed
    took_s = time.process_time() - began
    assert passed and took_s / told * 200 < 10, (told, took_s)


def test_a_folder_without_conversations_is_a_finding(small: Path) -> None:
    (small / "tests" / "first.yml").unlink()
    with pytest.raises(DesignError, match="no conversations"):
        conversations(small)
    assert main(["test", str(small)]) == 1
