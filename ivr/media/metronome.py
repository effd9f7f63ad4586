"""When the next 20 ms of audio are due. Pure: time is handed in.

Owns the beat of a conference bridge. The beats lie on a grid, so one that comes late does not move those behind it;
after a pause nobody could hide, the grid begins anew and what was missed is left out. Times are seconds on one clock.
"""

from __future__ import annotations

from ivr.model.media import FRAME_MS

BEAT_S = FRAME_MS / 1000
MOST_AT_ONCE = 5  # beats made up for together: 100 ms, what a jitter buffer of a peer bridges


class Metronome:
    """The beat of one bridge, which stands still until it is started."""

    def __init__(self) -> None:
        self._next_s: float | None = None

    def start(self, now_s: float) -> None:
        """The first beat is due now; one that beats already goes on as it does."""
        if self._next_s is None:
            self._next_s = now_s

    def stop(self) -> None:
        """No beats until the next start."""
        self._next_s = None

    def due_in_s(self, now_s: float) -> float | None:
        """Until the next beat, 0 when it is due; None when there is none."""
        return None if self._next_s is None else max(0.0, self._next_s - now_s)

    def beats(self, now_s: float) -> int:
        """How many beats are due now, at most MOST_AT_ONCE. They count as done."""
        if self._next_s is None or now_s < self._next_s:
            return 0
        missed = int((now_s - self._next_s) / BEAT_S) + 1
        self._next_s = now_s + BEAT_S if missed > MOST_AT_ONCE else self._next_s + missed * BEAT_S
        return min(missed, MOST_AT_ONCE)
