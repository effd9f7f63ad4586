"""The demo insurer's counter: addresses on file, payments, copies, and the codes that prove a telephone.

Owns the tables of contacts, dues and codes, beside the register's in the same SQLite file. Days are counted from the
day the file was filled, so that something is always about to fall due. Messages are not sent anywhere: they are papers
of the kind "messages", to be read by whoever plays the caller. Refuses to know HTTP and to take a card. Methods block:
call them in a thread.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Any

from ivr.demo.crm_data import Register

CODE_VALID_S = 300.0
CODE_TRIES = 3
PROMISE_DAYS = 28
POST_DAYS = 4

AREAS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "10115": {"en": "Berlin", "ru": "Берлин"},
        "18055": {"en": "Rostock", "ru": "Росток"},
        "20457": {"en": "Hamburg", "ru": "Гамбург"},
        "28195": {"en": "Bremen", "ru": "Бремен"},
        "80331": {"en": "Munich", "ru": "Мюнхен"},
    }
)
"""Postcode -> language -> town."""

EMAIL_AT: Mapping[str, str] = MappingProxyType({"en": "example dot org", "ru": "экзампл точка орг"})
"""Where all invented people have their mail boxes, as it is said."""

_TABLES = """
CREATE TABLE contacts (
  customer_id TEXT PRIMARY KEY, email INTEGER NOT NULL, mobile INTEGER NOT NULL, postcode TEXT NOT NULL,
  street TEXT NOT NULL, house_number INTEGER NOT NULL, flat_number INTEGER NOT NULL);
CREATE TABLE dues (policy TEXT PRIMARY KEY, facts TEXT NOT NULL);
CREATE TABLE codes (
  customer_id TEXT PRIMARY KEY, salt BLOB NOT NULL, code BLOB NOT NULL, sent_at REAL NOT NULL,
  failures INTEGER NOT NULL);
"""
_STREETS = ("Harbour Street", "Mill Lane", "Station Road", "Linden Street", "Church Street")
_WITHOUT = {"C1002": "email", "C1004": "mobile"}


class PolicyDesk:
    """The tables of the counter. Made and filled once the register is; later uses keep what is in them."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._register = Register(database)

    def prepare(self, today: date) -> None:
        """Create and fill the tables unless they are there already."""
        with self._open() as db:
            if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'codes'").fetchone():
                return
            for statement in filter(str.strip, _TABLES.split(";")):
                db.execute(statement)
            draw = Random(7)
            for (customer_id,) in db.execute("SELECT customer_id FROM customers ORDER BY customer_id").fetchall():
                lacks = _WITHOUT.get(customer_id, "")
                place = (draw.choice(sorted(AREAS)), draw.choice(_STREETS), draw.randint(1, 90), draw.choice((0, 0, 7)))
                row = (customer_id, lacks != "email", lacks != "mobile", *place)
                db.execute("INSERT INTO contacts VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            for number, (policy,) in enumerate(db.execute("SELECT policy FROM policies ORDER BY policy").fetchall()):
                db.execute("INSERT INTO dues VALUES (?, ?)", (policy, json.dumps(_dues(number, today, draw))))

    def contacts(self, customer_id: str, language: str) -> dict[str, Any] | None:
        """What may be said of the addresses on file to somebody who has proven who calls."""
        with self._open() as db:
            row = db.execute("SELECT email, postcode FROM contacts WHERE customer_id = ?", (customer_id,)).fetchone()
        if row is None:
            return None
        return {
            "email": bool(row[0]),
            "email_at": _in(EMAIL_AT, language) if row[0] else None,
            "postcode": row[1],
            "town": _in(AREAS[row[1]], language),
        }

    def area(self, postcode: str, language: str) -> dict[str, str] | None:
        """The town of a postcode, in that language."""
        return {"postcode": postcode, "town": _in(AREAS[postcode], language)} if postcode in AREAS else None

    def move(self, customer_id: str, address: Mapping[str, Any]) -> bool:
        """Keep a new address. False when there is no such customer or postcode. flat_number 0 is none."""
        if address["postcode"] not in AREAS:
            return False
        with self._open() as db:
            changed = db.execute(
                "UPDATE contacts SET postcode = ?, street = ?, house_number = ?, flat_number = ? WHERE customer_id = ?",
                (*(address[key] for key in ("postcode", "street", "house_number", "flat_number")), customer_id),
            )
            return bool(changed.rowcount)

    def copy(self, policy: str, customer_id: str, by: str, today: date) -> dict[str, Any] | None:
        """Send a copy by "email" or "post" to the address on file. None when the policy is not that customer's."""
        if not self._owns(policy, customer_id):
            return None
        arrives_on = (today + timedelta(days=POST_DAYS)).isoformat() if by == "post" else None
        self._register.file_paper("copies", {"policy": policy, "customer_id": customer_id, "by": by})
        return {"policy": policy, "by": by, "arrives_on": arrives_on}

    def dues(self, policy: str, customer_id: str) -> dict[str, Any] | None:
        """What is to be paid for that policy and what was paid last, if it is that customer's."""
        if not self._owns(policy, customer_id):
            return None
        with self._open() as db:
            (facts,) = db.execute("SELECT facts FROM dues WHERE policy = ?", (policy,)).fetchone()
        found: dict[str, Any] = json.loads(facts)
        return found

    def pay_link(self, policy: str, customer_id: str) -> dict[str, str] | None:
        """Send a payment link to the telephone on file; None when none can take a message. Raises KeyError when the
        policy is not that customer's."""
        if not self._owns(policy, customer_id):
            raise KeyError(policy)
        return self._message(customer_id, f"Pay policy {policy} here: https://pay.example.org/{secrets.token_hex(4)}")

    def promise(self, policy: str, customer_id: str, pay_on: date, today: date) -> dict[str, str] | None:
        """Note the day a caller means to pay; None when it has been or is too far off. Raises KeyError when the policy
        is not that customer's."""
        if not self._owns(policy, customer_id):
            raise KeyError(policy)
        if not today <= pay_on <= today + timedelta(days=PROMISE_DAYS):
            return None
        promised = {"policy": policy, "pay_on": pay_on.isoformat()}
        self._register.file_paper("promises", promised)
        return promised

    def send_code(self, customer_id: str, now_s: float) -> dict[str, str] | None:
        """Send a new code to the telephone on file; None when none can take a message. Failures are not forgiven."""
        code = f"{secrets.randbelow(1_000_000):06d}"
        sent = self._message(customer_id, f"Your Northwind code is {code}. We never ask for it unless you call us.")
        if sent is None:
            return None
        salt = secrets.token_bytes(16)
        with self._open() as db:
            db.execute(
                "INSERT INTO codes VALUES (?, ?, ?, ?, 0) ON CONFLICT (customer_id) DO UPDATE SET salt = excluded.salt,"
                " code = excluded.code, sent_at = excluded.sent_at",
                (customer_id, salt, _hashed(code, salt), now_s),
            )
        return sent

    def check_code(self, customer_id: str, code: str, now_s: float) -> dict[str, Any] | None:
        """The customer whose code this is, once; None when it is wrong. Raises KeyError when no code is alive: never
        sent, too old, or guessed too often."""
        with self._open() as db:
            row = db.execute(
                "SELECT salt, code, sent_at, failures, facts FROM codes JOIN customers USING (customer_id)"
                " WHERE customer_id = ?",
                (customer_id,),
            ).fetchone()
            if row is None or row[3] >= CODE_TRIES or not 0 <= now_s - row[2] <= CODE_VALID_S:
                raise KeyError(customer_id)
            if not hmac.compare_digest(_hashed(code, row[0]), row[1]):
                db.execute("UPDATE codes SET failures = failures + 1 WHERE customer_id = ?", (customer_id,))
                return None
            db.execute("DELETE FROM codes WHERE customer_id = ?", (customer_id,))
        customer: dict[str, Any] = json.loads(row[4])
        return customer

    def _message(self, customer_id: str, text: str) -> dict[str, str] | None:
        with self._open() as db:
            row = db.execute(
                "SELECT phone FROM contacts JOIN customers USING (customer_id) WHERE customer_id = ? AND mobile",
                (customer_id,),
            ).fetchone()
        if row is None:
            return None
        self._register.file_paper("messages", {"to": row[0], "text": text})
        return {"number_end": row[0][-2:]}

    def _owns(self, policy: str, customer_id: str) -> bool:
        with self._open() as db:
            row = db.execute("SELECT 1 FROM policies WHERE policy = ? AND customer_id = ?", (policy, customer_id))
            return row.fetchone() is not None

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._database, timeout=5)) as db, db:
            yield db


def _dues(number: int, today: date, draw: Random) -> dict[str, Any]:
    """One policy in three has a payment due, one is late, one is settled."""
    status = ("due", "overdue", "settled")[number % 3]
    days = {"due": 12, "overdue": -9}.get(status)
    amount = draw.randint(900, 9_000) / 100
    return {
        "status": status,
        "amount": None if days is None else amount,
        "due_on": None if days is None else (today + timedelta(days=days)).isoformat(),
        "last_amount": amount,
        "last_on": (today - timedelta(days=draw.randint(20, 80))).isoformat(),
        "currency": "EUR",
    }


def today_utc() -> date:
    """The day the counter lives in."""
    return datetime.now(UTC).date()


def _in(names: Mapping[str, str], language: str) -> str:
    return names.get(language, names["en"])


def _hashed(code: str, salt: bytes) -> bytes:
    return hashlib.scrypt(code.encode(), salt=salt, n=2**12, r=8, p=1)
