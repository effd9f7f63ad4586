"""Which people here know this caller: who served them last, whose customer they are, which segment they belong to.

The steps `agent: last` and `agent: owner` of routing.yml and the scores of agents go by it. A store that is slow or
fails costs the caller nothing: then nobody is known to know them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from ivr.call.line import Line
from ivr.call.surroundings import Surroundings
from ivr.model.errors import StorageError
from ivr.model.routing import AgentState

LOOKUP_S = 0.15
SERVED_WITHIN_DAYS = 90
SOON_FREE = frozenset({AgentState.AVAILABLE, AgentState.WRAP_UP})


async def acquaintances(line: Line, house: Surroundings) -> Mapping[str, str]:
    """last_agent and owner, ids of agents who are free now or as soon as they have wrapped up: nobody waits for who
    talks or is away; and segment. Each only where it is known; owner and segment are those of the profile."""
    customer = line.session().customer
    profile = customer.profile if customer is not None else {}
    last = ""
    try:
        async with asyncio.timeout(LOOKUP_S):
            last = await house.store.last_agent(
                line.caller.ani, customer.customer_id if customer is not None else "", SERVED_WITHIN_DAYS
            )
    except (TimeoutError, StorageError) as error:
        line.journal.note("trouble", where="storage", what=f"last agent not looked up: {error}")
    known = {"last_agent": last, "owner": str(profile.get("owner", "")), "segment": str(profile.get("segment", ""))}
    directory, now_ms = house.dispatcher.directory, house.dispatcher.now_ms()
    soon = {p.agent.agent_id for p in directory.presences(now_ms) if p.state in SOON_FREE}
    return {what: who for what, who in known.items() if who and (what == "segment" or who in soon)}
