"""The closing line of a call, as its log tells it: the goodbye. What comes after it is no part of what is compared.

A few treated callers are asked something after the goodbye, nobody held out is. So hanging up early and handling time
end where the closing line is out: up to there both arms hear the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from ivr.model.call import LogEntry

_BEGINS = frozenset({"dialog.closing", "dialog.ended"})  # with a question after it, and without


def closing_line_out_ms(entries: Sequence[LogEntry]) -> int | None:
    """When the closing line was out (CLOCK_MONOTONIC); None when it never was. entries: of one call, in order."""
    begun = next((entry.seq for entry in entries if entry.kind in _BEGINS), None)
    if begun is None:
        return None
    return next((entry.at_ms for entry in entries if entry.kind == "turn.prompted" and entry.seq > begun), None)
