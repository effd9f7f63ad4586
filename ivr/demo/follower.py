"""Follows one call's event log over the API while it grows, as a page would."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from ivr.demo.house import DemoError, House
from ivr.model.ids import monotonic_ms

POLL_S = 0.1

Event = Mapping[str, Any]


class Follower:
    """The log of one call. events: everything read so far, in order. record: the call's record as last read."""

    def __init__(self, house: House, call_id: str, on_event: Callable[[Event], None]) -> None:
        self._house, self._on_event = house, on_event
        self.call_id = call_id
        self.events: list[Event] = []
        self.record: Mapping[str, Any] = {}

    async def follow(self) -> None:
        """Read on until the call has ended."""
        while not self.ended:
            await self.read()
            await asyncio.sleep(POLL_S)

    @property
    def ended(self) -> bool:
        """Has the call ended?"""
        return any(event["kind"] == "call.ended" for event in self.events)

    async def read(self) -> None:
        """Read what is new."""
        document = await self._house.get(f"/api/calls/{self.call_id}")
        self.record = document["call"]
        for event in document["events"][len(self.events) :]:
            self.events.append(event)
            self._on_event(event)

    async def wait_for(self, kind: str, timeout_s: float, fits: Callable[[Event], bool] = lambda _e: True) -> Event:
        """The first event of that kind. Raises DemoError when it does not come in time."""
        deadline_ms = monotonic_ms() + int(timeout_s * 1000)
        while True:
            found = next((e for e in self.events if e["kind"] == kind and fits(e)), None)
            if found is not None:
                return found
            if monotonic_ms() > deadline_ms:
                kinds = [event["kind"] for event in self.events[-12:]]
                raise DemoError(f"call {self.call_id}: no {kind} within {timeout_s:.0f} s; last: {kinds}")
            await self.read()
            await asyncio.sleep(POLL_S)

    async def closed(self, timeout_s: float) -> Mapping[str, Any]:
        """The whole record, which is stored beside the last entry of the log. Raises DemoError when it does not come in
        time."""
        await self.wait_for("call.ended", timeout_s)
        deadline_ms = monotonic_ms() + int(timeout_s * 1000)
        while not self.record["ended_at"]:
            if monotonic_ms() > deadline_ms:
                raise DemoError(f"call {self.call_id}: its record was not closed")
            await asyncio.sleep(POLL_S)
            await self.read()
        return self.record

    def first(self, kind: str) -> Event | None:
        """The first event of that kind, None when there is none."""
        return next((event for event in self.events if event["kind"] == kind), None)


async def newest_call(house: House, known: set[str], ani: str = "", timeout_s: float = 5.0) -> str:
    """The id of the call (from ani, if given) that was not there before. Raises DemoError."""
    deadline_ms = monotonic_ms() + int(timeout_s * 1000)
    while monotonic_ms() < deadline_ms:
        document = await house.get("/api/calls?limit=5")
        for record in document["calls"]:
            if record["call_id"] not in known and ani in ("", record["ani"]):
                return str(record["call_id"])
        await asyncio.sleep(POLL_S)
    raise DemoError("the call did not appear in the API")
