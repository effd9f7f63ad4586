"""A telephone that shares no line with the SIP library of the product: it writes its own messages and keeps all that
went over the wire. It speaks one tone, records what it hears, holds in every way there is, and answers a REFER as told.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np

from ivr.demo.g711 import MU_LAW, encode
from ivr.demo.talker_sip import media_address, status_of
from ivr.media.headers import SipMessage, parse_message, uri_of
from ivr.model.ids import new_id
from tests.sip.media_control import seconds_of

HOST = "127.0.0.1"
HOLDS = {
    "sendonly": ("a=sendonly", HOST),
    "inactive": ("a=inactive", HOST),
    "0.0.0.0": ("a=sendrecv", "0.0.0.0"),  # RFC 2543, still sent
    "back": ("a=sendrecv", HOST),
}
DIRECTIONS = ("sendrecv", "recvonly", "sendonly", "inactive")
_FRAME = 160


class ForeignPhone:
    """One caller of the bot. wire: (direction, message), in order; refer: what a REFER is answered with."""

    def __init__(self, uri: str, ports: range, hz: int) -> None:
        self.wire: list[tuple[str, str]] = []
        self.refer = 202
        self._uri, self._port, self._rtp_port, self._call_id = uri, ports[0], ports[2], new_id()
        self._to, self._target, self._number, self._notified = f"<{uri}>", uri, 1, 0
        self._changed = asyncio.Event()
        self._sip = self._open(self._port, self._read)
        self._rtp = self._open(self._rtp_port, self._listen)
        self._peer: tuple[str, int] | None = None
        self._heard: list[bytes] = []
        self._mark = 0
        self._tone = [int(8000 * math.sin(2 * math.pi * hz * n / 8000)) for n in range(8000)]

    # ---- what it does ----------------------------------------------------------------------------------------------

    async def call(self) -> None:
        """INVITE until it is up."""
        await self._invite("back")

    async def hold(self, how: str) -> str:
        """A re-INVITE of HOLDS; the direction of our media as the bot answers it."""
        ok = await self._invite(how)
        said = (line[2:] for line in ok.splitlines() if line.startswith("a="))
        return next((word for word in said if word in DIRECTIONS), "sendrecv")

    def notify(self, fragment: str, *, last: bool = False) -> None:
        """What became of the REFER so far (RFC 3515): "SIP/2.0 180 Ringing"."""
        state = "terminated;reason=noresource" if last else "active;expires=60"
        self._notified += 1
        lines = (f"Event: refer\r\nSubscription-State: {state}\r\nContent-Type: message/sipfrag;version=2.0\r\n",)
        self._request("NOTIFY", "".join(lines), fragment)

    async def hang_up(self) -> None:
        self._request("BYE")
        await self.seen("<", "SIP/2.0 200", "BYE")

    def mark(self) -> None:
        """What is heard counts from here."""
        self._mark = len(self._heard)

    def heard(self, hz: int) -> float:
        """For how many seconds the tone was heard since the mark."""
        frames = self._heard[self._mark :]
        return seconds_of(MU_LAW[np.frombuffer(b"".join(frames), dtype=np.uint8)].astype(int).tolist(), hz)

    async def seen(self, direction: str, start: str, method: str = "", timeout_s: float = 8) -> str:
        """The newest message of that direction (">" ours, "<" the bot's) beginning so, of that method's transaction."""
        until = time.monotonic() + timeout_s
        while True:
            self._changed.clear()
            for way, text in reversed(self.wire):
                if way == direction and text.startswith(start) and parse_message(text).get("CSeq").endswith(method):
                    return text
            left = until - time.monotonic()
            assert left > 0, f"no {start} {method}: {[(way, text.splitlines()[0]) for way, text in self.wire]}"
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left)

    # ---- SIP -------------------------------------------------------------------------------------------------------

    async def _invite(self, how: str) -> str:
        direction, host = HOLDS[how]
        offer = (
            f"v=0\r\no=- 1 {self._number} IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
            f"m=audio {self._rtp_port} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
            f"{direction}\r\n"
        )
        number = self._request("INVITE", "Content-Type: application/sdp\r\n", offer)
        text = await self.seen("<", "SIP/2.0 200", f"{number} INVITE")
        ok = parse_message(text)
        self._to, self._target, self._peer = ok.get("To"), uri_of(ok.get("Contact")), media_address(text)
        self._send(self._lines("ACK", number) + "Content-Length: 0\r\n\r\n")
        return text

    def _request(self, method: str, headers: str = "", body: str = "") -> int:
        number, self._number = self._number, self._number + 1
        self._send(f"{self._lines(method, number)}{headers}Content-Length: {len(body)}\r\n\r\n{body}")
        return number

    def _lines(self, method: str, number: int) -> str:
        here = f"{HOST}:{self._port}"
        return (
            f"{method} {self._target} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{method}{number}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:foreign@{here}>;tag=f\r\nTo: {self._to}\r\nCall-ID: {self._call_id}\r\n"
            f"CSeq: {number} {method}\r\nContact: <sip:foreign@{here}>\r\n"
        )

    def _send(self, text: str) -> None:
        self.wire.append((">", text))
        host, _, port = self._uri.rpartition("@")[2].partition(":")
        self._sip.sendto(text.encode(), (host, int(port)))

    def _read(self, raw: bytes) -> None:
        text = raw.decode()
        self.wire.append(("<", text))
        message = parse_message(text)
        method = message.start.split(" ")[0]
        if not status_of(message) and method != "ACK":
            self._answer(message, self.refer if method == "REFER" else 200)
        self._changed.set()

    def _answer(self, request: SipMessage, code: int) -> None:
        kept = [(name, value) for name, value in request.headers if name in ("Via", "From", "To", "Call-ID", "CSeq")]
        lines = "".join(f"{name}: {value}\r\n" for name, value in kept)
        contact = f"Contact: <sip:foreign@{HOST}:{self._port}>\r\n"
        self._send(f"SIP/2.0 {code} Said\r\n{lines}{contact}Content-Length: 0\r\n\r\n")

    # ---- audio -----------------------------------------------------------------------------------------------------

    def _listen(self, packet: bytes) -> None:
        if len(packet) == 12 + _FRAME and packet[1] & 0x7F == 0:
            self._heard.append(packet[12:])

    async def speak(self) -> None:
        """One tone, until cancelled."""
        began = time.monotonic()
        for at in range(1_000_000):
            start = at * _FRAME % 8000
            if self._peer is not None:
                head = struct.pack("!BBHII", 0x80, 0, at & 0xFFFF, at * _FRAME, 7)
                samples = np.array(self._tone[start : start + _FRAME], dtype=np.int16)
                self._rtp.sendto(head + encode(samples), self._peer)
            await asyncio.sleep(max(0.0, began + (at + 1) * 0.02 - time.monotonic()))

    def _open(self, port: int, take: Callable[[bytes], None]) -> socket.socket:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind((HOST, port))
        udp.setblocking(False)

        def read() -> None:
            with contextlib.suppress(BlockingIOError):
                while True:
                    take(udp.recv(65535))

        asyncio.get_running_loop().add_reader(udp, read)
        return udp

    def close(self) -> None:
        for udp in (self._sip, self._rtp):
            asyncio.get_running_loop().remove_reader(udp)
            udp.close()


@contextlib.asynccontextmanager
async def foreign_phone(uri: str, ports: range, hz: int) -> AsyncIterator[ForeignPhone]:
    """A phone that is in a call with the bot."""
    phone = ForeignPhone(uri, ports, hz)
    speaking: asyncio.Task[Any] = asyncio.ensure_future(phone.speak())
    try:
        await phone.call()
        yield phone
    finally:
        speaking.cancel()
        phone.close()
