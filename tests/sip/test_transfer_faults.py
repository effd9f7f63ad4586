"""What telephones, contact centers and people do to a transfer on real SIP: the caller goes on, no agent is lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.model import media
from ivr.model.ids import monotonic_ms
from ivr.model.routing import AcdQueue, AgentState, TransferResult
from ivr.routing.plan import RoutingPlan
from tests.handoffs import plan_of
from tests.sip.media_control import channel, seconds_of
from tests.sip.odd_phones import is_closed, odd_phones, rings_on
from tests.sip.office import AGENT_HZ, CALLER_HZ, MUSIC_HZ, WHISPER_HZ, Office, Ports, an_office, offices

pytestmark = pytest.mark.sip

NEXT_MS = 300
"""From the failure of one candidate to the call of the next."""
RINGS_MS, PROVEN_MS = 600, 800
"""How long a contact center's queue may ring here, and after which time its answer counts."""


async def test_telephones_that_do_what_no_good_telephone_does_cost_the_caller_no_more_than_their_ringing(
    reserve_ports: Ports, tmp_path: Path
) -> None:
    async with an_office(reserve_ports, tmp_path) as office, odd_phones() as odd:
        plan = plan_of({**{phone.name: phone.uri for phone in odd}, "second": office.second.uri}, wrap_up_ms=0)
        strong = {name: replace(agent, skills={"lang:en": 5}) for name, agent in plan.agents.items()}
        office.employ(replace(plan, agents={**strong, "second": plan.agents["second"]}))
        office.music()
        running = office.begin(ring_ms=500)
        await office.taken_by(office.second)
        assert await running is TransferResult.ANSWERED
        await asyncio.wait_for(asyncio.gather(*(p.done for p in odd if p.name != "says_nothing")), 5)
        free = {name for name, state in office.states().items() if state is AgentState.AVAILABLE}
        assert free == {"is_forwarded", "hangs_up_at_once"}
        assert office.state("second") is AgentState.TALKING
        assert sorted(office.chosen()) == sorted(office.states())
        failed = [e for e in office.entries if e.kind == "handoff.attempt_failed"]
        dialed = [e for e in office.entries if e.kind == "handoff.dialed"]
        for before, after, ended in zip(dialed, dialed[1:], failed, strict=False):
            assert after.at_ms - ended.at_ms <= NEXT_MS
            assert after.at_ms - before.at_ms <= 500 + 2 * NEXT_MS, before.data
        await office.talk(office.second)
        await office.second.hang_up()
        await office.caller.ended()
        assert seconds_of(channel(office.caller.heard_wav), MUSIC_HZ) > 2, "comfort all the while"
        assert seconds_of(channel(office.caller.heard_wav), AGENT_HZ) > 0.6


async def test_a_contact_centers_queue_gets_the_call_as_it_comes_and_one_that_does_not_take_or_keep_it_gives_it_back(
    reserve_ports: Ports, tmp_path: Path
) -> None:
    async with offices(2, reserve_ports, tmp_path) as [one, two]:
        await asyncio.gather(_answers_and_rings(one), _gives_it_back(two))


async def test_whoever_hangs_up_at_whatever_moment_alone_or_both_at_once_nobody_is_left_ringing_or_taken(
    reserve_ports: Ports, tmp_path: Path
) -> None:
    async def both(office: Office) -> None:
        for moment in ("handoff.ringing", "handoff.answered", "handoff.whispered", "handoff.bridged"):
            running = await _up_to(office, moment)
            await asyncio.gather(office.caller.hang_up(), office.best.hang_up())
            gone = await office.caller.ended()
            assert (await office.best.ended(timeout=2)).at_ms - gone.at_ms <= 1000
            await running
            await office.control.wait(media.LegEnded, leg=office.leg)
            await asyncio.sleep(0.05)
            # A phone that rings and is hung up says 480, which is what an agent who is not there says.
            free = {AgentState.AVAILABLE} | ({AgentState.NOT_READY} if moment == "handoff.ringing" else set())
            assert office.state("best") in free, moment
            await office.call_in()

    async def the_agent(office: Office) -> None:
        for moment in ("handoff.answered", "handoff.whispered"):
            running = await _up_to(office, moment)
            left_ms = monotonic_ms()
            await office.best.hang_up()
            assert await running is not TransferResult.ANSWERED
            assert monotonic_ms() - left_ms <= 1000
            await office.best.ended()
            assert office.states() == {"best": AgentState.AVAILABLE}, moment
            assert _still_here(office)

    async with offices(2, reserve_ports, tmp_path) as [one, two]:
        for office in (one, two):
            office.employ(plan_of({"best": office.best.uri}, wrap_up_ms=0))
        await asyncio.gather(both(one), the_agent(two))


async def _answers(office: Office) -> None:
    """The queue hears the caller and nothing else; an end there is the end."""
    office.employ(_with_queue(office))
    office.music()
    assert await office.begin() is TransferResult.ANSWERED
    assert office.chosen() == ["acd"]
    await office.best.incoming()
    await office.talk(office.best)
    await office.best.hang_up()
    await office.caller.ended()
    queue_heard, caller_heard = channel(office.best.heard_wav), channel(office.caller.heard_wav)
    assert seconds_of(queue_heard, WHISPER_HZ) == seconds_of(queue_heard, MUSIC_HZ) == 0
    assert seconds_of(queue_heard, CALLER_HZ) > 0.6
    assert seconds_of(caller_heard, AGENT_HZ) > 0.6


async def _does_not(office: Office) -> None:
    """Declined, then rung in vain."""
    office.employ(_with_queue(office))
    await office.best.decline_calls(503)
    assert await office.begin() is TransferResult.FAILED
    await office.best.ignore_calls()
    running, began_ms = office.begin(), monotonic_ms()
    rang = await office.best.incoming()
    assert await running is TransferResult.NO_ANSWER
    assert monotonic_ms() - began_ms <= RINGS_MS + NEXT_MS
    assert (await office.best.ended()).at_ms - rang.at_ms <= RINGS_MS + NEXT_MS
    assert _still_here(office)


async def _hangs_up_at_once(office: Office) -> None:
    """The next queue gets the call."""
    async with odd_phones([is_closed]) as [closed]:
        await office.best.answer_calls()
        office.employ(_with_queue(office, closed.uri))
        office.music()
        assert await office.begin() is TransferResult.ANSWERED
        await asyncio.wait_for(closed.done, 2)
    assert office.chosen() == ["closed", "acd"]
    [failed] = [entry for entry in office.entries if entry.kind == "handoff.attempt_failed"]
    assert failed.data == {"agent": "closed", "event": "turned_away", "result": "refused"}
    dialed = await office.noted("handoff.dialed", 2)
    assert dialed.at_ms - failed.at_ms <= NEXT_MS
    await office.talk(office.best)
    await office.best.hang_up()
    await office.caller.ended()
    assert seconds_of(channel(office.caller.heard_wav), AGENT_HZ) > 0.6


async def _rings_until_an_agent_is_free(office: Office) -> None:
    """The queue's phone is told to be silent, then the agent's rings."""
    async with odd_phones([rings_on]) as [queue]:
        acd = replace(_with_queue(office).acd["acd"], sip_uri=queue.uri, ring_ms=20_000)
        office.employ(plan_of({"second": office.second.uri}, acd={"acd": acd}))
        office.directory.ready("second", now_ms=monotonic_ms())
        office.directory.reserve("second", now_ms=monotonic_ms())
        await office.call_in()
        running = office.begin()
        await office.noted("handoff.ringing")
        office.directory.release("second", now_ms=monotonic_ms())
        await asyncio.wait_for(queue.done, 2)  # told to be silent, and acknowledged
        assert (await office.noted("handoff.recalled")).data == {"agent": "second", "by": "acd"}
        await office.taken_by(office.second)
        assert await running is TransferResult.ANSWERED and office.chosen() == ["acd", "second"]


async def _answers_and_rings(office: Office) -> None:
    await _answers(office)
    await _rings_until_an_agent_is_free(office)


async def _gives_it_back(office: Office) -> None:
    await _does_not(office)
    await _hangs_up_at_once(office)


async def _up_to(office: Office, moment: str) -> asyncio.Task[TransferResult]:
    """A handoff that has come so far with the best agent."""
    await (office.best.ignore_calls() if moment == "handoff.ringing" else office.best.answer_calls())
    running = office.begin()
    await office.best.incoming()
    if moment == "handoff.bridged":
        await office.noted("handoff.whispered")
        await office.best.press("1")
    await office.noted(moment)
    return running


def _with_queue(office: Office, closed: str = "") -> RoutingPlan:
    """The best agent's phone is that of a queue. closed: the address of another, which is tried first."""
    queue = AcdQueue(
        acd_id="acd",
        title="service",
        sip_uri=office.best.uri,
        skills={"lang:en": 1},
        queues=("q",),
        ring_ms=RINGS_MS,
        proven_ms=PROVEN_MS,
    )
    first = replace(queue, acd_id="closed", sip_uri=closed, skills={"lang:en": 2})
    return plan_of({}, acd={"acd": queue, **({"closed": first} if closed else {})})


def _still_here(office: Office) -> bool:
    """The bot has the caller."""
    return not [ended for ended in office.control.all(media.LegEnded) if ended.leg == office.leg]
