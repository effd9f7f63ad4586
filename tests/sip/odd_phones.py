"""Agents' telephones that do what no good telephone does, each with a habit of its own, message by message.

Written on the bare socket, so that what is tested against them is SIP and not agreement with ourselves. A habit ends
when everything it demands of the caller has come.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from ivr.media.headers import SipMessage, parse_message, uri_of

HOST = "127.0.0.1"


class OddPhone(asyncio.DatagramProtocol):
    """One telephone at one address, which is called once."""

    def __init__(self, habit: Habit) -> None:
        self._habit = habit
        self._came: asyncio.Queue[SipMessage] = asyncio.Queue()
        self._seen: set[tuple[str, str]] = set()
        self._peer: tuple[str, int] = (HOST, 0)
        self._transport: asyncio.DatagramTransport
        self.port = 0
        self.done: asyncio.Task[None]

    @property
    def name(self) -> str:
        """Its habit."""
        return self._habit.__name__

    @property
    def uri(self) -> str:
        """Where it is called."""
        return f"sip:agent@{HOST}:{self.port}"

    def connection_made(self, transport: Any) -> None:
        self._transport, self.port = transport, transport.get_extra_info("sockname")[1]
        self.done = asyncio.ensure_future(self._habit(self))

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if data[0] & 0xC0 == 0x80:
            return  # RTP: nobody here listens
        self._peer = addr
        message = parse_message(data.decode())
        which = (message.start.split()[0], message.get("CSeq"))
        if which not in self._seen:  # sent again: we are slow, or silent on purpose
            self._seen.add(which)
            self._came.put_nowait(message)

    async def got(self, method: str) -> SipMessage:
        """The next message, which must be this request, or "SIP/2.0" for a response."""
        message = await self._came.get()
        assert message.start.split()[0] == method, f"{self.name}: {message.start} instead of {method}"
        return message

    def answer(self, request: SipMessage, status: str, *more: str, sdp: bool = False) -> None:
        """A response within the dialog."""
        lines = [f"SIP/2.0 {status}", *(f"Via: {via}" for via in request.values("Via"))]
        lines += [f"{name}: {request.get(name)}" for name in ("From", "Call-ID", "CSeq")]
        tag = "" if "tag=" in request.get("To") else ";tag=odd"
        lines += [f"To: {request.get('To')}{tag}", *(more or (f"Contact: <{self.uri}>",))]
        self._send(lines, self._sdp() if sdp else "")

    def bye(self, invite: SipMessage) -> None:
        """Hang up what the INVITE began."""
        lines = [
            f"BYE {uri_of(invite.get('Contact'))} SIP/2.0",
            f"Via: SIP/2.0/UDP {HOST}:{self.port};branch=z9hG4bKb",
        ]
        lines += [f"From: {invite.get('To')};tag=odd", f"To: {invite.get('From')}", f"Call-ID: {invite.get('Call-ID')}"]
        self._send([*lines, "CSeq: 7 BYE", "Max-Forwards: 70"], "")

    def _sdp(self) -> str:
        lines = ("v=0", f"o=- 1 1 IN IP4 {HOST}", "s=-", f"c=IN IP4 {HOST}", "t=0 0", f"m=audio {self.port} RTP/AVP 0")
        return "\r\n".join((*lines, "a=rtpmap:0 PCMU/8000", ""))

    def _send(self, lines: Sequence[str], body: str) -> None:
        kind = ("Content-Type: application/sdp",) if body else ()
        text = "\r\n".join((*lines, *kind, f"Content-Length: {len(body)}", "", body))
        self._transport.sendto(text.encode(), self._peer)


Habit = Callable[[OddPhone], Awaitable[None]]


async def is_forwarded(phone: OddPhone) -> None:
    """To a voicemail, where a caller is lost."""
    invite = await phone.got("INVITE")
    phone.answer(invite, "302 Moved Temporarily", f"Contact: <sip:voicemail@{HOST}:9>")
    await phone.got("ACK")


async def rings_on(phone: OddPhone) -> None:
    invite = await phone.got("INVITE")
    phone.answer(invite, "180 Ringing")
    await _cancelled(phone, invite)


async def says_nothing(phone: OddPhone) -> None:
    await phone.got("INVITE")


async def is_unavailable(phone: OddPhone) -> None:
    """As a network tells it: with an announcement first."""
    invite = await phone.got("INVITE")
    phone.answer(invite, "183 Session Progress", sdp=True)
    phone.answer(invite, "480 Temporarily Unavailable")
    await phone.got("ACK")


async def is_picked_up_too_late(phone: OddPhone) -> None:
    """The 200 crosses our CANCEL: it must be acknowledged and hung up, or the agent listens to nobody."""
    invite = await phone.got("INVITE")
    phone.answer(invite, "180 Ringing")
    cancel = await phone.got("CANCEL")
    phone.answer(invite, "200 OK", sdp=True)
    phone.answer(cancel, "200 OK")
    await phone.got("ACK")
    phone.answer(await phone.got("BYE"), "200 OK")


async def hangs_up_at_once(phone: OddPhone) -> None:
    invite = await phone.got("INVITE")
    phone.answer(invite, "200 OK", sdp=True)
    await phone.got("ACK")
    phone.bye(invite)
    await phone.got("SIP/2.0")


async def is_closed(phone: OddPhone) -> None:
    """As a contact center's queue outside its hours: it answers, and hangs up."""
    invite = await phone.got("INVITE")
    phone.answer(invite, "200 OK", sdp=True)
    await phone.got("ACK")
    await asyncio.sleep(0.4)
    phone.bye(invite)
    await phone.got("SIP/2.0")


async def _cancelled(phone: OddPhone, invite: SipMessage) -> None:
    phone.answer(await phone.got("CANCEL"), "200 OK")
    phone.answer(invite, "487 Request Terminated")
    await phone.got("ACK")


HABITS: tuple[Habit, ...] = (
    is_forwarded,
    rings_on,
    says_nothing,
    is_unavailable,
    is_picked_up_too_late,
    hangs_up_at_once,
)


@asynccontextmanager
async def odd_phones(habits: Sequence[Habit] = HABITS) -> AsyncIterator[list[OddPhone]]:
    """One telephone for each habit, by the name of its habit."""
    loop = asyncio.get_running_loop()
    opened = [await loop.create_datagram_endpoint(lambda h=habit: OddPhone(h), (HOST, 0)) for habit in habits]  # type: ignore[misc]
    try:
        yield [phone for _, phone in opened]
    finally:
        for transport, phone in opened:
            phone.done.cancel()
            transport.close()
