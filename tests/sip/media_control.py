"""A control process of one file for the media worker's tests: the wire protocol over a real socket pair.

Also tones and how to find them again, so that a test can say who heard whom.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
import struct
import sys
import time
import wave
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

from ivr.model import media
from ivr.model.ids import monotonic_ms, new_id
from ivr.model.sip import MediaSettings
from ivr.wire import MAX_MESSAGE_BYTES, decode, encode, encode_settings, seqpacket_pair, unpack_frame

M = TypeVar("M")
PORTS = 44


def tone_wav(path: Path, hz: int, ms: int, level: int = 8000) -> str:
    """A WAV with one tone."""
    samples = (int(level * math.sin(2 * math.pi * hz * n / 8000)) for n in range(8 * ms))
    with wave.open(str(path), "wb") as wav:
        wav.setparams((1, 2, 8000, 0, "NONE", ""))
        wav.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return str(path)


def channel(path: str | Path, which: int = 0) -> list[int]:
    """The samples of one channel of a WAV."""
    with wave.open(str(path), "rb") as wav:
        count, data = wav.getnchannels(), wav.readframes(wav.getnframes())
    return list(struct.unpack(f"<{len(data) // 2}h", data)[which::count])


def seconds_of(samples: list[int], hz: int) -> float:
    """For how long the tone is the bulk of the sound: Goertzel over 40 ms windows.

    Expect a little less than was played: a stall of a busy machine beyond the jitter buffer's 80 ms is a hole."""
    window, found = 320, 0
    factor = 2 * math.cos(2 * math.pi * hz / 8000)
    for at in range(0, len(samples) - window + 1, window):
        part = samples[at : at + window]
        energy = sum(sample * sample for sample in part)
        if energy < window * 300 * 300:
            continue
        one = two = 0.0
        for sample in part:
            one, two = sample + factor * one - two, one
        power = (one * one + two * two - factor * one * two) / (window / 2)
        found += power > 0.5 * energy
    return found * window / 8000


class Control:
    """Our end of the worker's socket: what came, and what to wait for."""

    def __init__(self, settings: MediaSettings, process: asyncio.subprocess.Process, ours: Any) -> None:
        self.settings, self.process = settings, process
        self.heard: list[Any] = []
        self.heard_at_ms: list[int] = []
        self.on_arrival: Callable[[media.CallArrived], None] | None = None
        self._socket = ours
        self._changed = asyncio.Event()
        asyncio.get_running_loop().add_reader(ours.fileno(), self._read)

    @property
    def uri(self) -> str:
        return f"sip:bot@127.0.0.1:{self.settings.sip_port}"

    def say(self, message: object) -> None:
        self._socket.send(encode(message))

    def answer_everything(self) -> None:
        self.on_arrival = lambda arrived: self.say(media.AnswerCall(leg=arrived.leg))

    def all(self, kind: type[M]) -> list[M]:
        return [message for message in self.heard if isinstance(message, kind)]

    async def wait(self, kind: type[M], count: int = 1, timeout: float = 10.0, **fields: Any) -> M:  # noqa: ASYNC109
        """The count-th message of that kind with those fields."""
        until = time.monotonic() + timeout
        while True:
            self._changed.clear()
            fits = [m for m in self.all(kind) if all(getattr(m, name) == value for name, value in fields.items())]
            if len(fits) >= count:
                return fits[count - 1]
            left = until - time.monotonic()
            assert left > 0, (
                f"no {kind.__name__} {fields} in {timeout} s; came: {[type(m).__name__ for m in self.heard]}"
            )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left)

    async def ready(self, timeout: float) -> None:  # noqa: ASYNC109
        """The worker takes calls; fails at once when it has ended instead."""
        taking = self.wait(media.MediaReady, timeout=timeout)
        waits = [asyncio.ensure_future(wait) for wait in (taking, self.process.wait())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        waits[1].cancel()
        if not waits[0].done():
            waits[0].cancel()
            raise AssertionError(f"the worker ended with status {self.process.returncode}")
        await waits[0]

    def die(self) -> None:
        """What the worker sees when the control process is killed."""
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()

    async def status(self, timeout: float = 10.0) -> int:  # noqa: ASYNC109
        return await asyncio.wait_for(self.process.wait(), timeout)

    async def end(self) -> None:
        if self._socket.fileno() >= 0:
            with contextlib.suppress(OSError):
                self.say(media.Shutdown())
        try:
            await asyncio.wait_for(self.process.wait(), 4)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
        if self._socket.fileno() >= 0:
            self.die()

    def _read(self) -> None:
        while True:
            try:
                raw = self._socket.recv(MAX_MESSAGE_BYTES)
            except BlockingIOError:
                break
            except OSError:
                raw = b""
            if not raw:
                asyncio.get_running_loop().remove_reader(self._socket.fileno())
                break
            message = decode(raw)
            self.heard.append(message)
            self.heard_at_ms.append(monotonic_ms())
            if isinstance(message, media.CallArrived) and self.on_arrival:
                self.on_arrival(message)
        self._changed.set()


@contextlib.asynccontextmanager
async def media_worker(ports: range, workdir: Path, **settings: Any) -> AsyncIterator[Control]:
    """A real media worker on ports (PORTS of them), answering every call until on_arrival is changed."""
    ours, theirs = seqpacket_pair()
    chosen = MediaSettings(
        control_fd=theirs.fileno(), sip_host="127.0.0.1", sip_port=ports[0], rtp_port=ports[2], **settings
    )
    with (workdir / "worker.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ivr.media.worker", "--settings", encode_settings(chosen)),
            pass_fds=(theirs.fileno(),),
            stdout=log,
            stderr=log,
        )
    theirs.close()
    control = Control(chosen, process, ours)
    control.answer_everything()
    try:
        await control.ready(15)
        yield control
    finally:
        await control.end()


def play(leg: str, *files: str, loop: bool = False) -> media.Play:
    """A Play with a playback id of its own."""
    return media.Play(leg=leg, playback=new_id(), files=files, loop=loop)


def frame_listener(path: str) -> socket.socket:
    """Where a worker brings frames, in place of a speech worker."""
    Path(path).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(path)
    listener.listen()
    listener.setblocking(False)
    return listener


async def read_frames(peer: socket.socket, count: int) -> list[tuple[str, int, int, bytes]]:
    """(leg, seq, at_ms, pcm) of each frame that comes."""
    peer.setblocking(False)
    loop = asyncio.get_running_loop()
    return [unpack_frame(await asyncio.wait_for(loop.sock_recv(peer, 1000), 5)) for _ in range(count)]
