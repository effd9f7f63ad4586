"""What is slow or broken on our side of a handoff costs the caller two seconds at most, and no agent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from ivr.call.dispatch import Dispatcher
from ivr.call.handoff import Handoff
from ivr.call.handoff_terms import Packet
from ivr.call.journal import Journal
from ivr.call.whisper import WORDS_S
from ivr.model.call import LogEntry
from ivr.model.errors import StorageError
from ivr.model.media import (
    Bridge,
    CollectDigits,
    Dial,
    DigitsCollected,
    HangUp,
    LegAnswered,
    LegEnded,
    Play,
    PlaybackEnded,
)
from ivr.model.routing import AgentState, TransferResult
from ivr.routing.agents import AgentDirectory
from ivr.routing.plan import RoutingPlan
from tests.handoffs import WISH, plan_of, tools_of
from tests.unit.call.test_whisper import spoken
from tests.unit.call.virtual_time import VirtualLoop

NAMES = ("ann", "bob", "cid")
PLAN = plan_of({name: f"sip:{name}@h" for name in NAMES})


class House:
    """A handoff in a house of which something (fields of HandoffTools) is changed."""

    def __init__(self, plan: RoutingPlan = PLAN, **changed: Any) -> None:
        loop = asyncio.get_running_loop()
        self.directory = AgentDirectory(plan)
        for name in NAMES:
            self.directory.login(name, now_ms=0)
            self.directory.ready(name, now_ms=0)
        self.sent: list[object] = []
        self.entries: list[LogEntry] = []

        dispatcher = Dispatcher(self.directory, lambda: round(loop.time() * 1000))
        tools = tools_of(dispatcher, self.sent.append, **changed)
        self.handoff = Handoff("c", tools, Journal("c", (self.entries.append,)))

    def states(self) -> set[AgentState]:
        return {presence.state for presence in self.directory.presences(10_000_000)}


def virtually(story: Callable[[], Awaitable[None]]) -> None:
    loop = VirtualLoop()
    try:
        loop.run_until_complete(story())  # type: ignore[arg-type]
    finally:
        loop.close()


async def never(*_: object) -> bool:
    await asyncio.Event().wait()
    return True


@pytest.mark.parametrize("how", ["fails", "hangs", "cannot be stopped"])
def test_a_store_that_fails_or_hangs_gives_the_caller_back_within_two_seconds_and_frees_everybody(how: str) -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()

        async def store(_: Packet) -> None:
            if how == "hangs":
                await never()
            while how == "cannot be stopped" and loop.time() < 5:  # as a database whose thread waits for a lock
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(5 - loop.time())
            raise StorageError("the disk is full")

        house = House(store_context=store)
        result = await house.handoff.run(WISH)
        assert result is TransferResult.FAILED
        assert loop.time() <= 2.0
        assert house.states() == {AgentState.AVAILABLE}
        assert not house.sent, "nobody's phone rang"
        assert [e.data["where"] for e in house.entries if e.kind == "trouble"] == ["context", "context"]
        await asyncio.sleep(6)

    virtually(story)


def test_a_store_that_fails_once_costs_one_candidate_and_a_page_that_never_answers_one_second() -> None:
    async def story() -> None:
        tries: list[str] = []

        async def store(packet: Packet) -> None:
            tries.append(packet.token)
            if len(tries) == 1:
                raise StorageError("locked")

        house, loop = House(store_context=store, pop=never), asyncio.get_running_loop()
        running = asyncio.ensure_future(house.handoff.run(WISH))
        await asyncio.sleep(1.01)
        [dial] = house.sent
        assert isinstance(dial, Dial) and dial.uri == "sip:bob@h"
        popped = next(e for e in house.entries if e.kind == "handoff.popped")
        assert popped.data["shown"] is False
        house.handoff.receive(LegEnded(leg=dial.leg, code=503, reason="", by="local", at_ms=0))
        await asyncio.sleep(1.01)
        assert isinstance(house.sent[-1], Dial) and house.sent[-1].uri == "sip:cid@h", "only the consult leg failed"
        house.handoff.worker_lost()
        await running
        assert loop.time() < 3 and house.states() == {AgentState.AVAILABLE}
        lost = next(e for e in house.entries if e.kind == "handoff.lost")
        assert lost.data == {"agent": "cid", "state": "dialing"}

    virtually(story)


def test_a_fault_of_ours_in_the_middle_frees_the_agent_and_is_not_hidden() -> None:
    async def story() -> None:
        async def broken(*_: object) -> bool:
            raise RuntimeError("a bug")

        house = House(pop=broken)
        with pytest.raises(RuntimeError, match="a bug"):
            await house.handoff.run(WISH)
        assert house.states() == {AgentState.AVAILABLE}

    virtually(story)


def test_the_worker_that_dies_under_a_bridge_sends_the_agent_into_wrap_up() -> None:
    async def story() -> None:
        house = House()
        running = asyncio.ensure_future(house.handoff.run(WISH))
        await asyncio.sleep(0.1)
        house.handoff.receive(LegAnswered(leg=house.handoff.leg, at_ms=0))
        await asyncio.sleep(0.1)
        house.handoff.receive(spoken("take it", "take", leg=house.handoff.leg))
        assert await running is TransferResult.ANSWERED
        assert any(isinstance(sent, Bridge) for sent in house.sent)
        house.handoff.worker_lost()
        assert house.directory.presence("ann", 1_000).state is AgentState.WRAP_UP
        assert not any(isinstance(sent, HangUp) for sent in house.sent), "there is nothing left to hang up"

    virtually(story)


@pytest.mark.parametrize("hangs_up", [False, True])
def test_an_agent_who_has_picked_up_can_answer_and_leave_while_no_voice_speaks(hangs_up: bool) -> None:
    async def story() -> None:
        house, loop = House(render=never), asyncio.get_running_loop()
        running = asyncio.ensure_future(house.handoff.run(WISH))
        await asyncio.sleep(0.1)
        leg, picked_up_s = house.handoff.leg, loop.time()
        house.handoff.receive(LegAnswered(leg=leg, at_ms=0))
        await asyncio.sleep(0.1)
        assert any(isinstance(sent, CollectDigits) for sent in house.sent)
        if hangs_up:
            house.handoff.receive(LegEnded(leg=leg, code=200, reason="", by="remote", at_ms=0))
            await asyncio.sleep(0.1)
            assert isinstance(house.sent[-1], Dial) and house.sent[-1].uri == "sip:bob@h", "the next agent, at once"
            house.handoff.caller_gone()
        else:
            await asyncio.sleep(WORDS_S)
            [said] = [sent for sent in house.sent if isinstance(sent, Play)]
            assert said.files == () and loop.time() - picked_up_s <= WORDS_S + 0.2, "the page has told it all"
            house.handoff.receive(DigitsCollected(leg=leg, digits="1", ended_by="length", at_ms=0))
        await running
        assert house.handoff.bridged is not hangs_up
        troubles = [e.data for e in house.entries if e.kind == "trouble"]
        assert troubles == ([] if hangs_up else [{"where": "whisper", "what": "no voice in time"}])

    virtually(story)


@pytest.mark.parametrize("most_s", [8, 5])
def test_an_answer_to_the_whisper_is_waited_for_as_long_as_the_whisper_may_be(most_s: int) -> None:
    async def story() -> None:
        house, loop = House(replace(PLAN, whisper_max_ms=most_s * 1000)), asyncio.get_running_loop()
        running = asyncio.ensure_future(house.handoff.run(WISH))
        await asyncio.sleep(0.1)
        leg = house.handoff.leg
        house.handoff.receive(LegAnswered(leg=leg, at_ms=0))
        await asyncio.sleep(0.1)
        house.handoff.receive(PlaybackEnded(leg=leg, playback="", interrupted=False, played_ms=1, at_ms=0))
        heard_out_s = loop.time()
        await asyncio.sleep(most_s - 0.1)
        assert house.handoff.agent == "ann"
        await asyncio.sleep(0.2)
        assert house.handoff.agent == "bob" and loop.time() == pytest.approx(heard_out_s + most_s + 0.1)
        house.handoff.caller_gone()
        await running

    virtually(story)


@pytest.mark.parametrize(("code", "result"), [(302, "refused"), (486, "busy"), (480, "no_answer"), (503, "failed")])
def test_why_an_agent_did_not_take_the_call_is_in_the_log(code: int, result: str) -> None:
    async def story() -> None:
        house = House()
        running = asyncio.ensure_future(house.handoff.run(WISH))
        for _ in NAMES:
            await asyncio.sleep(0.1)
            house.handoff.receive(LegEnded(leg=house.handoff.leg, code=code, reason="", by="remote", at_ms=0))
        assert (await running).value == result
        failed = [e.data["result"] for e in house.entries if e.kind == "handoff.attempt_failed"]
        assert failed == [result] * 3
        state = AgentState.NOT_READY if result == "no_answer" else AgentState.AVAILABLE
        assert house.states() == {state}

    virtually(story)


def test_who_pressed_the_key_that_ends_the_waiting_while_a_phone_rang_waits_no_more_when_it_rang_in_vain() -> None:
    async def story() -> None:
        house, loop = House(), asyncio.get_running_loop()
        for name in NAMES:
            house.directory.reserve(name, now_ms=0)
            house.directory.answered(name, now_ms=0)
        running = asyncio.ensure_future(house.handoff.run(WISH))
        await asyncio.sleep(1)
        assert house.handoff.waiting == 1
        house.directory.ended("ann", now_ms=1000)
        house.directory.ready("ann", now_ms=1000)
        await asyncio.sleep(0.1)
        assert not house.handoff.stop_waiting(), "ann's phone rings"
        house.handoff.receive(LegEnded(leg=house.handoff.leg, code=486, reason="", by="remote", at_ms=0))
        assert await running is TransferResult.BUSY
        assert loop.time() < 1.2 and house.directory.presence("ann", 1100).state is AgentState.AVAILABLE

    virtually(story)


@pytest.mark.parametrize("full_for_s", [0.5, 60])
def test_an_agent_for_whom_no_leg_is_free_is_called_again_for_a_second_and_not_passed_over(full_for_s: float) -> None:
    async def story() -> None:
        house, loop = House(), asyncio.get_running_loop()
        running = asyncio.ensure_future(house.handoff.run(WISH))
        told = 0
        while not running.done() and loop.time() < full_for_s:
            await asyncio.sleep(0.01)
            for dial in [sent for sent in house.sent[told:] if isinstance(sent, Dial)]:
                ended = LegEnded(leg=dial.leg, code=503, reason="no free leg", by="local", at_ms=0)
                house.handoff.receive(ended)
            told = len(house.sent)
        await asyncio.sleep(1)
        dialed = [sent.uri for sent in house.sent if isinstance(sent, Dial)]
        if full_for_s < 1:
            assert set(dialed) == {"sip:ann@h"} and len(dialed) == 4
            house.handoff.caller_gone()
        else:
            assert running.result() is TransferResult.FAILED and len(dialed) == 6 * len(NAMES)
        await running
        await asyncio.sleep(1)
        assert len([sent for sent in house.sent if isinstance(sent, Dial)]) == len(dialed)
        assert house.states() == {AgentState.AVAILABLE}

    virtually(story)
