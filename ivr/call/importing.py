"""Customers from a file into the store: what is still to be hashed is hashed beside, everybody is stored or nobody.

Owns the order of things; the meaning of the file is ivr.identity.customer_file's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from ivr.identity.customer_file import CustomerRow, findable_by
from ivr.identity.secrets import hash_secret
from ivr.model.identity import Candidate
from ivr.storage.customers import Findable
from ivr.storage.store import Store

HASHING_THREADS = 2


async def import_customers(store: Store, rows: Sequence[CustomerRow]) -> int:
    """Store the customers, each replacing the one of the same id; how many. A PIN that is not hashed yet takes a tenth
    of a second of a processor: files of thousands bring hashes. Raises StorageError."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(HASHING_THREADS) as pool:
        secret = [row for row in rows if row.pin or row.passphrase]
        hashed = await asyncio.gather(*(loop.run_in_executor(pool, _hashed, row) for row in secret))
    by_id = {candidate.customer_id: candidate for candidate in hashed}
    ready = [by_id.get(row.candidate.customer_id, row.candidate) for row in rows]
    await store.save_customers([Findable(candidate, findable_by(candidate)) for candidate in ready])
    return len(ready)


def _hashed(row: CustomerRow) -> Candidate:
    candidate = row.candidate
    if row.pin:
        candidate = replace(candidate, pin_hash=hash_secret(row.pin))
    if row.passphrase:
        candidate = replace(candidate, passphrase_hash=hash_secret(row.passphrase))
    return candidate
