"""The demo bank's register: accounts and cards of the same invented people, in the same SQLite file.

Owns the tables of accounts and cards. Amounts are in EUR. Refuses to know HTTP and to move money: a card can be
blocked, nothing else changes. Methods block: call them in a thread.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

REPLACEMENT_DAYS = 5

_TABLES = (
    """CREATE TABLE accounts (
      number TEXT PRIMARY KEY, customer_id TEXT NOT NULL, balance REAL NOT NULL, salt BLOB NOT NULL, pin BLOB NOT NULL)
    """,
    """CREATE TABLE cards (
      customer_id TEXT NOT NULL, last4 TEXT NOT NULL, blocked INTEGER NOT NULL DEFAULT 0, delivery TEXT,
      PRIMARY KEY (customer_id, last4))
    """,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account with its telephone PIN."""

    number: str
    customer_id: str
    balance: float
    pin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card by its last four digits. status and day say where a newly made one is; an old card has no status."""

    last4: str
    customer_id: str
    status: str = ""
    day: str | None = None

    @property
    def delivery(self) -> dict[str, Any] | None:
        """What the bank tells about the way of this card to its customer."""
        if not self.status:
            return None
        return {
            "last4": self.last4,
            "status": self.status,
            "expected_on": self.day if self.status == "on_the_way" else None,
            "delivered_on": self.day if self.status == "delivered" else None,
        }


class BankRegister:
    """The bank's tables in the SQLite file. Made and filled on first use; later uses keep what is in them."""

    def __init__(self, database: Path) -> None:
        self._database = database

    def prepare(self) -> None:
        """Create and fill the tables unless they are there already."""
        self._database.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as db:
            if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'cards'").fetchone():
                return
            for statement in _TABLES:
                db.execute(statement)
            for account in accounts():
                salt = secrets.token_bytes(16)
                row = (account.number, account.customer_id, account.balance, salt, _hashed(account.pin, salt))
                db.execute("INSERT INTO accounts VALUES (?, ?, ?, ?, ?)", row)
            for card in cards():
                delivery = json.dumps(card.delivery) if card.delivery else None
                db.execute("INSERT INTO cards VALUES (?, ?, 0, ?)", (card.customer_id, card.last4, delivery))

    def balance(self, number: str, customer_id: str) -> dict[str, Any] | None:
        """What is on that account, if it is that customer's. overdrawn: how far below zero it is, as a plain amount."""
        with self._open() as db:
            row = db.execute(
                "SELECT balance FROM accounts WHERE number = ? AND customer_id = ?", (number, customer_id)
            ).fetchone()
        if row is None:
            return None
        return {"number": number, "balance": row[0], "overdrawn": max(0.0, -row[0]), "currency": "EUR"}

    def verify(self, number: str, pin: str) -> dict[str, Any] | None:
        """The customer of the account, None when the PIN is wrong. Raises KeyError when there is no such account."""
        with self._open() as db:
            row = db.execute(
                "SELECT salt, pin, facts FROM accounts JOIN customers USING (customer_id) WHERE number = ?", (number,)
            ).fetchone()
        if row is None:
            raise KeyError(number)
        salt, stored, facts = row
        if not hmac.compare_digest(_hashed(pin, salt), stored):
            return None
        customer: dict[str, Any] = json.loads(facts)
        return customer

    def block(self, last4: str, customer_id: str) -> dict[str, Any] | None:
        """Block that customer's card; None when there is no such card. Blocking it once more changes nothing."""
        with self._open() as db:
            blocked = db.execute(
                "UPDATE cards SET blocked = 1 WHERE last4 = ? AND customer_id = ?", (last4, customer_id)
            )
            if not blocked.rowcount:
                return None
        replacement_on = datetime.now(UTC).date() + timedelta(days=REPLACEMENT_DAYS)
        return {"last4": last4, "status": "blocked", "replacement_on": replacement_on.isoformat()}

    def delivery(self, last4: str, customer_id: str) -> dict[str, Any] | None:
        """Where that customer's new card is; None when no such card is or was under way."""
        with self._open() as db:
            row = db.execute(
                "SELECT delivery FROM cards WHERE last4 = ? AND customer_id = ?", (last4, customer_id)
            ).fetchone()
        if row is None or row[0] is None:
            return None
        facts: dict[str, Any] = json.loads(row[0])
        return facts

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._database, timeout=5)) as db, db:
            yield db


def advisers(language: str) -> list[str]:
    """The people who look after customers, as that language writes their names; two of them sound alike."""
    names = {
        "en": ["Anna Sokolova", "Anton Sokolov", "Maria Garcia", "John Smith"],
        "ru": ["Анна Соколова", "Антон Соколов", "Мария Гарсия", "Джон Смит"],
    }
    return names.get(language, names["en"])


def accounts() -> list[Account]:
    """The accounts of the demo's named callers."""
    return [
        Account(number="70011001", customer_id="C1001", balance=2310.45, pin="4821"),
        Account(number="70011002", customer_id="C1002", balance=-85.20, pin="7306"),
        Account(number="70011003", customer_id="C1003", balance=12.00, pin="1958"),
        Account(number="70011004", customer_id="C1004", balance=15020.10, pin="6640"),
        Account(number="70011050", customer_id="C1050", balance=640.00, pin="2217"),
        Account(number="70011051", customer_id="C1051", balance=0.0, pin="9083"),
    ]


def cards() -> list[Card]:
    """The cards of the demo's named callers."""
    return [
        Card(last4="4417", customer_id="C1001"),
        Card(last4="8820", customer_id="C1001", status="on_the_way", day="2026-11-27"),
        Card(last4="3052", customer_id="C1002", status="delivered", day="2026-11-12"),
        Card(last4="4417", customer_id="C1003"),  # last digits are no key: two customers have the same ones
        Card(last4="9164", customer_id="C1003", status="in_production"),
        Card(last4="2705", customer_id="C1004"),
        Card(last4="6139", customer_id="C1050"),
    ]


def _hashed(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=2**12, r=8, p=1)
