"""The text of a designer's file as YAML 1.2, and what no such file needs: aliases, merge keys, deep nesting.

Owns the reader and its memory. Knows nothing of files and of what they mean.
"""

from __future__ import annotations

import functools
import re
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, ScalarEvent

MAX_DEPTH = 40


# A file that did not change is not read again by the same process: nobody writes into what was read.
@functools.lru_cache(maxsize=64)
def loaded(text: str) -> Any:
    """The document, with places. Raises what the reader raises: YAMLError, and much else on nonsense."""
    return _yaml().load(text)


@functools.lru_cache(maxsize=64)
def forbidden(text: str) -> tuple[int, int, str, str, str] | None:
    """(line, column, code, what, fix) of the first thing that is refused. Raises YAMLError."""
    nested = sum(map(text.count, "[{")) > MAX_DEPTH or re.search(rf"^ {{{MAX_DEPTH},}}\S", text, re.MULTILINE)
    if not nested and not ("*" in text and "&" in text) and "<<" not in text:
        return None
    depth = 0
    for event in _yaml().parse(text):
        here = (event.start_mark.line + 1, event.start_mark.column + 1)
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if isinstance(event, AliasEvent):
            return (*here, "alias", "YAML aliases (*name) are not allowed", "Write the value out; quote a star.")
        if isinstance(event, ScalarEvent) and event.value == "<<" and event.style is None:
            return (*here, "alias", "YAML merge keys (<<) are not allowed", "Write the values out.")
        if depth > MAX_DEPTH:
            return (*here, "depth", f"nested deeper than {MAX_DEPTH} levels", "Make a flow of its own of it.")
    return None


def _yaml() -> YAML:
    yaml = YAML(typ="rt", pure=True)
    yaml.version = (1, 2)
    return yaml
