"""The demo is ended by a signal: nothing of its house stays."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.sip.house import PROMPTS, ROOT, until
from tests.sip.processes import alive, all_gone, family

pytestmark = [pytest.mark.sip, pytest.mark.models]

HOUSE = ("ivr.demo.crm", "ivr run")


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM])
async def test_however_the_demo_is_ended_its_house_ends_with_it(end: signal.Signals, tmp_path: Path) -> None:
    for needed in ("dialogs", "voice_models"):
        (tmp_path / needed).symlink_to(ROOT / needed)
    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ivr", "demo", "--once"),
        cwd=tmp_path,
        env={**os.environ, "IVR_PROMPT_CACHE": str(PROMPTS)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        preexec_fn=_from_a_terminal,
    )

    async def furnished() -> bool:
        lines = alive(family(demo.pid))
        return demo.returncode is not None or all(any(part in line for line in lines) for part in HOUSE)

    await until("CRM and service have been started", furnished, 60)
    pids = family(demo.pid)
    demo.send_signal(end)
    said, _ = await asyncio.wait_for(demo.communicate(), 20)
    assert demo.returncode == 130 and "Traceback" not in said.decode(), said.decode()
    await all_gone(pids, 2)


def _from_a_terminal() -> None:
    """Whoever runs the tests in the background has signals ignored, and what is ignored stays so in the demo."""
    for end in (signal.SIGINT, signal.SIGHUP):
        signal.signal(end, signal.SIG_DFL)
