"""A graph as SVG: one box for each flow, its steps in layers from top to bottom, edges as curves. No program needed.

Owns where things are drawn. The layout is the plain layered one: a step stands one layer below the first step that
leads to it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from ivr.design.graph import Graph, GraphEdge, GraphNode
from ivr.dialog.foresight import At

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN, ROW = 230, 34, 40, 46, 24, 3
_FILL = {
    **dict.fromkeys(("ask", "collect", "choose"), "#e8f1fb"),
    **dict.fromkeys(("action", "offer"), "#f3ecfa"),
    **dict.fromkeys(("handoff", "callback"), "#fdf1e0"),
    **dict.fromkeys(("hangup", "end"), "#eeeeee"),
}
_RED, _GREEN, _GREY = "#c0392b", "#2e7d32", "#5f6b76"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Where a node stands: its upper left corner."""

    x: int
    y: int


def svg(drawn: Graph) -> str:
    """The graph as one SVG document. With coverage, green was taken and red was not."""
    boxes, frames, size = _layout(drawn)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]}" height="{size[1]}" '
        f'viewBox="0 0 {size[0]} {size[1]}" font-family="sans-serif" font-size="12">',
        f"<title>{escape(drawn.name)}</title>",
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 0L8 4L0 8z" fill="{_GREY}"/></marker></defs>',
        f'<rect width="{size[0]}" height="{size[1]}" fill="#ffffff"/>',
    ]
    for flow, (x, y, width, height) in frames.items():
        parts.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="8" fill="none" stroke="#c9d1d9"/>'
            f'<text x="{x + 10}" y="{y + 18}" font-weight="bold">{escape(flow)}</text>'
        )
    parts += [_edge(edge, boxes) for edge in drawn.edges if edge.start in boxes and edge.end in boxes]
    parts += [_node(node, boxes[node.at]) for nodes in drawn.flows.values() for node in nodes]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _layout(drawn: Graph) -> tuple[dict[At, Box], dict[str, tuple[int, int, int, int]], tuple[int, int]]:
    """(boxes, frames of flows as x, y, width, height, size of the whole). Flows stand ROW in a row."""
    boxes: dict[At, Box] = {}
    frames: dict[str, tuple[int, int, int, int]] = {}
    left, top, lowest, widest = MARGIN, MARGIN, 0, 0
    for number, (flow, nodes) in enumerate(drawn.flows.items()):
        if number and number % ROW == 0:
            left, top, lowest = MARGIN, top + lowest + MARGIN, 0
        layers = _layers(nodes, drawn.edges)
        width = max((len(layer) for layer in layers), default=1) * (WIDTH + GAP_X) - GAP_X + 2 * MARGIN
        height = max(1, len(layers)) * (HEIGHT + GAP_Y) - GAP_Y + 2 * MARGIN + 20
        for depth, layer in enumerate(layers):
            for place, at in enumerate(layer):
                x = left + MARGIN + place * (WIDTH + GAP_X)
                boxes[at] = Box(x=x, y=top + MARGIN + 16 + depth * (HEIGHT + GAP_Y))
        frames[flow] = (left, top, width, height)
        left, lowest = left + width + MARGIN, max(lowest, height)
        widest = max(widest, left)
    return boxes, frames, (widest, top + lowest + MARGIN)


def _layers(nodes: tuple[GraphNode, ...], edges: tuple[GraphEdge, ...]) -> list[list[At]]:
    """Nodes by their distance from the flow's first; those no way leads to come last."""
    following: dict[At, list[At]] = defaultdict(list)
    own = [node.at for node in nodes]
    for edge in edges:
        if edge.start in own and edge.end in own:
            following[edge.start].append(edge.end)
    depth: dict[At, int] = {}
    layer = own[:1]
    while layer:
        depth |= dict.fromkeys(layer, max(depth.values(), default=-1) + 1)
        layer = list(dict.fromkeys(to for at in layer for to in following[at] if to not in depth))
    last = max(depth.values(), default=-1) + 1
    layers: list[list[At]] = [[] for _ in range(last + 1)]
    for at in own:
        layers[depth.get(at, last)].append(at)
    return [layer for layer in layers if layer]


def _colour(passed: bool | None) -> str:
    return _GREY if passed is None else _GREEN if passed else _RED


def _node(node: GraphNode, box: Box) -> str:
    fill = _FILL.get(node.kind, "#ffffff")
    return (
        f'<g><title>{escape("/".join(node.at))}</title><rect x="{box.x}" y="{box.y}" width="{WIDTH}" height="{HEIGHT}" '
        f'rx="5" fill="{fill}" stroke="{_colour(node.visited)}"/><text x="{box.x + WIDTH // 2}" y="{box.y + 21}" '
        f'text-anchor="middle">{escape(_cut(node.label))}</text></g>'
    )


def _cut(label: str) -> str:
    return label if len(label) <= 33 else f"{label[:32]}…"


def _edge(edge: GraphEdge, boxes: dict[At, Box]) -> str:
    start, end = boxes[edge.start], boxes[edge.end]
    x1, y1 = start.x + WIDTH // 2, start.y + HEIGHT
    x2, y2 = end.x + WIDTH // 2, end.y
    bend = 40 if y2 > y1 else 90
    dashes = "" if edge.planned else ' stroke-dasharray="5 4"'
    if edge.start[0] != edge.end[0]:  # from flow to flow: there, but behind everything
        dashes += ' opacity="0.4"'
    path = f"M{x1} {y1}C{x1} {y1 + bend} {x2} {y2 - bend} {x2} {y2}"
    line = f'<path d={quoteattr(path)} fill="none" stroke="{_colour(edge.taken)}"{dashes} marker-end="url(#arrow)"/>'
    if not edge.label:
        return line
    at = f'x="{(x1 + x2) // 2 + 4}" y="{(y1 + y2) // 2}"'
    return f'{line}<text {at} font-size="10" fill="{_GREY}">{escape(_cut(edge.label))}</text>'
