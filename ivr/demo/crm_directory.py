"""The demo CRM's side of identification: who has a number, a policy, a birth date; served under /directory.

Owns these paths and the facts of the demo's people that nothing else needs. What it answers is what any CRM has to
answer (docs/customers.md). Refuses to decide who calls. PINs leave as Argon2id hashes, made when they are first wanted.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web

from ivr.demo.crm_bank import accounts
from ivr.demo.crm_data import Person, people
from ivr.demo.crm_people import Invented
from ivr.demo.crm_policies import AREAS
from ivr.identity.candidates import plain
from ivr.identity.customer_file import findable_by
from ivr.identity.secrets import hash_secret, plain_passphrase, plain_pin
from ivr.model.identity import Candidate, Customer, EvidenceKind, Phone

LONG_AGO = "2024-03-01"
MOST_ANSWERED = 48

_BORN = {
    "C1001": "1979-03-05", "C1002": "1968-06-21", "C1003": "1992-01-17", "C1004": "1943-09-30", "C1050": "1985-02-11",
    "C1051": "1987-07-23",
}  # fmt: skip
_IN_RUSSIAN = {
    "C1001": "Анна Петрова", "C1002": "Джеймс Уокер", "C1003": "Мария Лопес", "C1004": "Эдит Мур",
    "C1050": "Дэниел Брукс", "C1051": "Лора Брукс",
}  # fmt: skip
_POSTCODES = {
    "C1001": "18055", "C1002": "10115", "C1003": "80331", "C1004": "20457", "C1050": "28195", "C1051": "28195",
}  # fmt: skip
_PASSPHRASES = {"C1001": "white nights over the neva", "C1002": "seven green bottles"}


class CustomerDesk:
    """Candidates in memory, found as the product asks for them."""

    def __init__(self, found: Iterable[Candidate], pins: Mapping[str, str]) -> None:
        self.by_id = {candidate.customer_id: candidate for candidate in found}
        self._pins = dict(pins)
        self._by_phone: dict[str, list[str]] = {}
        self._by_fact: dict[tuple[str, str], list[str]] = {}
        for who, candidate in self.by_id.items():
            for phone in candidate.phones:
                self._by_phone.setdefault(phone.number, []).append(who)
            for fact in dict.fromkeys(findable_by(candidate)):
                self._by_fact.setdefault(fact, []).append(who)
        ids = "\n".join(f"{who} {sorted(c.names.items())}" for who, c in sorted(self.by_id.items()))
        self.version = hashlib.sha256(ids.encode()).hexdigest()[:16]

    def find(self, query: Mapping[str, str]) -> list[Candidate]:
        """By phone, by kind and value, or by ids."""
        if phone := query.get("phone", "").strip():
            ids = self._by_phone.get("+" + phone.removeprefix("+"), [])  # an unescaped + arrives as a blank
        elif kind := query.get("kind", ""):
            ids = self._of_fact(kind, query.get("value", ""))
        else:
            ids = [who for who in query.get("ids", "").split(",") if who in self.by_id]
        return [self.by_id[who] for who in ids[:MOST_ANSWERED]]

    def _of_fact(self, kind: str, value: str) -> list[str]:
        written = plain(EvidenceKind(kind), value) if kind in tuple(EvidenceKind) else ""
        found = self._by_fact.get((kind, written), [])
        if found or kind != EvidenceKind.ACCOUNT_NUMBER or len(written) < 4:
            return found
        return [w for (k, known), who in self._by_fact.items() if k == kind and known.endswith(written) for w in who]

    def with_secrets(self, candidate: Candidate) -> Candidate:
        """The candidate with its hashes. Takes a tenth of a second the first time."""
        who, pin = candidate.customer_id, self._pins.pop(candidate.customer_id, "")
        if pin:
            phrase = _PASSPHRASES.get(who, "")
            candidate = replace(
                candidate,
                pin_hash=hash_secret(plain_pin(pin)),
                passphrase_hash=hash_secret(plain_passphrase(phrase)) if phrase else "",
            )
            self.by_id[who] = candidate
        return self.by_id[who]


CUSTOMERS = web.AppKey("customers", CustomerDesk)


def routes() -> list[web.RouteDef]:
    """What a CRM serves for identification."""
    return [
        web.get("/directory/customers", _find),
        web.get("/directory/customers/{customer_id}", _one),
        web.get("/directory/names", _names),
        web.get("/directory/version", _version),
    ]


def demo_desk(invented: Iterable[Invented] = ()) -> CustomerDesk:
    """The demo's people, and as many invented ones as are given."""
    owned = {account.customer_id: account.number for account in accounts()}
    known = [_of_the_demo(person, owned.get(person.customer_id, "")) for person in people()]
    pins = {person.customer_id: person.policies[0][1] for person in people() if person.policies}
    return CustomerDesk([*known, *map(candidate_of_invented, invented)], pins)


def _of_the_demo(person: Person, account: str) -> Candidate:
    who, number = person.customer_id, int(person.customer_id[1:])
    born = _BORN.get(who, f"{2026 - person.age - 1}-{number % 12 + 1:02d}-{number % 28 + 1:02d}")
    facts = {EvidenceKind.POLICY_NUMBER.value: tuple(policy for policy, _ in person.policies)}
    facts |= {EvidenceKind.ACCOUNT_NUMBER.value: (account,)} if account else {}
    facts[EvidenceKind.POSTCODE.value] = (_POSTCODES.get(who, sorted(AREAS)[number % len(AREAS)]),)
    told = person.facts
    return Candidate(
        customer_id=who,
        household=person.household,
        names={"en": person.name} | ({"ru": _IN_RUSSIAN[who]} if who in _IN_RUSSIAN else {}),
        birth_date=born,
        facts=facts,
        phones=(Phone(number=person.phone, since=LONG_AGO),),
        language=person.language,
        flags=person.flags,
        customer=Customer(
            customer_id=who,
            household=person.household,
            name=person.name,
            language=person.language,
            lines=person.lines,
            owns=tuple(told["owns"]),
            flags=person.flags,
            profile=told["profile"],
        ),
    )


def candidate_of_invented(person: Invented) -> Candidate:
    """An invented customer as identification sees one, without secrets."""
    return Candidate(
        customer_id=person.customer_id,
        household=person.household,
        names=person.names,
        birth_date=person.birth_date,
        facts={
            EvidenceKind.POLICY_NUMBER.value: (person.policy,),
            EvidenceKind.ACCOUNT_NUMBER.value: (person.account,),
            EvidenceKind.POSTCODE.value: (person.postcode,),
        },
        phones=tuple(Phone(number=number, since=since) for number, since in person.phones),
        language=person.language,
        customer=Customer(
            customer_id=person.customer_id, household=person.household, name=person.name, language=person.language
        ),
    )


def as_told(candidate: Candidate) -> dict[str, Any]:
    """A candidate as JSON."""
    profile = candidate.customer
    return {
        "customer_id": candidate.customer_id,
        "household": candidate.household,
        "names": dict(candidate.names),
        "birth_date": candidate.birth_date,
        "facts": {kind: list(values) for kind, values in candidate.facts.items()},
        "phones": [{"number": phone.number, "since": phone.since} for phone in candidate.phones],
        "language": candidate.language,
        "pin_hash": candidate.pin_hash,
        "passphrase_hash": candidate.passphrase_hash,
        "flags": list(candidate.flags),
        "customer": {
            "customer_id": profile.customer_id,
            "household": profile.household,
            "name": profile.name,
            "language": profile.language,
            "lines": list(profile.lines),
            "owns": list(profile.owns),
            "flags": list(profile.flags),
            "profile": dict(profile.profile),
        }
        if profile
        else None,
    }


async def _find(request: web.Request) -> web.Response:
    desk, found = request.app[CUSTOMERS], request.app[CUSTOMERS].find(request.query)
    if len(found) <= 5:  # of more than a household nobody's secrets are wanted
        found = [await asyncio.to_thread(desk.with_secrets, candidate) for candidate in found]
    return web.json_response([as_told(candidate) for candidate in found])


async def _one(request: web.Request) -> web.Response:
    desk = request.app[CUSTOMERS]
    candidate = desk.by_id.get(request.match_info["customer_id"])
    if candidate is None:
        return web.json_response({"error": "no such customer"}, status=404)
    return web.json_response(as_told(await asyncio.to_thread(desk.with_secrets, candidate)))


async def _names(request: web.Request) -> web.Response:
    desk, limit = request.app[CUSTOMERS], request.query.get("limit", "1000")
    count = min(int(limit), 10_000) if limit.isascii() and limit.isdigit() else 1_000
    ids = sorted(who for who in desk.by_id if who > request.query.get("after", ""))
    page = [{"customer_id": who, "names": dict(desk.by_id[who].names)} for who in ids[:count]]
    return web.json_response({"customers": page, "more": len(ids) > count})


async def _version(request: web.Request) -> web.Response:
    return web.json_response({"version": request.app[CUSTOMERS].version})
