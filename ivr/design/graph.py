"""The picture of an assistant: its steps and where they lead, as nodes and edges, and as Mermaid text.

Owns what is shown and what it is called; where things are drawn is ivr.design.drawing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ivr.design.coverage import Coverage
from ivr.dialog import steps as st
from ivr.dialog.assistant import Assistant
from ivr.dialog.foresight import At, Walk

# Ways nobody plans to take are drawn as broken lines.
_UNPLANNED = frozenset(
    {"escape", "error", "timeout", "no_number", "busy", "no_answer", "refused", "no_agent", "failed"}
)
LONGEST_LABEL = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphNode:
    """A step, or the end of a flow (kind "end"). visited: None = not asked."""

    at: At
    kind: str
    label: str
    visited: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphEdge:
    """A way from one step to another. planned: False for failures and escapes. taken: None = not asked."""

    start: At
    end: At
    label: str
    planned: bool
    taken: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """flows: name -> its nodes; the flow a call begins with, and the step a flow begins with, come first."""

    name: str
    flows: Mapping[str, tuple[GraphNode, ...]]
    edges: tuple[GraphEdge, ...]


def graph(assistant: Assistant, coverage: Coverage | None = None) -> Graph:
    """All flows of an assistant. coverage: what conversations went through, to be coloured."""
    walk = Walk(assistant)
    labels: dict[tuple[At, At], list[str]] = {}
    for at in walk.steps:
        for label, to in walk.ways(at):
            labels.setdefault((at, to), []).append(label)
    edges = []
    for (start, end), named in labels.items():
        kinds = list(dict.fromkeys(label for label in named if label))
        taken = None if coverage is None else (start, end) in coverage.taken
        edges.append(
            GraphEdge(
                start=start,
                end=end,
                label=_shortened(", ".join(kinds)),
                planned=not kinds or not _UNPLANNED.issuperset(kinds),
                taken=taken,
            )
        )
    flows: dict[str, tuple[GraphNode, ...]] = {}
    for flow in sorted(assistant.flows.values(), key=lambda flow: flow.name != assistant.start):
        nodes = [
            GraphNode(
                at=(flow.name, name),
                kind=_kind(step),
                label=_label(name, step),
                visited=None if coverage is None else (flow.name, name) in coverage.done,
            )
            for name, step in sorted(flow.steps.items(), key=lambda item: item[0] != flow.first)
        ]
        if any(edge.end == (flow.name, "") for edge in edges):
            nodes.append(GraphNode(at=(flow.name, ""), kind="end", label="end"))
        flows[flow.name] = tuple(nodes)
    return Graph(name=assistant.name, flows=flows, edges=tuple(edges))


def _kind(step: st.Step) -> str:
    return type(step).__name__.removesuffix("Step").lower()


def _label(name: str, step: st.Step) -> str:
    """A step in few words: its kind, and what it is about."""
    about = name
    match step:
        case st.SayStep():
            about = ", ".join(step.responses)
        case st.CollectStep():
            about = step.slot
        case st.QuestionStep():
            about = step.utter
        case st.ActionStep():
            about = step.service
        case st.HandoffStep():
            about = step.queue
        case st.CallStep():
            about = step.flow
        case st.HangupStep():
            about = step.reason
        case st.LanguageStep():
            about = step.language
        case st.SetStep():
            about = ", ".join(step.values)
    if numbered := re.fullmatch(r"([a-z]+)_[0-9]+", about):  # nobody gave it a name
        return numbered[1]
    return _shortened(f"{_kind(step)} {about}".strip())


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_LABEL else f"{text[: LONGEST_LABEL - 1]}…"


def mermaid(drawn: Graph) -> str:
    """The graph as Mermaid flowchart text, which code hosts and editors draw. With coverage, what tests go
    through is green, what none came to red."""
    ids = {node.at: f"n{i}" for i, node in enumerate(n for nodes in drawn.flows.values() for n in nodes)}
    lines = ["flowchart TD"]
    for number, (flow, nodes) in enumerate(drawn.flows.items()):
        lines.append(f'  subgraph flow{number}["{_quoted(flow)}"]')
        for node in nodes:
            opening, closing = {"branch": ("{", "}"), "end": ("([", "])")}.get(node.kind, ("[", "]"))
            lines.append(f'    {ids[node.at]}{opening}"{_quoted(node.label)}"{closing}')
        lines.append("  end")
    for edge in drawn.edges:
        if edge.start in ids and edge.end in ids:
            line = "-->" if edge.planned else "-.->"
            label = f'|"{_quoted(edge.label)}"|' if edge.label else ""
            lines.append(f"  {ids[edge.start]} {line}{label} {ids[edge.end]}")
    return "\n".join([*lines, *_coloured(drawn, ids)]) + "\n"


def _coloured(drawn: Graph, ids: Mapping[At, str]) -> list[str]:
    """Lines of Mermaid that colour what tests went through, and a legend; none without coverage."""
    shown = [e for e in drawn.edges if e.start in ids and e.end in ids]
    lines: list[str] = []
    for name, colour, wanted in (("done", "#2e7d32", True), ("missed", "#c0392b", False)):
        steps = [ids[n.at] for nodes in drawn.flows.values() for n in nodes if n.visited is wanted]
        ways = [str(i) for i, edge in enumerate(shown) if edge.taken is wanted]
        if steps:
            lines += [f"  classDef {name} stroke:{colour},stroke-width:2px", f"  class {','.join(steps)} {name}"]
        if ways:
            lines.append(f"  linkStyle {','.join(ways)} stroke:{colour}")
    if lines:
        words = (("done", "green: a test goes through"), ("missed", "red: no test does"))
        legend = [f'    {name}["{text}"]:::{name}' for name, text in words if f"  classDef {name} " in "\n".join(lines)]
        lines += ['  subgraph legend["legend"]', *legend, "  end"]
    return lines


def _quoted(text: str) -> str:
    """Text as Mermaid takes it within quotes."""
    return re.sub(r'["<>&#]', lambda m: f"#{ord(m[0])};", text)
