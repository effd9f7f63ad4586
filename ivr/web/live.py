"""Events on their way to open pages. Owns the queue of every page and what a page must see again after a reload;
refuses to know HTTP and what events mean, except that a "pop" begins a new screen, and "clear" or the state "available"
ends it: what was said in a call is not shown again after it.

Topics: "agent:<agent id>" and "calls". A page's queue is bounded: when full the oldest transcript line goes first,
then the oldest event; losses are counted. Used from one event loop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from ivr.model.routing import AgentState

QUEUE = 256
RETAINED = 128  # events of the present screen repeated to a page that opens late; must fit into QUEUE
SHOWN = 1024  # confirmations remembered
SCREEN_EVENTS = ("transcript", "ended")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveEvent:
    """One event for a page. replayed: it happened before the page opened."""

    event: str
    data: Mapping[str, Any] = field(default_factory=dict)
    replayed: bool = False


class LivePage:
    """One open page's queue. dropped: events it never got. watches: it is somebody else's, and confirms nothing."""

    def __init__(self, hub: LiveHub, topic: str, replay: list[LiveEvent], size: int, *, watches: bool = False) -> None:
        self._hub, self._topic, self._size, self.watches = hub, topic, size, watches
        self._queue: deque[LiveEvent] = deque(replay)
        self._wake = asyncio.Event()
        self.dropped = 0
        self.closed = False
        if replay:
            self._wake.set()

    def __enter__(self) -> LivePage:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hub.leave(self._topic, self)

    def put(self, event: LiveEvent) -> None:
        """Queue an event; makes room by dropping when full."""
        if len(self._queue) >= self._size:
            self.dropped += 1
            victim = next((at for at, queued in enumerate(self._queue) if queued.event == "transcript"), 0)
            del self._queue[victim]
        self._queue.append(event)
        self._wake.set()

    def close(self) -> None:
        """No more events: next() returns None from now on."""
        self.closed = True
        self._wake.set()

    async def next(self, timeout_s: float) -> LiveEvent | None:
        """The next event; None after timeout_s without one, or when closed."""
        if not self._queue and not self.closed:
            self._wake.clear()
            try:
                async with asyncio.timeout(timeout_s):
                    await self._wake.wait()
            except TimeoutError:
                return None
        return self._queue.popleft() if self._queue and not self.closed else None


class LiveHub:
    """All open pages of a process."""

    def __init__(self, queue: int = QUEUE) -> None:
        self._pages: dict[str, list[LivePage]] = {}
        self._screens: dict[str, list[LiveEvent]] = {}
        self._pops: dict[str, str] = {}  # pop id -> topic it was sent to, the newest SHOWN of them
        self._shown: dict[str, asyncio.Event] = {}
        self._size = queue
        self._dropped = 0

    def publish(self, topic: str, event: str, data: Mapping[str, Any]) -> int:
        """Send an event to all pages of a topic; how many there are. A "pop" must carry "pop_id"."""
        sent = LiveEvent(event=event, data=data)
        self._retain(topic, sent)
        if event == "pop":
            self._expect(str(data["pop_id"]), topic)
        pages = self._pages.get(topic, [])
        for page in pages:
            page.put(sent)
        return len(pages)

    def subscribe(self, topic: str, *, watches: bool = False) -> LivePage:
        """Open a page: `with hub.subscribe(topic) as page`. It first gets the present screen again."""
        replay = [LiveEvent(event=e.event, data=e.data, replayed=True) for e in self._screens.get(topic, [])]
        page = LivePage(self, topic, replay, max(self._size, len(replay) + 1), watches=watches)
        self._pages.setdefault(topic, []).append(page)
        return page

    def leave(self, topic: str, page: LivePage) -> None:
        """The page is gone."""
        self._dropped += page.dropped
        page.dropped = 0
        pages = self._pages.get(topic, [])
        if page in pages:
            pages.remove(page)
        if not pages:
            self._pages.pop(topic, None)

    def pages(self, topic: str) -> int:
        """How many pages are open on a topic, without those that only watch."""
        return sum(not page.watches for page in self._pages.get(topic, []))

    @property
    def dropped(self) -> int:
        """Events pages never got, since the start."""
        return self._dropped + sum(page.dropped for pages in self._pages.values() for page in pages)

    def screen(self, topic: str) -> LiveEvent | None:
        """The pop a topic's pages show at present."""
        events = self._screens.get(topic)
        return events[0] if events else None

    def shown(self, topic: str, pop_id: str) -> bool:
        """A page says that it displays the pop. False when no such pop was sent to this topic."""
        if self._pops.get(pop_id) != topic:
            return False
        self._shown[pop_id].set()
        return True

    async def confirm_shown(self, pop_id: str, timeout_s: float) -> bool:
        """Wait until a page displays the pop, at most timeout_s; False at once when no page is open to do so."""
        topic = self._pops.get(pop_id)
        if topic is None:
            return False
        shown = self._shown[pop_id]
        if not shown.is_set() and self.pages(topic):
            try:
                async with asyncio.timeout(timeout_s):
                    await shown.wait()
            except TimeoutError:
                return False
        return shown.is_set()

    def close(self) -> None:
        """End all pages' streams: the process is going down."""
        for pages in self._pages.values():
            for page in pages:
                page.close()

    def _retain(self, topic: str, sent: LiveEvent) -> None:
        if sent.event == "pop":
            self._screens[topic] = [sent]
        elif sent.event == "clear" or (sent.event == "state" and sent.data.get("state") == AgentState.AVAILABLE):
            self._screens.pop(topic, None)
        elif sent.event in SCREEN_EVENTS and topic in self._screens:
            screen = self._screens[topic]
            screen.append(sent)
            if len(screen) > RETAINED:
                del screen[1]

    def _expect(self, pop_id: str, topic: str) -> None:
        self._pops[pop_id] = topic
        self._shown.setdefault(pop_id, asyncio.Event())
        while len(self._pops) > SHOWN:
            oldest = next(iter(self._pops))
            del self._pops[oldest], self._shown[oldest]
