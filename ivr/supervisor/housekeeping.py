"""What has an end date is forgotten: contexts, codes, accesses, tries, marks; by [keep] calls, recordings, offers.

A database that fails costs a round of this, not the house.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from ivr.call.identity_desk import IdentityDesk
from ivr.config import Settings
from ivr.log import get_log
from ivr.model.errors import StorageError
from ivr.storage.store import Store
from ivr.supervisor.retention import forget

EVERY_S = 600.0
DAY_MS = 86_400_000

_log = get_log("supervisor.housekeeping")


async def keep_house(store: Store, identity: IdentityDesk, settings: Settings) -> None:
    """For ever."""
    while True:
        try:
            await store.forget_expired_contexts()
            await store.forget_expired_codes()
            await store.forget_accesses(settings.web.keep_accesses_days * DAY_MS)
            await forget(store, settings, datetime.now(UTC))
        except StorageError as error:  # the next time will do
            _log.error("house.not_kept", error=str(error))
        await identity.tidy(settings.identity.keep_tries_days)
        await asyncio.sleep(EVERY_S)
