"""`ivr graph`: every step and every way is drawn, as Mermaid text and as a picture, with what tests went through."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ivr.cli import main
from ivr.config import NluSettings
from ivr.design.coverage import cover
from ivr.design.drawing import svg
from ivr.design.graph import graph, mermaid
from ivr.design.rehearsal import rehearse
from ivr.dialog.assistant import load_assistant

TFIDF = NluSettings(engine="tfidf")

SHIPPED = Path(__file__).parents[3] / "dialogs" / "insurance"


def test_every_step_and_way_is_in_the_mermaid_text(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", str(small)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("flowchart TD\n") and text.count("subgraph") == 4
    nodes = dict(re.findall(r'^    (n\d+)[\[{(]+"([^"]+)"', text, re.MULTILINE))
    names = {label: node for node, label in nodes.items()}
    assert {"choose utter_menu", "collect account", "action look_up", "handoff desk"} <= names.keys()
    edge = f'{names["action look_up"]} -->|"missing, error, timeout"| {names["handoff desk"]}'
    assert edge in text
    assert re.search(rf'{names["choose utter_menu"]} -->\|"balance"\| {names["collect account"]}', text)


def test_ways_of_failure_are_broken_lines(small: Path) -> None:
    file = small / "flows" / "main.yml"
    file.write_text(file.read_text("utf-8").replace("missing: human", "missing: bye"), "utf-8")
    assert '-.->|"error, timeout"|' in mermaid(graph(load_assistant(small)))


async def test_what_no_test_came_to_is_red_in_both(small: Path) -> None:
    rehearsal = await rehearse(small, TFIDF)
    drawn = graph(rehearsal.assistant, cover(rehearsal.assistant, (r.report.path for r in rehearsal.results)))
    assert "classDef missed" in mermaid(drawn) and "linkStyle" in mermaid(drawn)
    assert {n.at for ns in drawn.flows.values() for n in ns if n.visited is False} == {("bye", "hangup_1")}
    assert svg(drawn).count("#c0392b") >= 2 and "#2e7d32" in svg(drawn)


@pytest.mark.parametrize("folder", sorted(p.parent for p in SHIPPED.parent.glob("*/dialog.yml")), ids=lambda p: p.name)
def test_the_picture_of_a_shipped_assistant_is_svg_without_boxes_over_each_other(folder: Path, tmp_path: Path) -> None:
    assert main(["graph", str(folder), "--svg", str(tmp_path / "picture.svg")]) == 0
    root = ElementTree.parse(tmp_path / "picture.svg").getroot()
    boxes = [g.find("{*}rect") for g in root.findall("{*}g")]
    places = [(int(b.attrib["x"]), int(b.attrib["y"])) for b in boxes if b is not None]
    assistant = load_assistant(folder)
    assert len(places) >= sum(len(flow.steps) for flow in assistant.flows.values())
    width, height = 230, 34
    for i, (x, y) in enumerate(places):
        assert 0 <= x <= int(root.attrib["width"]) - width and 0 <= y <= int(root.attrib["height"]) - height
        assert not any(abs(x - a) < width and abs(y - b) < height for a, b in places[:i])


def test_names_that_would_break_the_text_are_escaped(small: Path) -> None:
    file = small / "flows" / "main.yml"
    text = file.read_text("utf-8").replace("hangup: done", "hangup: 'said \"<b>\"'")
    file.write_text(text, "utf-8")
    drawn = graph(load_assistant(small))
    assert "#34;#60;b#62;#34;" in mermaid(drawn) and "&lt;b&gt;" in svg(drawn)
