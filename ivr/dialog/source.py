"""YAML with places: every value knows its file, line and column, and mistakes are collected instead of raised.

Owns reading of designers' files (YAML 1.2, so `on`, `yes` and `no` are plain words) and the wording of type faults.
Knows nothing of what the files mean.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from rapidfuzz import process
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from ivr.deviations import unreadable
from ivr.dialog.yaml_text import forbidden, loaded
from ivr.model.errors import Fault

MAX_FILE_BYTES = 500_000  # reading takes 3 s for each 100 kB of it

# What the YAML reader lets through of its own on nonsense (a date of month 13, a list as a name).
_READER_FAILS = (ValueError, TypeError, LookupError, AttributeError, AssertionError, RecursionError, OverflowError)

_DURATION = re.compile(r"^(\d+(?:\.\d+)?)\s*(ms|s|m|h)$")
_UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint with the nearest known word, or the known words when none is near."""
    names = sorted(known)
    near = process.extractOne(word, names, score_cutoff=60)
    if near:
        return f"Did you mean {near[0]!r}?"
    return f"Known here: {', '.join(names)}." if names else "There are none here."


class Faults:
    """The faults found so far."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def add(self, place: Place, code: str, what: str, fix: str, severity: str = "error") -> None:
        self.found.append(
            Fault(
                file=place.file,
                line=place.line,
                column=place.column,
                code=code,
                what=what,
                fix=fix,
                severity=severity,
            )
        )


class Place:
    """Where something stands. line and column count from 1; 0 = the file as a whole."""

    __slots__ = ("column", "file", "line")

    def __init__(self, file: str, line: int = 0, column: int = 0) -> None:
        self.file, self.line, self.column = file, line, column


class Node(Place):
    """A value of a YAML file with its place. Accessors return a default and add a fault when the type is wrong."""

    __slots__ = ("faults", "name", "value")

    def __init__(self, value: Any, place: Place, faults: Faults, name: str) -> None:
        super().__init__(place.file, place.line, place.column)
        self.value, self.faults, self.name = value, faults, name

    def fault(self, code: str, what: str, fix: str, severity: str = "error") -> None:
        self.faults.add(self, code, what, fix, severity)

    # ---- maps ----
    def is_map(self) -> bool:
        return isinstance(self.value, CommentedMap)

    def is_list(self) -> bool:
        return isinstance(self.value, CommentedSeq)

    def has(self, key: str) -> bool:
        return isinstance(self.value, CommentedMap) and key in self.value

    def get(self, key: str) -> Node | None:
        """The value under key, or None when absent or null."""
        if not self.has(key) or self.value[key] is None:
            return None
        place = _member(self, self.value.lc.value, key)
        return Node(self.value[key], place, self.faults, key)

    def key(self, key: str) -> Node:
        """The key itself as a node: for faults about the name."""
        place = _member(self, self.value.lc.key, key) if self.has(key) else self
        return Node(key, place, self.faults, key)

    def items(self) -> Iterator[tuple[str, Node]]:
        """The members of a map; a fault and nothing when it is no map."""
        if not isinstance(self.value, CommentedMap):
            self.fault("type", f"{self.name} must be a map of names to values", "Write `name: value` lines under it.")
            return
        for key in self.value:
            node = self.get(key) if isinstance(key, str) else None
            if node is None and isinstance(key, str):
                node = Node(None, self.key(key), self.faults, key)
            if node is None:
                self.fault("type", f"the name {key!r} in {self.name} is not text", "Put the name in quotes.")
            else:
                yield key, node

    def entries(self) -> Iterator[Node]:
        """The members of a list; a fault and nothing when it is no list."""
        if not isinstance(self.value, CommentedSeq):
            self.fault("type", f"{self.name} must be a list", "Begin each entry with `- `.")
            return
        for index, value in enumerate(self.value):
            yield Node(value, _member(self, self.value.lc.item, index), self.faults, self.name)

    def only(self, allowed: Iterable[str]) -> None:
        """Add a fault for every key that is not allowed here."""
        names = set(allowed)
        for key, _ in self.items():
            if key not in names:
                self.key(key).fault("unknown-key", f"unknown word {key!r} in {self.name}", did_you_mean(key, names))

    # ---- scalars ----
    def text(self) -> str:
        if isinstance(self.value, str):
            return str(self.value)
        self.fault("type", f"{self.name} must be text, not {self.value!r}", "Put it in quotes.")
        return ""

    def texts(self) -> tuple[str, ...]:
        """One text or a list of texts."""
        if isinstance(self.value, str):
            return (str(self.value),)
        return tuple(t for t in (entry.text() for entry in self.entries()) if t)

    def dtmf(self) -> str:
        """One key in quotes: 0-9 * #."""
        if isinstance(self.value, str) and re.fullmatch(r"[0-9*#]", self.value):
            return str(self.value)
        self.fault("unquoted-dtmf", f"{self.name} must be one key in quotes", 'Write it as dtmf: "1".')
        return ""

    def number(self, low: float, high: float) -> float:
        if isinstance(self.value, int | float) and not isinstance(self.value, bool) and low <= self.value <= high:
            return float(self.value)
        self.fault("type", f"{self.name} must be a number from {low:g} to {high:g}", f"Change {self.value!r}.")
        return low

    def whole(self, low: int, high: int) -> int:
        if isinstance(self.value, int) and not isinstance(self.value, bool) and low <= self.value <= high:
            return int(self.value)
        self.fault("type", f"{self.name} must be a whole number from {low} to {high}", f"Change {self.value!r}.")
        return low

    def flag(self) -> bool:
        if isinstance(self.value, bool):
            return bool(self.value)
        self.fault("type", f"{self.name} must be true or false", f"Change {self.value!r}.")
        return False

    def one_of(self, allowed: Iterable[str]) -> str:
        names = tuple(allowed)
        text = self.text()
        if text in names:
            return text
        if text:
            self.fault("unknown-value", f"{self.name} cannot be {text!r}", did_you_mean(text, names))
        return names[0]

    def duration_ms(self) -> int:
        match = _DURATION.match(self.value) if isinstance(self.value, str) else None
        if match:
            return int(float(match[1]) * _UNIT_MS[match[2]])
        self.fault("duration", f"{self.name} must be a time with its unit", "Write it as 5s, 300ms, 2m or 4h.")
        return 0

    def plain(self) -> Any:
        """The value as plain JSON types; dates become ISO 8601 text."""
        return _plain(self.value)


def _member(whole: Node, position: Callable[[Any], tuple[int, int]], key: str | int) -> Place:
    """Where a member stands; the whole's place for one that YAML brought in from elsewhere (a merge key)."""
    try:
        line, column = position(key)
    except (KeyError, TypeError, AttributeError):
        return whole
    return Place(whole.file, line + 1, column + 1)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, datetime.date | datetime.datetime):
        return value.isoformat()
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value


def harmless(path: Path, folder: Path, faults: Faults) -> bool:
    """May another reader open this file? False and a fault when it holds what makes small files huge or endless, or
    what no reader survives. What is no YAML at all, or too much, is left to that reader."""
    place = Place(str(path.relative_to(folder)))
    try:
        raw = path.read_bytes()
        if len(raw) > MAX_FILE_BYTES:
            faults.add(place, "file", f"the file has more than {MAX_FILE_BYTES} bytes", "Keep what differs.")
            return False
        text = raw.decode("utf-8-sig")
        if _refused(text, place, faults):
            return False
        loaded(text)
    except (OSError, YAMLError, UnicodeDecodeError):
        return True
    except _READER_FAILS as error:
        faults.add(place, "yaml", f"not readable as YAML: {error}", "Mend the YAML.")
        return False
    return True


def read(path: Path, folder: Path, faults: Faults) -> Node | None:
    """The file's top map with places relative to folder; None and a fault when it cannot be read."""
    place = Place(str(path.relative_to(folder)))
    try:
        raw = path.read_bytes()
    except OSError as error:
        faults.add(place, "file", f"cannot read the file: {error.strerror}", "Create it or mend its permissions.")
        return None
    if len(raw) > MAX_FILE_BYTES:
        faults.add(place, "file", f"the file has more than {MAX_FILE_BYTES} bytes", "Split it.")
        return None
    try:
        text = raw.decode("utf-8-sig")
        if _refused(text, place, faults):
            return None
        value = loaded(text)
    except UnicodeDecodeError as error:
        faults.add(place, "encoding", f"the file is not UTF-8 (byte {error.start})", "Save it as UTF-8.")
        return None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        here = Place(place.file, mark.line + 1, mark.column + 1) if mark else place
        problem = unreadable(str(error.problem or error.context or "not YAML"))
        faults.add(here, "yaml", problem, "Mend the YAML here or on the line above.")
        return None
    except (YAMLError, *_READER_FAILS) as error:
        problem = (str(error).splitlines() or [type(error).__name__])[0]
        faults.add(place, "yaml", f"not readable as YAML: {problem}", "Mend the YAML.")
        return None
    top = Place(place.file, 1, 1)
    if not isinstance(value, CommentedMap):
        faults.add(top, "type", "the file must be a map of names to values", "Begin it with `version: 1`.")
        return None
    return Node(value, top, faults, "the file")


def _refused(text: str, place: Place, faults: Faults) -> bool:
    """What no file of ours needs and what makes small files huge or endless: aliases and deep nesting."""
    found = forbidden(text)
    if found is not None:
        line, column, code, what, fix = found
        faults.add(Place(place.file, line, column), code, what, fix)
    return found is not None
