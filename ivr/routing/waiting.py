"""Calls that wait for a person: who comes before whom, and how a call that was away gets its place back.

Owns the order and nothing else: agents are matched in assignment. Times: monotonic milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ivr.model.routing import HandoffRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingCall:
    """A call and its wish. priority: the higher, the sooner. arrived_ms: when the caller began to wait, wherever that
    was; may lie before the process began. exclude: agents tried already or unwanted."""

    call_id: str
    request: HandoffRequest
    language: str
    arrived_ms: int
    priority: int = 0
    exclude: frozenset[str] = frozenset()

    @property
    def urgency(self) -> tuple[int, int, str]:
        """Smaller goes first: by priority, then by arrival."""
        return (-self.priority, self.arrived_ms, self.call_id)

    def waited_ms(self, now_ms: int) -> int:
        """Since the arrival, never less than 0."""
        return max(0, now_ms - self.arrived_ms)


class WaitingLine:
    """The calls that wait, in the order of their turns. A call that leaves and comes back as it was stands where it
    stood: the place is made of priority and arrival alone."""

    def __init__(self) -> None:
        self._calls: dict[str, WaitingCall] = {}

    def __iter__(self) -> Iterator[WaitingCall]:
        return iter(sorted(self._calls.values(), key=lambda call: call.urgency))

    def __len__(self) -> int:
        return len(self._calls)

    def __contains__(self, call_id: object) -> bool:
        return call_id in self._calls

    def join(self, call: WaitingCall) -> None:
        """Wait, or wait again; a call is in the line once."""
        self._calls[call.call_id] = call

    def leave(self, call_id: str) -> WaitingCall | None:
        """Got an agent, a callback, the dialog, or hung up. None when it did not wait."""
        return self._calls.pop(call_id, None)

    def position(self, call_id: str) -> int:
        """1 for who is next in the call's own queue; 0 for a call that does not wait."""
        own = self._calls.get(call_id)
        if own is None:
            return 0
        return 1 + sum(c.urgency < own.urgency for c in self._calls.values() if c.request.queue == own.request.queue)
