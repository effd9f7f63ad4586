"""A person, please: nobody there, busy, unwilling, too slow, gone again. The caller is never dropped or forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ivr.demo.house import House
from ivr.demo.phone_client import SoftPhone
from ivr.demo.proof import HEARD, NOT_HEARD, likeness
from tests.sip.house import Caller, a_caller, a_phone, agent_state, longest_quiet_ms, promised, set_agents, until

pytestmark = [pytest.mark.sip, pytest.mark.models]

CALLER = "+12025550103"


async def _ask_for_a_person(caller: Caller, number: str = CALLER) -> None:
    await caller.dial(number)
    await caller.asked("utter_how_can_i_help")
    await caller.press("0")
    await caller.event("handoff.requested")


async def _refuse_callback(caller: Caller, timeout_s: float = 15) -> None:
    """Nobody came: the caller is back with the bot, which offers a callback; the caller has heard enough."""
    await caller.asked("utter_offer_callback", timeout_s=timeout_s)
    await caller.phone.hang_up()
    record = await caller.over()
    assert record["agent"] == ""
    assert record["outcome"] in {"abandoned", "unresolved"}
    assert longest_quiet_ms(caller.phone) <= 8000


async def _whispering(caller: Caller, agent: SoftPhone) -> None:
    await _ask_for_a_person(caller)
    await agent.incoming()
    await agent.answered()
    await caller.event("handoff.answered")
    await agent.first_audio_after(0)


async def test_when_nobody_is_there_a_callback_is_promised_and_listed(house: House, caller: Caller) -> None:
    await _ask_for_a_person(caller)
    await caller.asked("utter_offer_callback")
    await caller.press("1")
    await caller.asked("utter_callback_promised")
    record = await caller.over()
    assert (record["outcome"], record["ended_by"]) == ("callback", "bot")
    assert "We will call you back within four hours" in caller.texts()
    [callback] = await promised(house, caller)
    assert (callback["number"], callback["customer_id"], callback["state"]) == (CALLER, "C1003", "due")
    assert callback["deadline"] > record["ended_at"]


async def test_a_withheld_number_is_told_to_call_again_when_nobody_is_there(house: House, caller: Caller) -> None:
    await caller.dial("")
    await caller.asked("utter_how_can_i_help")
    await caller.press("0")
    await caller.asked("utter_nobody_free_no_number")
    record = await caller.over()
    assert (record["outcome"], record["ended_by"], record["ani"]) == ("unresolved", "bot", "")
    assert await promised(house, caller) == []


@pytest.mark.parametrize(("code", "result"), [(486, "busy"), (603, "refused")])
async def test_an_agent_whose_phone_refuses_is_not_the_end_of_it(
    house: House, caller: Caller, agent: SoftPhone, code: int, result: str
) -> None:
    await agent.decline_calls(code)
    await _ask_for_a_person(caller)
    ended = await caller.event("handoff.ended")
    assert ended["data"]["result"] == result
    await _refuse_callback(caller)
    assert await agent_state(house, "a1") == "available"


async def test_the_next_agent_is_called_when_the_first_is_busy(
    house: House, caller: Caller, agent: SoftPhone, tmp_path: Path
) -> None:
    async with a_phone(house, "agent2", tmp_path) as second:
        await set_agents(house, a2="ready")
        await agent.decline_calls(486)
        await _ask_for_a_person(caller)
        await second.incoming()
        await second.answered()
        await caller.event("handoff.answered")
        await second.press("1")
        await caller.event("handoff.bridged")
        chosen = [e["data"]["agent"] for e in caller.call.events if e["kind"] == "handoff.chosen"]
        assert chosen == ["a1", "a2"]
        await caller.phone.hang_up()
        await second.ended(timeout=5)
        record = await caller.over()
    assert (record["outcome"], record["agent"]) == ("transferred", "a2")


async def test_two_callers_talk_to_two_agents_and_nobody_hears_the_others(
    house: House, caller: Caller, agent: SoftPhone, tmp_path: Path
) -> None:
    async with a_caller(house, tmp_path, "second") as other, a_phone(house, "agent2", tmp_path) as second:
        words = [
            await caller.wav("It is about the claim for my summer house."),
            await caller.wav("Nobody paid me yet."),
        ]
        answers = [await caller.wav("I have your papers in front of me."), await caller.wav("Let me look, one moment.")]
        await _taken_by(caller, agent, CALLER)
        await set_agents(house, a2="ready")
        await _taken_by(other, second, "+12025550101")
        talkers = (caller.phone, other.phone, agent, second)
        await asyncio.gather(*(p.say(wav) for p, wav in zip(talkers, (*words, *answers), strict=True)))
        await asyncio.sleep(0.5)
        await asyncio.gather(caller.phone.hang_up(), other.phone.hang_up())
        records = await asyncio.gather(caller.over(), other.over())
        await asyncio.gather(agent.ended(timeout=5), second.ended(timeout=5))
    assert [(r["outcome"], r["agent"]) for r in records] == [("transferred", "a1"), ("transferred", "a2")]
    heard = [Path(phone.heard_wav) for phone in (agent, second, caller.phone, other.phone)]
    for listener, (own, foreign) in enumerate((words, words[::-1], answers, answers[::-1])):
        assert await asyncio.to_thread(likeness, own, heard[listener]) > HEARD
        assert await asyncio.to_thread(likeness, foreign, heard[listener]) < NOT_HEARD


async def _taken_by(caller: Caller, agent: SoftPhone, number: str) -> None:
    """A caller of that number asks for a person, and this agent takes the call."""
    await _ask_for_a_person(caller, number)
    await _takes(caller, agent)


async def test_a_customer_who_calls_again_gets_the_agent_of_before_though_another_is_idle_longer_but_waits_only_a_while(
    house: House, caller: Caller, agent: SoftPhone, tmp_path: Path
) -> None:
    number = "+12025550102"
    async with a_phone(house, "agent2", tmp_path) as second:
        await set_agents(house, a1="not_ready", a2="ready")
        await _taken_by(caller, second, number)
        await set_agents(house, a1="ready")
        assert (await _hung_up(caller, second))["agent"] == "a2"

        await _ask_for_a_person(caller, number)
        await caller.event("handoff.waiting")  # a1 is free, and a2 writes notes
        await set_agents(house, a2="ready")
        chosen = await caller.event("handoff.chosen")
        assert chosen["data"]["agent"] == "a2", "idle since now, and the one who knows the customer"
        popped = await caller.event("handoff.popped")
        told = await house.get(f"/api/contexts/{popped['data']['token']}")
        assert (told["customer"]["id"], told["customer"]["contacts"]) == ("C1002", []), "recognised, not identified"
        await _takes(caller, second)
        assert (await _hung_up(caller, second))["agent"] == "a2"

        await _ask_for_a_person(caller, number)  # a2 writes notes, and goes on doing so
        chosen = await caller.event("handoff.chosen", timeout_s=15)
        assert chosen["data"]["agent"] == "a1" and 10_000 <= chosen["data"]["waited_ms"] < 12_000
        await _takes(caller, agent)
        assert (await _hung_up(caller, agent))["agent"] == "a1"


async def _takes(caller: Caller, agent: SoftPhone) -> None:
    await agent.incoming()
    await agent.answered()
    await caller.event("handoff.answered")
    await agent.press("1")
    await caller.event("handoff.bridged")


async def _hung_up(caller: Caller, agent: SoftPhone) -> Mapping[str, Any]:
    """The talk is over; the record of the call."""
    await caller.phone.hang_up()
    await agent.ended(timeout=5)
    return await caller.over()


async def test_an_agent_who_does_not_answer_is_set_not_ready_and_the_caller_comes_back(
    house: House, caller: Caller, agent: SoftPhone
) -> None:
    await agent.ignore_calls()
    await _ask_for_a_person(caller)
    await agent.incoming()
    ended = await caller.event("handoff.ended", 20)
    assert ended["data"]["result"] == "no_answer"
    await agent.ended(timeout=3)
    await _refuse_callback(caller)
    assert await agent_state(house, "a1") == "not_ready"


async def test_an_agent_who_hangs_up_during_the_whisper_leaves_the_caller_with_the_bot(
    house: House, caller: Caller, agent: SoftPhone
) -> None:
    await _whispering(caller, agent)
    await agent.hang_up()
    ended = await caller.event("handoff.ended")
    assert ended["data"]["result"] != "answered"
    await _refuse_callback(caller)
    assert "handoff.bridged" not in caller.kinds()
    assert await agent_state(house, "a1") == "available"


async def test_an_agent_who_gives_the_call_back_leaves_the_caller_with_the_bot(
    caller: Caller, agent: SoftPhone
) -> None:
    await _whispering(caller, agent)
    await agent.press("2")
    await agent.ended(timeout=5)
    await _refuse_callback(caller)
    assert "handoff.bridged" not in caller.kinds()


async def test_who_finds_nobody_free_waits_and_gets_the_agent_who_becomes_free_and_takes_the_call_by_voice(
    house: House, caller: Caller, agent: SoftPhone, tmp_path: Path
) -> None:
    take = await caller.wav("Take it.")
    async with a_caller(house, tmp_path, "second") as other:
        await _taken_by(caller, agent, CALLER)
        await _ask_for_a_person(other, "+12025550101")
        assert (await other.event("handoff.waiting"))["data"]["position"] == 1
        await caller.phone.hang_up()
        await caller.over()
        await agent.ended(timeout=5)
        assert "handoff.chosen" not in other.kinds(), "the agent wraps up"
        await set_agents(house, a1="ready")
        await agent.incoming()
        await agent.answered()
        await other.event("handoff.answered")
        await agent.say(take)
        await other.event("handoff.bridged")
        await other.phone.hang_up()
        record = await other.over()
    assert (record["outcome"], record["agent"]) == ("transferred", "a1")


async def test_when_the_agent_hangs_up_the_talk_is_over_and_the_agent_wraps_up(
    house: House, caller: Caller, agent: SoftPhone
) -> None:
    hello = await caller.wav("Good morning, it is about the claim for my summer house.")
    await _whispering(caller, agent)
    await agent.press("1")
    await caller.event("handoff.bridged")
    assert await agent_state(house, "a1") == "talking"
    await caller.phone.say(hello)
    await asyncio.sleep(0.3)
    await agent.hang_up()
    assert (await caller.phone.ended(timeout=5)).fields["by"] == "remote"
    record = await caller.over()
    assert (record["outcome"], record["agent"]) == ("transferred", "a1")
    assert await asyncio.to_thread(likeness, hello, Path(agent.heard_wav)) > HEARD
    assert await agent_state(house, "a1") == "wrap_up"


async def test_a_caller_who_leaves_while_the_agents_phone_rings_stops_the_ringing(
    house: House, caller: Caller, agent: SoftPhone
) -> None:
    await agent.ignore_calls()
    await _ask_for_a_person(caller)
    await agent.incoming()
    await caller.event("handoff.ringing")
    await caller.phone.hang_up()
    gone = await caller.phone.ended()
    rang = await agent.ended(timeout=2)
    assert rang.at_ms - gone.at_ms <= 1000
    record = await caller.over()
    assert (record["outcome"], record["ended_by"]) == ("abandoned", "caller")

    async def free() -> bool:
        return await agent_state(house, "a1") == "available"

    await until("the agent is free again", free)


async def test_a_caller_who_leaves_during_the_whisper_frees_the_agent(
    house: House, caller: Caller, agent: SoftPhone
) -> None:
    await _whispering(caller, agent)
    await caller.phone.hang_up()
    await agent.ended(timeout=2)
    assert (await caller.over())["outcome"] == "abandoned"
    assert await agent_state(house, "a1") == "available"


async def test_operator_said_where_digits_are_asked_for_leads_to_a_human(
    house: House, caller: Caller, agent: SoftPhone
) -> None:
    wish = await caller.wav("Operator, please.")
    await caller.dial(CALLER)
    await caller.asked("utter_how_can_i_help")
    await caller.event("identity.level")
    await caller.press("1")
    await caller.asked("utter_ask_claim_number", finished=True)
    await caller.mutter(wish)
    requested = await caller.event("handoff.requested")
    assert requested["data"]["reason"] == "caller asked for a person"
    await agent.incoming()
    await agent.answered()
    await caller.event("handoff.answered")
    await agent.press("1")
    await caller.event("handoff.bridged")
    await caller.phone.hang_up()
    await agent.ended(timeout=5)
    assert (await caller.over())["outcome"] == "transferred"
