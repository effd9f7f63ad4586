"""The effect page's charts as SVG: forest plot, the interval closing in over time, values of rankings.

Numbers in, markup out; every number shown here also stands in a table beside it. Drawn on the server: nothing to run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

WIDTH, ROW, LEFT, RIGHT = 720, 30, 150, 16
HEIGHT, FOOT = 240, 26


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A line of a forest plot. low, high: always valid, None while it is too early; thin_*: the planned end's."""

    label: str
    value: float
    low: float | None
    high: float | None
    thin_low: float
    thin_high: float
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """From data to pixels."""

    least: float
    most: float
    begin: float
    end: float

    def at(self, value: float) -> float:
        """Pixel of a value; what lies outside is drawn at the edge."""
        inside = min(max(value, self.least), self.most)
        return round(self.begin + (inside - self.least) / (self.most - self.least) * (self.end - self.begin), 1)


def forest(lines: Sequence[Interval], *, title: str, limit: float | None, form: str = "+.2f") -> Markup:
    """One line an interval, zero and the margin of harm as verticals."""
    ends = [value for line in lines for value in (line.thin_low, line.thin_high, line.low, line.high, line.value)]
    axis = _axis([v for v in ends if v is not None], LEFT, WIDTH - RIGHT, with_values=(0.0, limit))
    height = ROW * len(lines) + FOOT + 8
    parts = [*_verticals(axis, limit, height - FOOT, form)]
    for number, line in enumerate(lines):
        y = ROW * number + ROW // 2 + 6
        parts.append(_element("text", escape(line.label), x=LEFT - 10, y=y + 4, class_="label", text_anchor="end"))
        parts.append(_line(axis.at(line.thin_low), y, axis.at(line.thin_high), y, "thin"))
        if line.low is not None and line.high is not None:
            parts.append(_line(axis.at(line.low), y, axis.at(line.high), y, f"thick {line.mark}"))
        parts.append(_element("circle", "", cx=axis.at(line.value), cy=y, r=5, class_=f"point {line.mark}"))
    return _svg(parts, height, title)


def closing_in(looks: Sequence[Mapping[str, Any]], *, title: str, limit: float | None, form: str = "+.2f") -> Markup:
    """How the interval closed in on the effect, look by look. looks: dictionaries of effects.history.Look."""
    wide = [v for look in looks for v in (look["fixed_low"], look["fixed_high"], look["effect"])]
    wide += [v for look in looks[len(looks) // 3 :] for v in (look["low"], look["high"]) if v is not None]
    up = _axis(wide, HEIGHT - FOOT, 10, with_values=(0.0, limit))
    most = max((look["households"] for look in looks), default=1)
    across = Axis(least=0.0, most=float(most), begin=60, end=WIDTH - RIGHT)
    seen = [look for look in looks if look["low"] is not None]
    parts = []
    if seen:
        there = [(across.at(look["households"]), up.at(look["high"])) for look in seen]
        back = [(across.at(look["households"]), up.at(look["low"])) for look in reversed(seen)]
        parts.append(_element("polygon", "", points=_points([*there, *back]), class_="band"))
    for value, kind in ((0.0, "zero"), (limit, "limit")):
        if value is not None:
            parts.append(_line(60, up.at(value), WIDTH - RIGHT, up.at(value), kind))
            parts.append(_element("text", format(value, form), x=54, y=up.at(value) + 4, text_anchor="end"))
    line = [(across.at(look["households"]), up.at(look["effect"])) for look in looks]
    parts.append(_element("polyline", "", points=_points(line), class_="course"))
    for share in (0.25, 0.5, 0.75, 1.0):
        parts.append(
            _element("text", f"{most * share:,.0f}", x=across.at(most * share), y=HEIGHT - 6, text_anchor="end")
        )
    return _svg(parts, HEIGHT, title)


def _verticals(axis: Axis, limit: float | None, foot: int, form: str) -> list[Markup]:
    parts = [_line(axis.at(0.0), 0, axis.at(0.0), foot, "zero")]
    if limit is not None:
        parts.append(_line(axis.at(limit), 0, axis.at(limit), foot, "limit"))
    for tick in _ticks(axis.least, axis.most):
        parts.append(_element("text", format(tick, form), x=axis.at(tick), y=foot + 18, text_anchor="middle"))
    return parts


def _axis(values: Sequence[float], begin: float, end: float, *, with_values: Sequence[float | None]) -> Axis:
    all_values = [*values, *(v for v in with_values if v is not None)]
    least, most = min(all_values, default=-1.0), max(all_values, default=1.0)
    room = (most - least) * 0.06 or 1.0
    return Axis(least=least - room, most=most + room, begin=begin, end=end)


def _ticks(least: float, most: float) -> list[float]:
    """About six round numbers."""
    rough = (most - least) / 6.0
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if unit * factor >= rough)
    first = math.ceil(least / step)
    return [round(n * step, 10) for n in range(first, math.floor(most / step) + 1)]


def _points(pairs: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in pairs)


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    return _element("line", "", x1=x1, y1=y1, x2=x2, y2=y2, class_=kind)


def _element(name: str, body: str, **attributes: object) -> Markup:
    pairs = " ".join(
        f'{key.rstrip("_").replace("_", "-")}="{escape(str(value).strip())}"' for key, value in attributes.items()
    )
    return Markup(f"<{name} {pairs}>{escape(body)}</{name}>")


def _svg(parts: Sequence[Markup], height: int, title: str) -> Markup:
    drawn = Markup("").join(parts)
    name = escape(title)
    return Markup(
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{name}" class="chart"><title>{name}</title>'
        f"{drawn}</svg>"
    )
