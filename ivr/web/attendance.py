"""Whose page is open: pages say so every few seconds. Time as an argument; refuses to know what follows from it.

Two pages of one agent count once. A page that takes leave is given a moment: a reload takes leave as well.
"""

from __future__ import annotations

BEAT_S = 5.0
RELOAD_MS = 5000
MOST_PAGES = 20


class Attendance:
    """Until when each page counts as open. Times are monotonic milliseconds."""

    def __init__(self) -> None:
        self._until: dict[str, dict[str, int]] = {}

    def beat(self, agent_id: str, page: str, *, now_ms: int, lasts_ms: int) -> None:
        """A page is open, and is believed so for lasts_ms."""
        pages = {known: until for known, until in self._until.get(agent_id, {}).items() if until > now_ms}
        if page in pages or len(pages) < MOST_PAGES:
            pages[page] = now_ms + lasts_ms
        self._until[agent_id] = pages

    def leave(self, agent_id: str, page: str, *, now_ms: int) -> None:
        """A page is being closed or loaded again."""
        pages = self._until.get(agent_id, {})
        if page in pages:
            pages[page] = min(pages[page], now_ms + RELOAD_MS)

    def is_there(self, agent_id: str, now_ms: int) -> bool:
        """Is any page of the agent open?"""
        return any(until > now_ms for until in self._until.get(agent_id, {}).values())
