"""`ivr bench transfers`: callers ask for a person again and again, two agents take the calls; who waited how long, did
the page show the call before the phone rang, and was anybody lost.

Both agents have a page and a phone and press 1 as soon as they hear the whisper; every fourth call of one caller the
better one is busy. Callers and agents are robots, everything between them is the product. Times are milliseconds of one
clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr.demo.agent_page import AgentPage
from ivr.demo.follower import Follower, newest_call
from ivr.demo.house import PHONE_PORTS, DemoError, House, open_house, usual_ports
from ivr.demo.phone_client import PhoneError, SoftPhone
from ivr.model.errors import IvrError

FOLDER = Path("var/bench-transfers")
NUMBERS = ("+12025550103", "+12025550104")
LIMIT_POP_MS, LIMIT_DECISION_MS, LEAST_BEFORE_RING = 500, 10.0, 0.99
BUSY_EVERY = 4
CALL_S = 40.0


@dataclass(slots=True)
class Seen:
    """What agents' pages and phones saw, by the context's token."""

    popped_at_ms: dict[str, int] = field(default_factory=dict)
    rang_at_ms: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One caller. trouble: "" when they talked to an agent; decisions: one for each agent that was tried."""

    trouble: str
    wait_ms: int = 0
    decided_ms: tuple[float, ...] = ()
    tokens: tuple[tuple[str, int], ...] = ()  # of each attempt, with the time of its decision


class AgentRobot:
    """An agent with a page and a phone, ready again as soon as a call is over."""

    def __init__(self, house: House, agent_id: str, page: AgentPage, phone: SoftPhone, seen: Seen) -> None:
        self._house, self._agent_id = house, agent_id
        self._page, self.phone, self._seen = page, phone, seen

    async def ready(self) -> None:
        """Wants calls."""
        await self._house.post(f"/api/agents/{self._agent_id}/state", {"state": "ready"})

    async def watch(self) -> None:
        """Note what the page shows."""
        while True:
            pop = await self._page.shown(3600)
            self._seen.popped_at_ms[pop.token] = pop.at_ms

    async def work(self) -> None:
        """Take every call that rings."""
        while True:
            rang = await self.phone.incoming(timeout=3600)
            self._seen.rang_at_ms[rang.header("X-Ctx-Id")] = rang.at_ms
            try:
                await self.phone.answered()
                await self.phone.press("1")
                await self.phone.ended(timeout=CALL_S)
            except PhoneError:
                continue  # the caller left first: the next one
            await self._ready_again()

    async def _ready_again(self) -> None:
        for _ in range(20):
            agents = (await self._house.get("/api/agents"))["agents"]
            state = next(str(a["state"]) for a in agents if a["agent_id"] == self._agent_id)
            if state in {"wrap_up", "not_ready"}:
                await self.ready()
                return
            await asyncio.sleep(0.1)


async def bench_transfers(count: int) -> dict[str, Any]:
    """Open a house, run so many transfers, two callers at a time. Returns the figures and whether all are met."""
    folder = await asyncio.to_thread(FOLDER.absolute)
    for old in ("ivr.sqlite3", "ivr.sqlite3-wal", "ivr.sqlite3-shm", "crm.sqlite3"):
        await asyncio.to_thread((folder / old).unlink, missing_ok=True)
    workdir = folder / "phones"
    await asyncio.to_thread(workdir.mkdir, parents=True, exist_ok=True)
    async with open_house(folder, usual_ports(), {"recording": {"mode": "off"}}) as house:
        return await transfers(house, count, workdir)


async def transfers(house: House, count: int, workdir: Path) -> dict[str, Any]:
    """So many transfers in this house, whose agents a1 and a2 nobody else uses."""
    ports, seen = house.ports, Seen()
    async with AsyncExitStack() as stack:
        phones = [
            await stack.enter_async_context(
                SoftPhone.start(name, sip_port, ports.phone_rtp + PHONE_PORTS * at, workdir)
            )
            for at, (name, sip_port) in enumerate(
                (
                    ("agent1", ports.agents[0]),
                    ("agent2", ports.agents[1]),
                    ("caller", ports.caller),
                    ("second", ports.second_caller),
                )
            )
        ]
        robots = [
            AgentRobot(house, agent_id, await stack.enter_async_context(AgentPage.open(house, agent_id)), phone, seen)
            for agent_id, phone in zip(("a1", "a2"), phones, strict=False)
        ]
        for robot in robots:
            await robot.ready()
        tasks = [asyncio.ensure_future(work) for robot in robots for work in (robot.work(), robot.watch())]
        try:
            lanes = await asyncio.gather(
                *(
                    _lane(house, phone, number, len(range(at, count, len(NUMBERS))), None if at else robots[0].phone)
                    for at, (phone, number) in enumerate(zip(phones[2:], NUMBERS, strict=True))
                )
            )
        finally:
            for task in tasks:
                task.cancel()
    return _summary([transfer for lane in lanes for transfer in lane], seen)


async def _lane(house: House, caller: SoftPhone, number: str, count: int, best: SoftPhone | None) -> list[Transfer]:
    """One caller after the other, by the same phone. best: the phone that is busy every fourth time."""
    done = []
    for at in range(count):
        if best is not None:
            await (best.decline_calls(486) if at % BUSY_EVERY == BUSY_EVERY - 1 else best.answer_calls())
        try:
            done.append(await asyncio.wait_for(_one(house, caller, number), CALL_S))
        except (IvrError, TimeoutError) as error:
            done.append(Transfer(trouble=str(error) or "took too long"))
            await caller.hang_up()
            await asyncio.sleep(1)
    return done


async def _one(house: House, caller: SoftPhone, number: str) -> Transfer:
    known = {record["call_id"] for record in (await house.get("/api/calls?limit=100"))["calls"]}
    await caller.call(house.sip_uri, headers=(("P-Asserted-Identity", f"<sip:{number}@127.0.0.1>"),))
    await caller.answered()
    call = Follower(house, await newest_call(house, known, number), lambda _event: None)
    await call.wait_for("turn.said", 15, lambda e: e["data"]["name"] == "utter_how_can_i_help")
    await caller.press("0")
    requested = await call.wait_for("handoff.requested", 10)
    bridged = await call.wait_for("handoff.bridged", 30)
    await caller.hang_up()
    await call.closed(10)
    if call.record["outcome"] != "transferred":
        raise DemoError(f"the call ended as {call.record['outcome']}")
    chosen = [event for event in call.events if event["kind"] == "handoff.chosen"]
    popped = [event for event in call.events if event["kind"] == "handoff.popped"]
    return Transfer(
        trouble="",
        wait_ms=bridged["at_ms"] - requested["at_ms"],
        decided_ms=tuple(event["data"]["decided_ms"] for event in chosen),
        tokens=tuple((p["data"]["token"], c["at_ms"]) for c, p in zip(chosen, popped, strict=True)),
    )


def _summary(done: list[Transfer], seen: Seen) -> dict[str, Any]:
    reached = [transfer for transfer in done if not transfer.trouble]
    rang = [(token, at) for transfer in reached for token, at in transfer.tokens if token in seen.rang_at_ms]
    before = [token for token, _ in rang if seen.popped_at_ms.get(token, 1 << 62) < seen.rang_at_ms[token]]
    pops = [seen.popped_at_ms[token] - at for token, at in rang if token in seen.popped_at_ms]
    decisions = [ms for transfer in reached for ms in transfer.decided_ms]
    share = len(before) / len(rang) if rang else 0.0
    figures: dict[str, Any] = {
        "transfers": len(done),
        "lost_callers": len(done) - len(reached),
        "attempts": len(decisions),
        "pop_before_ring": round(share, 4),
        "pop_ms": _times(pops),
        "decision_ms": _times(decisions),
        "caller_wait_ms": _times([transfer.wait_ms for transfer in reached]),
        "trouble": sorted({transfer.trouble for transfer in done if transfer.trouble}),
    }
    figures["ok"] = (
        len(reached) == len(done)
        and share >= LEAST_BEFORE_RING
        and figures["pop_ms"]["p95"] <= LIMIT_POP_MS
        and figures["decision_ms"]["p95"] <= LIMIT_DECISION_MS
    )
    return figures


def _times(values: Sequence[float]) -> Mapping[str, Any]:
    if not values:
        return {"p50": None, "p95": 1 << 30, "max": None, "n": 0}
    return {"p50": _rank(values, 50), "p95": _rank(values, 95), "max": max(values), "n": len(values)}


def _rank(values: Sequence[float], percent: int) -> float:
    """The nearest-rank percentile."""
    return sorted(values)[max(0, -(-len(values) * percent // 100) - 1)]
