"""A worker that cannot even be started is tried again, and nothing beside it ends."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from ivr.model.media import MediaReady
from ivr.supervisor.worker_process import WorkerProcess, WorkerSpec


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_worker_that_cannot_be_started_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    exits = asyncio.Event()
    spec = WorkerSpec(
        name="speech-0", module="json.tool", settings=lambda control_fd: MediaReady(sip_host="", sip_port=control_fd)
    )
    worker = WorkerProcess(spec, lambda message: None, exits.set)
    works = sys.executable
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    open_before = open_files()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(worker.keep_alive())
        await asyncio.wait_for(exits.wait(), 5)
        assert worker.pid == 0 and open_files() <= open_before + 2
        assert "worker.not_started" in [record.message for record in caplog.records]
        exits.clear()
        monkeypatch.setattr(sys, "executable", works)
        await asyncio.wait_for(exits.wait(), 10)  # it ran, and ended by itself as it is no worker
        await worker.stop(None)
    assert caplog.records[-1].message == "worker.died"
