"""Calls that go straight to the queue, to learn what agents would have to do without the bot: [effects]
handling_holdout, off by default.

Owns whom the draw is about and that it is logged. Drawn for is the household of the number where exactly one is on
file, else the number itself; never calls without a number, calls from a full queue and back from one, and calls while
nobody is at work.
"""

from __future__ import annotations

import asyncio

from ivr.call.line import Line
from ivr.call.surroundings import Surroundings
from ivr.model.errors import ServiceError
from ivr.model.working_hours import working_hours
from ivr.offers.experiment import Experiment

LOOKUP_S = 0.3


async def held_out(line: Line, house: Surroundings) -> bool:
    """Is this call one for the queue? Noted for either answer: both arms are what is compared."""
    settings, caller = house.settings, line.caller
    held = settings.effects.handling_holdout
    if not held or not caller.ani or caller.returned or line.overflow is not None or not _at_work(house):
        return False
    experiment = Experiment(salt=settings.offers.salt, holdout=settings.offers.holdout)
    unit = await _household(caller.ani, house)
    straight = experiment.straight_to_queue(unit, held)
    line.journal.note("handling.drawn", arm="queue" if straight else "bot", unit=experiment.pseudonym(unit), held=held)
    return straight


async def _household(ani: str, house: Surroundings) -> str:
    try:
        async with asyncio.timeout(LOOKUP_S):
            found = {each.household or each.customer_id for each in await house.identity.directory.by_number(ani)}
    except (TimeoutError, ServiceError):
        found = set()
    return found.pop() if len(found) == 1 else ani


def _at_work(house: Surroundings) -> bool:
    """Without stated hours somebody is there whenever somebody calls."""
    stated = house.settings.effects
    return not stated.working_hours or working_hours(stated.working_hours, stated.time_zone).open_at(
        house.identity.now_ms()
    )
