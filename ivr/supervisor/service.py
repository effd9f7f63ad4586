"""`ivr run`: the service from start to drain. SIGHUP reloads the dialog, SIGTERM drains, a second SIGTERM stops."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ivr.config import Settings
from ivr.log import get_log
from ivr.model.errors import ConfigError, DesignError
from ivr.storage.store import Store
from ivr.supervisor.center import Brain, Center, load_brain
from ivr.web.app import Site

_log = get_log("supervisor")


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Center]:
    """A center that takes calls, with its web pages. Everything is stopped on the way out."""
    brain = await asyncio.to_thread(_prepare, settings)
    center = Center(settings, brain, await Store.open(settings.storage.url))
    site = await _open_site(center, settings)
    try:
        async with asyncio.TaskGroup() as tasks:
            try:
                await center.start(tasks)
                yield center
            finally:
                await center.stop()
    finally:
        await site.close()


def _prepare(settings: Settings) -> Brain:
    for folder in (settings.server.run_dir, settings.speech.cache_dir, settings.recording.dir):
        folder.mkdir(parents=True, exist_ok=True)
    return load_brain(settings)


async def serve(settings: Settings) -> int:
    """Run until told to stop. Returns the exit status."""
    stop, reload = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    stops = 0

    def told_to_stop() -> None:
        nonlocal stops
        stops += 1
        stop.set()
        if stops > 1:
            _log.warning("stop.now")
            now.set()

    now = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_stop)
    loop.add_signal_handler(signal.SIGHUP, reload.set)
    async with running(settings) as center:
        sip, page = settings.sip, settings.web
        _log.info("ready", sip=f"sip:{sip.host}:{sip.port}", web=f"http://{page.host}:{page.port}/agent")
        while not stop.is_set():
            await _either(stop, reload)
            if reload.is_set():
                reload.clear()
                await _reload(center)
        drained = asyncio.ensure_future(center.drain(settings.limits.drain_s))
        hurried = asyncio.ensure_future(now.wait())
        await asyncio.wait({drained, hurried}, return_when=asyncio.FIRST_COMPLETED)
        _log.info("drain.ended", live=center.live_calls)
        for task in (drained, hurried):
            task.cancel()
    return 0


async def _reload(center: Center) -> None:
    """A broken dialog is refused with every fault; the old one goes on."""
    try:
        await center.reload(await asyncio.to_thread(load_brain, center.settings))
    except DesignError as error:
        for fault in error.faults:
            _log.error("assistant.refused", fault=str(fault))


async def _either(first: asyncio.Event, second: asyncio.Event) -> None:
    waits = {asyncio.ensure_future(first.wait()), asyncio.ensure_future(second.wait())}
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


async def _open_site(center: Center, settings: Settings) -> Site:
    where = settings.web
    try:
        return await Site.open(center.desk(), where.host, where.port)
    except OSError as error:
        await center.store.close()
        raise ConfigError(f"[web] cannot listen on {where.host}:{where.port}: {error.strerror}") from error
