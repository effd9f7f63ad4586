"""The media worker process: `python -m ivr.media.worker --settings JSON`.

Owns the main loop, the control socket and the ways the process ends; refuses to know what the messages mean. One
thread: it sleeps until a command or a SIP packet comes or audio is due, every 20 ms in a call; then the library and its
bridge, commands, what is due.

    SIGTERM               drain, end when the last call has ended; a second one hangs up at once
    Shutdown              hang up what is left, end
    control socket gone   apologise to every caller, hang up, end with status 4
    SIP port taken        end with status 3
"""

from __future__ import annotations

import argparse
import collections
import gc
import os
import resource
import signal
import socket
import sys
from pathlib import Path

from ivr import log
from ivr.media.commands import obey
from ivr.media.doorbell import Doorbell
from ivr.media.endpoint import Endpoint, EndpointSettings
from ivr.media.farewell import end_orphans
from ivr.media.options import OptionsGate
from ivr.media.realtime import go_first
from ivr.media.switchboard import Switchboard
from ivr.model import media
from ivr.model.errors import MediaError, WireError
from ivr.model.ids import monotonic_ms
from ivr.model.sip import MediaSettings
from ivr.wire import MAX_MESSAGE_BYTES, decode, decode_settings, encode

STATUS_OK, STATUS_PORT_TAKEN, STATUS_CONTROL_GONE = 0, 3, 4
_SLEEP_MS = 100  # without a call
_DUE_MS = 30  # what is due in a call (the end of a prompt, of a number keyed in) is looked for so often
_POLL_MS = 10
_POLL_DECIDING_MS = 1
_HEALTH_MS = 1000
_COLLECT_MS = 60_000
_LAST_WORDS_MS = 500
_MAX_WAITING_MESSAGES = 5000
_log = log.get_log("media.worker")


class ControlSocket:
    """Messages to and from the control process. gone turns True once and for all; said counts the messages to it."""

    def __init__(self, fd: int) -> None:
        self.gone = False
        self.said = 0
        self._socket = socket.socket(fileno=fd)
        self._socket.setblocking(False)
        self._waiting: collections.deque[bytes] = collections.deque()

    def say(self, message: object) -> None:
        """Send in order; what the socket cannot take now waits."""
        self._waiting.append(encode(message))
        self.said += 1
        self.flush()

    def flush(self) -> None:
        while self._waiting and not self.gone:
            try:
                self._socket.send(self._waiting[0])
            except BlockingIOError:
                self.gone = len(self._waiting) > _MAX_WAITING_MESSAGES
                return
            except OSError as error:
                _log.error("worker.control_gone", error=str(error))
                self.gone = True
                return
            self._waiting.popleft()

    def receive(self) -> list[object]:
        """The commands that have come."""
        commands: list[object] = []
        while not self.gone:
            try:
                raw = self._socket.recv(MAX_MESSAGE_BYTES)
            except BlockingIOError:
                break
            except OSError:
                raw = b""
            if not raw:
                self.gone = True
                break
            try:
                commands.append(decode(raw))
            except WireError as error:
                _log.error("worker.bad_command", error=str(error))
        return commands


class Worker:
    """One process. run() returns the exit status; the caller must then end the process with os._exit()."""

    def __init__(self, settings: MediaSettings) -> None:
        self._settings = settings
        self._control = ControlSocket(settings.control_fd)
        self._board = Switchboard(settings.max_callers, settings.retry_after_s, self._control.say)
        self._terms = 0
        self._ending = False
        self._hung_up = False
        self._status = STATUS_OK
        self._next_due_ms = self._next_health_ms = self._next_collect_ms = 0
        self._bell: Doorbell | None = None

    def run(self) -> int:
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        settings = self._settings
        try:
            end_orphans(
                settings.orphans,
                settings.sip_host,
                settings.sip_port,
                public_host=settings.public_host,
                user_agent=settings.user_agent,
            )
            endpoint = Endpoint(_endpoint_settings(settings), self._board)
        except MediaError as error:
            _log.error("worker.no_port", error=str(error))
            return STATUS_PORT_TAKEN
        self._board.open(endpoint)
        board = self._board
        self._gate = OptionsGate(endpoint.library_file, lambda: board.able, lambda: board.retry_after_s)
        self._bell = Doorbell(settings.control_fd, settings.sip_host, settings.sip_port)
        if not self._bell.complete:
            _log.warning("worker.no_doorbell", why="the SIP socket was not found: the library is polled instead")
        if why_not := go_first():
            _log.info("worker.no_realtime", why=why_not)
        self._control.say(media.MediaReady(sip_host=settings.sip_host, sip_port=settings.sip_port))
        _log.info("worker.ready", host=settings.sip_host, port=settings.sip_port)
        while not (self._ending and not self._board.lines):
            self._round(endpoint)
            if self._hung_up:
                break
        self._last_words(endpoint)
        return self._status

    def _round(self, endpoint: Endpoint) -> None:
        said = self._control.said
        rang = self._hear_sip(endpoint)
        now = monotonic_ms()
        if not rang and said == self._control.said and now < self._next_due_ms and not self._control.gone:
            return  # audio and nothing else
        self._next_due_ms = now + _DUE_MS
        for command in self._control.receive() if rang else ():
            if isinstance(command, media.Shutdown):
                self._hung_up = True
            else:
                obey(self._board, command)
        self._board.on_time(now)
        self._control.flush()
        if self._control.gone and not self._status:
            _log.error("worker.control_gone", calls=len(self._board.lines))
            self._status, self._ending = STATUS_CONTROL_GONE, True
            self._board.say_goodbye(self._settings.apology_path)
        if self._terms:
            self._board.draining = self._ending = True
            self._hung_up = self._hung_up or self._terms > 1
        if now >= self._next_health_ms:
            self._next_health_ms = now + _HEALTH_MS
            self._control.say(self._health())
        if now >= self._next_collect_ms:
            # The collector is off elsewhere: it may run in this thread only.
            self._next_collect_ms = now + _COLLECT_MS
            gc.collect()

    def _hear_sip(self, endpoint: Endpoint) -> bool:
        """Let the library work when there is something to do. Returns whether commands may have come."""
        bell = self._bell
        if bell is None or not bell.complete or self._control.gone:
            endpoint.poll(_POLL_DECIDING_MS if self._board.deciding else _POLL_MS)
            return True
        rang = bell.wait(min(_SLEEP_MS, endpoint.due_in_ms))
        endpoint.poll(0)
        return rang

    def _last_words(self, endpoint: Endpoint) -> None:
        self._board.hang_up_all("shutdown")
        until = monotonic_ms() + _LAST_WORDS_MS
        while self._board.lines and monotonic_ms() < until:
            endpoint.poll(_POLL_MS)
            self._board.on_time(monotonic_ms())
        self._board.close()
        self._control.flush()
        _log.info("worker.ended", status=self._status)

    def _health(self) -> media.MediaHealth:
        frames = self._board.frame_lines.values()
        return media.MediaHealth(
            legs=len(self._board.lines),
            callers=self._board.callers,
            frames_sent=sum(line.sent for line in frames),
            frames_dropped=sum(line.dropped for line in frames),
            rss_bytes=int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize(),
        )

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._terms += 1


def _endpoint_settings(settings: MediaSettings) -> EndpointSettings:
    return EndpointSettings(
        host=settings.sip_host,
        port=settings.sip_port,
        rtp_port=settings.rtp_port,
        rtp_ports=settings.rtp_ports,
        public_host=settings.public_host,
        user_agent=settings.user_agent,
        verbose=settings.log_level == "debug",
    )


def main() -> None:
    """Run until told to end; never returns."""
    parser = argparse.ArgumentParser(prog="ivr.media.worker")
    parser.add_argument("--settings", required=True, help="MediaSettings as JSON")
    settings = decode_settings(parser.parse_args().settings, MediaSettings)
    log.configure(settings.log_level)
    status = 1
    try:
        status = Worker(settings).run()
    finally:
        if sys.exc_info()[0] is not None:
            _log.exception("worker.failed")
        sys.stdout.flush()
        sys.stderr.flush()
        # An ordinary exit would let the library's objects die after the library: SIGABRT.
        os._exit(status)


if __name__ == "__main__":
    main()
