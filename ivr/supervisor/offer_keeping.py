"""Keeping the offers of a running center: the desk learns, the watch is sent round, what it found is announced."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from typing import Any, TypeVar

from ivr.call.learning import Learning
from ivr.config import Settings
from ivr.log import get_log
from ivr.model.errors import IvrError, StorageError
from ivr.model.offers import Suspension
from ivr.offers.desk import OfferDesk
from ivr.storage.store import Store
from ivr.supervisor.brain import Brain
from ivr.supervisor.effects import effects_document
from ivr.supervisor.offer_watch import watch
from ivr.web.live import LiveHub

LEARN_S = 60.0  # answers other cells stored are learned within this time
FIRST_WATCH_S, WATCH_S = 600.0, 3600.0
LEAST_PRIORITY = 19
KEPT_S = 300.0

_log = get_log("offers")


class OfferKeeping:
    """brain() is the assistant of the moment; a reload brings another desk, which learns anew from the store."""

    def __init__(self, settings: Settings, store: Store, hub: LiveHub, brain: Callable[[], Brain]) -> None:
        self._settings, self._store, self._hub, self._brain = settings, store, hub, brain
        self._answered = asyncio.Event()
        self._learning: Learning | None = None
        self._desk: OfferDesk | None = None
        self._document: Mapping[str, Any] = {}
        self._made_at = 0.0
        self._one_at_a_time = asyncio.Lock()

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
        found = await _apart(_watch_apart, self._settings)
        self._made_at = 0.0  # whoever looks at the page now wants to see it
        return found

    async def effects(self) -> Mapping[str, Any]:
        """What the effect page shows, at most KEPT_S old, and never from before a group was switched off or on. Raises
        StorageError when it cannot be made now."""
        async with self._one_at_a_time:
            standing = [asdict(each) for each in await self._store.suspensions()]
            fresh = self._document and self._document["suspensions"] == standing
            if not fresh or time.monotonic() - self._made_at > KEPT_S:
                try:
                    self._document = await _apart(_effects_apart, self._settings)
                except (OSError, BrokenProcessPool) as error:
                    raise StorageError(f"the effects cannot be reckoned: {error}") from error
                self._made_at = time.monotonic()
            return self._document


Made = TypeVar("Made")


async def _apart(work: Callable[[Settings], Made], settings: Settings) -> Made:
    """In a process of its own, at the least priority, so that no call waits for it."""
    spawn = multiprocessing.get_context("spawn")
    apart = ProcessPoolExecutor(1, mp_context=spawn, initializer=_step_back)
    try:
        return await asyncio.get_running_loop().run_in_executor(apart, work, settings)
    finally:
        apart.shutdown(wait=False, cancel_futures=True)


def _step_back() -> None:
    os.nice(LEAST_PRIORITY)


def _watch_apart(settings: Settings) -> list[Suspension]:
    return asyncio.run(watch(settings))


def _effects_apart(settings: Settings) -> dict[str, Any]:
    return asyncio.run(effects_document(settings))
