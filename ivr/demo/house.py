"""A whole house for demos, measurements and tests: the demo CRM and `ivr run`, as processes of their own.

Owns their ports, their settings file and their end. Everything is reached as a customer reaches it: SIP and HTTP.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from ivr.model.errors import IvrError
from ivr.model.ids import monotonic_ms

HOST = "127.0.0.1"
READY_S = 600.0  # the first start in a folder speaks hundreds of prompts
STOP_S = 30.0  # a drain of 10 s, the goodbye of whoever is left, the end of the workers
PHONE_PORTS = 16


class DemoError(IvrError):
    """The house did not come up, or a call did not go as it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The ports of a house. Phones take 16 RTP ports each from phone_rtp on; agents are the SIP ports of phones."""

    sip: int
    web: int
    crm: int
    rtp: int
    caller: int
    second_caller: int
    agents: tuple[int, ...]
    phone_rtp: int

    def agent_uri(self, at: int) -> str:
        """The address of an agent's phone."""
        return f"sip:agent{at + 1}@{HOST}:{self.agents[at]}"


def usual_ports(base: int = 0) -> Ports:
    """The well-known ports of the demo where they are free, others where not; with base, ports from there on."""
    if base:
        agents = (base + 3, base + 4)
        return Ports(
            sip=base,
            web=base + 1,
            crm=base + 2,
            caller=base + 5,
            second_caller=base + 6,
            agents=agents,
            rtp=base + 100,
            phone_rtp=base + 400,
        )
    return Ports(
        sip=_free(5060, socket.SOCK_DGRAM),
        web=_free(8080, socket.SOCK_STREAM),
        crm=_free(8090, socket.SOCK_STREAM),
        rtp=10000,
        caller=_free(5070, socket.SOCK_DGRAM),
        second_caller=_free(5072, socket.SOCK_DGRAM),
        agents=(_free(5080, socket.SOCK_DGRAM), _free(5082, socket.SOCK_DGRAM)),
        phone_rtp=12000,
    )


@dataclass(slots=True)
class House:
    """A running house."""

    ports: Ports
    folder: Path
    http: aiohttp.ClientSession
    service: asyncio.subprocess.Process
    crm: asyncio.subprocess.Process
    log_path: Path
    extra: list[asyncio.subprocess.Process] = field(default_factory=list)

    @property
    def sip_uri(self) -> str:
        """Where callers call."""
        return f"sip:claims@{HOST}:{self.ports.sip}"

    @property
    def web(self) -> str:
        """The root of the web pages."""
        return f"http://{HOST}:{self.ports.web}"

    async def get(self, path: str) -> Any:
        """A JSON document of the API. Raises DemoError."""
        async with self.http.get(self.web + path) as reply:
            if reply.status >= 400:
                raise DemoError(f"GET {path}: HTTP {reply.status}: {(await reply.text())[:200]}")
            return await reply.json()

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Post JSON to the API. Raises DemoError."""
        async with self.http.post(self.web + path, json=dict(body)) as reply:
            if reply.status >= 400:
                raise DemoError(f"POST {path}: HTTP {reply.status}: {(await reply.text())[:200]}")
            return await reply.json()

    async def faults(self, mode: str, delay_ms: int = 0) -> None:
        """Make the CRM "down", "slow" (by delay_ms) or "ok" again."""
        url = f"http://{HOST}:{self.ports.crm}/_faults"
        async with self.http.post(url, json={"mode": mode, "delay_ms": delay_ms}) as reply:
            reply.raise_for_status()

    async def messages(self) -> list[str]:
        """The messages the console gateway showed so far, as "SMS to <number>: <text>"."""
        said = await asyncio.to_thread(self.log_path.read_text, "utf-8", "replace")
        return [line for line in said.splitlines() if line.startswith("SMS to ")]

    async def health(self) -> Mapping[str, Any]:
        """/healthz, ready or not."""
        async with self.http.get(self.web + "/healthz") as reply:
            document: Mapping[str, Any] = await reply.json()
            return document

    def kill_worker(self, pid: int) -> None:
        """Kill one worker of this house the hard way."""
        os.kill(pid, signal.SIGKILL)


@asynccontextmanager
async def open_house(
    folder: Path, ports: Ports, overrides: Mapping[str, Mapping[str, Any]] | None = None
) -> AsyncIterator[House]:
    """Start CRM and service and wait until calls are taken. overrides: section -> settings. Raises DemoError."""
    folder = await asyncio.to_thread(folder.resolve)
    log_path = await asyncio.to_thread(furnish, folder, ports, overrides or {})
    async with aiohttp.ClientSession() as http, AsyncExitStack() as stack:
        with log_path.open("ab") as log:
            database = str(folder / "crm.sqlite3")
            crm = await _start(("ivr.demo.crm", "--port", str(ports.crm), "--database", database), folder, log)
            stack.push_async_callback(_stop, crm)
            service = await _start(("ivr", "run", "-c", str(folder / "ivr.toml")), folder, log)
            stack.push_async_callback(_stop, service)
        house = House(ports=ports, folder=folder, http=http, service=service, crm=crm, log_path=log_path)
        try:
            await _wait_ready(house)
            yield house
        finally:
            await asyncio.gather(*(_stop(process) for process in (service, crm, *house.extra)))


def demo_settings(folder: Path, ports: Ports) -> dict[str, dict[str, Any]]:
    """The settings of a house, as sections of ivr.toml."""
    cache = os.environ.get("IVR_PROMPT_CACHE", str(folder / "prompts"))
    return {
        "server": {"run_dir": str(folder / "run"), "assistant": str(Path("dialogs/insurance").resolve())},
        "sip": {"host": HOST, "port": ports.sip, "rtp_port": ports.rtp},
        # The telephones of this machine: what they say of themselves is believed, in whichever header they say it.
        # A contact center through which nothing but keys comes.
        "trunks": {
            "loopback": {"peers": [HOST], "trusted": True, "from_asserted": True},
            "keys_only": {"peers": ["127.0.0.2"], "trusted": True, "from_asserted": True, "token_keys": True},
        },
        "speech": {"cache_dir": cache, "models_dir": str(Path("voice_models").resolve())},
        "web": {"host": HOST, "port": ports.web},
        "storage": {"url": f"sqlite:///{(folder / 'ivr.sqlite3').resolve()}"},
        # With this salt the demo's named customers may hear offers. What these were like is asked by chance; here
        # nobody is asked, and the calls go the same way each time.
        "offers": {"salt": "ivr", "holdout": 0.2, "stated_share": 0.0},
        "recording": {"mode": "all", "dir": str(folder / "recordings")},
        "limits": {"drain_s": 10},
        "identity": {
            "directory": "rest",
            "directory_url": f"http://{HOST}:{ports.crm}",
            "gateway": "console",
            "keep_audio_days": 0,  # its callers are recordings, and are to be believed
        },
        "variables": {
            "CRM_URL": f"http://{HOST}:{ports.crm}",
            "AGENT_A1_URI": ports.agent_uri(0),
            "AGENT_A2_URI": ports.agent_uri(1),
        },
    }


def furnish(folder: Path, ports: Ports, overrides: Mapping[str, Mapping[str, Any]]) -> Path:
    """Write folder/ivr.toml. Returns where the processes' log belongs."""
    folder.mkdir(parents=True, exist_ok=True)
    sections = demo_settings(folder, ports)
    for name, changes in overrides.items():
        sections.setdefault(name, {}).update(changes)
    sections["trunks"] = dict(overrides.get("trunks", sections["trunks"]))
    # The tables of [[trunks]] are given by the trunks' names.
    trunks = sections.pop("trunks", {})
    lines = [
        "[[trunks]]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in {"name": name, **trunk}.items())
        for name, trunk in trunks.items()
    ]
    lines += [
        f"[{name}]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in section.items())
        for name, section in sections.items()
    ]
    (folder / "ivr.toml").write_text("\n".join(lines), encoding="utf-8")
    return folder / "service.log"


def _toml(value: Any) -> str:
    """A TOML value; strings, numbers, booleans and lists of them look like JSON."""
    return json.dumps(value, ensure_ascii=False)


async def _start(module: Sequence[str], folder: Path, log: Any) -> asyncio.subprocess.Process:
    environment = {key: value for key, value in os.environ.items() if not key.endswith("_proxy")}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", *module, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, env=environment
    )


async def _wait_ready(house: House) -> None:
    deadline_ms = monotonic_ms() + int(READY_S * 1000)
    while monotonic_ms() < deadline_ms:
        for name, process in (("service", house.service), ("CRM", house.crm)):
            if process.returncode is not None:
                tail = (await asyncio.to_thread(house.log_path.read_text, "utf-8", "replace"))[-2000:]
                raise DemoError(f"the {name} ended with status {process.returncode}; its last words:\n{tail}")
        try:
            if (await house.health())["ready"]:
                return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.2)
    raise DemoError(f"the service was not ready within {READY_S:.0f} s; see {house.log_path}")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_S)
    except TimeoutError:
        process.kill()
        await process.wait()


def free_ports(count: int) -> tuple[int, ...]:
    """Ports nobody has on loopback, neither by UDP nor by TCP."""
    found: list[int] = []
    while len(found) < count:
        port = _free(0, socket.SOCK_DGRAM)
        if port not in found and _free(port, socket.SOCK_STREAM) == port:
            found.append(port)
    return tuple(found)


def _free(port: int, kind: socket.SocketKind) -> int:
    """port when it is free on loopback, else one that is."""
    for candidate in (port, 0):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((HOST, candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoError(f"no free port near {port}")
