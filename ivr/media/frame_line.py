"""The way of caller audio to a speech worker: 20 ms frames over SEQPACKET, one non-blocking send each.

Owns the socket, its reconnection and the counters; refuses to wait: a full or absent listener costs frames, never
time.
"""

from __future__ import annotations

import socket

from ivr.log import get_log

_FIRST_RETRY_MS = 50
_LAST_RETRY_MS = 2000
_log = get_log("media.frames")


class FrameLine:
    """One listener at path, shared by all legs that send there."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.sent = 0
        self.dropped = 0
        self._socket: socket.socket | None = None
        self._retry_ms = _FIRST_RETRY_MS
        self._next_try_ms = 0
        self._lost = False

    def send(self, frame: bytes) -> None:
        """Send or drop one frame. Never blocks, never raises."""
        line = self._socket
        if line is None or self._lost:
            self.dropped += 1
            return
        try:
            line.send(frame)
            self.sent += 1
        except BlockingIOError:
            self.dropped += 1
        except OSError:
            self.dropped += 1
            self._lost = True

    def tend(self, now_ms: int) -> None:
        """Connect when it is time to. Called every few milliseconds by the main thread."""
        if (self._socket is not None and not self._lost) or now_ms < self._next_try_ms:
            return
        self._next_try_ms = now_ms + self._retry_ms
        self._retry_ms = min(2 * self._retry_ms, _LAST_RETRY_MS)
        fresh = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        fresh.setblocking(False)
        try:
            fresh.connect(self.path)
        except OSError as error:
            fresh.close()
            _log.debug("frames.unreachable", path=self.path, error=str(error))
            return
        self.close()
        self._socket, self._lost = fresh, False
        self._retry_ms = _FIRST_RETRY_MS
        _log.info("frames.connected", path=self.path)

    def close(self) -> None:
        """Close what is open."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
