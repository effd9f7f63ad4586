"""Where the boxes and lines of one flow stand: the layered layout, in pixels, from top to bottom.

Owns geometry; knows nothing of steps and colours. The method of Sugiyama, Tagawa and Toda (IEEE Transactions on
Systems, Man and Cybernetics 11, 1981): circles are broken, every box stands below those that lead to it, crossings are
reduced by barycentres. The words of a line have a layer of their own, so that no two of them overlap; a line that
passes a layer has a place in it, so that it crosses neither box nor words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

BOX_HEIGHT, LABEL_HEIGHT = 32, 16
GAP_X, GAP_Y = 18, 15
SWEEPS = 12
STRAIGHT = 4.0  # how much a passing line weighs against a box when places are chosen
PORT = 16  # between two lines at one box


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A line from box to box, by number. label_width: of its words, 0 = none."""

    start: int
    end: int
    label_width: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Upper left corner and size."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """points: where a way runs, from its start to its end, two for each layer it passes. label: where its words are."""

    points: tuple[tuple[int, int], ...]
    label: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """boxes and lines in the order they were given."""

    boxes: tuple[Place, ...]
    lines: tuple[Line, ...]
    width: int
    height: int


@dataclass(slots=True)
class _Cell:
    """A box, the words of a line, or a line that passes by."""

    rank: int
    width: float
    middle: float = 0.0
    weight: float = 1.0
    above: list[_Cell] = field(default_factory=list)
    below: list[_Cell] = field(default_factory=list)


def layered(widths: Sequence[int], ways: Sequence[Way]) -> Layout:
    """The layout of boxes of these widths; the first box stands on top. ways that lead back to their own box are left
    out of the lines' room: give them a box."""
    back = _leading_back(len(widths), ways)
    ranks = _ranks(len(widths), ways, back)
    boxes = [_Cell(rank=2 * rank, width=width) for rank, width in zip(ranks, widths, strict=True)]
    chains = [_chain(boxes, way, number in back) for number, way in enumerate(ways)]
    layers = _layers([*boxes, *(cell for chain in chains for cell in chain[1:-1])])
    _order(layers)
    _settle(layers)
    left = min(cell.middle - cell.width / 2 for layer in layers for cell in layer)
    for layer in layers:
        for cell in layer:
            cell.middle -= left
    placed = tuple(_place(cell) for cell in boxes)
    lines = tuple(
        _line(chain, way, number in back) for number, (chain, way) in enumerate(zip(chains, ways, strict=True))
    )
    width = max(cell.middle + cell.width / 2 for layer in layers for cell in layer)
    return Layout(boxes=placed, lines=lines, width=round(width), height=max(box.y + box.height for box in placed))


# ---- layers -------------------------------------------------------------------------------------------------------


def _leading_back(count: int, ways: Sequence[Way]) -> set[int]:
    """Numbers of the ways that close a circle, seen from the first box."""
    after: list[list[int]] = [[] for _ in range(count)]
    for number, way in enumerate(ways):
        after[way.start].append(number)
    back: set[int] = set()
    done, open_boxes = set[int](), set[int]()
    for root in range(count):
        path = [(root, iter(after[root]))] if root not in done else []
        open_boxes |= {root} if path else set()
        while path:
            box, rest = path[-1]
            number = next(rest, -1)
            if number < 0:
                path.pop()
                open_boxes.discard(box)
                done.add(box)
            elif ways[number].end in open_boxes:
                back.add(number)
            elif ways[number].end not in done:
                open_boxes.add(ways[number].end)
                path.append((ways[number].end, iter(after[ways[number].end])))
    return back


def _ranks(count: int, ways: Sequence[Way], back: set[int]) -> list[int]:
    """The longest way to each box from those nothing leads to."""
    ranks = [0] * count
    for _ in range(count):
        before = list(ranks)
        for number, way in enumerate(ways):
            start, end = (way.end, way.start) if number in back else (way.start, way.end)
            if start != end:
                ranks[end] = max(ranks[end], ranks[start] + 1)
        if ranks == before:
            break
    return ranks


def _chain(boxes: list[_Cell], way: Way, back: bool) -> list[_Cell]:
    """The cells a way goes through, from above to below; its words stand next to where it begins."""
    top, bottom = (boxes[way.end], boxes[way.start]) if back else (boxes[way.start], boxes[way.end])
    passed = [_Cell(rank=rank, width=2, weight=STRAIGHT) for rank in range(top.rank + 1, bottom.rank)]
    if passed and way.label_width:
        passed[-1 if back else 0].width = way.label_width
    chain = [top, *passed, bottom]
    for one, other in pairwise(chain):
        one.below.append(other)
        other.above.append(one)
    return chain


def _layers(cells: Sequence[_Cell]) -> list[list[_Cell]]:
    layers: list[list[_Cell]] = [[] for _ in range(max(cell.rank for cell in cells) + 1)]
    for cell in cells:
        layers[cell.rank].append(cell)
    return layers


# ---- order and places ---------------------------------------------------------------------------------------------


def _order(layers: list[list[_Cell]]) -> None:
    """Sort each layer so that few lines cross."""
    best, fewest = [list(layer) for layer in layers], _crossings(layers)
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        for layer in layers[1:] if downwards else layers[-2::-1]:
            beside = layers[layer[0].rank + (-1 if downwards else 1)] if layer else []
            at = {id(cell): number for number, cell in enumerate(beside)}
            middle = {}
            for number, cell in enumerate(layer):
                near = [at[id(other)] for other in (cell.above if downwards else cell.below)]
                middle[id(cell)] = sum(near) / len(near) if near else number
            layer.sort(key=lambda cell, middle=middle: middle[id(cell)])  # type: ignore[misc]
        if (found := _crossings(layers)) < fewest:
            best, fewest = [list(layer) for layer in layers], found
    layers[:] = best


def _crossings(layers: list[list[_Cell]]) -> int:
    total = 0
    for upper, lower in pairwise(layers):
        at = {id(cell): number for number, cell in enumerate(lower)}
        ends = [sorted(at[id(other)] for other in cell.below) for cell in upper]
        seen: list[int] = []
        for own in ends:
            total += sum(1 for end in own for other in seen if other > end)
            seen += own
    return total


def _settle(layers: list[list[_Cell]]) -> None:
    """Give every cell its middle: near what it is joined to, nothing over each other."""
    for layer in layers:
        _spread(layer, [0.0] * len(layer))
    for sweep in range(2 * SWEEPS):
        downwards = sweep % 2 == 0
        for layer in layers if downwards else layers[::-1]:
            wanted = []
            for cell in layer:
                near = sorted(other.middle for other in (cell.above if downwards else cell.below))
                near = near or [cell.middle]
                wanted.append((near[(len(near) - 1) // 2] + near[len(near) // 2]) / 2)
            _spread(layer, wanted)


def _spread(layer: list[_Cell], wanted: Sequence[float]) -> None:
    """The places nearest to the wanted ones that keep order and distance (pool adjacent violators)."""
    offset, offsets = 0.0, []
    for before, cell in zip([None, *layer], layer, strict=False):
        offset += (before.width + cell.width) / 2 + GAP_X if before else 0.0
        offsets.append(offset)
    pools: list[tuple[float, float, int]] = []  # (mean, weight, cells)
    for cell, want, shift in zip(layer, wanted, offsets, strict=True):
        pool = (want - shift, cell.weight, 1)
        while pools and pools[-1][0] > pool[0]:
            mean, weight, count = pools.pop()
            both = weight + pool[1]
            pool = ((mean * weight + pool[0] * pool[1]) / both, both, count + pool[2])
        pools.append(pool)
    means = [mean for mean, _, count in pools for _ in range(count)]
    for cell, mean, shift in zip(layer, means, offsets, strict=True):
        cell.middle = mean + shift


# ---- lines --------------------------------------------------------------------------------------------------------


def _top(rank: int) -> int:
    return (rank // 2) * (BOX_HEIGHT + LABEL_HEIGHT + 2 * GAP_Y) + (BOX_HEIGHT + GAP_Y if rank % 2 else 0)


def _place(cell: _Cell) -> Place:
    height = LABEL_HEIGHT if cell.rank % 2 else BOX_HEIGHT
    left = round(cell.middle - cell.width / 2)
    return Place(x=left, y=_top(cell.rank), width=round(cell.width), height=height)


def _line(chain: list[_Cell], way: Way, back: bool) -> Line:
    top, bottom = chain[0], chain[-1]
    points = [(_port(top, chain[1], top.below), _top(top.rank) + BOX_HEIGHT)]
    for cell in chain[1:-1]:
        place = _place(cell)
        points += [(round(cell.middle), place.y), (round(cell.middle), place.y + place.height)]
    points.append((_port(bottom, chain[-2], bottom.above), _top(bottom.rank)))
    words = chain[-2 if back else 1] if way.label_width and len(chain) > 2 else None
    return Line(points=tuple(points[::-1] if back else points), label=_place(words) if words else None)


def _port(box: _Cell, joined: _Cell, all_joined: list[_Cell]) -> int:
    """Where at the edge of a box a line begins or ends: side by side with the others, in their order."""
    order = sorted(all_joined, key=lambda cell: cell.middle)
    step = min(PORT, box.width / (len(order) + 1))
    number = next(i for i, cell in enumerate(order) if cell is joined)
    return round(box.middle + (number - (len(order) - 1) / 2) * step)
