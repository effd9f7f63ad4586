"""What the desk believes of acceptance, kept in step with the answers every process stores.

The stored answers are the truth; a belief is a fold over them. So nothing is lost with a process, and two processes
that share a database learn from each other's calls: each takes in, at every look, the answers it does not know yet.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from ivr.call.journal import wall_clock
from ivr.offers.desk import OfferDesk
from ivr.storage.experiments import Lesson
from ivr.storage.store import Store

LATE = timedelta(minutes=10)  # an answer may be stored so long after the moment it bears
BREATH = 50  # lessons between two turns of the event loop


class Learning:
    """The learning of one desk. name: of the belief in the store, one for each assistant."""

    def __init__(self, desk: OfferDesk, store: Store, name: str) -> None:
        self._desk, self._store, self._name = desk, store, name
        self._taken: dict[str, str] = {}  # opportunity -> when it was answered; the newest LATE of them
        self._begun = False
        self._one_at_a_time = asyncio.Lock()

    async def catch_up(self) -> int:
        """Learn from answers not known yet, and store the belief. Returns how many there were. Raises StorageError."""
        if self._desk.learner is None:
            return 0
        async with self._one_at_a_time:
            if not self._begun:
                await self._begin()
            new = [
                lesson
                for lesson in await self._store.lessons(self._since())
                if lesson.opportunity_id not in self._taken
            ]
            for at, lesson in enumerate(new, 1):
                self._take(lesson)
                if not at % BREATH:
                    await asyncio.sleep(0)
            if new:
                since = self._since()
                self._taken = {key: at for key, at in self._taken.items() if at >= since}
                belief = {"belief": self._desk.learner.saved(), "taken": self._taken}
                await self._store.save_belief(self._name, belief, wall_clock())
            return len(new)

    async def _begin(self) -> None:
        """Go on with what was learned before; of another catalogue nothing is kept, and all answers are new."""
        stored = await self._store.belief(self._name)
        if stored and self._desk.remember(stored.get("belief", {})):
            self._taken = dict(stored.get("taken", {}))
        self._begun = True

    def _take(self, lesson: Lesson) -> None:
        self._desk.take_in(lesson.group, lesson.known, lesson.product, accepted=lesson.accepted)
        self._taken[lesson.opportunity_id] = lesson.at

    def _since(self) -> str:
        """The moment answers not known yet may bear."""
        if not self._taken:
            return ""
        newest = datetime.fromisoformat(max(self._taken.values()))
        return (newest - LATE).isoformat(timespec="milliseconds").replace("+00:00", "Z")
