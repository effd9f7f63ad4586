"""An agent's page without a browser: reads its event stream and confirms what it shows, as the page's script does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from ivr.demo.house import DemoError, House
from ivr.model.ids import monotonic_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPop:
    """A call the page showed, and when."""

    token: str
    at_ms: int
    packet: Mapping[str, Any]


class AgentPage:
    """The open page of one agent."""

    def __init__(self, house: House, agent_id: str) -> None:
        self._house, self._agent_id = house, agent_id
        self._pops: asyncio.Queue[ShownPop] = asyncio.Queue()
        self._ends: asyncio.Queue[str] = asyncio.Queue()

    @classmethod
    @asynccontextmanager
    async def open(cls, house: House, agent_id: str) -> AsyncIterator[AgentPage]:
        """Open the page and keep reading its stream until the end of the block."""
        page = cls(house, agent_id)
        opened = asyncio.Event()
        reading = asyncio.create_task(page._read(opened))
        try:
            await asyncio.wait_for(opened.wait(), 5)
            yield page
        finally:
            reading.cancel()

    async def shown(self, timeout_s: float) -> ShownPop:
        """The next call the page shows. Raises DemoError."""
        try:
            return await asyncio.wait_for(self._pops.get(), timeout_s)
        except TimeoutError:
            raise DemoError(f"the page of {self._agent_id} showed nothing within {timeout_s:.0f} s") from None

    async def ended(self, timeout_s: float) -> str:
        """The next call the page says has ended. Raises DemoError."""
        try:
            return await asyncio.wait_for(self._ends.get(), timeout_s)
        except TimeoutError:
            raise DemoError(f"the page of {self._agent_id} told of no end within {timeout_s:.0f} s") from None

    async def _read(self, opened: asyncio.Event) -> None:
        url = f"{self._house.web}/agent/{self._agent_id}/events"
        limit = aiohttp.ClientTimeout(total=None, sock_connect=5)
        async with self._house.http.get(url, timeout=limit) as stream:
            opened.set()
            event = ""
            async for raw in stream.content:
                line = raw.decode().rstrip("\r\n")
                if line.startswith("event:"):
                    event = line[6:].strip()
                elif line.startswith("data:") and event == "pop":
                    await self._show(json.loads(line[5:]))
                elif line.startswith("data:") and event == "ended":
                    self._ends.put_nowait(str(json.loads(line[5:])["call_id"]))
                elif line.startswith("data:") and event == "beat":
                    await self._beat()

    async def _beat(self) -> None:
        url = f"{self._house.web}/agent/{self._agent_id}/beat"
        async with self._house.http.post(url, json={"page": "demo"}) as reply:
            reply.raise_for_status()

    async def _show(self, data: Mapping[str, Any]) -> None:
        token, shown_at_ms = str(data["pop_id"]), monotonic_ms()  # a page shows first, and then says that it has
        url = f"{self._house.web}/agent/{self._agent_id}/shown/{token}"
        async with self._house.http.post(url) as reply:
            reply.raise_for_status()
        packet = await self._house.get(f"/api/contexts/{token}")
        await self._pops.put(ShownPop(token=token, at_ms=shown_at_ms, packet=packet))
