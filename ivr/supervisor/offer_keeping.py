"""Keeping the offers of a running center: the desk learns, the watch is sent round, what it found is announced."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from ivr.call.learning import Learning
from ivr.config import Settings
from ivr.log import get_log
from ivr.model.errors import IvrError, StorageError
from ivr.model.offers import Suspension
from ivr.offers.desk import OfferDesk
from ivr.storage.store import Store
from ivr.supervisor.brain import Brain
from ivr.supervisor.offer_watch import watch
from ivr.web.live import LiveHub

LEARN_S = 60.0  # answers other cells stored are learned within this time
FIRST_WATCH_S, WATCH_S = 600.0, 3600.0
LEAST_PRIORITY = 19

_log = get_log("offers")


class OfferKeeping:
    """brain() is the assistant of the moment; a reload brings another desk, which learns anew from the store."""

    def __init__(self, settings: Settings, store: Store, hub: LiveHub, brain: Callable[[], Brain]) -> None:
        self._settings, self._store, self._hub, self._brain = settings, store, hub, brain
        self._answered = asyncio.Event()
        self._learning: Learning | None = None
        self._desk: OfferDesk | None = None

    def learn(self) -> None:
        """Something was answered: the desk takes it in soon. Never blocks."""
        self._answered.set()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_learning())
            tasks.create_task(self._keep_watching())

    async def _keep_learning(self) -> None:
        while True:
            await self._learn()
            self._answered.clear()
            try:
                await asyncio.wait_for(self._answered.wait(), LEARN_S)
            except TimeoutError:
                continue

    async def _learn(self) -> None:
        brain = self._brain()
        if self._learning is None or brain.offers is not self._desk:
            self._desk, self._learning = brain.offers, Learning(brain.offers, self._store, brain.assistant.name)
        try:
            await self._learning.catch_up()
        except StorageError as error:  # offers go on with what is believed so far
            _log.error("offers.not_learned", error=str(error))

    async def _keep_watching(self) -> None:
        wait_s = FIRST_WATCH_S
        while True:
            await asyncio.sleep(wait_s)
            wait_s = WATCH_S
            try:
                for suspension in await self._watch():
                    _log.warning("offers.suspended", group=suspension.group, reason=suspension.reason)
                    self._hub.publish(
                        "calls", "offers.suspended", {"group": suspension.group, "reason": suspension.reason}
                    )
            except (IvrError, OSError, BrokenProcessPool) as error:
                _log.error("offers.not_watched", error=str(error))

    async def _watch(self) -> list[Suspension]:
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=spawn, initializer=_step_back) as apart:
            return await asyncio.get_running_loop().run_in_executor(apart, _watch_apart, self._settings)


def _step_back() -> None:
    os.nice(LEAST_PRIORITY)


def _watch_apart(settings: Settings) -> list[Suspension]:
    return asyncio.run(watch(settings))
