"""The media workers: which leg lives in which, and what is owed to callers when one dies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from ivr.config import Settings
from ivr.log import get_log
from ivr.metrics import Metrics
from ivr.model.media import (
    CallArrived,
    CallRefused,
    Dial,
    Drain,
    LegAnswered,
    LegEnded,
    LegRinging,
    MediaHealth,
    MediaReady,
    Shutdown,
)
from ivr.model.sip import MediaSettings, SipDialog
from ivr.supervisor.worker_process import WorkerProcess, WorkerSpec

_log = get_log("supervisor.media")


@dataclass(slots=True)
class _Trunk:
    """One worker, its legs (leg -> call) and the dialogs it could not end itself if it died."""

    process: WorkerProcess
    port: int
    ready: bool = False
    legs: dict[str, str] = field(default_factory=dict)
    dialogs: dict[str, SipDialog] = field(default_factory=dict)
    orphans: tuple[SipDialog, ...] = ()


class MediaPool:
    """All media workers of the machine. arrived, post(call_id, message) and lost(call_id) reach the calls."""

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        *,
        arrived: Callable[[CallArrived], None],
        refused: Callable[[CallRefused], None],
        post: Callable[[str, object], None],
        lost: Callable[[str], None],
    ) -> None:
        self._settings, self._metrics = settings, metrics
        self._arrived, self._refused, self._post, self._lost = arrived, refused, post, lost
        self.apology_path = ""
        self._trunks = [self._trunk(at) for at in range(settings.sip.workers)]
        self._first_ready = asyncio.Event()
        self._draining = False

    @property
    def ready(self) -> int:
        """How many workers have their port open."""
        return sum(trunk.ready for trunk in self._trunks)

    @property
    def ports(self) -> tuple[int, ...]:
        """The SIP ports, one a worker."""
        return tuple(trunk.port for trunk in self._trunks)

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Start every worker."""
        for trunk in self._trunks:
            tasks.create_task(trunk.process.keep_alive())

    async def wait_ready(self, within_s: float) -> bool:
        """Wait until all ports are open. False when it takes longer."""
        try:
            await asyncio.wait_for(self._first_ready.wait(), within_s)
        except TimeoutError:
            return False
        return True

    def drain(self) -> None:
        """New calls get 503; live ones go on. A worker restarted from now on drains too."""
        self._draining = True
        for trunk in self._trunks:
            trunk.process.send(Drain())

    async def stop(self) -> None:
        """End all workers."""
        await asyncio.gather(*(trunk.process.stop(Shutdown()) for trunk in self._trunks))

    def pids(self) -> dict[str, int]:
        """Worker name -> process id, for /healthz and for tests that kill."""
        return {trunk.process.spec.name: trunk.process.pid for trunk in self._trunks}

    def send(self, call_id: str, message: object) -> None:
        """A command of a call to the worker its leg lives in. A Dial adds a leg to the call."""
        trunk = next((t for t in self._trunks if call_id in t.legs.values()), None)
        if trunk is None:
            return
        if isinstance(message, Dial):
            trunk.legs[message.leg] = call_id
        trunk.process.send(message)

    def call_of(self, leg: str) -> str:
        """The call a leg belongs to; "" when there is none."""
        return next((trunk.legs[leg] for trunk in self._trunks if leg in trunk.legs), "")

    def _trunk(self, at: int) -> _Trunk:
        sip, server = self._settings.sip, self._settings.server
        port = sip.port + at

        def worker_settings(control_fd: int) -> MediaSettings:
            return MediaSettings(
                control_fd=control_fd,
                sip_host=sip.host,
                sip_port=port,
                rtp_port=sip.rtp_port + at * sip.rtp_ports_per_worker,
                rtp_ports=sip.rtp_ports_per_worker,
                public_host=sip.public_host,
                max_callers=sip.max_callers_per_worker,
                user_agent=sip.user_agent,
                apology_path=self.apology_path,
                orphans=trunk.orphans,
                log_level=server.log_level,
            )

        spec = WorkerSpec(name=f"media-{at}", module="ivr.media.worker", settings=worker_settings)
        process = WorkerProcess(spec, lambda m: self._receive(trunk, m), lambda: self._died(trunk))
        trunk = _Trunk(process=process, port=port)
        return trunk

    def _receive(self, trunk: _Trunk, message: object) -> None:
        match message:
            case MediaReady():
                trunk.ready, trunk.orphans = True, ()  # it said BYE for them before it opened the port
                _log.info("media.ready", worker=trunk.process.spec.name, port=message.sip_port)
                self._metrics.workers.labels(kind="media").set(self.ready)
                if self._draining:
                    trunk.process.send(Drain())
                if self.ready == len(self._trunks):
                    self._first_ready.set()
            case CallArrived(leg=leg):
                trunk.legs[leg] = leg
                self._arrived(message)
            case CallRefused():
                self._refused(message)
            case MediaHealth():
                name = trunk.process.spec.name
                self._metrics.frames_dropped.labels(worker=name).set(message.frames_dropped)
                self._metrics.worker_rss.labels(worker=name).set(message.rss_bytes)
            case _:
                self._pass_on(trunk, message)

    def _pass_on(self, trunk: _Trunk, message: object) -> None:
        leg = str(getattr(message, "leg", ""))
        call_id = trunk.legs.get(leg)
        if call_id is None:
            return
        if isinstance(message, LegAnswered | LegRinging) and message.dialog is not None:
            trunk.dialogs[leg] = message.dialog
        if isinstance(message, LegEnded):
            trunk.dialogs.pop(leg, None)
            del trunk.legs[leg]
        self._post(call_id, message)

    def _died(self, trunk: _Trunk) -> None:
        trunk.ready = False
        self._metrics.workers.labels(kind="media").set(self.ready)
        self._metrics.worker_restarts.labels(kind="media").inc()
        # The next worker on this port ends these dialogs with BYE: nobody is left in silence.
        trunk.orphans += tuple(trunk.dialogs.values())
        calls = sorted(set(trunk.legs.values()))
        trunk.legs.clear()
        trunk.dialogs.clear()
        for call_id in calls:
            self._lost(call_id)
