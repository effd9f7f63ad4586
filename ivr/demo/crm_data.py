"""The demo company's register: customers, policies, claims, leads and callbacks in one SQLite file.

Owns the tables and the invented people. Telephone numbers come from ranges reserved for drama (+1 202-555-01xx,
+44 20 7946 0xxx); nobody in it exists. Refuses to know HTTP. Methods block: call them in a thread.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

GENERATED = 44

_TABLES = """
CREATE TABLE customers (customer_id TEXT PRIMARY KEY, phone TEXT NOT NULL, facts TEXT NOT NULL);
CREATE INDEX customers_phone ON customers (phone);
CREATE TABLE policies (
  policy TEXT PRIMARY KEY, customer_id TEXT NOT NULL REFERENCES customers, product TEXT NOT NULL,
  salt BLOB NOT NULL, pin BLOB NOT NULL);
CREATE TABLE claims (number TEXT PRIMARY KEY, customer_id TEXT NOT NULL REFERENCES customers, facts TEXT NOT NULL);
CREATE TABLE papers (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, received_at TEXT NOT NULL, body TEXT NOT NULL);
"""

_FIRST = (
    *("Olivia", "Liam", "Emma", "Noah", "Ava", "Elena", "Lucas", "Mia", "Ethan", "Irina", "Sofia", "Henry", "Grace"),
    *("Pavel", "Jack", "Nina", "Leo", "Ruby", "Oscar", "Vera", "Samuel", "Alice", "Boris", "Clara", "David", "Marta"),
)
_LAST = (
    *("Harper", "Novak", "Bennett", "Sokolova", "Reed", "Garcia", "Murphy", "Orlov", "Fisher", "Kowalski", "Price"),
    *("Dubois", "Hughes", "Lebedev", "Santos", "Meyer", "Wood", "Romano", "Clarke", "Volkov", "Evans", "Silva"),
)
_PRODUCTS = {"dacha": "dacha_home", "flat": "flat", "car": "car", "travel": "travel"}
_DOCUMENTS = ("the repair invoice", "photos of the damage", "the police report", "a copy of your policy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An invented customer with policies (number -> pin) and claims (number -> facts)."""

    customer_id: str
    phone: str
    household: str
    name: str
    lines: tuple[str, ...]
    age: int
    tenure_years: int
    segment: str = "private"
    extra: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    language: str = "en"
    policies: tuple[tuple[str, str], ...] = ()
    claims: tuple[tuple[str, Mapping[str, Any]], ...] = ()

    @property
    def facts(self) -> dict[str, Any]:
        """What the CRM tells about this customer."""
        return {
            "customer_id": self.customer_id,
            "household": self.household,
            "name": self.name,
            "lines": list(self.lines),
            "owns": [_PRODUCTS[line] for line in self.lines] + list(self.extra),
            "flags": list(self.flags),
            "language": self.language,
            "profile": {"age": self.age, "tenure_years": self.tenure_years, "segment": self.segment},
        }


class Register:
    """The SQLite file. Made and filled on first use; later uses keep what is in it."""

    def __init__(self, database: Path) -> None:
        self._database = database

    def prepare(self) -> None:
        """Create and fill the file unless it is there already."""
        self._database.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as db:
            if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'papers'").fetchone():
                return
            for statement in filter(str.strip, _TABLES.split(";")):
                db.execute(statement)
            for person in people():
                _insert(db, person)

    def customers_by_phone(self, phone: str) -> list[dict[str, Any]]:
        """Every customer with that E.164 number."""
        with self._open() as db:
            rows = db.execute("SELECT facts FROM customers WHERE phone = ?", (phone,)).fetchall()
        return [json.loads(facts) for (facts,) in rows]

    def claim(self, number: str, customer_id: str) -> dict[str, Any] | None:
        """That claim, if it is that customer's."""
        with self._open() as db:
            row = db.execute(
                "SELECT facts FROM claims WHERE number = ? AND customer_id = ?", (number, customer_id)
            ).fetchone()
        return {"number": number, **json.loads(row[0])} if row else None

    def verify(self, policy: str, pin: str) -> dict[str, Any] | None:
        """The customer of the policy, None when the PIN is wrong. Raises KeyError when there is no such policy."""
        with self._open() as db:
            row = db.execute(
                "SELECT salt, pin, facts FROM policies JOIN customers USING (customer_id) WHERE policy = ?", (policy,)
            ).fetchone()
        if row is None:
            raise KeyError(policy)
        salt, stored, facts = row
        if not hmac.compare_digest(_hashed(pin, salt), stored):
            return None
        customer: dict[str, Any] = json.loads(facts)
        return customer

    def file_paper(self, kind: str, body: Mapping[str, Any]) -> int:
        """Store a lead or a callback; its number."""
        received_at = datetime.now(UTC).isoformat(timespec="milliseconds")
        with self._open() as db:
            cursor = db.execute(
                "INSERT INTO papers (kind, received_at, body) VALUES (?, ?, ?)",
                (kind, received_at, json.dumps(body, ensure_ascii=False)),
            )
            return int(cursor.lastrowid or 0)

    def papers(self, kind: str) -> list[dict[str, Any]]:
        """Stored leads or callbacks, oldest first."""
        with self._open() as db:
            rows = db.execute("SELECT id, received_at, body FROM papers WHERE kind = ? ORDER BY id", (kind,)).fetchall()
        return [{"id": number, "received_at": at, "body": json.loads(body)} for number, at, body in rows]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._database, timeout=5)) as db, db:
            yield db


def people() -> list[Person]:
    """Everyone in the register: the named callers of the demo, a shared number, and generated neighbours."""
    return [*_named(), *_generated(Random(2026))]


def _named() -> list[Person]:
    paid = _claim("paid", amount=1250.50, paid_on="2026-11-03")
    daniel = Person(
        customer_id="C1050", phone="+12025550150", household="H1050", name="Daniel Brooks", lines=("flat",),
        age=41, tenure_years=7, policies=(("33104450", "2217"),),
    )  # fmt: skip
    return [
        Person(
            customer_id="C1001", phone="+12025550101", household="H1001", name="Anna Petrova", lines=("dacha",),
            age=47, tenure_years=6, policies=(("33104417", "4821"),), claims=(("204518", paid),),
        ),
        Person(
            customer_id="C1002", phone="+12025550102", household="H1002", name="James Walker", lines=("dacha",),
            age=58, tenure_years=11, policies=(("33104425", "7306"),), claims=(("317204", _claim("in_review")),),
        ),
        Person(
            customer_id="C1003", phone="+12025550103", household="H1003", name="Maria Lopez", lines=("flat", "car"),
            age=34, tenure_years=3, policies=(("33104433", "1958"), ("33104434", "1958")),
            claims=(("550913", _claim("waiting_documents", documents=_DOCUMENTS[:2])),),
        ),
        Person(
            customer_id="C1004", phone="+12025550104", household="H1004", name="Edith Moore", lines=("flat",),
            age=83, tenure_years=22, flags=("vulnerable",), policies=(("33104441", "6640"),),
        ),
        daniel,
        replace(daniel, customer_id="C1051", name="Laura Brooks", age=39, policies=(("33104451", "9083"),)),
    ]  # fmt: skip


def _generated(draw: Random) -> Iterator[Person]:
    numbers = draw.sample(range(100_000, 1_000_000), 3 * GENERATED)
    free = iter(str(n) for n in numbers if str(n) not in {"204518", "317204", "550913"})
    names = draw.sample([(first, last) for first in _FIRST for last in _LAST], GENERATED)
    for index, (first, last) in enumerate(names):
        lines = tuple(draw.sample(sorted(_PRODUCTS), draw.choice((1, 1, 1, 2, 2, 3))))
        age = draw.randint(19, 88)
        statuses = draw.choices(("paid", "in_review", "waiting_documents"), k=draw.choice((0, 1, 1, 2)))
        yield Person(
            customer_id=f"C{2001 + index}",
            phone=f"+1202555{105 + index:04d}" if index < 40 else f"+44207946{index:04d}",
            household=f"H{2001 + index - (index % 9 == 8)}",  # every ninth shares the household before
            name=f"{first} {last}",
            lines=lines,
            age=age,
            tenure_years=min(draw.randint(0, 25), age - 18),
            segment=draw.choice(("private", "private", "private", "premium", "business")),
            extra=("dacha_furniture",) if "dacha" in lines and draw.random() < 0.3 else (),
            flags=tuple(flag for flag, share in (("no_offers", 0.08), ("vulnerable", 0.05)) if draw.random() < share),
            language=draw.choice(("en", "en", "en", "ru")),
            policies=tuple(
                (str(44_000_000 + 100 * index + n), f"{draw.randint(0, 9999):04d}") for n in range(len(lines))
            ),
            claims=tuple((next(free), _drawn_claim(status, draw)) for status in statuses),
        )


def _drawn_claim(status: str, draw: Random) -> dict[str, Any]:
    documents = tuple(draw.sample(_DOCUMENTS, draw.randint(1, 2)))
    paid_on = date(2026, 1, 10) + timedelta(days=draw.randint(0, 300))
    return _claim(status, amount=draw.randint(4_000, 900_000) / 100, paid_on=paid_on.isoformat(), documents=documents)


def _claim(status: str, *, amount: float = 0.0, paid_on: str = "", documents: tuple[str, ...] = ()) -> dict[str, Any]:
    """Amount and date stand only on paid claims, documents only on those that wait for them (once more as a phrase)."""
    awaited = documents if status == "waiting_documents" else ()
    return {
        "status": status,
        "amount": amount if status == "paid" else None,
        "currency": "EUR",
        "paid_on": paid_on if status == "paid" else None,
        "documents": list(awaited),
        "documents_text": " and ".join(awaited),
    }


def _insert(db: sqlite3.Connection, person: Person) -> None:
    facts = json.dumps(person.facts, ensure_ascii=False)
    db.execute("INSERT INTO customers VALUES (?, ?, ?)", (person.customer_id, person.phone, facts))
    for (policy, pin), line in zip(person.policies, person.lines, strict=True):
        salt = secrets.token_bytes(16)
        row = (policy, person.customer_id, _PRODUCTS[line], salt, _hashed(pin, salt))
        db.execute("INSERT INTO policies VALUES (?, ?, ?, ?, ?)", row)
    for number, claim in person.claims:
        db.execute("INSERT INTO claims VALUES (?, ?, ?)", (number, person.customer_id, json.dumps(claim)))


def _hashed(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=2**12, r=8, p=1)
