"""What is switched off, what a person switched on again, and since when a group is therefore judged.

Owns the one rule about it, for the report and the watch alike: whoever reopens knows what was found, so it does not
count again. A reopened group is judged by the households whose first opportunity came after that moment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ivr.model.offers import EVERYBODY, Suspension


@dataclass(frozen=True, slots=True)
class Standing:
    """suspensions: all there ever were, oldest first."""

    suspensions: tuple[Suspension, ...] = ()

    def off(self, group: str) -> Suspension | None:
        """The suspension in force: of the group, else of everybody."""
        return next((s for name in (group, EVERYBODY) for s in self._of(name) if not s.reopened_at), None)

    def reopened(self, group: str) -> Suspension | None:
        """What a person took back last: of the group, or of everybody."""
        taken_back = [s for name in {group, EVERYBODY} for s in self._of(name) if s.reopened_at]
        return max(taken_back, key=lambda s: s.reopened_at, default=None)

    def judged_since_ms(self, group: str) -> int:
        """Unix milliseconds; 0: by all there is."""
        last = self.reopened(group)
        return round(datetime.fromisoformat(last.reopened_at).timestamp() * 1000) if last is not None else 0

    def in_force(self) -> tuple[Suspension, ...]:
        """Oldest first."""
        return tuple(s for s in self.suspensions if not s.reopened_at)

    def on_again(self) -> tuple[Suspension, ...]:
        """The last suspension of each group that is not in force any more."""
        last = {s.group: s for s in self.suspensions}
        return tuple(s for s in last.values() if s.reopened_at)

    def _of(self, group: str) -> Iterable[Suspension]:
        return (s for s in self.suspensions if s.group == group)
