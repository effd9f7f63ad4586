"""What the readers of designers' files look for, seen by letting them read a file that has every word.

Owns the watching: a node that writes down each word, type and bound it is asked for, and answers with something
harmless. So a schema cannot say anything else than the reader does. Knows nothing of what the words mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ivr.dialog.source import Faults, Node, Place

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TEXTS: Schema = {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}
KEY: Schema = {"type": "string", "pattern": "^[0-9*#]$"}
DURATION: Schema = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?\s*(ms|s|m|h)$"}
MOODS = ("plain", "list", "map")
"""What a node is when a reader asks whether it is a list or a map: it reads in another way each time."""

MOST_DEEP = 8


class Seen:
    """What was asked of one place. words: every word allowed there, None = any."""

    def __init__(self) -> None:
        self.words: tuple[str, ...] | None = None
        self.under: dict[str, Seen] = {}
        self.member: Seen | None = None
        self.entry: Seen | None = None
        self.scalars: list[Schema] = []

    def add(self, scalar: Schema) -> None:
        for one in scalar.get("anyOf", [scalar]):
            if one not in self.scalars:
                self.scalars.append(one)

    def schema(self) -> Schema:
        """As JSON Schema. {} = whatever it is."""
        ways = list(self.scalars)
        if self.entry is not None and not any(way.get("type") == "array" for way in ways):
            ways.append({"type": "array", "items": self.entry.schema()})
        if self.words is not None or self.under or self.member is not None:
            ways.append(self._map())
        if len(ways) == 1:
            return dict(ways[0])
        return {"anyOf": ways} if ways else {}

    def _map(self) -> Schema:
        words = self.words if self.words is not None else tuple(self.under)
        found: Schema = {"type": "object"}
        if words:
            found["properties"] = {w: self.under[w].schema() if w in self.under else {} for w in dict.fromkeys(words)}
        if self.member is not None:
            found["additionalProperties"] = self.member.schema()
        elif self.words is not None:
            found["additionalProperties"] = False
        return found


class Watching(Node):
    """A node that has every word. written: the only words it claims to have, None = all that are allowed."""

    __slots__ = ("depth", "mood", "seen", "written")

    def __init__(
        self, seen: Seen, mood: str, written: frozenset[str] | None = None, name: str = "", depth: int = 0
    ) -> None:
        super().__init__("", Place("schema"), Faults(), name)
        # Readers that look at any depth come to an end.
        self.seen, self.mood, self.written, self.depth = seen, mood if depth < MOST_DEEP else "plain", written, depth

    def _inner(self, seen: Seen, name: str) -> Watching:
        return Watching(seen, self.mood, name=name, depth=self.depth + 1)

    def is_map(self) -> bool:
        return self.seen.words is not None or bool(self.seen.under) or self.mood == "map"

    def is_list(self) -> bool:
        return not self.is_map() and self.mood == "list"

    def has(self, key: str) -> bool:
        if self.written is not None:
            return key in self.written
        return self.mood != "list" and key in (self.seen.words or ())

    def get(self, key: str) -> Node | None:
        return self._inner(self.seen.under.setdefault(key, Seen()), key)

    def key(self, key: str) -> Node:
        return self.get(key) or self

    def items(self) -> Iterator[tuple[str, Node]]:
        if self.seen.words is not None:
            for word in self.seen.words:
                yield word, self.key(word)
            return
        self.seen.member = self.seen.member or Seen()
        yield "utter_any", self._inner(self.seen.member, "any")

    def entries(self) -> Iterator[Node]:
        self.seen.entry = self.seen.entry or Seen()
        yield self._inner(self.seen.entry, self.name)

    def only(self, allowed: Iterable[str]) -> None:
        self.seen.words = tuple(dict.fromkeys((*(self.seen.words or ()), *sorted(allowed))))

    def text(self) -> str:
        self.seen.add(TEXT)
        return ""

    def texts(self) -> tuple[str, ...]:
        self.seen.add(TEXTS)
        return ()

    def dtmf(self) -> str:
        self.seen.add(KEY)
        return "1"

    def number(self, low: float, high: float) -> float:
        self.seen.add({"type": "number", "minimum": low, "maximum": high})
        return low

    def whole(self, low: int, high: int) -> int:
        self.seen.add({"type": "integer", "minimum": low, "maximum": high})
        return low

    def flag(self) -> bool:
        self.seen.add({"type": "boolean"})
        return True

    def one_of(self, allowed: Iterable[str]) -> str:
        names = list(allowed)
        self.seen.add({"enum": names})
        return names[0]

    def duration_ms(self) -> int:
        self.seen.add(DURATION)
        return 1_000

    def plain(self) -> Any:
        return {}


def watch(reader: Callable[[Watching], object], written: frozenset[str] | None = None) -> Schema:
    """What this reader looks for, in every mood."""
    seen = Seen()
    for mood in MOODS:
        reader(Watching(seen, mood, written, "file"))
    return seen.schema()
