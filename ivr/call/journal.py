"""The ordered event log of one call, and the record folded from it.

Owns sequence numbers, wall-clock stamps and masking: nothing sensitive leaves a call but through here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ivr.log import mask
from ivr.model.call import LogEntry
from ivr.model.ids import monotonic_ms

Sink = Callable[[LogEntry], None]


def wall_clock(ago_ms: int = 0) -> str:
    """Now, or so long ago; UTC, ISO 8601 with milliseconds."""
    at = datetime.now(UTC) - timedelta(milliseconds=ago_ms)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Journal:
    """Appends entries and passes each to the sinks (store, live pages), in order."""

    def __init__(self, call_id: str, sinks: tuple[Sink, ...]) -> None:
        self.call_id = call_id
        self.entries: list[LogEntry] = []
        self._sinks = sinks
        self._secrets: frozenset[str] = frozenset()

    def keep_secret(self, values: frozenset[str]) -> None:
        """From now on these values are masked in whatever is noted."""
        self._secrets |= values

    def note(self, kind: str, **data: Any) -> LogEntry:
        """Append one entry. data must be JSON-able; strings in it are masked."""
        entry = LogEntry(
            call_id=self.call_id,
            seq=len(self.entries) + 1,
            at=wall_clock(),
            at_ms=monotonic_ms(),
            kind=kind,
            data={key: self.masked(value) for key, value in data.items()},
        )
        self.entries.append(entry)
        for sink in self._sinks:
            sink(entry)
        return entry

    def masked(self, value: Any) -> Any:
        """value with every secret replaced, however deep it stands."""
        if not self._secrets:
            return value
        if isinstance(value, str):
            return mask(value, self._secrets)
        if isinstance(value, Mapping):
            return {key: self.masked(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.masked(item) for item in value]
        return value
