"""Where the frames of caller audio come in: the SEQPACKET socket of a speech worker and its connections.

Owns the sockets and when they are read; refuses to know what a frame holds. One connection a media worker. A few are
read the moment something comes, or later when nobody is in a hurry; many are read together every PACE_S. Waking up for
every frame costs more than what is done with it.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

from ivr.log import get_log

log = get_log("speech.frames")

PACED_FROM = 4  # connections
PACE_S = 0.01
FRAMES_AT_ONCE = 64  # read from one connection before others get their turn
_RECEIVE_BYTES = 1024


class FrameDoor:
    """The socket at path; take is called with every frame as it came. Methods run on the loop.

    leisure_ms: asked when everything was read: how long what comes next may lie there.
    """

    def __init__(self, path: Path, take: Callable[[bytes], None], leisure_ms: Callable[[], int]) -> None:
        self._path, self._take, self._leisure_ms = path, take, leisure_ms
        self._listening: socket.socket | None = None
        self._connections: set[socket.socket] = set()
        self._resting: dict[socket.socket, asyncio.TimerHandle] = {}
        self._paced = asyncio.Event()

    def open(self) -> None:
        """Listen; whoever listened there before is gone."""
        self._path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listening.bind(str(self._path))
        self._path.chmod(0o600)
        listening.listen(64)
        listening.setblocking(False)
        self._listening = listening

    async def accept(self) -> None:
        """Take connections for ever; open() comes first."""
        loop = asyncio.get_running_loop()
        while self._listening is not None:
            connection, _ = await loop.sock_accept(self._listening)
            connection.setblocking(False)
            self._connections.add(connection)
            self._attend(connection)
            self._choose_pace()

    async def read_paced(self) -> None:
        """Read all connections together while they are many, for ever."""
        while True:
            await self._paced.wait()
            await asyncio.sleep(PACE_S)
            for connection in tuple(self._connections):
                self._read(connection)

    def close(self) -> None:
        """Close everything and take the socket's file away."""
        for connection in tuple(self._connections):
            self._drop(connection)
        if self._listening is not None:
            self._listening.close()
        self._path.unlink(missing_ok=True)

    def _choose_pace(self) -> None:
        if len(self._connections) >= PACED_FROM:
            self._paced.set()
            for connection in self._connections:
                self._ignore(connection)
        elif self._paced.is_set():
            self._paced.clear()
            for connection in self._connections:
                self._attend(connection)

    def _attend(self, connection: socket.socket) -> None:
        """Read when something comes."""
        asyncio.get_running_loop().add_reader(connection, self._read_or_rest, connection)

    def _ignore(self, connection: socket.socket) -> None:
        asyncio.get_running_loop().remove_reader(connection)
        resting = self._resting.pop(connection, None)
        if resting is not None:
            resting.cancel()

    def _read_or_rest(self, connection: socket.socket) -> None:
        """Read what is there; then wait for more, or for when it is wanted."""
        was_resting = self._resting.pop(connection, None) is not None
        self._read(connection)
        if connection not in self._connections:
            return
        leisure_ms = self._leisure_ms()
        if leisure_ms:
            loop = asyncio.get_running_loop()
            if not was_resting:
                loop.remove_reader(connection)
            self._resting[connection] = loop.call_later(leisure_ms / 1000, self._read_or_rest, connection)
        elif was_resting:
            self._attend(connection)

    def _read(self, connection: socket.socket, most: int = FRAMES_AT_ONCE) -> None:
        for _ in range(most):
            try:
                raw = connection.recv(_RECEIVE_BYTES)
            except BlockingIOError:
                return
            except OSError as error:
                log.info("frames.gone", error=str(error))
                raw = b""
            if not raw:
                self._drop(connection)
                return
            self._take(raw)

    def _drop(self, connection: socket.socket) -> None:
        self._ignore(connection)
        self._connections.discard(connection)
        connection.close()
        self._choose_pace()
