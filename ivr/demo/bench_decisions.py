"""What it costs to decide who gets a call: the house's waiting line with many people at work and many calls waiting.

Arrivals and people who become free, drawn at random, at the dispatcher calls go through. Processor time: the control
process does nothing else meanwhile, so this is how long everybody else waits.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from ivr.call.dispatch import Dispatched, Dispatcher
from ivr.model.routing import Agent, AgentState, HandoffRequest
from ivr.routing.agents import AgentDirectory
from ivr.routing.plan import Queue, RelaxationStep, RoutingPlan
from ivr.routing.waiting import WaitingCall

LIMIT_MS = 10.0
QUEUES = tuple(f"queue{n}" for n in range(8))
WAIT_MS = 900_000


def a_plan(agents: int, draw: random.Random) -> RoutingPlan:
    """People who answer for three of eight queues each; who waits a minute is content with less."""
    people = [
        Agent(
            agent_id=f"a{n}",
            name=f"a{n}",
            sip_uri="sip:a@127.0.0.1",
            skills={"lang:en": draw.randint(1, 5), "claims": draw.randint(0, 5), "cars": draw.randint(0, 5)},
            queues=tuple(draw.sample(QUEUES, 3)),
        )
        for n in range(agents)
    ]
    return RoutingPlan(
        queues={name: Queue(name=name, title=name, required={"claims": 1}) for name in QUEUES},
        agents={agent.agent_id: agent for agent in people},
        weights={"cars": 0.5},
        steps=(
            RelaxationStep(for_ms=10_000, need={}, agent="last"),
            RelaxationStep(for_ms=60_000, need={"cars": 2}, agent=""),
            RelaxationStep(for_ms=None, need={}, agent="any"),
        ),
        ring_timeout_ms=15_000,
        wrap_up_ms=30_000,
        whisper_max_ms=8_000,
    )


class _Line:
    """The line under test. took_ms: what each kind of event cost."""

    def __init__(self, agents: int, seed: int) -> None:
        self.draw = random.Random(seed)
        self.directory = AgentDirectory(a_plan(agents, self.draw))
        self.dispatcher = Dispatcher(self.directory)
        self.took_ms: dict[str, list[float]] = {"arrives": [], "free": [], "outlook": []}
        self.waiting: dict[str, asyncio.Task[Dispatched]] = {}
        self._arrived = 0
        for agent_id in self.directory.plan.agents:
            self.directory.login(agent_id, now_ms=self.now_ms)
            self.directory.ready(agent_id, now_ms=self.now_ms)

    @property
    def now_ms(self) -> int:
        return self.dispatcher.now_ms()

    async def _timed(self, kind: str, happens: Callable[[], object]) -> None:
        began = time.thread_time()
        happens()
        await asyncio.sleep(0)  # the line looks when whoever changed something has finished
        await asyncio.sleep(0)
        self.took_ms[kind].append((time.thread_time() - began) * 1000)
        for call_id, task in list(self.waiting.items()):
            if task.done():
                del self.waiting[call_id]
                agent = task.result().agent
                if agent is not None:
                    self.directory.answered(agent.agent_id, now_ms=self.now_ms)

    async def arrives(self) -> None:
        """One call more."""
        self._arrived += 1
        call_id = f"c{self._arrived}"
        wish = HandoffRequest(queue=self.draw.choice(QUEUES), reason="asked")
        priority = self.draw.choice((0, 0, 0, 5))
        now_ms = self.now_ms
        call = WaitingCall(call_id=call_id, request=wish, language="en", arrived_ms=now_ms, priority=priority)

        def asks() -> None:
            answer = self.dispatcher.next_agent(call, until_ms=now_ms + WAIT_MS)
            self.waiting[call_id] = asyncio.ensure_future(answer)

        await self._timed("arrives", asks)

    async def becomes_free(self) -> None:
        """Somebody's call is over, and the wrap-up."""
        plan, now_ms = self.directory.plan, self.now_ms
        talking = [a for a in plan.agents if self.directory.presence(a, now_ms).state is AgentState.TALKING]
        agent_id = self.draw.choice(talking)
        self.directory.ended(agent_id, now_ms=now_ms)
        await self._timed("free", lambda: self.directory.ready(agent_id, now_ms=now_ms))

    async def is_told(self) -> None:
        """One waiting caller is to hear how it stands."""
        call_id = self.draw.choice(list(self.waiting))
        await self._timed("outlook", lambda: self.dispatcher.outlook(call_id))


async def bench_decisions(agents: int = 1000, waiting: int = 50, rounds: int = 200, seed: int = 1) -> dict[str, Any]:
    """Figures in ms: a call that arrives while people are free; somebody who becomes free while calls wait; what one
    waiting caller is told."""
    line = _Line(agents, seed)
    while len(line.waiting) < waiting:
        await line.arrives()
    quiet = len(line.took_ms["arrives"])
    for _ in range(rounds):
        while len(line.waiting) < waiting:
            await line.arrives()
        await line.becomes_free()
        if line.waiting:
            await line.is_told()
    for task in line.waiting.values():
        task.cancel()
    await asyncio.gather(*line.waiting.values(), return_exceptions=True)
    figures = {kind: _spread(took) for kind, took in line.took_ms.items()}
    worst = max(figures[kind]["p95"] for kind in ("arrives", "free"))
    settings = {"agents": agents, "waiting": waiting, "arrivals_until_all_are_busy": quiet}
    return settings | {"ms": figures, "limit_ms": LIMIT_MS, "ok": worst <= LIMIT_MS}


def _spread(took_ms: Sequence[float]) -> dict[str, float]:
    ordered = sorted(took_ms)
    at = {"p50": 0.5, "p95": 0.95, "max": 1.0}
    return {name: round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 2) for name, share in at.items()}
