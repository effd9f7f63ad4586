"""What the main loop of a media worker sleeps on: a message of the control process or a SIP packet, whichever comes.

Owns the waiting, not the reading. The SIP library can only be asked again and again; its sockets are found among the
open files of this process by their addresses, and waited for beside the control socket. So a command is carried out
when it comes, and an idle worker hardly wakes up. Audio rings no bell: it is read when the bridge needs it.
"""

from __future__ import annotations

import os
import select
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


class Doorbell:
    """Waits for the socket control_fd, and for those bound to sip_port on sip_host.

    complete: control and SIP over UDP were found; else the library must be polled as it likes best.
    """

    def __init__(self, control_fd: int, sip_host: str, sip_port: int) -> None:
        self._control_fd = control_fd
        self._poll = select.epoll()
        self._poll.register(control_fd, select.EPOLLIN)
        self._known: set[int] = set()
        self._sip_addresses = ((sip_host, sip_port), ("0.0.0.0", sip_port))
        self.complete = False
        self._accepting = -1
        self._connected = False
        self.look_for_sockets()

    def look_for_sockets(self) -> None:
        """Find the sockets opened since. Those that were closed have gone by themselves, as epoll(7) has it."""
        for fd, kind, address in self._new_sockets():
            if kind == socket.SOCK_STREAM:
                if address in self._sip_addresses:
                    # By edges: whether a connection that was closed is read to its end is the library's matter.
                    self._poll.register(fd, select.EPOLLIN | select.EPOLLET)
                    self._accepting = fd if _accepts(fd) else self._accepting
            elif address in self._sip_addresses:
                self._poll.register(fd, select.EPOLLIN)
                self.complete = True

    def wait(self, at_most_ms: float) -> bool:
        """Sleep until somebody rings, at most so long. Returns whether the control socket did."""
        if self._connected:  # the library has accepted it by now
            self.look_for_sockets()
        rang = {fd for fd, _ in self._poll.poll(at_most_ms / 1000)}
        self._connected = self._accepting in rang
        return self._control_fd in rang

    def _new_sockets(self) -> Iterator[tuple[int, socket.SocketKind, tuple[str, int]]]:
        """The UDP and TCP sockets of this process that were not there the last time, with their addresses."""
        seen = set()
        for entry in list(Path("/proc/self/fd").iterdir()):
            fd = int(entry.name)
            with suppress(OSError):  # a file that has just been closed
                status = os.fstat(fd)
                if not stat.S_ISSOCK(status.st_mode):
                    continue
                seen.add(status.st_ino)
                if status.st_ino not in self._known and (found := _address(fd)) is not None:
                    yield fd, *found
        self._known = seen


def _address(fd: int) -> tuple[socket.SocketKind, tuple[str, int]] | None:
    """The kind of a socket and where it is bound, None when it is none of IPv4."""
    with socket.socket(fileno=os.dup(fd)) as found:
        if found.family != socket.AF_INET:
            return None
        host, port = found.getsockname()
        return found.type, (host, port)


def _accepts(fd: int) -> bool:
    with socket.socket(fileno=os.dup(fd)) as found:
        return bool(found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
