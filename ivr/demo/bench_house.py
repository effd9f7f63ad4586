"""The house `ivr bench turns` measures: ports for as many media workers as the load needs, one speech worker.

Owns the sizing of a bench. Each media worker is dialled on its own port; nothing stands in front of them.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from ivr.demo.bench_assistant import write_assistant
from ivr.demo.bench_corpus import MENU, NUMBER_LENGTH
from ivr.demo.house import HOST, DemoError, House, Ports, open_house

CALLERS_PER_WORKER = 2
_FIRST, _LAST, _STEP = 15000, 31000, 1000
_RTP_PER_WORKER = 20
_WEB, _CRM, _PHONES, _RTP = 64, 65, 66, 100  # from the first port of a house


@asynccontextmanager
async def open_bot(folder: Path, language: str, calls: int = 1) -> AsyncIterator[House]:
    """A house with the assistant of the benches, big enough for calls at once. Raises DemoError.

    Its files stand in a folder of their own, gone afterwards; rendered prompts stay in folder/prompts.
    """
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    home = Path(await asyncio.to_thread(mkdtemp, prefix=f"{language}-", dir=folder))
    topics = tuple(word.strip(".").lower() for word in MENU)
    assistant = await asyncio.to_thread(
        write_assistant, home / "assistant", language, topics=topics, length=NUMBER_LENGTH
    )
    workers = -(-calls // CALLERS_PER_WORKER)
    overrides: dict[str, dict[str, Any]] = {
        "server": {"assistant": str(assistant), "language": language},
        "sip": {"workers": workers, "rtp_ports_per_worker": _RTP_PER_WORKER},
        "speech": {"cache_dir": os.environ.get("IVR_PROMPT_CACHE", str(folder / "prompts"))},
        "recording": {"mode": "off"},
    }
    try:
        async with open_house(home, _ports(workers), overrides) as house:
            yield house
    finally:
        await asyncio.to_thread(shutil.rmtree, home, ignore_errors=True)


def _ports(workers: int) -> Ports:
    for base in range(_FIRST, _LAST, _STEP):
        sip = range(base, base + workers)
        rtp = range(base + _RTP, base + _RTP + workers * _RTP_PER_WORKER)
        if all(_is_free(port, socket.SOCK_DGRAM) for port in (*sip, *rtp)) and all(
            _is_free(base + at, socket.SOCK_STREAM) for at in (_WEB, _CRM)
        ):
            return Ports(
                sip=base,
                web=base + _WEB,
                crm=base + _CRM,
                rtp=base + _RTP,
                caller=base + _PHONES,
                second_caller=base + _PHONES + 1,
                agents=(base + _PHONES + 2, base + _PHONES + 3),
                phone_rtp=base + _PHONES + 4,
            )
    raise DemoError(f"no free ports for {workers} media workers between {_FIRST} and {_LAST}")


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
