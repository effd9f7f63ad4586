"""Who looked at what callers said, and for how long that is kept."""

from __future__ import annotations

from ivr.model.accounts import Access
from ivr.storage.store import Store

DAY_MS = 86_400_000


async def test_who_looked_at_what_is_forgotten_after_its_time_and_not_before(database_url: str) -> None:
    store = await Store.open(database_url)
    now = store._db.now()
    for days in (0, 29, 31, 400):
        at = now.fromtimestamp(now.timestamp() - days * 86_400, now.tzinfo)
        text = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        await store.note_access(Access(at=text, who="olga", what="transcript", subject=f"call{days}"))
    assert await store.forget_accesses(30 * DAY_MS) == 2
    assert sorted(each.subject for each in await store.accesses()) == ["call0", "call29"]
    assert await store.forget_accesses(30 * DAY_MS) == 0
    await store.close()
