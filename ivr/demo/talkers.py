"""Many callers in one process: plain SIP and RTP over two UDP sockets, 20 ms by the clock, at little cost.

Owns the sockets, the pace, SIP transactions and how late the process itself was; what one caller says and hears is
ivr.demo.talker. Arrival is the kernel's time stamp of the packet, so that a late wake-up of ours is nobody's fault.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from uuid import uuid4

from ivr.demo.house import HOST, DemoError
from ivr.demo.talker import FRAME_MS, Talker
from ivr.demo.talker_sip import Party, media_address, status_of
from ivr.media.headers import SipMessage, parse_message

PHASES = 4  # callers do not send in step: a quarter of them every 5 ms
ANSWER_S = 8.0
_T1_S = 0.5  # RFC 3261: an INVITE or BYE is sent again after so long, then after twice as long
_SENDS = 5
_SO_TIMESTAMPNS = 35  # Linux; the socket module has no name for it
_STAMP = struct.Struct("@ll")
_PACKETS_AT_ONCE = 64
_BUFFER_BYTES = 4 << 20

Address = tuple[str, int]


@dataclass(slots=True)
class _Call:
    """A caller's SIP. ok: the 200 that answered; done: BYE was answered or came."""

    talker: Talker
    party: Party
    peer: Address
    ok: SipMessage | None = None
    rtp: Address | None = None
    done: bool = False
    provisional: bool = False


class Talkers:
    """All callers of a load. Use as a context manager, within a running loop."""

    def __init__(self) -> None:
        self._sip = _udp()
        self._rtp = _udp()
        self._rtp.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._sip_port, self._rtp_port = (int(s.getsockname()[1]) for s in (self._sip, self._rtp))
        self._calls: dict[str, _Call] = {}
        self._by_rtp: dict[Address, Talker] = {}
        self._pacing: asyncio.Task[None] | None = None
        self._offset_ms = 0.0

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        loop.add_reader(self._sip, self._read_sip)
        loop.add_reader(self._rtp, self._read_rtp)
        self._pacing = loop.create_task(self._pace())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(self.hang_up(call.talker) for call in list(self._calls.values())))
        if self._pacing is not None:
            self._pacing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pacing
        loop = asyncio.get_running_loop()
        for each in (self._sip, self._rtp):
            loop.remove_reader(each)
            each.close()

    # ---- calls ----------------------------------------------------------------------------------------------------

    async def call(self, name: str, port: int, ani: str, number: int) -> Talker:
        """Call sip:name@HOST:port as ani. Raises DemoError unless it is answered. number: of the caller, unique."""
        party = Party(
            uri=f"sip:{name}@{HOST}:{port}",
            ani=ani,
            call_id=uuid4().hex,
            tag=uuid4().hex[:12],
            host=HOST,
            port=self._sip_port,
            rtp_port=self._rtp_port,
        )
        talker = Talker(name, number, party.call_id)
        call = self._calls[party.call_id] = _Call(talker, party, (HOST, port))
        await self._until(lambda: call.ok is not None or talker.answered.done(), call, party.invite())
        try:
            async with asyncio.timeout(ANSWER_S):
                await talker.answered
        except TimeoutError as error:
            raise DemoError(f"caller {number}: {name} at port {port} did not answer") from error
        return talker

    async def hang_up(self, talker: Talker) -> None:
        """BYE, sent again until it is answered."""
        call = next(call for call in self._calls.values() if call.talker is talker)
        if call.ok is None or call.done:
            return
        talker.ended_by = talker.ended_by or "local"
        await self._until(lambda: call.done, call, call.party.bye(call.ok))

    async def _until(self, over: Callable[[], bool], call: _Call, request: bytes) -> None:
        wait_s = _T1_S
        for _ in range(_SENDS):
            self._send(request, call.peer)
            until = time.monotonic() + wait_s
            while time.monotonic() < until:
                if over():
                    return
                await asyncio.sleep(0.005)
            if call.provisional:
                return
            wait_s *= 2

    def _send(self, message: bytes, to: Address) -> None:
        with contextlib.suppress(OSError):  # a full buffer or a dead peer: it is sent again, or given up
            self._sip.sendto(message, to)

    def _read_sip(self) -> None:
        while True:
            try:
                raw, source = self._sip.recvfrom(65536)
            except OSError:
                return
            text = raw.decode("utf-8", "surrogateescape")
            message = parse_message(text)
            call = self._calls.get(message.get("Call-ID"))
            if call is None:
                continue
            code = status_of(message)
            if code:
                self._response(call, code, message, text)
            else:
                self._request(call, message, source)

    def _request(self, call: _Call, message: SipMessage, source: Address) -> None:
        method = message.start.split(" ")[0]
        if method == "ACK":
            return
        self._send(call.party.answer(message), source)
        if method == "BYE":
            call.done = True
            self._forget_audio(call)
            call.talker.over("remote")

    def _response(self, call: _Call, code: int, message: SipMessage, text: str) -> None:
        method = message.get("CSeq").rpartition(" ")[2]
        if method == "BYE":
            call.done = call.done or code >= 200
            self._forget_audio(call)
        elif method == "INVITE" and code < 200:
            call.provisional = True
        elif method == "INVITE" and code < 300:
            self._send(call.party.ack(message), call.peer)
            self._answered(call, message, media_address(text))
        elif method == "INVITE":
            self._send(call.party.ack_refusal(message), call.peer)
            call.talker.over(f"{code} {message.start}")

    def _answered(self, call: _Call, ok: SipMessage, rtp: Address | None) -> None:
        if call.ok is None and rtp is not None and not call.talker.answered.done():
            call.ok, call.rtp = ok, rtp
            self._by_rtp[rtp] = call.talker
            call.talker.answered.set_result(None)

    def _forget_audio(self, call: _Call) -> None:
        if call.rtp is not None:
            self._by_rtp.pop(call.rtp, None)
            call.rtp = None

    # ---- audio ----------------------------------------------------------------------------------------------------

    def _read_rtp(self) -> None:
        for _ in range(_PACKETS_AT_ONCE):
            try:
                packet, ancillary, _, source = self._rtp.recvmsg(2048, 64)
            except OSError:
                return
            talker = self._by_rtp.get(source)
            if talker is not None and ancillary:
                seconds, nanoseconds = _STAMP.unpack(ancillary[0][2])
                talker.heard(packet, seconds * 1e3 + nanoseconds / 1e6 - self._offset_ms)

    async def _pace(self) -> None:
        """Every 5 ms by the clock a quarter of the callers sends; a late round is not made up by skipping."""
        step_ms = FRAME_MS / PHASES
        began_ms, step = time.monotonic_ns() / 1e6, 0
        self._offset_ms = _wall_clock_offset_ms()
        while True:
            step += 1
            due_ms = began_ms + step * step_ms
            wait_ms = due_ms - time.monotonic_ns() / 1e6
            if wait_ms > 0:
                await asyncio.sleep(wait_ms / 1e3)
            phase = step % PHASES
            for address, talker in list(self._by_rtp.items()):
                if talker.number % PHASES == phase:
                    now_ms = time.monotonic_ns() / 1e6
                    packet = talker.packet(now_ms, now_ms - due_ms)
                    with contextlib.suppress(OSError):
                        self._rtp.sendto(packet, address)
            if step % 1000 == 0:
                self._offset_ms = _wall_clock_offset_ms()


def _udp() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
    made.setblocking(False)
    made.bind((HOST, 0))
    return made


def _wall_clock_offset_ms() -> float:
    """The kernel stamps packets with the wall clock: what to take off for CLOCK_MONOTONIC."""
    before = time.monotonic_ns()
    wall = time.time_ns()
    return (wall - (before + time.monotonic_ns()) / 2) / 1e6
