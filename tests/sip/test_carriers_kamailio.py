"""Kamailio as deploy/kamailio has it, between callers, a media worker and an agent: what passes, what does not."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from ivr.demo.phone_client import SoftPhone
from ivr.model import media
from ivr.model.carry import EVERYDAY
from ivr.model.ids import new_id
from ivr.routing.carriers import carried_headers, parse_handoff_headers, user_to_user
from tests.sip.media_control import PORTS, media_worker
from tests.sip.sipp import Sipp, SippCall

pytestmark = pytest.mark.sip

TOKEN = "01KAJ8F3KQZX5T0V9W2R7M4N6P"
PACKET = {
    "need": {"intent": "claim_status"},
    "customer": {"level": "L1"},
    "call": {"lang": "en"},
    "skills": {"required": {"claims": 2, "lang:en": 1}},
}
TOLD = {
    "User-to-User": user_to_user(TOKEN),
    "X-Ctx-Id": TOKEN,
    "Diversion": "<sip:7001@acd.example.com>;reason=no-answer",
    "History-Info": "<sip:7001@acd.example.com>;index=1",
    "P-Asserted-Identity": "<sip:+12025550199@carrier.example.com>",
    "X-Queue": "billing",
    "X-Queue-Age": "120",
    "X-Priority": "7",
}
CONTACT_CENTER, CARRIER, STRANGER = "127.0.0.2", "127.0.0.3", "127.0.0.4"
PROBED_WITHIN_S = 4.0


def configure(recipe: Path, folder: Path, ports: dict[str, int]) -> None:
    """The recipe with the addresses of this machine, and nothing else changed but how often workers are probed."""
    folder.mkdir()
    changes = {
        "192.0.2.5:5060": f"127.0.0.1:{ports['front']}",
        "192.0.2.30:5060": f"127.0.0.1:{ports['pbx']}",
        "192.0.2.10:5060": f"127.0.0.1:{ports['worker']}",
        "192.0.2.20": CONTACT_CENTER,
        "192.0.2.40": CARRIER,
        "/etc/kamailio/": f"{folder}/",
        '"ds_ping_interval", 2': '"ds_ping_interval", 1',
    }
    for file in recipe.iterdir():
        text = file.read_text(encoding="utf-8")
        for old, new in changes.items():
            text = text.replace(old, new)
        kept = [line for line in text.splitlines() if "192.0.2.10" not in line]  # one worker is enough
        (folder / file.name).write_text("\n".join(kept) + "\n", encoding="utf-8")


@contextlib.asynccontextmanager
async def kamailio(program: str, folder: Path) -> AsyncIterator[None]:
    """Runs as configured."""
    with (folder / "log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(program, "-f", str(folder / "kamailio.cfg"), "-DD", "-E", "-m", "16", "-M", "4", "-Y", str(folder)),
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 10)


async def probe(port: int) -> int:
    """The answer to an OPTIONS, 0 when there is none in half a second."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trunk:
        trunk.bind((STRANGER, 0))
        trunk.setblocking(False)
        branch, mine = new_id(), f"{STRANGER}:{trunk.getsockname()[1]}"
        lines = (
            f"OPTIONS sip:127.0.0.1:{port} SIP/2.0",
            f"Via: SIP/2.0/UDP {mine};branch=z9hG4bK{branch}",
            f"From: <sip:trunk@{mine}>;tag=1",
            f"To: <sip:127.0.0.1:{port}>",
            f"Call-ID: {branch}",
            "CSeq: 1 OPTIONS",
            f"Contact: <sip:trunk@{mine}>",
            "Max-Forwards: 70",
            "Content-Length: 0",
        )
        trunk.sendto("\r\n".join((*lines, "", "")).encode(), ("127.0.0.1", port))
        try:
            answer = await asyncio.wait_for(loop.sock_recv(trunk, 4096), 0.5)
        except TimeoutError:
            return 0
        return int(answer.split()[1])


async def answered(port: int, code: int) -> None:
    """Wait until the house answers the trunk's probes so."""
    seen = []
    for _ in range(round(PROBED_WITHIN_S / 0.1)):
        seen.append(await probe(port))
        if seen[-1] == code:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"OPTIONS was answered {seen}")


def told(arrived: media.CallArrived) -> dict[str, str]:
    ours = {name.lower(): name for name in TOLD}
    return {ours[name.lower()]: value for name, value in arrived.headers if name.lower() in ours}


async def test_the_context_passes_both_ways_lies_do_not_and_a_full_or_drained_house_says_so(
    needs: Callable[[str], str], reserve_ports: Callable[[int], range], tmp_path: Path, repo_root: Path
) -> None:
    front, phone_ports, sipp_ports = reserve_ports(20), reserve_ports(20), reserve_ports(20)
    program, sipp = needs("kamailio"), Sipp(needs("sipp"), sipp_ports, tmp_path)
    headers = tuple(f"{name}: {value}" for name, value in TOLD.items())
    async with (
        media_worker(reserve_ports(PORTS), tmp_path, max_callers=1) as control,
        SoftPhone.start("agent", phone_ports[0], phone_ports[2], tmp_path) as agent,
    ):
        ports = {"front": front[0], "pbx": phone_ports[0], "worker": control.settings.sip_port}
        configure(repo_root / "deploy" / "kamailio", tmp_path / "kamailio", ports)
        async with kamailio(program, tmp_path / "kamailio"):
            await answered(front[0], 200)
            for host in (CARRIER, STRANGER):
                await sipp.place(SippCall(headers=headers, host=host, talk_ms=50, routed=True), front[0])
            long = SippCall(headers=headers, host=CONTACT_CENTER, talk_ms=2500, routed=True)
            calling = asyncio.ensure_future(sipp.place(long, front[0]))
            up = await control.wait(media.LegAnswered, count=3)
            carried = carried_headers(EVERYDAY, TOKEN, PACKET)
            uri = f"sip:a1@127.0.0.1:{front[0]}"
            control.say(media.Dial(leg=new_id(), near_leg=up.leg, uri=uri, headers=carried))
            incoming = await agent.incoming()
            got = tuple((name, incoming.header(name)) for name, _ in carried)
            assert got == carried
            assert parse_handoff_headers(got).token == TOKEN
            await answered(front[0], 503)  # one call is all this worker takes
            await calling
            await answered(front[0], 200)
            known = ("User-to-User", "X-Ctx-Id")
            callers = (*known, "Diversion", "History-Info", "P-Asserted-Identity")
            carrier, stranger, center = (told(arrived) for arrived in control.all(media.CallArrived)[:3])
            assert carrier == {name: TOLD[name] for name in callers}
            assert stranger == {name: TOLD[name] for name in known}
            assert center == TOLD
            control.say(media.Drain())
            await answered(front[0], 503)
            await sipp.place(SippCall(code=503), front[0])
            assert len(control.all(media.CallArrived)) == 3, "the worker was not even asked"


def test_the_recipe_names_every_header_of_ours_that_strangers_must_not_send(repo_root: Path) -> None:
    recipe = (repo_root / "deploy" / "kamailio" / "kamailio.cfg").read_text(encoding="utf-8")
    queues, callers = re.findall(r'remove_hf_re\("([^"]+)"\)', recipe)
    assert {name for name in TOLD if re.search(queues, name)} == {"X-Queue", "X-Queue-Age", "X-Priority"}
    assert {name for name in TOLD if re.search(callers, name)} == {"P-Asserted-Identity", "Diversion", "History-Info"}
