"""Calls held out of the bot: straight to a person, and served by the bot all the same when none is there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from ivr.demo.house import House
from ivr.offers.experiment import Experiment
from tests.sip.house import a_caller, a_phone, set_agents, visiting

pytestmark = [pytest.mark.sip, pytest.mark.models]
HELD = 0.2


async def test_a_held_out_caller_goes_straight_to_a_person_and_to_the_bot_when_nobody_is_there(
    open_own_house: Callable[..., AbstractAsyncContextManager[House]], tmp_path: Path
) -> None:
    drawn = Experiment(salt="ivr", holdout=0.2)
    strangers = [f"+120255588{n:02}" for n in range(100)]  # in no directory: drawn for by their numbers
    straight, other = (next(n for n in strangers if drawn.straight_to_queue(n, HELD) is arm) for arm in (True, False))
    overrides = {"effects": {"handling_holdout": HELD}}
    async with open_own_house(overrides) as own, visiting(own) as house, a_caller(house, tmp_path) as caller:
        await caller.dial(straight)
        await caller.asked("utter_how_can_i_help", timeout_s=20)
        assert caller.kinds().index("handoff.ended") < caller.kinds().index("turn.said")
        await caller.phone.hang_up()
        await caller.over()
        async with a_phone(house, "agent1", tmp_path) as agent:
            await set_agents(house, a1="ready")
            await caller.dial(straight)
            await agent.incoming()
            await agent.answered()
            await caller.event("handoff.answered")
            await agent.press("1")
            await caller.event("handoff.bridged")
            await caller.phone.hang_up()
            record = await caller.over()
            assert (record["outcome"], record["agent"]) == ("transferred", "a1")
            assert "turn.said" not in caller.kinds(), "the bot kept out of it"
            [note] = [e["data"] for e in caller.call.events if e["kind"] == "handling.drawn"]
            assert note == {"arm": "queue", "unit": drawn.pseudonym(straight), "held": HELD}
            await caller.dial(other)
            await caller.asked("utter_how_can_i_help")
            assert "handoff.requested" not in caller.kinds()
            await caller.phone.hang_up()
            await caller.over()
