"""A contact center's queue as the target, in virtual time: what is waited for before it rings, how long it may ring,
and what the caller can do meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from ivr.call.dispatch import Dispatcher
from ivr.call.handoff import Handoff
from ivr.call.handoff_terms import NO_PAGE, Packet
from ivr.call.journal import Journal
from ivr.call.overflowing import overflow_call
from ivr.model.call import LogEntry
from ivr.model.identity import Caller
from ivr.model.media import Bridge, CallArrived, Dial, HangUp, LegAnswered, LegEnded, LegRinging
from ivr.model.routing import AcdQueue, AgentState, TransferResult
from ivr.routing.agents import AgentDirectory
from ivr.routing.overflow_terms import OverflowQueue, OverflowTerms, Source
from ivr.routing.waiting_outlook import Outlook
from ivr.routing.waiting_terms import WaitingTerms
from tests.handoffs import WISH, plan_of, tools_of
from tests.unit.call.virtual_time import VirtualLoop

ACD = AcdQueue(acd_id="pbx", title="PBX", sip_uri="sip:q@pbx", skills={"lang:en": 2}, queues=(WISH.queue,))
PLAN = replace(plan_of({"ann": "sip:ann@h"}), acd={"pbx": ACD}, waiting=WaitingTerms(longest_ms=60_000))
OTHER = replace(ACD, acd_id="other", sip_uri="sip:q@other", skills={"lang:en": 1})
TURNED_AWAY = {"agent": "pbx", "event": "turned_away", "result": "refused"}


class House:
    """Ann is the only person here, and a contact center has a queue, or another. Ann is away unless she is said to be
    there."""

    def __init__(self, *others: AcdQueue, ann: bool = False, **changed: Any) -> None:
        loop = asyncio.get_running_loop()
        self.directory = AgentDirectory(replace(PLAN, acd={**PLAN.acd, **{each.acd_id: each for each in others}}))
        self.turned_away: list[str] = []
        self.directory.login("ann", now_ms=0)
        if ann:
            self.directory.ready("ann", now_ms=0)
        self.sent: list[object] = []
        self.entries: list[LogEntry] = []
        dispatcher = Dispatcher(self.directory, lambda: round(loop.time() * 1000))
        tools = tools_of(dispatcher, self.sent.append, turned_away=self.turned_away.append, **changed)
        self.handoff = Handoff("c", tools, Journal("c", (self.entries.append,)))

    def begin(self) -> asyncio.Task[TransferResult]:
        return asyncio.ensure_future(self.handoff.run(WISH))

    def dialed(self) -> list[Dial]:
        return [message for message in self.sent if isinstance(message, Dial)]

    def rings(self) -> None:
        self.handoff.receive(LegRinging(leg=self.handoff.leg, at_ms=0, code=182))

    async def answers(self) -> asyncio.Task[TransferResult]:
        running = self.begin()
        await asyncio.sleep(0.1)
        self.handoff.receive(LegAnswered(leg=self.handoff.leg, at_ms=0))
        await asyncio.sleep(0.1)
        return running

    def hangs_up(self) -> None:
        self.handoff.receive(LegEnded(leg=self.handoff.leg, code=200, reason="", by="remote", at_ms=0))

    def states(self) -> dict[str, AgentState]:
        return {each.agent.agent_id: each.state for each in self.directory.presences(0)}

    def noted(self, kind: str) -> list[dict[str, Any]]:
        return [dict(entry.data) for entry in self.entries if entry.kind == kind]


def virtually(story: Callable[[], Awaitable[None]]) -> None:
    loop = VirtualLoop()
    try:
        loop.run_until_complete(story())  # type: ignore[arg-type]
    finally:
        loop.close()


def test_other_systems_have_a_second_to_take_the_context_before_the_queue_rings() -> None:
    async def story() -> None:
        told: list[str] = []

        async def pop(agent: str, _packet: Packet) -> bool:
            told.append(agent)
            await asyncio.Event().wait()
            return True

        house = House(pop=pop)
        running = house.begin()
        await asyncio.sleep(0.99)
        assert (told, house.dialed()) == ([NO_PAGE], [])
        await asyncio.sleep(0.02)
        [dial] = house.dialed()
        assert dial.uri == "sip:q@pbx"
        house.handoff.caller_gone()
        await running

    virtually(story)


def test_a_queue_that_answers_has_the_caller_without_a_whisper_and_without_a_key() -> None:
    async def story() -> None:
        house = House()
        running = house.begin()
        await asyncio.sleep(0.1)
        house.rings()
        await asyncio.sleep(40)
        assert house.handoff.waits, "for the caller ringing is waiting"
        house.handoff.receive(LegAnswered(leg=house.handoff.leg, at_ms=0))
        await asyncio.sleep(0.01)
        assert isinstance(house.sent[-1], Bridge) and not house.handoff.waits
        assert await running is TransferResult.ANSWERED
        assert not house.handoff.stop_waiting(TransferResult.CALLBACK), "too late: they talk"

    virtually(story)


def test_a_queue_that_answers_and_hangs_up_at_once_costs_the_caller_no_more_than_one_that_refuses() -> None:
    async def story() -> None:
        house = House(OTHER)
        running = await house.answers()
        await asyncio.sleep(4.7)
        house.hangs_up()
        await asyncio.sleep(0.1)
        assert house.turned_away == ["pbx"] and house.noted("handoff.attempt_failed") == [TURNED_AWAY]
        assert [dial.uri for dial in house.dialed()] == ["sip:q@pbx", "sip:q@other"]
        house.handoff.receive(LegAnswered(leg=house.handoff.leg, at_ms=0))
        await asyncio.sleep(0.1)
        house.hangs_up()
        assert await running is TransferResult.REFUSED and house.turned_away == ["pbx", "other"]
        assert not [each for each in house.sent if isinstance(each, HangUp)], "the caller is ours, the phones are down"
        assert house.noted("handoff.bridged") == [], "nobody took the call"

    virtually(story)


def test_a_queue_whose_answer_has_held_has_taken_the_call_and_ends_it_when_it_hangs_up() -> None:
    async def story() -> None:
        for proven_ms, held_s in ((5_000, 5.2), (0, 0.1)):
            house = House(replace(ACD, proven_ms=proven_ms))
            running = await house.answers()
            await asyncio.sleep(held_s)
            assert running.done()
            house.hangs_up()
            assert await running is TransferResult.ANSWERED and house.turned_away == []
            assert isinstance(house.sent[-1], HangUp) and house.sent[-1].leg == "c"
            [bridged] = house.noted("handoff.bridged")
            assert bridged["heard_before_ms"] == proven_ms

    virtually(story)


def test_a_caller_who_leaves_a_queue_that_has_just_answered_was_with_it_and_keys_are_for_its_menu() -> None:
    async def story() -> None:
        house = House(ann=True)
        house.directory.reserve("ann", now_ms=0)
        running = await house.answers()
        await asyncio.sleep(2)
        assert not house.handoff.stop_waiting(TransferResult.CALLBACK)
        assert house.handoff.joined and house.handoff.heard
        house.handoff.caller_gone()
        assert isinstance(house.sent[-1], HangUp) and house.sent[-1].leg == house.handoff.leg
        assert [each["heard_before_ms"] for each in house.noted("handoff.bridged")] == [2_100]
        await running
        assert house.turned_away == [] and house.noted("handoff.attempt_failed") == []

    virtually(story)


def test_who_would_rather_be_called_back_leaves_a_queue_that_rings() -> None:
    async def story() -> None:
        house = House()
        running = house.begin()
        await asyncio.sleep(0.1)
        house.rings()
        await asyncio.sleep(30)
        assert house.handoff.stop_waiting(TransferResult.CALLBACK)
        assert await running is TransferResult.CALLBACK
        assert isinstance(house.sent[-1], HangUp) and house.sent[-1].leg == house.handoff.leg
        assert asyncio.get_running_loop().time() < 31
        assert not house.handoff.stop_waiting(TransferResult.ASSISTANT)
        assert house.handoff.place is not None and house.handoff.place.arrived_ms == 0

    virtually(story)


def test_a_queue_rings_longer_than_a_phone_but_no_longer_than_callers_wait() -> None:
    async def story() -> None:
        house = House()
        running = house.begin()
        await asyncio.sleep(0.1)
        [dial] = house.dialed()
        assert dial.ring_timeout_ms == 60_000 < ACD.ring_ms
        house.rings()
        assert await running is TransferResult.NO_ANSWER, "the worker said nothing, and was not waited for for ever"
        assert 60 < asyncio.get_running_loop().time() < 65
        assert isinstance(house.sent[-1], HangUp)

    virtually(story)


def test_an_agent_who_becomes_free_while_the_queue_still_rings_gets_the_call_and_the_queue_is_kept_for_later() -> None:
    async def story() -> None:
        shown: list[str] = []

        async def pop(agent: str, _packet: Packet) -> bool:
            shown.append(agent)
            return True

        house = House(pop=pop)
        running = house.begin()
        await asyncio.sleep(0.1)
        house.rings()
        await asyncio.sleep(20)
        assert house.handoff.outlook() == Outlook(), "nothing is known of the queue"
        house.directory.ready("ann", now_ms=20_000)
        await asyncio.sleep(0.1)
        queue, ann = house.dialed()
        assert (ann.uri, shown) == ("sip:ann@h", ["", "ann"])
        [down] = [each for each in house.sent if isinstance(each, HangUp)]
        assert down.leg == queue.leg and house.sent.index(down) < house.sent.index(ann), "one phone at a time"
        assert house.noted("handoff.recalled") == [{"agent": "ann", "by": "pbx"}]
        house.handoff.receive(LegEnded(leg=ann.leg, code=486, reason="", by="remote", at_ms=0))
        await asyncio.sleep(0.1)
        assert [dial.uri for dial in house.dialed()] == ["sip:q@pbx", "sip:ann@h", "sip:q@pbx"]
        house.handoff.caller_gone()
        await running
        assert house.states() == {"ann": AgentState.AVAILABLE}

    virtually(story)


@pytest.mark.parametrize("first", ["answer", "agent", "caller", "key"])
def test_whatever_comes_in_the_moment_an_agent_becomes_free_nobody_is_kept_for_nothing(first: str) -> None:
    async def story() -> None:
        house = House()
        running = house.begin()
        await asyncio.sleep(0.1)
        house.rings()
        await asyncio.sleep(10)
        leg = house.handoff.leg
        if first == "agent":
            house.directory.ready("ann", now_ms=10_000)
            await asyncio.sleep(0)  # she is found, and nobody has been told yet
            assert house.states() == {"ann": AgentState.RESERVED}
        match first:
            case "answer" | "agent":
                house.handoff.receive(LegAnswered(leg=leg, at_ms=0))
            case "caller":
                house.handoff.caller_gone()
            case "key":
                assert house.handoff.stop_waiting(TransferResult.CALLBACK)
                await asyncio.sleep(0.01)  # who is free before that may still take the call
        house.directory.ready("ann", now_ms=10_000) if first != "agent" else None
        await asyncio.sleep(1)
        uris = [dial.uri for dial in house.dialed()]
        if first == "agent":
            assert uris == ["sip:q@pbx", "sip:ann@h"] and house.states() == {"ann": AgentState.RESERVED}
            assert [each.leg for each in house.sent if isinstance(each, HangUp)] == [leg], (
                "the queue's 200 was too late"
            )
            house.handoff.caller_gone()
        else:
            assert uris == ["sip:q@pbx"]
        house.handoff.caller_gone()
        await running
        await asyncio.sleep(0)
        assert house.states() == {"ann": AgentState.AVAILABLE} and house.handoff.waiting == 0

    virtually(story)


def test_a_queue_that_refuses_is_not_the_end_of_it() -> None:
    async def story() -> None:
        house = House(ann=True)
        house.directory.reserve("ann", now_ms=0)
        house.directory.answered("ann", now_ms=0)
        running = house.begin()
        await asyncio.sleep(0.1)
        house.handoff.receive(LegEnded(leg=house.handoff.leg, code=503, reason="", by="remote", at_ms=0))
        await asyncio.sleep(5)
        assert house.handoff.waits and house.handoff.waiting == 1, "ann may be free soon"
        house.directory.ended("ann", now_ms=5_000)
        house.directory.ready("ann", now_ms=5_000)
        await asyncio.sleep(0.1)
        assert [dial.uri for dial in house.dialed()] == ["sip:q@pbx", "sip:ann@h"]
        house.handoff.caller_gone()
        await running

    virtually(story)


@pytest.mark.parametrize(
    ("queue", "header", "told_ms", "own_ms", "expected_ms"),
    [
        ("billing", "300", 420_000, 700_000, 300_000),  # what came with the call counts first
        ("billing", "", 420_000, 700_000, 420_000),
        ("billing", "", None, 700_000, 700_000),
        ("billing", "", None, None, None),
        ("travel", "", None, 700_000, None),  # nobody here knows about that queue
    ],
)
def test_where_a_contact_center_does_not_say_how_long_its_callers_wait_our_own_pace_does(
    queue: str, header: str, told_ms: int | None, own_ms: int | None, expected_ms: int | None
) -> None:
    terms = OverflowTerms(
        precedence=tuple(Source),
        address_prefix="overflow+",
        callback_after_ms=180_000,
        queues={"billing": OverflowQueue(name="billing", queue="payments")},
    )
    asked: list[str] = []

    def own(name: str) -> int | None:
        asked.append(name)
        return own_ms

    arrived = CallArrived(
        leg="c",
        sip_call_id="s",
        request_uri=f"sip:overflow+{queue}@h",
        from_header="",
        to_header="",
        headers=(("X-Queue-EWT", header),) if header else (),
        source="h",
        arrived_at_ms=0,
    )
    caller = Caller(ani="+12025550103", dnis=f"overflow+{queue}")
    found = overflow_call(arrived, caller, terms, lambda _: told_ms, own, trusted=True)
    assert found is not None and found.expected_ms == expected_ms
    assert set(asked) <= {"payments"}
    assert ("callback" in found.ways) == (expected_ms is not None)
