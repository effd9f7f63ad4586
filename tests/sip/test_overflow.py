"""Calls a contact center sends because its queue is full, with a contact center on real SIP: solved, given back to
their place by hanging up and by REFER, promised a call."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ivr.config import load_settings
from ivr.demo.acd import Acd, AcdSettings
from ivr.demo.acd_queue import Contact, ContactState
from ivr.demo.follower import Follower
from ivr.demo.house import HOST, House
from ivr.demo.phone_client import SoftPhone
from ivr.demo.printing import printer
from ivr.routing.key_code import key_code
from ivr.storage.store import Store
from tests.sip.conftest import OpenHouse
from tests.sip.house import ROOT, until

pytestmark = [pytest.mark.sip, pytest.mark.models]

RETURNED_BY_REFER = """    claims: {queue: claims, names: ["7002"], return_by: refer, return_to: "${ACD_CLAIMS}"}
"""


class Story:
    """One caller of the contact center, from the queue to the end."""

    def __init__(self, house: House, acd: Acd, phone: SoftPhone, number: str) -> None:
        self.house, self.acd, self.phone, self.number = house, acd, phone, number
        self._answered = 0
        self.call: Follower

    @property
    def contact(self) -> Contact:
        """As the contact center knows the caller: the one with a telephone."""
        return next(c for c in self.acd.queue.contacts.values() if c.token)

    async def begin(self) -> None:
        """Call the queue, wait there, and be sent to the bot."""
        await self.phone.call(self.acd.uri)
        await self.phone.answered()

        async def sent() -> bool:
            return any(c.token for c in self.acd.queue.contacts.values())

        await until("the queue sends the caller to the bot", sent)
        stands = await self.house.get(f"/api/overflow/{self.contact.token}")
        assert stands["outcome"] == "open"
        self.call = Follower(self.house, stands["call_id"], printer(1))
        await until("the call is stored as well", self._stored)

    async def _stored(self) -> bool:
        calls = (await self.house.get("/api/calls?limit=20"))["calls"]
        return any(call["call_id"] == self.call.call_id for call in calls)

    async def asked(self, name: str) -> Mapping[str, Any]:
        after = self._answered
        return await self.call.wait_for("turn.said", 20, lambda e: e["seq"] > after and e["data"]["name"] == name)

    async def press(self, keys: str) -> None:
        await self.call.read()
        self._answered = len(self.call.events)
        await self.phone.press(keys)

    async def result(self) -> Mapping[str, Any]:
        """What the contact center finds by token, which is what the log of the call says."""
        told = await self.call.wait_for("overflow.result", 20)
        stands: Mapping[str, Any] = await self.house.get(f"/api/overflow/{self.contact.token}")
        assert {name: stands[name] for name in told["data"]} == told["data"]
        return stands

    async def record(self) -> Mapping[str, Any]:
        return await self.call.closed(5)


async def solved(story: Story) -> None:
    """The first line tells that all are busy, and how long; the bot solves it, and the call ends there."""
    await story.begin()
    wait = await story.asked("utter_overflow_wait")
    assert "five to ten minutes" in wait["data"]["text"]
    await story.asked("utter_overflow_way_or_callback")
    await story.press("1")
    await story.asked("utter_how_can_i_help")
    await story.press("1")
    await story.asked("utter_ask_claim_number")
    await story.press("317204")
    await story.asked("utter_solved")
    await story.press("1")
    decided = await story.call.wait_for("offer.decided", 10)
    await story.press("2")
    if decided["data"]["speak"]:
        await story.asked("utter_anything_else")
        await story.press("2")
    result = await story.result()
    assert (result["outcome"], result["intent"], result["level"]) == ("resolved", "claim_status", "L1")
    await story.phone.ended(timeout=20)
    record = await story.record()
    assert (record["outcome"], record["overflow_from"]) == ("resolved", "billing")
    assert (story.contact.state, story.contact.outcome) == (ContactState.ENDED, "resolved")


async def kept(story: Story) -> None:
    """Whoever keeps the place stands where they stood: behind who came before, before who came after. Whoever takes the
    call there finds what is known, by its eight digits, too, and that this caller once said "no offers"."""
    store = await Store.open(load_settings(story.house.folder / "ivr.toml").storage.url)
    try:
        await store.opt_out(f"tel:{story.number}", "2026-11-01T10:00:00.000Z", "an earlier call")
    finally:
        await store.close()
    ahead = await _arrival(story, age_s=100)
    await story.begin()
    behind = await _arrival(story, age_s=0)
    arrived_ms = story.contact.arrived_ms
    await story.asked("utter_overflow_way_or_callback")
    await story.press("2")
    await story.asked("utter_overflow_keep")
    result = await story.result()
    assert result["outcome"] == "returned"

    async def back() -> bool:
        return story.contact.state is ContactState.WAITING

    await until("the caller is back in the queue", back, 15)
    assert (await story.record())["outcome"] == "returned"
    line = [contact.contact_id for contact in story.acd.queue.line()]
    assert line == [ahead, story.contact.contact_id, behind]
    assert story.contact.arrived_ms == arrived_ms
    assert abs(story.contact.returned_age_s - story.contact.true_age_s) <= 1  # type: ignore[operator]
    packet = await story.house.get(f"/api/contexts/{story.contact.token}")
    queue = packet["queue"]
    assert (queue["overflow_from"], queue["reason"]) == (story.acd.queue.name, "keeps the place in the queue")
    assert packet["customer"]["no_offers"] is True
    assert await story.house.get(f"/api/contexts/{key_code(story.contact.token)}") == packet
    assert await _post(story, "/agents", {"agents": 1, "handling_s": 0.1})
    await story.phone.ended(timeout=10)
    assert story.acd.queue.taken[:2] == [ahead, story.contact.contact_id]


async def called_back(story: Story) -> None:
    """A call back keeps the place, too; the number is read back before it is promised."""
    await story.begin()
    await story.asked("utter_overflow_way_or_callback")
    await story.press("3")
    said = await story.asked("utter_callback_number")
    assert "one six oh" in said["data"]["text"]
    await story.press("1")
    await story.asked("utter_callback_promised")
    assert (await story.result())["outcome"] == "callback"
    await story.phone.ended(timeout=20)
    assert story.contact.outcome == "callback"
    promises = (await story.house.get("/api/callbacks?state=due&queue=billing"))["callbacks"]
    promise = next(each for each in promises if each["call_id"] == story.call.call_id)
    assert promise["number"] == "+12025550160"
    assert promise["arrived_at"] <= (await story.record())["started_at"]
    claimed = f"/api/callbacks/{promise['callback_id']}/claim"
    assert (await story.house.post(claimed, {"by": "a1"}))["state"] == "claimed"
    async with story.house.http.post(story.house.web + claimed, json={"by": "a2"}) as refused:
        assert refused.status == 409


async def test_calls_from_a_full_queue_are_solved_given_back_or_promised_a_call(
    open_own_house: OpenHouse, reserve_ports: Callable[[int], range], tmp_path: Path
) -> None:
    assistant = tmp_path / "assistant"
    shutil.copytree(ROOT / "dialogs" / "insurance", assistant)
    routing = assistant / "routing.yml"
    text = routing.read_text()
    assert text.count('    claims: {queue: claims, names: ["7002"]}\n') == 1
    routing.write_text(text.replace('    claims: {queue: claims, names: ["7002"]}\n', RETURNED_BY_REFER))
    ports = reserve_ports(8)
    by_refer = f"sip:claims@{HOST}:{ports[6]}"
    overrides = {
        "server": {"assistant": str(assistant)},
        "sip": {"workers": 2},
        "variables": {"ACD_CLAIMS": by_refer},
    }
    async with open_own_house(overrides) as house:

        @asynccontextmanager
        async def told(at: int, number: str, queue: str = "billing") -> AsyncIterator[Story]:
            settings = AcdSettings(
                host=HOST,
                sip_port=ports[2 * at],
                web_port=ports[2 * at + 1],
                bot=f"sip:overflow+{queue}@{HOST}:{house.ports.sip + at // 2}",
                bot_web=house.web,
                queue=queue,
                expected_s=420,
            )
            rtp = house.ports.phone_rtp + 16 * (at + 1)
            async with (
                Acd.open(settings) as acd,
                SoftPhone.start(number, house.ports.caller + at, rtp, tmp_path) as phone,
            ):
                yield Story(house, acd, phone, number)

        async def run(play: Callable[[Story], Awaitable[None]], at: int, number: str, queue: str = "billing") -> None:
            async with told(at, number, queue) as story:
                await play(story)

        await asyncio.gather(
            run(solved, 0, "+12025550102"),
            run(kept, 1, "+12025550150"),
            run(called_back, 2, "+12025550160"),
            run(kept, 3, "+12025550151", "claims"),
        )


async def _arrival(story: Story, *, age_s: float) -> str:
    """Somebody else in the line."""
    return str((await _post(story, "/arrivals", {"age_s": age_s}))["contact_id"])


async def _post(story: Story, path: str, body: Mapping[str, Any]) -> Any:
    settings = story.acd.settings
    async with story.house.http.post(f"http://{HOST}:{settings.web_port}{path}", json=dict(body)) as reply:
        assert reply.status == 200
        return await reply.json()
