"""A scripted soft phone process: `python -m ivr.demo.phone --settings JSON`.

Owns one SIP user agent with one call at a time, driven by JSON over a SEQPACKET socket (ivr.demo.phone_client is the
other end); refuses to judge what it hears. Standard output belongs to the SIP library.

Commands ({"do": name, ...}): call uri headers | incoming set answer_after_ms (-1 = ring for ever) decline |
follow_refer set yes replace | say say file | be_quiet | echo delay_ms gain | press digits | hold | resume | hang_up |
quit.
Events ({"event": name, "at_ms", ...}): ready, set, calling, incoming, ringing, answered, saying, said, heard_started,
heard_ended, digit, held, holding, referred, moved, replaced, ended, failed; at_ms is CLOCK_MONOTONIC.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivr import log
from ivr.demo.phone_audio import Echo
from ivr.demo.phone_call import PhoneCall, PhoneLeg
from ivr.media.endpoint import Endpoint, EndpointSettings, Invite
from ivr.media.headers import parse_message
from ivr.media.leg import Leg
from ivr.media.playback import WavCache
from ivr.model.errors import MediaError
from ivr.model.ids import monotonic_ms
from ivr.wire import decode_settings

RTP_PORTS = 16
_POLL_MS = 5
_LAST_WORDS_MS = 800
_log = log.get_log("demo.phone")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneSettings:
    """control_fd: inherited SEQPACKET socket. Recordings go to workdir/name-N-heard.wav and -said.wav, N from 1."""

    control_fd: int
    name: str
    sip_port: int
    rtp_port: int
    workdir: str
    host: str = "127.0.0.1"


class Phone:
    """The process."""

    def __init__(self, settings: PhoneSettings) -> None:
        self.settings = settings
        self.events: collections.deque[dict[str, Any]] = collections.deque()
        self._socket = socket.socket(fileno=settings.control_fd)
        self._socket.setblocking(False)
        self._wavs = WavCache()
        self._calls: list[PhoneCall] = []
        self._count = 0
        self._answer_after_ms, self._decline = 0, 0
        self._follow_refer = self._replaceable = False
        self._quit = False
        self.endpoint = Endpoint(
            EndpointSettings(
                host=settings.host,
                port=settings.sip_port,
                rtp_port=settings.rtp_port,
                rtp_ports=RTP_PORTS,
                user=settings.name,
                user_agent="ivr-phone",
            ),
            self,
        )

    def run(self) -> None:
        """Until "quit" or the socket is closed."""
        self.tell("ready")
        while not self._quit:
            self.endpoint.poll(_POLL_MS)
            self._obey_all()
            self._on_time(monotonic_ms())
        self._end_calls()

    def _end_calls(self) -> None:
        for call in self._calls:
            self._hang_up(call)
        until = monotonic_ms() + _LAST_WORDS_MS
        while self._calls and monotonic_ms() < until:
            self.endpoint.poll(_POLL_MS)
            self._on_time(monotonic_ms())
        for call in self._calls:
            call.port.rest()
            call.leg = None
        self._calls.clear()

    def tell(self, event: str, **fields: Any) -> None:
        """One event to whoever scripts the phone."""
        self.events.append({"event": event, "at_ms": monotonic_ms(), **fields})
        self.send_events()

    def send_events(self) -> None:
        while self.events:
            try:
                self._socket.send(json.dumps(self.events.popleft()).encode())
            except OSError as error:
                _log.warning("phone.unheard", error=str(error))
                self._quit = True
                return

    # ---- calls that come in ----------------------------------------------------------------------------------------

    def invite_came(self, invite: Invite) -> None:
        message = parse_message(invite.raw)
        busy = self._live() is not None
        call = self._new_call()
        leg = PhoneLeg(self.endpoint, call, invite)
        leg.taken_over_by = self._take_over if self._replaceable else None
        call.begin(leg)
        if busy or self._decline:
            leg.refuse(486 if busy else self._decline, "Busy Here" if busy else "Decline")
            return
        self.tell("incoming", headers=list(message.headers), request_uri=message.request_uri, **call.wavs)
        leg.ring()
        if self._answer_after_ms >= 0:
            call.answer_at_ms = monotonic_ms() + self._answer_after_ms

    def invite_overflowed(self, remote: str, local: str, code: int) -> None:
        self.tell("failed", what=f"call from {remote} refused with {code}")

    def _take_over(self) -> Leg:
        """Another call takes the place of the one we are in."""
        call = self._new_call()
        leg = Leg(self.endpoint, call)
        call.begin(leg)
        self.tell("replaced", **call.wavs)
        return leg

    def moved(self, refer_to: str) -> Leg | None:
        """Follow the REFER of the peer with a call of our own, if told so."""
        if not self._follow_refer:
            return None
        call = self._new_call()
        leg = Leg(self.endpoint, call)
        call.begin(leg)
        self.tell("moved", refer_to=refer_to, **call.wavs)
        return leg

    # ---- commands --------------------------------------------------------------------------------------------------

    def _obey_all(self) -> None:
        while not self._quit:
            try:
                raw = self._socket.recv(65536)
            except BlockingIOError:
                return
            except OSError:
                raw = b""
            if not raw:
                self._quit = True
                return
            command = json.loads(raw)
            try:
                self._obey(command)
            except MediaError as error:
                self.tell("failed", what=str(error))

    def _obey(self, command: dict[str, Any]) -> None:
        what, call = command["do"], self._live()
        if what == "quit":
            self._quit = True
        elif what == "call":
            self._call(command["uri"], tuple((name, value) for name, value in command["headers"]))
        elif what == "incoming":
            self._answer_after_ms, self._decline = command["answer_after_ms"], command["decline"]
            self.tell("set", set=command["set"])
        elif what == "follow_refer":
            self._follow_refer = command["yes"]
            self._replaceable = command["replace"]
            self.tell("set", set=command["set"])
        elif call is None or call.leg is None:
            self.tell("failed", what=f"{what}: there is no call")
        elif what == "say":
            call.mouth.say(command["say"], self._wavs.frames(command["file"]))
        elif what == "be_quiet":
            call.mouth.be_quiet()
        elif what == "echo":
            call.ear.echo = call.mouth.echo = Echo(command["delay_ms"], command["gain"])
        elif what == "press":
            call.leg.send_digits(command["digits"])
        elif what in ("hold", "resume", "hang_up"):
            {"hold": call.leg.hold, "resume": call.leg.resume, "hang_up": call.leg.hang_up}[what]()

    def _call(self, uri: str, headers: tuple[tuple[str, str], ...]) -> None:
        if self._live() is not None:
            raise MediaError("the phone is in a call already")
        call = self._new_call()
        call.begin(Leg(self.endpoint, call))
        self.tell("calling", uri=uri, **call.wavs)
        try:
            if call.leg is not None:
                call.leg.dial(uri, headers)
        except MediaError as error:
            if not call.ended:
                call.leg_ended(400, str(error), True)

    def _new_call(self) -> PhoneCall:
        self._count += 1
        call = PhoneCall(self, Path(self.settings.workdir), self.settings.name, self._count)
        self._calls.append(call)
        return call

    def _live(self) -> PhoneCall | None:
        """The newest call that has not ended."""
        return next((call for call in reversed(self._calls) if not call.ended), None)

    def _hang_up(self, call: PhoneCall) -> None:
        try:
            if call.leg is not None:
                call.leg.hang_up()
        except MediaError as error:
            self.tell("failed", what=str(error))

    def _on_time(self, now_ms: int) -> None:
        self.send_events()
        for call in list(self._calls):
            if call.ended:
                self._calls.remove(call)
                self.endpoint.return_port(call.port)
                call.leg = None
                continue
            if call.leg is not None and call.leg.holding != call.holding:
                call.holding = call.leg.holding
                self.tell("holding", yes=call.holding)
            call.ear.flush()
            call.mouth.flush()
            if 0 <= call.answer_at_ms <= now_ms and call.leg is not None:
                call.answer_at_ms = -1
                call.leg.answer_call()


def main() -> None:
    """Run until told to quit; never returns."""
    parser = argparse.ArgumentParser(prog="ivr.demo.phone")
    parser.add_argument("--settings", required=True, help="PhoneSettings as JSON")
    settings = decode_settings(parser.parse_args().settings, PhoneSettings)
    log.configure("info")
    status = 1
    try:
        Phone(settings).run()
        status = 0
    finally:
        if sys.exc_info()[0] is not None:
            _log.exception("phone.failed")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
