"""Customers imported into the database. Owns that an import replaces a customer whole, and that erasing leaves nothing.

Refuses to know how a fact is written plainly: it is told with each customer what the customer is found by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import sqlalchemy as sa

from ivr.model.identity import Candidate, Customer, EvidenceKind, Phone
from ivr.storage.customer_tables import customer_facts, customer_phones, customers
from ivr.storage.database import Database

BATCH = 500
_COLUMNS = ("customer_id", "household", "language", "birth_date", "pin_hash", "passphrase_hash")


class Findable(NamedTuple):
    """A customer and the plain facts to find it by: (kind, value)."""

    candidate: Candidate
    facts: Sequence[tuple[str, str]]


class Customers:
    """The imported customers' part of the store."""

    _db: Database

    async def save_customers(self, found: Sequence[Findable]) -> None:
        """Store customers, each replacing the one of the same id. Five hundred are stored or none of them."""
        for at in range(0, len(found), BATCH):
            await self._save(found[at : at + BATCH])

    async def _save(self, batch: Sequence[Findable]) -> None:
        ids = [each.candidate.customer_id for each in batch]
        now = self._db.now().isoformat()
        phones = [
            {"number": phone.number, "customer_id": one.customer_id, "since": phone.since, "position": position}
            for one, _ in batch
            for position, phone in enumerate(one.phones)
        ]
        facts = [
            {"kind": kind, "value": value, "customer_id": one.customer_id}
            for one, known in batch
            for kind, value in dict.fromkeys(known)
        ]
        writes: list[Any] = [
            *((sa.delete(table).where(table.c.customer_id.in_(ids)), None) for table in _DEPENDENTS_FIRST),
            (sa.insert(customers), [_row(each.candidate, now) for each in batch]),
        ]
        writes += [(sa.insert(customer_phones), phones)] if phones else []
        writes += [(sa.insert(customer_facts), facts)] if facts else []
        await self._db.write(*writes)

    async def customer(self, customer_id: str) -> Candidate | None:
        """The imported customer of that id."""
        found = await self._candidates(sa.select(customers).where(customers.c.customer_id == customer_id))
        return found[0] if found else None

    async def customers_of(self, ids: Sequence[str]) -> tuple[Candidate, ...]:
        """The imported customers of these ids, a few dozen at most, in no order."""
        return await self._candidates(sa.select(customers).where(customers.c.customer_id.in_(ids)))

    async def customers_by_number(self, number: str, limit: int) -> tuple[Candidate, ...]:
        """Everybody with that E.164 number, at most so many."""
        query = sa.select(customers).join(customer_phones).where(customer_phones.c.number == number)
        return await self._candidates(query.order_by(customers.c.customer_id).limit(limit))

    async def customers_by_fact(
        self, kind: str, value: str, limit: int, *, ending: bool = False
    ) -> tuple[Candidate, ...]:
        """Everybody found by that plain fact, at most so many. ending: its last characters are enough."""
        column = customer_facts.c.value
        same = column.endswith(value, autoescape=True) if ending else column == value
        # Not DISTINCT over the rows: PostgreSQL cannot compare JSON.
        found = sa.select(customer_facts.c.customer_id).where(customer_facts.c.kind == kind, same)
        query = sa.select(customers).where(customers.c.customer_id.in_(found)).order_by(customers.c.customer_id)
        return await self._candidates(query.limit(limit))

    async def customer_names(self) -> list[tuple[str, Mapping[str, str]]]:
        """(customer id, language -> name) of everybody."""
        rows = await self._db.read(sa.select(customers.c.customer_id, customers.c.names))
        return [(row.customer_id, row.names) for row in rows]

    async def customers_changed(self) -> str:
        """Changes whenever an import or an erasure has changed who there is."""
        newest = sa.select(sa.func.count(), sa.func.max(customers.c.imported_at)).select_from(customers)
        return " ".join(map(str, (await self._db.read(newest))[0]))

    async def all_customers(self) -> tuple[Candidate, ...]:
        """Everybody, by id."""
        return await self._candidates(sa.select(customers).order_by(customers.c.customer_id))

    async def erase_customer(self, customer_id: str) -> bool:
        """Remove a customer with all numbers and facts. False when there is none."""
        writes: list[Any] = [(sa.delete(t).where(t.c.customer_id == customer_id), None) for t in _DEPENDENTS_FIRST]
        return await self._db.write(*writes) > 0

    async def _candidates(self, query: sa.Select[Any]) -> tuple[Candidate, ...]:
        rows = await self._db.read(query)
        ids = [row.customer_id for row in rows]
        phones: dict[str, list[Phone]] = {}
        for at in range(0, len(ids), BATCH):
            wanted = customer_phones.c.customer_id.in_(ids[at : at + BATCH])
            for phone in await self._db.read(
                sa.select(customer_phones).where(wanted).order_by(customer_phones.c.position)
            ):
                phones.setdefault(phone.customer_id, []).append(Phone(number=phone.number, since=phone.since))
        return tuple(_candidate(row._mapping, tuple(phones.get(row.customer_id, ()))) for row in rows)


_DEPENDENTS_FIRST = (customer_facts, customer_phones, customers)


def _row(candidate: Candidate, now: str) -> dict[str, Any]:
    return {
        **{name: getattr(candidate, name) for name in _COLUMNS},
        "names": dict(candidate.names),
        "facts": {kind: list(values) for kind, values in candidate.facts.items()},
        "flags": list(candidate.flags),
        "profile": asdict(candidate.customer) if candidate.customer else {},
        "imported_at": now,
    }


def _candidate(row: Mapping[Any, Any], phones: tuple[Phone, ...]) -> Candidate:
    profile = dict(row["profile"])
    for name in ("lines", "owns", "flags"):
        profile[name] = tuple(profile.get(name, ()))
    return Candidate(
        **{name: row[name] for name in _COLUMNS},
        names=row["names"],
        facts={EvidenceKind(kind): tuple(values) for kind, values in row["facts"].items()},
        phones=phones,
        flags=tuple(row["flags"]),
        customer=Customer(**profile) if row["profile"] else None,
    )
