"""A designer's YAML file: its shape checked, every complaint with file, line and column.

Owns reading and placing; knows nothing of what stands in it. YAML 1.2 (ruamel.yaml), so `no` and `on` stay words.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from ivr.deviations import Location, Told, deviation, unreadable
from ivr.model.errors import DesignError, Fault

Shape = TypeVar("Shape", bound=BaseModel)
__all__ = ["MAX_BYTES", "Document", "Location"]

MAX_BYTES = 500_000  # reading takes 3 s for each 100 kB of it


class Document:
    """One YAML file in memory. Raises DesignError when it cannot be read or is not a mapping."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            size = path.stat().st_size
            if size > MAX_BYTES:
                what = f"the file has more than {MAX_BYTES} bytes"
                raise DesignError((self._fault((0, 0), "too-large", what, "Keep what is needed."),))
            self._tree: Any = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise DesignError((self.fault((), "unreadable", str(error), "Give a file that can be read."),)) from error
        except MarkedYAMLError as error:
            mark = error.problem_mark
            place = (mark.line + 1, mark.column + 1) if mark else (0, 0)
            what = unreadable(str(error.problem or error.context or "not YAML"))
            raise DesignError((self._fault(place, "yaml", what, "Mend the YAML."),)) from error
        except (YAMLError, ValueError, AttributeError, RecursionError) as error:
            # Beside bad YAML: bytes that are not UTF-8, a month 13, a merge of nothing, lists without end.
            raise DesignError((self._fault((0, 0), "yaml", str(error), "Mend the YAML."),)) from error
        if not isinstance(self._tree, CommentedMap):
            raise DesignError((self._fault((1, 1), "shape", "not a mapping", "Write lines of `word: value`."),))

    def parse(self, shape: type[Shape]) -> Shape:
        """The file as shape. Raises DesignError with every deviation."""
        try:
            return shape.model_validate(self._tree)
        except ValidationError as error:
            told = error.errors()
            faults = tuple(self._deviation(shape, each) for each in told if not _follows(each, told))
            raise DesignError(tuple(dict.fromkeys(faults))) from error

    def _deviation(self, shape: type[BaseModel], told: Told) -> Fault:
        location = told["loc"]
        code, what, fix = deviation(shape, told)
        place = ".".join(map(str, location))
        return self.fault(location, code, f"{place}: {what}" if place else what, fix)

    def fault(self, location: Location, code: str, what: str, fix: str) -> Fault:
        """A fault at the deepest part of location that the file has."""
        return self._fault(self._place(location) if location else (0, 0), code, what, fix)

    def _fault(self, place: tuple[int, int], code: str, what: str, fix: str) -> Fault:
        return Fault(file=str(self.path), line=place[0], column=place[1], code=code, what=what, fix=fix)

    def _place(self, location: Location) -> tuple[int, int]:
        node, place = self._tree, (1, 1)
        for part in location:
            if isinstance(node, CommentedMap) and part in node:
                place = _counted_from_one(node.lc.key(part))
            elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
                place = _counted_from_one(node.lc.item(part))
            else:
                break
            node = node[part]
        return place


def _counted_from_one(place: tuple[int, int]) -> tuple[int, int]:
    return place[0] + 1, place[1] + 1


def _follows(told: Told, others: Sequence[Told]) -> bool:
    """Does it only say that a list is too short whose entries are wrong themselves, and so were not counted?"""
    place = told["loc"]
    return told["type"] == "too_short" and any(
        each["loc"][: len(place)] == place and len(each["loc"]) > len(place) for each in others
    )
