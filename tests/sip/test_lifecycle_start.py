"""What an operator sees of a service that cannot start: one sentence that says what to change, no processes left."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ivr.demo.house import HOST, furnish
from ivr.model.ids import monotonic_ms
from tests.sip.house import PORTS_OF_A_HOUSE, ROOT, Overrides, furnished, ports_of, until
from tests.sip.processes import all_gone, family

pytestmark = [pytest.mark.sip]

ReservePorts = Callable[[int], range]


async def _run(config: Path) -> tuple[int, list[str]]:
    """`ivr run` until it ends by itself: exit status, and what it said to a human (log lines are JSON)."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ivr", "run", "-c", str(config)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    began_ms = monotonic_ms()
    pids: set[int] = set()
    ended = asyncio.create_task(process.communicate())
    while not ended.done():
        pids |= set(family(process.pid))
        assert monotonic_ms() - began_ms < 20_000, "it should have ended by itself"
        await asyncio.sleep(0.05)
    out, err = ended.result()
    assert not out
    await all_gone(sorted(pids), 2)
    return process.returncode or 0, [line for line in err.decode().splitlines() if not line.startswith("{")]


def _configured(folder: Path, reserved: range, overrides: Overrides | None = None) -> Path:
    furnish(folder, ports_of(reserved), furnished(overrides))
    return folder / "ivr.toml"


async def test_a_taken_sip_port_is_named(tmp_path: Path, reserve_ports: ReservePorts) -> None:
    reserved = reserve_ports(PORTS_OF_A_HOUSE)
    config = _configured(tmp_path, reserved)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((HOST, reserved[0]))
        status, said = await _run(config)
    assert (status, said) == (2, [f"[sip] cannot listen on {HOST}:{reserved[0]}: Address already in use"])


async def test_a_taken_web_port_is_named(tmp_path: Path, reserve_ports: ReservePorts) -> None:
    reserved = reserve_ports(PORTS_OF_A_HOUSE)
    config = _configured(tmp_path, reserved)
    port = ports_of(reserved).web
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as other:
        other.bind((HOST, port))
        other.listen()
        status, said = await _run(config)
    assert status == 2
    assert len(said) == 1
    assert said[0].startswith(f"[web] cannot listen on {HOST}:{port}: ")


async def test_settings_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    status, said = await _run(tmp_path / "nowhere.toml")
    assert status == 2
    assert said == [
        f"{tmp_path / 'nowhere.toml'}: cannot be read (No such file or directory); give another file with -c"
    ]


async def test_settings_that_make_no_sense_are_named_one_by_one(tmp_path: Path, reserve_ports: ReservePorts) -> None:
    config = _configured(tmp_path, reserve_ports(PORTS_OF_A_HOUSE), {"sip": {"workers": 0}, "limits": {"drian_s": 5}})
    status, said = await _run(config)
    assert status == 2
    assert len(said) == 2
    places = [line.partition("]")[0] for line in said]
    lines = config.read_text(encoding="utf-8").splitlines()
    workers, drian = (1 + next(n for n, line in enumerate(lines) if word in line) for word in ("workers", "drian_s"))
    assert places == [f"{config}:{workers}: [sip.workers", f"{config}:{drian}: [limits.drian_s"]


async def test_a_broken_dialog_is_named_by_file_and_line(tmp_path: Path, reserve_ports: ReservePorts) -> None:
    assistant = tmp_path / "assistant"
    shutil.copytree(ROOT / "dialogs" / "insurance", assistant)
    flow = assistant / "flows" / "claims.yml"
    lines = flow.read_text(encoding="utf-8").splitlines()
    at = next(number for number, line in enumerate(lines, start=1) if "say: utter_claim_not_found" in line)
    lines[at - 1] = lines[at - 1].replace("utter_claim_not_found", "utter_never_written")
    flow.write_text("\n".join(lines), encoding="utf-8")
    config = _configured(tmp_path, reserve_ports(PORTS_OF_A_HOUSE), {"server": {"assistant": str(assistant)}})
    status, said = await _run(config)
    assert status == 1
    assert any(f"claims.yml:{at}:" in line and "utter_never_written" in line for line in said), said
    assert not any("Traceback" in line for line in said)


async def test_a_database_that_cannot_be_opened_is_named(tmp_path: Path, reserve_ports: ReservePorts) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    url = f"sqlite:///{tmp_path / 'file' / 'ivr.sqlite3'}"
    config = _configured(tmp_path, reserve_ports(PORTS_OF_A_HOUSE), {"storage": {"url": url}})
    status, said = await _run(config)
    assert status == 1
    assert len(said) == 1
    assert "ivr.sqlite3" in said[0]


@pytest.mark.models
async def test_a_service_told_to_stop_while_it_starts_stops(tmp_path: Path, reserve_ports: ReservePorts) -> None:
    config = _configured(tmp_path, reserve_ports(PORTS_OF_A_HOUSE))
    log_path = tmp_path / "service.log"
    with log_path.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ivr", "run", "-c", str(config)), stdout=log, stderr=log, cwd=ROOT
        )
    try:
        await until("a worker is started", lambda: _has_workers(process.pid), 15)
        pids = family(process.pid)
        os.kill(process.pid, signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 8) == 0
    finally:
        if process.returncode is None:
            process.kill()
    await all_gone(pids, 2)
    said = log_path.read_text(encoding="utf-8")
    assert "Traceback" not in said
    assert '"event": "ready"' not in said


async def _has_workers(pid: int) -> bool:
    return len(family(pid)) > 1
