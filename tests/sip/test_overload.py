"""A trunk sees what a bot can take: OPTIONS says 200 or 503, and an INVITE too many is answered at once."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from ivr.demo.phone_client import SoftPhone
from ivr.media.headers import parse_message
from ivr.model import media
from tests.sip.media_control import PORTS, media_worker

pytestmark = pytest.mark.sip
Ports = Callable[[int], range]


async def probe(port: int) -> tuple[int, str]:
    """The status an OPTIONS gets, and its Retry-After."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.setblocking(False)
        asker.bind(("127.0.0.1", 0))
        own = asker.getsockname()[1]
        lines = (
            f"OPTIONS sip:probe@127.0.0.1:{port} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bK{own}{loop.time()};rport",
            "Max-Forwards: 70",
            f"From: <sip:trunk@127.0.0.1:{own}>;tag=1",
            f"To: <sip:probe@127.0.0.1:{port}>",
            f"Call-ID: {own}-{loop.time()}",
            "CSeq: 1 OPTIONS",
            "Content-Length: 0",
        )
        await loop.sock_sendto(asker, ("\r\n".join(lines) + "\r\n\r\n").encode(), ("127.0.0.1", port))
        answer = await asyncio.wait_for(loop.sock_recv(asker, 4096), 3)
        message = parse_message(answer.decode())
        return int(message.start.split(" ")[1]), message.get("Retry-After")


async def test_options_tell_the_trunk_whether_a_call_would_be_taken(reserve_ports: Ports, tmp_path: Path) -> None:
    phone_ports = reserve_ports(40)
    async with (
        media_worker(reserve_ports(PORTS), tmp_path, max_callers=1) as control,
        SoftPhone.start("one", phone_ports[0], phone_ports[2], tmp_path) as one,
        SoftPhone.start("two", phone_ports[1], phone_ports[20], tmp_path) as two,
    ):
        port = int(control.uri.rpartition(":")[2])
        assert await probe(port) == (200, "")
        await one.call(control.uri)
        await one.answered()
        assert [await probe(port) for _ in range(3)] == [(503, "5")] * 3
        await two.call(control.uri)
        assert (await two.ended()).fields["code"] == 503
        await one.hang_up()
        await one.ended()
        await asyncio.sleep(0.2)
        assert await probe(port) == (200, "")
        control.say(media.Drain())
        await asyncio.sleep(0.1)
        assert [await probe(port) for _ in range(3)] == [(503, "30")] * 3
