"""The waiting line of the house, in virtual time: who gets whom, and when somebody looks again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from ivr.call.dispatch import Dispatched, Dispatcher
from ivr.model.routing import AcdQueue, Agent, AgentState, HandoffRequest
from ivr.routing.agents import AgentDirectory
from ivr.routing.plan import Queue, RelaxationStep, RoutingPlan
from ivr.routing.waiting import WaitingCall
from tests.unit.call.virtual_time import VirtualLoop

LONGEST_MS = 180_000


def agent(name: str, queue: str = "q", **skills: int) -> Agent:
    return Agent(agent_id=name, name=name, sip_uri=f"sip:{name}@h", skills={"lang:en": 5, **skills}, queues=(queue,))


PLAN = RoutingPlan(
    queues={q: Queue(name=q, title=q, required={}) for q in "qr"},
    agents={a.agent_id: a for a in (agent("ann", x=5), agent("bob", x=1), agent("rita", "r"))},
    weights={"x": 1.0},
    steps=(),
    ring_timeout_ms=15_000,
    wrap_up_ms=30_000,
    whisper_max_ms=8_000,
)


class Floor:
    """A dispatcher with its directory, on the clock of the loop."""

    def __init__(self, plan: RoutingPlan, *ready: str) -> None:
        loop = asyncio.get_running_loop()
        self.now_ms: Callable[[], int] = lambda: round(loop.time() * 1000)
        self.directory = AgentDirectory(plan)
        for name in ready:
            self.directory.login(name, now_ms=0)
            self.directory.ready(name, now_ms=0)
        self.dispatcher = Dispatcher(self.directory, self.now_ms)
        self.told: list[int] = []

    def ask(
        self, call_id: str, *, priority: int = 0, queue: str = "q", waited_ms: int = 0, **required: int
    ) -> asyncio.Task[Dispatched]:
        now_ms = self.now_ms()
        request = HandoffRequest(queue=queue, reason="asked", required=required)
        call = WaitingCall(
            call_id=call_id, request=request, language="en", arrived_ms=now_ms - waited_ms, priority=priority
        )
        waiting = self.dispatcher.next_agent(call, until_ms=now_ms + LONGEST_MS, waits=self.told.append)
        return asyncio.ensure_future(waiting)

    def talk(self, name: str) -> None:
        """The agent takes a call of somebody else."""
        assert self.directory.reserve(name, now_ms=self.now_ms())
        self.directory.answered(name, now_ms=self.now_ms())

    def hang_up(self, name: str) -> None:
        self.directory.ended(name, now_ms=self.now_ms())

    def state(self, name: str) -> AgentState:
        return self.directory.presence(name, self.now_ms()).state


def virtually(story: Callable[[], Awaitable[None]]) -> None:
    loop = VirtualLoop()
    try:
        loop.run_until_complete(story())  # type: ignore[arg-type]
    finally:
        loop.close()


def given(found: Dispatched) -> str:
    return found.agent.agent_id if found.agent is not None else ""


def test_somebody_who_is_free_is_given_at_once_and_reserved() -> None:
    async def story() -> None:
        floor = Floor(PLAN, "ann", "bob")
        found = await floor.ask("c")
        assert (given(found), found.waited_ms, floor.told) == ("ann", 0, [])
        assert floor.state("ann") is AgentState.RESERVED
        assert found.score == 5 - 1, "five in the language, of which one is needed"

    virtually(story)


def test_whoever_becomes_free_gets_the_most_urgent_call_the_moment_the_wrap_up_ends() -> None:
    async def story() -> None:
        floor = Floor(PLAN, "ann")
        floor.talk("ann")
        first, vip, second = floor.ask("first"), floor.ask("vip", priority=3), floor.ask("second")
        await asyncio.sleep(10)
        assert floor.told == [1, 1, 3]
        assert [floor.dispatcher.position(c) for c in ("vip", "first", "second", "nobody")] == [1, 2, 3, 0]
        floor.hang_up("ann")
        found = await vip
        assert (given(found), found.waited_ms) == ("ann", 40_000)
        assert not first.done() and not second.done()
        floor.directory.release("ann", now_ms=floor.now_ms())
        assert given(await first) == "ann"
        second.cancel()

    virtually(story)


def test_wrapping_up_early_serves_the_next_caller_early() -> None:
    async def story() -> None:
        floor = Floor(PLAN, "ann")
        floor.talk("ann")
        waiting = floor.ask("c")
        await asyncio.sleep(1)
        floor.hang_up("ann")
        await asyncio.sleep(2)
        floor.directory.wrapped_up("ann", now_ms=floor.now_ms())
        assert (await waiting).waited_ms == 3_000

    virtually(story)


def test_nobody_waits_where_nobody_is_at_work_and_hope_ends_with_the_last_who_leaves() -> None:
    async def story() -> None:
        floor = Floor(PLAN, "ann", "rita")
        nobody = await floor.ask("stranger", queue="nowhere")
        assert (given(nobody), nobody.waited_ms) == ("", 0)
        floor.talk("ann")
        waiting = floor.ask("c")
        await asyncio.sleep(5)
        floor.hang_up("ann")
        floor.directory.not_ready("ann", now_ms=floor.now_ms(), reason="meal")
        found = await waiting
        assert (given(found), found.waited_ms) == ("", 5_000)
        assert found.reasons["ann"] == "not_ready: meal"

    virtually(story)


def test_the_waiting_has_an_end_and_the_caller_may_end_it_sooner() -> None:
    async def story() -> None:
        floor = Floor(PLAN, "ann")
        floor.talk("ann")
        patient, hasty = floor.ask("patient"), floor.ask("hasty")
        await asyncio.sleep(20)
        floor.dispatcher.leave("hasty")
        assert (given(await hasty), hasty.result().waited_ms) == ("", 20_000)
        assert (given(await patient), patient.result().waited_ms) == ("", LONGEST_MS)
        assert len(floor.dispatcher) == 0

    virtually(story)


def test_a_requirement_that_loosens_wakes_the_call_up() -> None:
    async def story() -> None:
        steps = (
            RelaxationStep(for_ms=20_000, need={"x": 4}, agent=""),
            RelaxationStep(for_ms=None, need={"x": 1}, agent=""),
        )
        floor = Floor(replace(PLAN, steps=steps), "bob")
        found = await floor.ask("c")
        assert (given(found), found.waited_ms) == ("bob", 20_000)
        floor.directory.release("bob", now_ms=floor.now_ms())
        came_from_elsewhere = await floor.ask("waited before", waited_ms=25_000)
        assert (given(came_from_elsewhere), came_from_elsewhere.waited_ms) == ("bob", 0)

    virtually(story)


def test_a_contact_centers_queue_gets_the_call_when_nobody_here_took_it_in_time() -> None:
    async def story() -> None:
        acd = AcdQueue(
            acd_id="pbx", title="PBX", sip_uri="sip:q@pbx", skills={"lang:en": 1}, queues=("q",), after_ms=15_000
        )
        floor = Floor(replace(PLAN, acd={"pbx": acd}), "ann")
        assert given(await floor.ask("lucky")) == "ann"
        found = await floor.ask("c")
        assert (given(found), found.acd, found.waited_ms) == ("", acd, 15_000)

    virtually(story)


@pytest.mark.parametrize("freed_s", [3, 0])
def test_a_call_that_is_over_keeps_no_agent_even_in_the_moment_it_got_one(freed_s: int) -> None:
    async def story() -> None:
        floor = Floor(PLAN, "ann")
        floor.talk("ann")
        waiting = floor.ask("c")
        await asyncio.sleep(1)
        floor.hang_up("ann")
        floor.directory.ready("ann", now_ms=floor.now_ms())
        await asyncio.sleep(freed_s)
        waiting.cancel()
        await asyncio.wait([waiting])
        if freed_s == 0:
            assert waiting.cancelled()
            assert floor.state("ann") is AgentState.AVAILABLE
        else:
            assert given(waiting.result()) == "ann"

    virtually(story)


def test_a_new_plan_keeps_whoever_is_in_both_and_serves_with_whoever_is_new() -> None:
    async def story() -> None:
        floor = Floor(PLAN, "ann", "bob")
        floor.talk("ann")
        assert given(await floor.ask("one")) == "bob"
        waiting = floor.ask("c")
        await asyncio.sleep(1)
        agents = {"ann": replace(PLAN.agents["ann"], name="Anna"), "zoe": agent("zoe")}
        floor.directory.replan(replace(PLAN, agents=agents))
        assert floor.state("ann") is AgentState.TALKING
        assert floor.directory.presence("ann", 0).agent.name == "Anna"
        floor.directory.release("bob", now_ms=floor.now_ms())  # gone from the plan, with a call that was coming
        await asyncio.sleep(1)
        assert not waiting.done(), "who is gone gets no further call"
        floor.directory.login("zoe", now_ms=floor.now_ms())
        floor.directory.ready("zoe", now_ms=floor.now_ms())
        assert given(await waiting) == "zoe"

    virtually(story)
