"""One worker process and the socket to it. Starts it, reads its messages, starts it again when it dies or hangs.

Owns backoff, framing and the watchdog; knows nothing of what the messages mean. A worker that is well says something
at least once a second, once it has said its first word.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from ivr import wire
from ivr.log import get_log
from ivr.model.errors import WireError
from ivr.model.ids import monotonic_ms

FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 0.2, 10.0
# A worker that lived this long was healthy: its death starts the backoff anew.
HEALTHY_MS = 30_000
STOP_S = 6.0
NOT_STARTED = -1  # instead of an exit code
# Silence is counted in ticks of our own loop, not by the clock: when we were the ones who stood still, the worker's
# messages wait for us and it is not to blame.
TICK_S = 1.0
SILENT_TICKS = 4
LOADING_TICKS = 120

_log = get_log("supervisor.worker")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSpec:
    """What to run. settings(control_fd) makes the worker's settings anew for every start."""

    name: str
    module: str
    settings: Callable[[int], object]


class WorkerProcess:
    """A worker that is kept alive until stop(). on_exit is called after every death, before the next start."""

    def __init__(self, spec: WorkerSpec, on_message: Callable[[object], None], on_exit: Callable[[], None]) -> None:
        self.spec, self._on_message, self._on_exit = spec, on_message, on_exit
        self._process: asyncio.subprocess.Process | None = None
        self._socket: socket.socket | None = None
        self._unsent: deque[bytes] = deque()
        self._stopping = asyncio.Event()
        self._spoke = False
        self.restarts = 0

    @property
    def pid(self) -> int:
        """Process id, 0 when not running."""
        return self._process.pid if self._process is not None and self._process.returncode is None else 0

    async def keep_alive(self) -> None:
        """Run the worker again and again. Ends only after stop()."""
        backoff_s = FIRST_BACKOFF_S
        while not self._stopping.is_set():
            began_ms = monotonic_ms()
            try:
                code = await self._run_once()
            except OSError as error:  # no memory or no file descriptors just now: the calls of other workers go on
                _log.error("worker.not_started", worker=self.spec.name, error=str(error))
                code = NOT_STARTED
            if not self._stopping.is_set():
                self.restarts += 1
                _log.error("worker.died", worker=self.spec.name, code=code, restarts=self.restarts)
            self._on_exit()
            if monotonic_ms() - began_ms > HEALTHY_MS:
                backoff_s = FIRST_BACKOFF_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), backoff_s)
            backoff_s = min(backoff_s * 2, LONGEST_BACKOFF_S)

    def send(self, message: object) -> None:
        """Send a message. Lost when the worker is not running: it would have been lost with it anyway."""
        if self._socket is None:
            return
        raw = wire.encode(message)
        if self._unsent or not self._try_send(raw):
            self._unsent.append(raw)
            asyncio.get_running_loop().add_writer(self._socket.fileno(), self._send_waiting)

    async def stop(self, farewell: object | None) -> None:
        """Ask the worker to end (farewell message or SIGTERM), then make it."""
        self._stopping.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        if farewell is not None:
            self.send(farewell)
        else:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            _log.warning("worker.killed", worker=self.spec.name)
            process.kill()
            await process.wait()

    async def _run_once(self) -> int:
        ours, theirs = wire.seqpacket_pair()
        settings = wire.encode_settings(self.spec.settings(theirs.fileno()))
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                self.spec.module,
                "--settings",
                settings,
                pass_fds=(theirs.fileno(),),
                env={"OPENBLAS_NUM_THREADS": "1", **os.environ},  # small matrices: threads cost more than they give
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
            )
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        self._socket = ours
        loop = asyncio.get_running_loop()
        loop.add_reader(ours.fileno(), self._read, ours)
        watching = loop.create_task(self._watch(self._process))
        if self._stopping.is_set():  # stop() came while it was being started, and saw no process to end
            self._process.terminate()
        try:
            return await self._process.wait()
        finally:
            watching.cancel()
            self._read(ours)  # what it said last
            loop.remove_reader(ours.fileno())
            loop.remove_writer(ours.fileno())
            self._socket = None
            self._unsent.clear()
            ours.close()

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Kill a worker that has stopped saying anything: a hung one is worse than a dead one."""
        silent, limit, self._spoke = 0, LOADING_TICKS, False
        while silent < limit:
            await asyncio.sleep(TICK_S)
            silent += 1
            if self._spoke:
                silent, limit, self._spoke = 0, SILENT_TICKS, False
        _log.error("worker.hangs", worker=self.spec.name, silent_s=silent * TICK_S)
        process.kill()

    def _read(self, ours: socket.socket) -> None:
        while True:
            try:
                raw = ours.recv(wire.MAX_MESSAGE_BYTES)
            except BlockingIOError:
                return
            except OSError:
                raw = b""
            if not raw:
                asyncio.get_running_loop().remove_reader(ours.fileno())
                return
            self._spoke = True
            try:
                message = wire.decode(raw)
            except WireError as error:
                _log.error("worker.unreadable", worker=self.spec.name, error=str(error))
                continue
            self._on_message(message)

    def _try_send(self, raw: bytes) -> bool:
        try:
            if self._socket is not None:
                self._socket.send(raw)
        except BlockingIOError:
            return False
        except OSError as error:  # the worker just died; keep_alive will notice
            _log.debug("worker.unreachable", worker=self.spec.name, error=str(error))
        return True

    def _send_waiting(self) -> None:
        while self._unsent and self._try_send(self._unsent[0]):
            self._unsent.popleft()
        if not self._unsent and self._socket is not None:
            asyncio.get_running_loop().remove_writer(self._socket.fileno())
