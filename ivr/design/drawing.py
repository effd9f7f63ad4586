"""A graph as one SVG document: a frame for each flow, its steps in layers, a way into another flow as a sign with that
flow's name. No program is needed to look at it but a browser.

Owns shapes and colours; where things stand within a flow is ivr.design.layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from xml.sax.saxutils import escape, quoteattr

from ivr.design.graph import Graph, GraphEdge, GraphNode
from ivr.design.layout import BOX_HEIGHT, Layout, Line, Place, Way, layered

MARGIN, TITLE, LEGEND = 26, 30, 64
LETTER, SMALL_LETTER = 7.1, 5.9  # the widest usual letter width, 12 and 10 pixels high
LEAST_WIDTH = 90
_FILL = {
    **dict.fromkeys(("ask", "collect", "choose"), "#e8f1fb"),
    **dict.fromkeys(("action", "offer"), "#f3ecfa"),
    **dict.fromkeys(("handoff", "callback"), "#fdf1e0"),
    **dict.fromkeys(("hangup", "end"), "#eeeeee"),
}
_KINDS = (("questions", "ask"), ("services, offers", "action"), ("people", "handoff"), ("the end", "end"))
_RED, _GREEN, _GREY = "#c0392b", "#2e7d32", "#5f6b76"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sign:
    """A way into another flow, drawn as the name of that flow."""

    flow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """A flow, laid out. edges: in the order of the layout's lines."""

    name: str
    boxes: tuple[GraphNode | _Sign, ...]
    edges: tuple[GraphEdge, ...]
    layout: Layout

    @property
    def width(self) -> int:
        return max(self.layout.width, _width(self.name, bold=True)) + 2 * MARGIN

    @property
    def height(self) -> int:
        return self.layout.height + 2 * MARGIN + TITLE


def svg(drawn: Graph) -> str:
    """The graph as SVG. With coverage, green was gone through and red was not."""
    frames = [_frame(drawn, flow) for flow in drawn.flows]
    corners, width, height = _shelves(frames)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f"<title>{escape(drawn.name)}</title>",
        f"<defs>{''.join(_arrow(colour) for colour in (_GREY, _GREEN, _RED))}</defs>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        _legend(drawn),
    ]
    for frame, (x, y) in zip(frames, corners, strict=True):
        parts.append(f'<g id={quoteattr(f"flow-{frame.name}")} transform="translate({x} {y})">')
        parts += [*_drawn(frame), "</g>"]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _frame(drawn: Graph, flow: str) -> _Frame:
    """One flow: its steps, and a sign for every way out of it or back to the same step."""
    nodes = drawn.flows[flow]
    number = {node.at: i for i, node in enumerate(nodes)}
    boxes: list[GraphNode | _Sign] = list(nodes)
    edges, ways = [], []
    for edge in drawn.edges:
        if edge.start not in number:
            continue
        end = number.get(edge.end)
        if end is None or edge.end == edge.start:
            end = len(boxes)
            boxes.append(_Sign(flow=edge.end[0] if edge.end not in number else "the same step"))
        edges.append(edge)
        label = _width(edge.label, small=True) if edge.label else 0
        ways.append(Way(start=number[edge.start], end=end, label_width=label))
    return _Frame(
        name=flow,
        boxes=tuple(boxes),
        edges=tuple(edges),
        layout=layered([_box_width(box) for box in boxes], ways),
    )


def _shelves(frames: list[_Frame]) -> tuple[list[tuple[int, int]], int, int]:
    """(upper left corners, width, height): frames in rows, the whole about as wide as a screen is to its height."""
    area = sum(frame.width * frame.height for frame in frames)
    widest = max(max((frame.width for frame in frames), default=0), ceil(sqrt(area * 1.6)))
    corners: list[tuple[int, int]] = []
    x, y, lowest, used = MARGIN, LEGEND + MARGIN, 0, _LEGEND_WIDTH
    for frame in frames:
        if x > MARGIN and x + frame.width > widest + MARGIN:
            x, y, lowest = MARGIN, y + lowest + MARGIN, 0
        corners.append((x, y))
        x, lowest = x + frame.width + MARGIN, max(lowest, frame.height)
        used = max(used, x)
    return corners, used, y + lowest + MARGIN


def _width(text: str, *, small: bool = False, bold: bool = False) -> int:
    return ceil(len(text) * (SMALL_LETTER if small else LETTER) * (1.1 if bold else 1.0)) + (8 if small else 20)


def _box_width(box: GraphNode | _Sign) -> int:
    if isinstance(box, _Sign):
        return _width(f"→ {box.flow}", small=True) + 10
    return max(LEAST_WIDTH, _width(box.label))


def _colour(passed: bool | None) -> str:
    return _GREY if passed is None else _GREEN if passed else _RED


# ---- one flow -----------------------------------------------------------------------------------------------------


def _drawn(frame: _Frame) -> list[str]:
    left, top = MARGIN, MARGIN + TITLE
    parts = [
        f'<rect width="{frame.width}" height="{frame.height}" rx="8" fill="none" stroke="#c9d1d9"/>'
        f'<text x="14" y="26" font-size="15" font-weight="bold">{escape(frame.name)}</text>',
        f'<g transform="translate({left} {top})">',
    ]
    lines = list(zip(frame.edges, frame.layout.lines, strict=True))
    parts += [_line(edge, line) for edge, line in lines]
    parts += [_words(edge, line.label) for edge, line in lines if line.label is not None]
    taken = {line.points[-1]: edge.taken for edge, line in lines}
    for box, place in zip(frame.boxes, frame.layout.boxes, strict=True):
        ends = taken.get((round(place.x + place.width / 2), place.y))
        parts.append(_sign(box, place, ends) if isinstance(box, _Sign) else _step(box, place))
    return [*parts, "</g>"]


def _arrow(colour: str) -> str:
    return (
        f'<marker id="to{colour[1:]}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" '
        f'orient="auto"><path d="M0 0L8 4L0 8z" fill="{colour}"/></marker>'
    )


def _line(edge: GraphEdge, line: Line) -> str:
    """Straight where it passes a layer, a curve between two layers."""
    (x, y), *rest = line.points
    path = f"M{x} {y}"
    for number, (to_x, to_y) in enumerate(rest):
        if number % 2:
            path += f"V{to_y}"
        else:
            middle = (y + to_y) // 2
            path += f"C{x} {middle} {to_x} {middle} {to_x} {to_y}"
        x, y = to_x, to_y
    dashes = "" if edge.planned else ' stroke-dasharray="5 4"'
    colour = _colour(edge.taken)
    return f'<path d="{path}" fill="none" stroke="{colour}"{dashes} marker-end="url(#to{colour[1:]})"/>'


def _words(edge: GraphEdge, place: Place) -> str:
    colour = _colour(edge.taken)
    return (
        f'<g class="words"><rect x="{place.x}" y="{place.y}" width="{place.width}" height="{place.height}" '
        f'fill="#ffffff"/><text x="{place.x + place.width // 2}" y="{place.y + 12}" text-anchor="middle" '
        f'font-size="10" fill="{colour}">{escape(edge.label)}</text></g>'
    )


def _step(node: GraphNode, place: Place) -> str:
    wide = ' stroke-width="2"' if node.visited is not None else ""
    return (
        f'<g class="step"><title>{escape("/".join(node.at))}</title><rect x="{place.x}" y="{place.y}" '
        f'width="{place.width}" height="{place.height}" rx="{16 if node.kind == "end" else 5}" '
        f'fill="{_FILL.get(node.kind, "#ffffff")}" stroke="{_colour(node.visited)}"{wide}/>'
        f'<text x="{place.x + place.width // 2}" y="{place.y + 20}" text-anchor="middle">{escape(node.label)}</text>'
        "</g>"
    )


def _sign(sign: _Sign, place: Place, taken: bool | None) -> str:
    text = (
        f'<text x="{place.x + place.width // 2}" y="{place.y + 15}" text-anchor="middle" font-size="10" '
        f'font-style="italic">{escape(f"→ {sign.flow}")}</text>'
    )
    return (
        f'<g class="sign"><a href={quoteattr(f"#flow-{sign.flow}")}><rect x="{place.x}" y="{place.y}" '
        f'width="{place.width}" height="{BOX_HEIGHT - 10}" rx="11" fill="#ffffff" stroke="{_colour(taken)}" '
        f'stroke-opacity="0.6"/>{text}</a></g>'
    )


# ---- legend -------------------------------------------------------------------------------------------------------

_LEGEND_WIDTH = 1060


def _legend(drawn: Graph) -> str:
    """What the colours mean, and with coverage how much was gone through."""
    nodes = [node for nodes in drawn.flows.values() for node in nodes if node.visited is not None]
    title = f'<text x="{MARGIN}" y="30" font-size="18" font-weight="bold">{escape(drawn.name)}</text>'
    parts, x, y = [title], MARGIN, 50
    for words, kind in _KINDS:
        parts.append(f'<rect x="{x}" y="{y}" width="18" height="13" rx="3" fill="{_FILL[kind]}" stroke="{_GREY}"/>')
        parts.append(f'<text x="{x + 24}" y="{y + 11}">{words}</text>')
        x += 36 + _width(words)
    samples = [("failure, escape", _GREY, ' stroke-dasharray="5 4"')]
    if nodes:
        taken = [edge.taken for edge in drawn.edges]
        seen = (
            f"{sum(bool(n.visited) for n in nodes)} of {len(nodes)} steps, {sum(map(bool, taken))} of {len(taken)} ways"
        )
        samples += [(f"gone through: {seen}", _GREEN, ""), ("by no test", _RED, "")]
    for words, colour, dashes in samples:
        parts.append(f'<path d="M{x} {y + 7}h28" stroke="{colour}" stroke-width="2"{dashes}/>')
        parts.append(f'<text x="{x + 34}" y="{y + 11}">{escape(words)}</text>')
        x += 46 + _width(words)
    return f'<g class="legend">{"".join(parts)}</g>'
