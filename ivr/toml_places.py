"""Where a setting stands in a TOML file. Owns finding the line: the standard library's reader keeps none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_TABLE = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"""\s*(?:"([^"]+)"|'([^']+)'|([A-Za-z0-9_-]+))\s*=""")


def line_of(text: str, location: Sequence[str | int]) -> int:
    """The line, from 1, of the deepest part of location that has one of its own; 1 when none has. text: valid TOML.
    Numbers in location count the tables of an array from 0."""
    places: dict[tuple[str | int, ...], int] = {}
    seen: Counter[str] = Counter()
    table: tuple[str | int, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            name = header[2]
            table = tuple(part.strip().strip("\"'") for part in name.split("."))
            if header[1] == "[[":
                places.setdefault(table, number)
                table = (*table, seen[name])
                seen[name] += 1
            places.setdefault(table, number)
        elif key := _KEY.match(line):
            places.setdefault((*table, key[1] or key[2] or key[3]), number)
    parts = tuple(location)
    return next((places[parts[:end]] for end in range(len(parts), 0, -1) if parts[:end] in places), 1)
