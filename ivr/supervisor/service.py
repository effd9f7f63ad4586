"""`ivr run`: the service from start to drain. SIGHUP reloads the dialog, SIGTERM drains, a second SIGTERM stops."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ivr.config import Settings, SpeechRoomSettings
from ivr.log import get_log
from ivr.metrics import Metrics
from ivr.model.errors import ConfigError, DesignError, IvrError, SpeechError
from ivr.sections import subscribers
from ivr.speech.catalogue import Catalogue
from ivr.speech.voices import module_path
from ivr.storage.store import Store
from ivr.supervisor.brain import Brain, load_brain
from ivr.supervisor.center import Center
from ivr.web.app import Site

# Media workers of a service that crashed apologise to their callers before they free the port.
CRASHED_S = 20.0
RETRY_S = 0.25

_log = get_log("supervisor")


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Center]:
    """A center that takes calls, with its web pages. Everything is stopped on the way out.

    Raises ConfigError when a port is taken, DesignError when the dialog is broken, StorageError.
    """
    metrics = Metrics()
    brain = await asyncio.to_thread(_prepare, settings, metrics)
    told = subscribers(settings.webhooks)
    store = await Store.open(settings.storage.url, subscribers=told, cell=_cell(settings))
    center = Center(settings, brain, store, metrics)
    site = await _open_site(center, settings)
    try:
        await _await_sip_ports(center, settings)
        async with asyncio.TaskGroup() as tasks:
            try:
                await center.start(tasks)
                gc.collect()
                gc.freeze()  # the assistant stays: to look through it again holds every call up for a tenth of a second
                yield center
            finally:
                await center.stop()
    finally:
        await site.close()


def _cell(settings: Settings) -> str:
    """The same after a restart, another one for any other house."""
    return settings.server.cell or f"{socket.gethostname()}:{settings.server.run_dir.resolve()}"


def _prepare(settings: Settings, metrics: Metrics) -> Brain:
    assistant = settings.server.assistant
    if not assistant.is_dir():
        raise ConfigError(f"[server] assistant: there is no folder {assistant}; name the one that holds dialog.yml")
    folders = {
        "[server] run_dir": settings.server.run_dir,
        "[speech] cache_dir": settings.speech.cache_dir,
        "[recording] dir": settings.recording.dir,
    }
    for name, folder in folders.items():
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"{name}: cannot make the folder {folder}: {error.strerror}") from error
    _check_speech(settings.speech)
    return load_brain(settings, metrics)


def _check_speech(settings: SpeechRoomSettings) -> None:
    """What no speech worker could start with, however often it is started again. Raises ConfigError."""
    try:
        Catalogue(settings.models_dir)
        for voice in settings.voices:
            module_path(voice)
    except SpeechError as error:
        raise ConfigError(f"[speech] {error}") from error


class _Signals:
    """What the operator asked for by signal. stop: drain and end; now: end at once; reload: read the dialog again."""

    def __init__(self) -> None:
        self.stop, self.now, self.reload = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._starting = asyncio.current_task()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told_to_stop)
        loop.add_signal_handler(signal.SIGHUP, self.reload.set)

    def started(self) -> None:
        """Calls are taken: from now on stopping means draining."""
        self._starting = None

    def _told_to_stop(self) -> None:
        if self.stop.is_set():
            _log.warning("stop.now")
            self.now.set()
        self.stop.set()
        if self._starting is not None:
            self._starting.cancel()
            self._starting = None


async def serve(settings: Settings) -> int:
    """Run until told to stop. Returns the exit status. Raises what running() raises."""
    told = _Signals()
    try:
        async with running(settings) as center:
            told.started()
            sip, page = settings.sip, settings.web
            _log.info("ready", sip=f"sip:{sip.host}:{sip.port}", web=f"http://{page.host}:{page.port}/agent")
            if not await center.store.any_account():
                _log.info("web.no_accounts", make_one="ivr users add NAME --role admin")
            await _until_stopped(center, told)
    except asyncio.CancelledError:
        if not told.stop.is_set():
            raise
        _log.info("stop.during_start")
    return 0


async def _until_stopped(center: Center, told: _Signals) -> None:
    while not told.stop.is_set():
        await _either(told.stop, told.reload)
        if told.reload.is_set():
            told.reload.clear()
            await _reload(center)
    drained = asyncio.ensure_future(center.drain(center.settings.limits.drain_s))
    hurried = asyncio.ensure_future(told.now.wait())
    await asyncio.wait({drained, hurried}, return_when=asyncio.FIRST_COMPLETED)
    _log.info("drain.ended", live=center.live_calls)
    for task in (drained, hurried):
        task.cancel()


async def _reload(center: Center) -> None:
    """A broken dialog is refused with every fault; the old one goes on."""
    try:
        await center.reload(await asyncio.to_thread(load_brain, center.settings, center.metrics))
    except DesignError as error:
        for fault in error.faults:
            _log.error("assistant.refused", fault=str(fault))
    except IvrError as error:
        _log.error("assistant.refused", fault=str(error))


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
        number = error.errno or 0
        why = os.strerror(number) if number > 0 else str(error)  # what asyncio says names the address again
        raise ConfigError(f"[web] cannot listen on {where.host}:{where.port}: {why}") from error


async def _await_sip_ports(center: Center, settings: Settings) -> None:
    """Nobody else may have our SIP ports; a crashed predecessor is given the time to take leave of its callers."""
    crashed = bool(await center.store.open_calls())
    tries = 1 + int(CRASHED_S / RETRY_S) if crashed else 1
    try:
        for port in center.media.ports:
            for left in reversed(range(tries)):
                error = _port_taken(settings.sip.host, port)
                if error is None:
                    break
                if not left:
                    raise ConfigError(f"[sip] cannot listen on {settings.sip.host}:{port}: {error.strerror}")
                await asyncio.sleep(RETRY_S)
    except BaseException:
        await center.store.close()
        raise


def _port_taken(host: str, port: int) -> OSError | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, port))
        except OSError as error:
            return error
    return None
