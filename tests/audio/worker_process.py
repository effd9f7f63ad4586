"""A speech worker as a real process, and callers who speak to it in real time over its real sockets."""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from ivr import wire
from ivr.model.hearing import SpeechHealth, SpeechReady, SpeechSettings
from ivr.model.ids import monotonic_ms
from ivr.model.media import FRAME_BYTES, FRAME_MS

M = TypeVar("M")
ROOT = Path(__file__).resolve().parents[2]
START_S = 60.0


class WorkerProcess:
    """`async with WorkerProcess(folder) as worker:` starts one and waits until it is ready."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self._folder, self._settings = folder, settings
        self.log_path = folder / "worker.log"
        self.cache_dir = folder / "prompts"
        self._inbox: asyncio.Queue[tuple[int, Any]] = asyncio.Queue()
        self._seen: list[tuple[int, Any]] = []

    async def __aenter__(self) -> Self:
        ours, theirs = wire.seqpacket_pair()
        self._control = ours
        settings = SpeechSettings(
            **{
                "control_fd": theirs.fileno(),
                "frames_path": str(self._folder / "frames.sock"),
                "cache_dir": str(self.cache_dir),
                "models_dir": str(ROOT / "voice_models"),
                **self._settings,
            }
        )
        with self.log_path.open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "ivr.speech.worker", "--settings", wire.encode_settings(settings)),
                pass_fds=(theirs.fileno(),),
                stderr=log,
                cwd=ROOT,
            )
        theirs.close()
        self._reader = asyncio.create_task(self._read())
        began_ms = monotonic_ms()
        self.ready = await self.expect(SpeechReady, START_S)
        self.started_in_ms = monotonic_ms() - began_ms
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None):
        self._reader.cancel()
        self._control.close()
        if self.process.returncode is None:
            await asyncio.wait_for(self.process.wait(), 20)

    def send(self, message: object) -> None:
        self._control.send(wire.encode(message))

    def say_no_more(self) -> None:
        """Close the control socket, as a control process that died does."""
        self._reader.cancel()
        self._control.close()

    async def expect(self, cls: type[M], timeout_s: float = 10.0) -> M:
        """The next message of that class; earlier ones of other classes are kept aside."""
        return (await self.expect_at(cls, timeout_s))[1]

    async def expect_at(self, cls: type[M] | tuple[type, ...], timeout_s: float = 10.0) -> tuple[int, Any]:
        """The same with the millisecond it arrived."""
        for at, message in self._seen:
            if isinstance(message, cls):
                self._seen.remove((at, message))
                return at, message
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    at, message = await self._inbox.get()
                    if isinstance(message, cls):
                        return at, message
                    if message is None:
                        raise AssertionError(f"the worker ended: {self.log_path.read_text()[-2000:]}")
                    self._seen.append((at, message))
        except TimeoutError:
            log = self.log_path.read_text()[-2000:]
            raise AssertionError(f"no {cls} in {timeout_s} s; seen {self._seen}; the worker says: {log}") from None

    async def silent(self, seconds: float) -> list[Any]:
        """Every message of the next seconds."""
        await asyncio.sleep(seconds)
        while not self._inbox.empty():
            self._seen.append(self._inbox.get_nowait())
        seen, self._seen = self._seen, []
        return [message for _, message in seen]

    def rss_mb(self) -> float:
        return rss_mb(self.process.pid)

    def children(self) -> dict[str, int]:
        """Voice name -> process id of the running voice processes."""
        found = {}
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            for pid in (task / "children").read_text().split():
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
                for name in ("piper", "pyttsx3"):
                    if f"{name}_voice".encode() in command:
                        found[name] = int(pid)
        return found

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        while raw := await loop.sock_recv(self._control, wire.MAX_MESSAGE_BYTES):
            message = wire.decode(raw)
            if not isinstance(message, SpeechHealth):  # comes once a second, whatever happens
                self._inbox.put_nowait((monotonic_ms(), message))
        self._inbox.put_nowait((monotonic_ms(), None))


class Line:
    """One caller's frames to the worker, 20 ms each, in real time."""

    def __init__(self, worker: WorkerProcess, call_id: str) -> None:
        self.call_id = call_id
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.connect(worker.ready.frames_path)
        self._seq = 0
        self._next_s = 0.0

    async def play(self, pcm: bytes) -> int:
        """Send PCM in real time; the monotonic millisecond at which its first sample counts as spoken."""
        loop = asyncio.get_running_loop()
        self._next_s = max(self._next_s, loop.time())
        began_ms = int(self._next_s * 1000)
        for first in range(0, len(pcm), FRAME_BYTES):
            self._next_s += FRAME_MS / 1000
            await asyncio.sleep(max(0.0, self._next_s - loop.time()))
            self._socket.send(
                wire.pack_frame(self.call_id, self._seq, monotonic_ms(), pcm[first : first + FRAME_BYTES])
            )
            self._seq += 1
        return began_ms

    def close(self) -> None:
        self._socket.close()


def rss_mb(pid: int) -> float:
    """Resident memory of a process, MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))
