"""A yes on the telephone: an order that waits for its confirmation, and a colleague who knows what was accepted."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from ivr.demo.crm_data import Person, people
from ivr.demo.house import House
from tests.sip.house import Caller, a_caller, a_phone, set_agents, until, visiting

pytestmark = [pytest.mark.sip, pytest.mark.models]
SHIPPED = Path(__file__).parents[2] / "dialogs" / "insurance"
WORDS = {
    "order_pending_sms": {
        "accepted": "Thank you. You get a text message; answer it to confirm.",
        "otherwise": "Thank you. A colleague will call you within four hours.",
        "sms": "{seller}: {product} for {price}. Answer YES to confirm order {order}.",
    },
    "warm_transfer:service": {
        "accepted": "Thank you. I put you through to a colleague.",
        "otherwise": "Nobody is free. A colleague will call you within four hours.",
    },
}


def an_assistant(folder: Path) -> Path:
    """The shipped one, in English, where furniture is ordered and everything else is sold by a colleague."""
    copy = Path(shutil.copytree(SHIPPED, folder / "assistant"))
    lines, fulfil = [], ""
    for line in (copy / "offers.yml").read_text("utf-8").splitlines():
        if line.strip() == "fulfil: lead":
            fulfil = "warm_transfer:service" if fulfil else "order_pending_sms"
            lines.append(f"    fulfil: {fulfil}")
        elif line.startswith("        accepted: "):
            lines += [f'        {name}: "{words}"' for name, words in WORDS[fulfil].items()]
        else:
            lines.append(line)
    (copy / "offers.yml").write_text("\n".join(lines), "utf-8")
    return copy


def rows(house: House, query: str, *values: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(f"file:{house.folder / 'ivr.sqlite3'}?mode=ro", uri=True) as db:
        return db.execute(query, values).fetchall()


async def pending(house: House) -> bool:
    return rows(house, "SELECT state FROM fulfilments") == [("pending",)]


async def accepts(caller: Caller, person: Person) -> None:
    """From the first question to the yes."""
    await caller.dial(person.phone)
    await caller.asked("utter_how_can_i_help")
    await caller.event("identity.level")
    await caller.press("1")
    await caller.asked("utter_ask_claim_number")
    await caller.press(person.claims[0][0])
    await caller.asked("utter_solved")
    await caller.press("1")
    await caller.asked("offer.ask")
    await caller.press("1")
    await caller.asked("offer.pitch")
    await caller.press("1")  # in mid-pitch: product and price are read back, to the end
    await caller.asked("offer.confirm", timeout_s=25, finished=True)
    await caller.press("1")


async def test_an_order_is_sent_to_be_confirmed_and_a_transfer_tells_what_was_accepted(
    open_own_house: Callable[..., AbstractAsyncContextManager[House]], tmp_path: Path
) -> None:
    buyers = {person.customer_id: person for person in people()}
    overrides = {"server": {"assistant": str(an_assistant(tmp_path))}}
    async with open_own_house(overrides) as own, visiting(own) as house, a_caller(house, tmp_path) as caller:
        await accepts(caller, buyers["C2024"])
        await caller.asked("offer.accepted")
        await caller.phone.hang_up()
        await caller.over()
        query = "SELECT state, order_id, opportunity_id FROM fulfilments WHERE customer_id = ?"
        await until("the order is pending", lambda: pending(house))
        ((_, order, opportunity),) = rows(house, query, "C2024")
        (message,) = await house.messages()
        assert message.endswith(f"Answer YES to confirm order {order}.") and "three euros ninety" in message
        await house.post(f"/api/offers/orders/{order}", {"state": "confirmed", "by": "sms"})
        (listed,) = (await house.get("/api/offers/accepted"))["accepted"]
        assert (listed["opportunity_id"], listed["fulfilment"]["state"]) == (opportunity, "confirmed")

        async with a_phone(house, "agent1", tmp_path) as agent:
            await set_agents(house, a1="ready")
            await accepts(caller, buyers["C2020"])
            await agent.incoming()
            await agent.answered()
            await caller.event("handoff.answered")
            await agent.press("1")
            await caller.event("handoff.bridged")
            call_id = caller.call.events[0]["call_id"]
            ((packet,),) = rows(house, "SELECT packet FROM contexts WHERE call_id = ?", call_id)
            told = json.loads(packet)
            assert told["queue"]["reason"].startswith("Accepted an offer: ")
            assert told["next_step"].startswith("conclude, do not ask again: ") and "euro" in told["next_step"]
            await caller.phone.hang_up()
            record = await caller.over()
            assert (record["outcome"], record["requests"][-1]["result"]) == ("transferred", "resolved")
        assert [r[0] for r in rows(house, query, "C2020")] == ["transferred"]
        assert rows(house, "SELECT * FROM callbacks") == [], "somebody saw to both"
