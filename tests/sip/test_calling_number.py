"""Real INVITEs with the headers carriers send: what is believed, withheld, verified, and kept in the call's log."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from ivr.demo.house import House
from ivr.model import media
from ivr.model.ids import new_id
from tests.fakes.stir import identity, issue, passport, web_server
from tests.sip.house import until
from tests.sip.media_control import PORTS, media_worker
from tests.sip.sipp import Sipp, SippCall

pytestmark = pytest.mark.sip
Ports = Callable[[int], range]

ROOT, WEB_ROOT = issue("Root", ca=True), issue("Web root", ca=True)
CARRIER = issue("SHAKEN 709J", ROOT)
CALLER, CALLED = "12025550123", "12025550199"
SECRET = "2025550177"
ASSERTED = f"P-Asserted-Identity: <sip:+{CALLER}@carrier.example;user=phone>"
STRANGER, GUARDED = "127.0.0.2", "127.0.0.3"


def signed(url: str, **changes: Any) -> str:
    token = passport(CARRIER.key, **{"orig": CALLER, "dest": CALLED, "iat": time.time(), "x5u": url, **changes})
    return f"Identity: {identity(token, x5u=changes.get('x5u', url))}"


@pytest.fixture
def sipp(needs: Callable[[str], str], reserve_ports: Ports, tmp_path: Path) -> Sipp:
    folder = tmp_path / "sipp"
    folder.mkdir()
    return Sipp(needs("sipp"), reserve_ports(20), folder)


@pytest_asyncio.fixture
async def certificates(tmp_path: Path) -> AsyncIterator[str]:
    """The URL of the carrier's certificate on an HTTPS server; ca.pem and web.pem of tmp_path vouch for them."""
    server = web_server(WEB_ROOT)
    for name, pem in (("ca", ROOT.pem), ("web", WEB_ROOT.pem), ("server", server.pem + server.key_pem)):
        (tmp_path / f"{name}.pem").write_bytes(pem)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "server.pem")
    app = web.Application()

    async def carrier(_request: web.Request) -> web.Response:
        return web.Response(body=CARRIER.pem)

    app.router.add_get("/carrier.pem", carrier)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}/carrier.pem"
    await runner.cleanup()


async def test_an_invite_as_long_as_its_signature_makes_it_is_answered_over_udp_and_tcp(
    reserve_ports: Ports, tmp_path: Path, sipp: Sipp
) -> None:
    header = signed("https://certificates.carrier.example.com/shaken/" + "a" * 900 + ".pem")
    assert len(header) > 1300
    async with media_worker(reserve_ports(PORTS), tmp_path) as control:
        control.answer_everything()
        for count, transport in enumerate(("u1", "t1", "u1"), 1):
            call = SippCall(headers=(ASSERTED, header), transport=transport)
            call_id = await sipp.place(call, control.settings.sip_port)
            arrived = await control.wait(media.CallArrived, count=count)
            assert arrived.sip_call_id == call_id
            assert dict(arrived.headers)["Identity"] == header.removeprefix("Identity: ")
            ended = await control.wait(media.LegEnded, leg=arrived.leg)
            assert (ended.code, ended.by) == (200, "remote")


async def test_what_we_send_stays_on_udp_however_long_it_is(reserve_ports: Ports, tmp_path: Path, sipp: Sipp) -> None:
    agent = reserve_ports(1)[0]
    async with media_worker(reserve_ports(PORTS), tmp_path) as control:
        control.answer_everything()
        with socket.create_server(("127.0.0.1", agent)) as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            udp.bind(("127.0.0.1", agent))
            udp.setblocking(False)
            tcp.setblocking(False)
            placing = asyncio.create_task(sipp.place(SippCall(talk_ms=700), control.settings.sip_port))
            arrived = await control.wait(media.CallArrived)
            await control.wait(media.LegAnswered)
            long = (("X-Long", "y" * 1500),)
            control.say(media.Dial(leg=new_id(), near_leg=arrived.leg, uri=f"sip:a@127.0.0.1:{agent}", headers=long))
            invite = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(udp, 65535), 5)
            assert invite.startswith(b"INVITE") and len(invite) > 1500
            with pytest.raises(BlockingIOError):
                tcp.accept()
            await placing


async def test_what_a_call_says_of_its_number_is_believed_by_trunk_and_kept_as_its_caller_wants(
    open_own_house: Any, tmp_path: Path, sipp: Sipp, certificates: str
) -> None:
    trunk = {"trusted": True, "region": "US", "stir": True}
    overrides = {
        "sip": {"trusted_peers": []},
        "nlu": {"engine": "tfidf"},
        "stir": {
            "ca_file": str(tmp_path / "ca.pem"),
            "tls_ca_file": str(tmp_path / "web.pem"),
            "hosts": [certificates.split("/")[2]],
        },
        "trunks": {
            "carrier": {**trunk, "peers": ["127.0.0.1"], "verstat": True},
            "guarded": {**trunk, "peers": [GUARDED], "reject": "absent"},
        },
    }
    async with open_own_house(overrides) as house:

        async def log(**call: Any) -> Mapping[str, Any]:
            """What the call's first entry says, and under "verified" what came of its signature."""
            placed = SippCall(called=CALLED, **call)
            return await _log_of(house, await sipp.place(placed, house.ports.sip))

        found = await log(headers=(ASSERTED, signed(certificates)))
        assert (found["ani"], found["claimed"], found["number_source"]) == (f"+{CALLER}", False, "pai")
        assert (found["trunk"], found["verified"]["why"]) == ("carrier", "verified")
        assert (found["verified"]["verification"], found["verified"]["attest"]) == ("passed", "A")
        assert found["verified"]["took_ms"] <= 2000

        found = await log(headers=(ASSERTED, signed(certificates)), host=STRANGER)
        assert (found["ani"], found["claimed"], found["trunk"]) == ("+12025550150", True, "")
        assert found["signals"] == ["spoofed_header"] and "verified" not in found

        tampered = signed(certificates, orig="12025550124")
        found = await log(headers=(ASSERTED, tampered), transport="t1")
        assert found["verified"]["why"] == "wrong_caller"
        assert found["verified"]["late"] is False  # it was answered all the same: SIPp saw the 200

        failed = ASSERTED.replace("user=phone", "verstat=TN-Validation-Failed")
        found = await log(headers=(failed, "Diversion: <sip:+12025559999@acd>;reason=user-busy"))
        assert (found["ani"], found["verification"]) == (f"+{CALLER}", "failed")
        assert (found["diverted_from"], found["verified"]["why"]) == ("+12025559999", "unsigned")

        private = (f"P-Asserted-Identity: <tel:+1{SECRET}>", "Privacy: id", signed(certificates, orig=f"1{SECRET}"))
        found = await log(headers=private, sender=f'"Secret" <sip:{SECRET}@x>', talk_ms=1500)
        assert (found["ani"], found["private"], found["verified"]["why"]) == ("", True, "verified")
        assert _traces(house, SECRET) == []

        for headers, code in (((ASSERTED, tampered), 438), ((ASSERTED,), 428)):
            await sipp.place(SippCall(called=CALLED, headers=headers, host=GUARDED, code=code), house.ports.sip)
        found = await log(headers=(ASSERTED, signed(certificates)), host=GUARDED)
        assert found["verified"]["attest"] == "A"
        outcomes = [record["outcome"] for record in (await house.get("/api/calls"))["calls"]]
        assert outcomes.count("refused") == 2


async def _log_of(house: House, sip_call_id: str) -> Mapping[str, Any]:
    found: dict[str, Any] = {}

    async def ended() -> bool:
        records = (await house.get("/api/calls"))["calls"]
        call = next((record for record in records if record["sip_call_id"] == sip_call_id), None)
        if call is None or not call["ended_at"]:
            return False
        events = (await house.get(f"/api/calls/{call['call_id']}"))["events"]
        found.update(events[0]["data"])
        verified = [event["data"] for event in events if event["kind"] == "number.verified"]
        found.update({"verified": verified[0]} if verified else {})
        return True

    await until("the call is over", ended, 8)
    return found


def _traces(house: House, number: str) -> list[str]:
    """Files of the house in which a number stands, in whatever way it is written."""
    pattern = re.compile(r"[-. ]?".join(number).encode())
    files = [path for path in house.folder.rglob("*") if path.is_file()]
    assert any(path.suffix == ".wav" for path in files) and len(files) > 5
    return [path.name for path in files if pattern.search(path.read_bytes()) or number in path.name]
