"""What this customer had with us before this call, for whoever takes it: the last contacts, and what is still promised.

Looked up only for a caller who is identified as surely as a name asks for: an agent would tell somebody else's affairs
to whoever holds the telephone. A store that is slow or fails costs the caller nothing: then nothing is known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from ivr.call.journal import Journal
from ivr.dialog.engine import Session
from ivr.model.dealings import Dealings
from ivr.model.errors import StorageError
from ivr.routing.packet import NAME_FROM
from ivr.routing.plan import RoutingPlan
from ivr.storage.store import Store

LOOKUP_S = 0.15
MOST = 3


async def dealings(session: Session, journal: Journal, store: Store) -> Dealings:
    """Of the customer who calls; nothing of one who may be somebody else."""
    if session.customer is None or session.level < NAME_FROM:
        return Dealings()
    try:
        async with asyncio.timeout(LOOKUP_S):
            return await store.dealings(session.customer.customer_id, MOST, besides=journal.call_id)
    except (TimeoutError, StorageError) as error:
        journal.note("trouble", where="storage", what=f"earlier contacts not looked up: {error or 'too slow'}")
        return Dealings()


def contacts(journal: Journal, before: Dealings, plan: RoutingPlan) -> tuple[Mapping[str, str], ...]:
    """When, why, how it ended and with which person, "" for the bot; newest first. A call this one goes on from counts
    once, and is told of every caller: who calls has brought it along."""
    brought = [entry.data for entry in journal.entries if entry.kind == "call.returned"]
    here = [{"at": each["began"], "why": each["intent"], "ended": each["status"], "by": ""} for each in brought]
    known = {each["call"] for each in brought}
    earlier = [
        {
            "at": each.at,
            "why": ", ".join(each.intents),
            "ended": each.outcome.value,
            "by": plan.agents[each.agent].name if each.agent in plan.agents else each.agent,
        }
        for each in before.contacts
        if each.call_id not in known
    ]
    return (*here, *earlier)


def promises(journal: Journal, before: Dealings) -> str:
    """The callback the caller was promised in this call, and those of earlier calls nobody has made yet."""
    here = [f"a callback by {entry.data['deadline']}" for entry in journal.entries if entry.kind == "callback.promised"]
    owed = [
        f"a callback by {each.deadline}: {each.reason}" for each in before.promises if each.call_id != journal.call_id
    ]
    return "; ".join([*here[-1:], *owed])
