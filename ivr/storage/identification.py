"""Tries of identification, counted and reserved in one transaction; codes, signals, and what operators clear.

Owns that a try is stored before anything is compared: a reservation without a proof is a failure, also when the process
died in between. What is too many is decided by whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from ivr.model.attempts import AccountCounts, Activity, Attempt, AttemptCounts, Lock, SentCode, Tried, TryMade
from ivr.model.identity import RiskSignal
from ivr.storage.database import Connection, Database
from ivr.storage.identity_tables import attempts, clearings, codes, gates, proofs, signals
from ivr.storage.tables import calls

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
_ROW = attempts.c
_FAILED = ~sa.exists().where(proofs.c.attempt_id == _ROW.attempt_id)
_NO_SEND = _ROW.tried != Tried.SEND.value
_TRIES = sa.func.count(sa.distinct(_ROW.attempt_id))


class Identification:
    """The identification part of the store."""

    _db: Database

    async def reserve(self, attempt: Attempt, allowed: Callable[[AttemptCounts], bool]) -> bool:
        """Count what went wrong before and, if that allows it, store the try; nothing can be counted in between.
        Raises StorageError: then nothing may be tried."""

        async def work(connection: Connection) -> bool:
            for subject in _subjects(attempt):  # held until the transaction ends
                await connection.execute(self._db.upsert(gates, {"subject": subject, "at_ms": self._db.now_ms()}))
            now_ms = self._db.now_ms()  # after the wait for others' tries, so that none of them lies in our future
            counts = await _counted(connection, attempt, now_ms)
            if not allowed(counts):
                return False
            common = {name: getattr(attempt, name) for name in ("attempt_id", "call_id", "number", "prefix")}
            rows = [
                common | {"customer_id": customer, "tried": attempt.tried.value, "at_ms": now_ms}
                for customer in attempt.customers or ("",)
            ]
            await connection.execute(sa.insert(attempts), rows)
            return True

        return await self._db.transact(work)

    async def succeeded(self, attempt_id: str, customer_id: str) -> None:
        """The try was right: the row of this customer's failures ends. customer_id "": it was not wrong, no more."""
        row = {"attempt_id": attempt_id, "customer_id": customer_id, "at_ms": self._db.now_ms()}
        await self._db.write((sa.insert(proofs), [row]))

    async def save_code(self, code: SentCode) -> None:
        """Keep a code that is about to be sent."""
        await self._db.write((sa.insert(codes), [asdict(code)]))

    async def sent_code(self, call_id: str, customer_id: str) -> SentCode | None:
        """The latest code of a call, None when none was sent or it is used up. An older one is worth nothing."""
        table = codes.c
        mine = (table.call_id == call_id, table.customer_id == customer_id)
        rows = await self._db.read(sa.select(codes).where(*mine).order_by(table.sent_ms.desc(), table.code_id.desc()))
        if not rows or rows[0].used_ms:
            return None
        row = dict(rows[0]._mapping)
        del row["used_ms"]
        return SentCode(**row)

    async def use_code(self, code_id: str) -> bool:
        """Use a code up. False when somebody else did."""
        table = codes.c
        change = sa.update(codes).where(table.code_id == code_id, table.used_ms == 0)
        return bool(await self._db.write((change.values(used_ms=self._db.now_ms()), None)))

    async def forget_expired_codes(self) -> int:
        """Remove codes that ended an hour ago; how many."""
        ended = sa.delete(codes).where(codes.c.expires_ms < self._db.now_ms() - HOUR_MS)
        return await self._db.write((ended, None))

    async def forget_tries(self, older_ms: int) -> int:
        """Remove tries with their proofs, clearings and signals older than so many milliseconds; how many tries. What
        limits look back on and whom audits ask about must be younger."""
        before_ms = self._db.now_ms() - older_ms
        # A proof is younger than its try, so that none is left a failure by this.
        others = [(sa.delete(table).where(table.c.at_ms < before_ms), None) for table in (proofs, clearings, signals)]
        idle = sa.delete(gates).where(gates.c.at_ms < self._db.now_ms() - DAY_MS)
        tries = sa.delete(attempts).where(_ROW.at_ms < before_ms)
        return await self._db.write((idle, None), *others, (tries, None))

    async def save_signals(self, call_id: str, number: str, customer_id: str, found: Iterable[RiskSignal]) -> None:
        """Keep what was suspicious; a signal of a call once."""
        writes: list[Any] = []
        for signal in found:
            row: dict[str, Any] = {
                "call_id": call_id,
                "kind": signal.kind.value,
                "number": number,
                "customer_id": customer_id,
            }
            row |= {"at_ms": signal.at_ms, "detail": dict(signal.detail)}
            writes.append((self._db.upsert(signals, row, keep=True), None))
        if writes:
            await self._db.write(*writes)

    async def activity(self, number: str, customer_id: str) -> Activity:
        """What the number and the account were seen doing. A withheld number was seen doing nothing."""
        now_ms = self._db.now_ms()
        placed = sa.select(sa.func.count()).where(calls.c.ani == number, calls.c.started_ms > now_ms - HOUR_MS)
        tried = sa.select(sa.func.count(sa.distinct(_ROW.customer_id))).where(
            _ROW.number == number, _ROW.customer_id != "", _ROW.at_ms > now_ms - DAY_MS
        )
        came = sa.select(sa.func.count(sa.distinct(_ROW.number))).where(
            _ROW.customer_id == customer_id, _ROW.number != "", _ROW.at_ms > now_ms - DAY_MS
        )
        counted = await self._db.reading(lambda connection: _numbers(connection, (placed, tried, came)))
        return Activity(
            calls_in_an_hour=counted[0] if number else 0,
            accounts_in_a_day=counted[1] if number else 0,
            numbers_in_a_day=counted[2] if customer_id else 0,
        )

    async def failures(self) -> list[Lock]:
        """Accounts with failures of the last 30 days, numbers with some of the last hour, that nobody cleared; most
        failures first."""
        now_ms, found = self._db.now_ms(), list[Lock]()
        for kind, column, span_ms in (("customer", _ROW.customer_id, 30 * DAY_MS), ("number", _ROW.number, HOUR_MS)):
            cleared = sa.select(sa.func.coalesce(sa.func.max(clearings.c.at_ms), 0)).where(
                clearings.c.subject == sa.literal(f"{kind}:").concat(column)
            )
            query = (
                sa.select(column, _TRIES, sa.func.min(_ROW.at_ms), sa.func.max(_ROW.at_ms))
                .where(column != "", _NO_SEND, _FAILED, _ROW.at_ms > now_ms - span_ms)
                .where(_ROW.at_ms > cleared.correlate(attempts).scalar_subquery())
                .group_by(column)
            )
            rows: Any = await self._db.read(query)
            for subject, count, since_ms, last_ms in rows:
                found.append(Lock(subject=f"{kind}:{subject}", failures=count, since_ms=since_ms, last_ms=last_ms))
        return sorted(found, key=lambda lock: (-lock.failures, lock.subject))

    async def tries(self, since_ms: int = 0) -> list[TryMade]:
        """Every try since a moment, oldest first."""
        right = (~_FAILED).label("right")
        columns = (_ROW.at_ms, _ROW.attempt_id, _ROW.tried, _ROW.call_id, _ROW.number, _ROW.customer_id, right)
        query = sa.select(*columns).where(_ROW.at_ms >= since_ms).order_by(_ROW.at_ms, _ROW.attempt_id)
        rows: list[dict[str, Any]] = [dict(row._mapping) for row in await self._db.read(query)]
        return [TryMade(**(row | {"tried": Tried(row["tried"]), "right": bool(row["right"])})) for row in rows]

    async def clear_failures(self, subject: str, by: str) -> None:
        """A person takes the failures of "customer:<id>" or "number:<E.164>" back. What was tried stays stored."""
        row = {"subject": subject, "at_ms": self._db.now_ms(), "by": by}
        await self._db.write((self._db.upsert(clearings, row), None))


def _subjects(attempt: Attempt) -> Sequence[str]:
    """What a try concerns, in one order for all, so that nobody waits for each other."""
    told = [f"call:{attempt.call_id}", *(f"customer:{each}" for each in attempt.customers)]
    told += [f"number:{attempt.number}"] if attempt.number else []
    told += [f"prefix:{attempt.prefix}"] if attempt.prefix else []
    return sorted(told)


async def _counted(connection: Connection, attempt: Attempt, now_ms: int) -> AttemptCounts:
    """Two questions for everything: what ended rows of failures, and what was counted since."""
    since = [_cleared(f"number:{attempt.number}")]
    for customer in attempt.customers:
        proven = sa.exists().where(proofs.c.attempt_id == _ROW.attempt_id, proofs.c.customer_id == customer)
        right = (_ROW.customer_id == customer, _ROW.tried == attempt.tried.value, proven)
        since += [_cleared(f"customer:{customer}"), sa.select(sa.func.max(_ROW.at_ms)).where(*right)]
    number_ms, *ends = await _numbers(connection, since)

    wanted = [
        _count(_ROW.call_id == attempt.call_id, _ROW.tried == attempt.tried.value, _FAILED),
        _count(_ROW.number == attempt.number, _NO_SEND, _FAILED, _ROW.at_ms > max(now_ms - HOUR_MS, number_ms)),
        _count(_ROW.prefix == attempt.prefix, _ROW.at_ms > now_ms - HOUR_MS),
    ]
    for customer, cleared_ms, right_ms in zip(attempt.customers, ends[::2], ends[1::2], strict=True):
        mine, day_ms = _ROW.customer_id == customer, max(now_ms - DAY_MS, cleared_ms)
        row = (mine, _ROW.tried == attempt.tried.value, _FAILED, _ROW.at_ms > max(right_ms, cleared_ms))
        wanted += [
            _count(*row),
            _count(*row, _ROW.at_ms > now_ms - DAY_MS),
            _count(mine, _NO_SEND, _FAILED, _ROW.at_ms > day_ms),
            sa.select(sa.func.max(_ROW.at_ms)).where(*row),
            _count(mine, _ROW.tried == Tried.SEND.value, _ROW.at_ms > day_ms),
        ]
    in_call, by_number, sends, *rest = await _numbers(connection, wanted)
    return AttemptCounts(
        now_ms=now_ms,
        in_call=in_call,
        number_in_an_hour=by_number if attempt.number else 0,
        prefix_sends=sends if attempt.prefix else 0,
        accounts=tuple(
            _account(customer, rest[5 * place : 5 * place + 5]) for place, customer in enumerate(attempt.customers)
        ),
    )


def _account(customer: str, counted: Sequence[int]) -> AccountCounts:
    in_a_row, row_in_a_day, in_a_day, last_ms, sends = counted
    return AccountCounts(
        customer_id=customer,
        in_a_row=in_a_row,
        row_in_a_day=row_in_a_day,
        in_a_day=in_a_day,
        last_ms=last_ms,
        sends=sends,
    )


def _count(*conditions: Any) -> sa.Select[Any]:
    return sa.select(_TRIES).where(*conditions)


def _cleared(subject: str) -> sa.Select[Any]:
    return sa.select(sa.func.max(clearings.c.at_ms)).where(clearings.c.subject == subject)


async def _numbers(connection: Connection, queries: Sequence[sa.Select[Any]]) -> list[int]:
    """The one number each query gives, nothing being 0, in one round trip."""
    together = sa.select(*(query.scalar_subquery().label(f"n{place}") for place, query in enumerate(queries)))
    return [int(value or 0) for value in (await connection.execute(together)).one()]
