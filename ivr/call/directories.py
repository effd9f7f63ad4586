"""Directories: where identification finds customers, imported into the database or behind the CRM's REST interface.

Owns the index of names in memory and when it is built anew. Both pass the same contract suite. Refuses to decide who
calls. The paths a CRM has to serve are in docs/customers.md.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import aiohttp

from ivr.identity.names import NameIndex
from ivr.model.errors import ServiceError, StorageError
from ivr.model.identity import Candidate, Customer, EvidenceKind, Phone
from ivr.model.ids import monotonic_ms
from ivr.storage.store import Store

MOST_ON_A_NUMBER = 12
"""Enough to see that a number is an office's."""
MOST_FOUND = 48
NAMES_FRESH_MS = 60_000
PAGE = 2_000
MOST_CUSTOMERS = 2_000_000
LEAST_ENDING = 4

Names = list[tuple[str, Mapping[str, str]]]
Found = TypeVar("Found")


class _NamesKept:
    """The index of names, loaded once, asked every minute whether it has changed, built beside the calls."""

    def __init__(self, load: Callable[[], Awaitable[Names]], version: Callable[[], Awaitable[str]]) -> None:
        self._load, self._version = load, version
        self._index, self._of, self._asked_ms = NameIndex(()), "", -NAMES_FRESH_MS
        self._busy = asyncio.Lock()

    async def search(self, heard: str) -> tuple[str, ...]:
        """Ids of customers whose names sound like that, best first."""
        await self.fresh()
        return tuple(found.customer_id for found in self._index.search(heard, MOST_FOUND))

    async def fresh(self) -> None:
        """Have the index as the customers are, or were less than a minute ago."""
        async with self._busy:
            if monotonic_ms() - self._asked_ms >= NAMES_FRESH_MS or not self._of:
                version = await self._version()
                if version != self._of:
                    people = await self._load()
                    self._index = await asyncio.to_thread(NameIndex, people)
                    self._of = version
                self._asked_ms = monotonic_ms()


class ImportedDirectory:
    """Customers of `ivr customers import`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._names = _NamesKept(store.customer_names, store.customers_changed)

    async def warm(self) -> None:
        await _served(self._names.fresh())

    async def by_id(self, customer_id: str) -> Candidate | None:
        return await _served(self._store.customer(customer_id))

    async def by_number(self, number: str) -> tuple[Candidate, ...]:
        return await _served(self._store.customers_by_number(number, MOST_ON_A_NUMBER)) if number else ()

    async def by_fact(self, kind: EvidenceKind, value: str) -> tuple[Candidate, ...]:
        if not value:
            return ()
        found = await _served(self._store.customers_by_fact(kind, value, MOST_FOUND))
        if not found and kind is EvidenceKind.ACCOUNT_NUMBER and value.isdigit() and len(value) >= LEAST_ENDING:
            found = await _served(self._store.customers_by_fact(kind, value, MOST_FOUND, ending=True))
        return found

    async def by_name(self, heard: str) -> tuple[Candidate, ...]:
        ids = await _served(self._names.search(heard))
        return _in_order(ids, await _served(self._store.customers_of(ids)) if ids else ())

    async def close(self) -> None:
        """The store is closed by whoever opened it."""


def _in_order(ids: Sequence[str], found: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """As the names came, the nearest first."""
    by_id = {candidate.customer_id: candidate for candidate in found}
    return tuple(by_id[who] for who in ids if who in by_id)


async def _served(asked: Awaitable[Found]) -> Found:
    """The answer; a directory that cannot be read is a service that is down."""
    try:
        return await asked
    except StorageError as error:
        raise ServiceError(f"the customers cannot be read: {error}") from error


class RestDirectory:
    """Customers behind a CRM. token: bearer token, "" = none. timeout_s: of one request."""

    def __init__(self, base_url: str, token: str = "", timeout_s: float = 2.0) -> None:
        self._base, self._token, self._timeout_s = base_url.rstrip("/"), token, timeout_s
        self._client: aiohttp.ClientSession | None = None
        self._names = _NamesKept(self._load_names, self._version)

    async def warm(self) -> None:
        await self._names.fresh()

    async def by_id(self, customer_id: str) -> Candidate | None:
        if not re.fullmatch(r"[\w.:-]{1,100}", customer_id):
            return None
        found = await self._get(f"/directory/customers/{customer_id}")
        return candidate_of(found) if found is not None else None

    async def by_number(self, number: str) -> tuple[Candidate, ...]:
        return await self._found({"phone": number}) if number else ()

    async def by_fact(self, kind: EvidenceKind, value: str) -> tuple[Candidate, ...]:
        return await self._found({"kind": kind.value, "value": value}) if value else ()

    async def by_name(self, heard: str) -> tuple[Candidate, ...]:
        ids = await self._names.search(heard)
        return _in_order(ids, await self._found({"ids": ",".join(ids)}) if ids else ())

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()

    async def _found(self, query: Mapping[str, str]) -> tuple[Candidate, ...]:
        listed = await self._get("/directory/customers", query)
        if not isinstance(listed, list):
            raise ServiceError("the directory answered no list of customers")
        return tuple(candidate_of(each) for each in listed[:MOST_FOUND])

    async def _load_names(self) -> Names:
        names: Names = []
        after = ""
        while len(names) < MOST_CUSTOMERS:
            page = await self._get("/directory/names", {"after": after, "limit": str(PAGE)})
            listed = page.get("customers") if isinstance(page, dict) else None
            if not isinstance(listed, list):
                raise ServiceError("the directory answered no names")
            names += [(str(each["customer_id"]), _names(each)) for each in listed]
            if not listed or not page.get("more"):
                break
            after = str(listed[-1]["customer_id"])
        return names

    async def _version(self) -> str:
        told = await self._get("/directory/version")
        version = told.get("version") if isinstance(told, dict) else None
        if not version:
            raise ServiceError("the directory answered no version")
        return str(version)

    async def _get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """The JSON there, None for 404. Raises ServiceError."""
        if self._client is None:
            headers = {"Accept": "application/json"}
            headers |= {"Authorization": f"Bearer {self._token}"} if self._token else {}
            self._client = aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=self._timeout_s))
        try:
            async with self._client.get(self._base + path, params=query) as reply:
                if reply.status == 404:
                    return None
                if reply.status != 200:
                    raise ServiceError(f"the directory answered {reply.status}")
                return await reply.json(content_type=None)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise ServiceError(f"the directory cannot be asked: {type(error).__name__}") from error


def candidate_of(told: Any) -> Candidate:
    """A customer as a CRM tells it. Raises ServiceError when it is none."""
    try:
        facts = {EvidenceKind(kind).value: tuple(map(str, values)) for kind, values in told.get("facts", {}).items()}
        profile = told.get("customer")
        return Candidate(
            customer_id=str(told["customer_id"]),
            household=str(told.get("household") or told["customer_id"]),
            names=_names(told),
            birth_date=str(told.get("birth_date") or ""),
            facts=facts,
            phones=tuple(
                Phone(number=str(p["number"]), since=str(p.get("since") or "")) for p in told.get("phones", ())
            ),
            language=str(told.get("language") or ""),
            pin_hash=str(told.get("pin_hash") or ""),
            passphrase_hash=str(told.get("passphrase_hash") or ""),
            flags=tuple(map(str, told.get("flags", ()))),
            customer=_profile(profile) if profile else None,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ServiceError(f"the directory answered a customer that is none: {type(error).__name__}") from error


def _names(told: Mapping[str, Any]) -> dict[str, str]:
    return {str(language): str(name) for language, name in told["names"].items()}


def _profile(told: Mapping[str, Any]) -> Customer:
    def listed(name: str) -> tuple[str, ...]:
        return tuple(map(str, told.get(name) or ()))

    return Customer(
        customer_id=str(told["customer_id"]),
        household=str(told.get("household") or told["customer_id"]),
        name=str(told.get("name") or ""),
        language=str(told.get("language") or ""),
        lines=listed("lines"),
        owns=listed("owns"),
        flags=listed("flags"),
        profile=dict(told.get("profile") or {}),
    )
