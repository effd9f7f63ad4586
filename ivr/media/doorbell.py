"""What the main loop of a media worker sleeps on: a message of the control process or a SIP packet, whichever comes.

Owns the waiting, not the reading. The SIP library can only be asked again and again; its UDP socket is found among
the open files of this process by its address, and waited for beside the control socket. So a command is carried out
when it comes, and an idle worker hardly wakes up.
"""

from __future__ import annotations

import os
import select
import socket
import stat
from contextlib import suppress
from pathlib import Path


class Doorbell:
    """Waits for the socket control_fd and for the UDP socket bound to sip_port on sip_host.

    complete: both were found; else the library must be polled as it likes best.
    """

    def __init__(self, control_fd: int, sip_host: str, sip_port: int) -> None:
        self._poll = select.poll()
        self._poll.register(control_fd, select.POLLIN)
        self._sip = _bound_to(sip_host, sip_port)
        if self._sip is not None:
            self._poll.register(self._sip, select.POLLIN)

    @property
    def complete(self) -> bool:
        """Whether the SIP socket was found."""
        return self._sip is not None

    def wait(self, at_most_ms: int) -> None:
        """Sleep until somebody rings, at most so long."""
        self._poll.poll(at_most_ms)


def _bound_to(host: str, port: int) -> socket.socket | None:
    """A second handle of this process's UDP socket with that address, None when there is none."""
    for entry in list(Path("/proc/self/fd").iterdir()):
        with suppress(OSError):
            if not stat.S_ISSOCK(os.fstat(int(entry.name)).st_mode):
                continue
            found = socket.socket(fileno=os.dup(int(entry.name)))
            if found.family == socket.AF_INET and found.type == socket.SOCK_DGRAM:
                address = found.getsockname()
                if address[1] == port and address[0] in (host, "0.0.0.0"):
                    return found
            found.close()
    return None
