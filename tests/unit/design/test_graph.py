"""`ivr graph`: every step and every way is drawn, as Mermaid text and as a picture, with what tests went through."""

from __future__ import annotations

import random
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ivr.cli import main
from ivr.config import NluSettings
from ivr.design.coverage import cover
from ivr.design.drawing import svg
from ivr.design.graph import graph, mermaid
from ivr.design.layout import Way, layered
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


def rects(group: ElementTree.Element) -> list[tuple[float, float, float, float]]:
    """Steps, signs and words of a flow."""
    found = [g.find(".//{*}rect") for g in group.iter("{http://www.w3.org/2000/svg}g") if g.get("class")]
    return [tuple(float(r.attrib[k]) for k in ("x", "y", "width", "height")) for r in found if r is not None]  # type: ignore[misc]


def apart(rects: list[tuple[float, float, float, float]]) -> bool:
    return not any(
        x < a + c and a < x + w and y < b + d and b < y + h
        for i, (x, y, w, h) in enumerate(rects)
        for a, b, c, d in rects[:i]
    )


def drawing(file: Path) -> dict[str, ElementTree.Element]:
    """Flow -> its group."""
    root = ElementTree.parse(file).getroot()
    return {g.attrib["id"].removeprefix("flow-"): g for g in root.findall("{*}g") if "id" in g.attrib}


@pytest.mark.parametrize("folder", sorted(p.parent for p in SHIPPED.parent.glob("*/dialog.yml")), ids=lambda p: p.name)
def test_in_the_picture_of_a_shipped_assistant_nothing_covers_anything(folder: Path, tmp_path: Path) -> None:
    assert main(["graph", str(folder), "--svg", str(tmp_path / "picture.svg")]) == 0
    assistant, flows = load_assistant(folder), drawing(tmp_path / "picture.svg")
    frames = []
    for name, flow in assistant.flows.items():
        frame = flows[name].find("{*}rect")
        assert frame is not None
        width, height = int(frame.attrib["width"]), int(frame.attrib["height"])
        left, top = map(int, re.findall(r"\d+", flows[name].attrib["transform"]))
        frames.append((left, top, width, height))
        own = rects(flows[name])
        assert len(own) >= len(flow.steps) and apart(own), name
        assert all(x >= 0 and x + w <= width and y + h <= height for x, y, w, h in own)
    assert apart([tuple(map(float, frame)) for frame in frames])  # type: ignore[misc]


def test_a_way_into_another_flow_is_a_sign_and_no_line_across_the_page(small: Path, tmp_path: Path) -> None:
    assert main(["graph", str(small), "--svg", str(tmp_path / "picture.svg")]) == 0
    balance = drawing(tmp_path / "picture.svg")["balance"]
    signs = [a.attrib["href"] for a in balance.iter("{http://www.w3.org/2000/svg}a")]
    assert "#flow-human" in signs


def test_a_large_tangled_flow_stays_readable() -> None:
    draw = random.Random(7)
    widths = [draw.randint(90, 280) for _ in range(60)]
    pairs = {(draw.randrange(60), draw.randrange(60)) for _ in range(110)}
    ways = [Way(start=a, end=b, label_width=draw.choice((0, 40, 120))) for a, b in sorted(pairs) if a != b]
    laid = layered(widths, ways)
    places = [*laid.boxes, *(line.label for line in laid.lines if line.label)]
    assert apart([(p.x, p.y, p.width, p.height) for p in places])
    for way, line in zip(ways, laid.lines, strict=True):
        ends = [(laid.boxes[end], point) for end, point in ((way.start, line.points[0]), (way.end, line.points[-1]))]
        assert all(box.x <= x <= box.x + box.width and y in (box.y, box.y + box.height) for box, (x, y) in ends)
        assert (line.label is not None) == bool(way.label_width)


def test_coverage_has_a_legend(small: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["graph", str(small), "--coverage"]) == 0
    text = capsys.readouterr().out
    assert "green: a test goes through" in text and "red: no test does" in text
    assert main(["graph", str(small), "--coverage", "--svg", str(tmp_path / "picture.svg")]) == 0
    assert "gone through: 8 of 9 steps, 9 of 10 ways" in (tmp_path / "picture.svg").read_text("utf-8")


def test_names_that_would_break_the_text_are_escaped(small: Path) -> None:
    file = small / "flows" / "main.yml"
    text = file.read_text("utf-8").replace("hangup: done", "hangup: 'said \"<b>\"'")
    file.write_text(text, "utf-8")
    drawn = graph(load_assistant(small))
    assert "#34;#60;b#62;#34;" in mermaid(drawn) and "&lt;b&gt;" in svg(drawn)
