"""The demo's calls from a full queue: solved by the bot, and given back to the caller's place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ivr.demo.acd import Acd, AcdSettings
from ivr.demo.acd_queue import Contact, ContactState
from ivr.demo.calls import QUESTION_MS, READ_S, Check, Reply, Stage, converse
from ivr.demo.follower import Follower
from ivr.demo.house import HOST, DemoError, free_ports
from ivr.demo.printing import printer
from ivr.model.ids import monotonic_ms

EXPECTED_S = 420
AHEAD_S, TURN_S = 90, 1.0


async def solved(stage: Stage) -> list[Check]:
    """The queue is full, the bot solves it: nobody has to wait."""
    async with _queue(stage) as acd:
        follower = await _sent(stage, acd)
        replies = (
            Reply(asked=r"utter_overflow_way", press="1", hasty=True),
            Reply(asked=r"utter_ask_claim_number", press="317204", hasty=True),
            Reply(asked=r"utter_solved", press="1", hasty=True),
            Reply(asked=r"utter_anything_else", press="2", hasty=True),
            Reply(asked=r"utter_how_can_i_help", press="1", hasty=True),
            Reply(asked=r"May I tell you", press="2", hasty=True),
        )
        await converse(stage, follower, replies)
        await stage.caller.ended(timeout=20)
        await follower.closed(5)
        contact = _contact(acd)
        result = await stage.house.get(f"/api/overflow/{contact.token}")
    said = " ".join(e["data"]["text"] for e in follower.events if e["kind"] == "turn.said")
    return [
        ("the first line says that all are busy, and how long", "busy" in said and "five to ten minutes" in said),
        ("the request was resolved, and the call ended there", follower.record["outcome"] == "resolved"),
        ("the contact center knows: resolved", (contact.outcome, result["outcome"]) == ("resolved", "resolved")),
    ]


async def kept(stage: Stage) -> list[Check]:
    """The caller keeps the place: back in the queue behind who came before, before who came after."""
    async with _queue(stage) as acd:
        ahead = acd.arrive(age_s=AHEAD_S)
        follower = await _sent(stage, acd)
        behind = acd.arrive(age_s=0)
        contact = _contact(acd)
        arrived_ms = contact.arrived_ms
        await converse_until_back(stage, follower, contact)
        line = [each.contact_id for each in acd.queue.line()]
        print(
            f" {stage.number} │ the queue: caller at place {line.index(contact.contact_id) + 1} of {len(line)}",
            flush=True,
        )
        acd.queue.agents, acd.queue.handling_ms = 1, int(TURN_S * 1000)
        await stage.caller.ended(timeout=20)
        packet = await stage.house.get(f"/api/contexts/{contact.token}")
    age, true_age = contact.returned_age_s, contact.true_age_s
    counted = age is not None and true_age is not None and 0 <= true_age - age <= 1  # told in whole seconds, twice
    return [
        ("the call went back to the queue", follower.record["outcome"] == "returned"),
        ("to its place", line == [ahead, contact.contact_id, behind] and contact.arrived_ms == arrived_ms),
        (f"with the time waited since the first arrival, {true_age} s, to the second", counted),
        ("the agent there reads what the bot knows", packet["queue"]["overflow_from"] == acd.queue.name),
        ("who came before was served before", acd.queue.taken[:2] == [ahead, contact.contact_id]),
    ]


async def converse_until_back(stage: Stage, follower: Follower, contact: Contact) -> None:
    """Choose to keep the place, and wait until the queue has the caller again."""
    await converse(stage, follower, (Reply(asked=r"utter_overflow_way", press="2", hasty=True),))
    await follower.closed(5)
    deadline_ms = monotonic_ms() + QUESTION_MS
    while contact.state is not ContactState.WAITING:
        if monotonic_ms() > deadline_ms:
            raise DemoError("the caller did not come back to the queue")
        await asyncio.sleep(READ_S)


@asynccontextmanager
async def _queue(stage: Stage) -> AsyncIterator[Acd]:
    """A contact center whose queue is full."""
    sip_port, web_port = free_ports(2)
    settings = AcdSettings(
        host=HOST,
        sip_port=sip_port,
        web_port=web_port,
        bot=f"sip:overflow+billing@{HOST}:{stage.house.ports.sip}",
        bot_web=stage.house.web,
        expected_s=EXPECTED_S,
        max_wait_s=1.0,
    )
    async with Acd.open(settings) as acd:
        yield acd


async def _sent(stage: Stage, acd: Acd) -> Follower:
    """Call the contact center, wait there, and be sent to the bot."""
    await stage.caller.call(acd.uri)
    await stage.caller.answered()
    print(
        f" {stage.number} │ the contact center has nobody free; after {acd.settings.max_wait_s:.0f} s it asks the bot"
    )
    deadline_ms = monotonic_ms() + QUESTION_MS
    while not any(contact.token for contact in acd.queue.contacts.values()):
        if monotonic_ms() > deadline_ms:
            raise DemoError("the bot did not take the call from the queue")
        await asyncio.sleep(READ_S)
    stands = await stage.house.get(f"/api/overflow/{_contact(acd).token}")
    return Follower(stage.house, stands["call_id"], printer(stage.number))


def _contact(acd: Acd) -> Contact:
    """The caller, as the contact center knows one."""
    return next(contact for contact in acd.queue.contacts.values() if contact.token)
