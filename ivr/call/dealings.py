"""What this customer had with us before this call, for whoever takes it: the last contacts, and what is still promised.

Told only of a caller who is identified as surely as a name asks for: an agent would tell somebody else's affairs to
whoever holds the telephone. A store that is slow or fails costs the caller nothing: then nothing is known.
"""

from __future__ import annotations

import asyncio

from ivr.call.line import Line
from ivr.model.dealings import Dealings
from ivr.model.errors import StorageError
from ivr.routing.packet import NAME_FROM
from ivr.storage.store import Store

LOOKUP_S = 0.15
MOST = 3


async def dealings(line: Line, store: Store) -> Dealings:
    """Of the customer who calls; nothing of one who may be somebody else."""
    session = line.session()
    if session.customer is None or session.level < NAME_FROM:
        return Dealings()
    try:
        async with asyncio.timeout(LOOKUP_S):
            return await store.dealings(session.customer.customer_id, MOST, besides=line.call_id)
    except (TimeoutError, StorageError) as error:
        line.journal.note("trouble", where="storage", what=f"earlier contacts not looked up: {error}")
        return Dealings()
