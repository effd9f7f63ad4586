"""The outbox: what other systems are to be told, stored in the transaction of what it tells, kept until it was told.

Owns the order of a call's events, leases of tries under way, and how long anything is kept. Knows neither HTTP nor
when a failed try is repeated; what is told of what is stored is written in telling.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ivr.model.ids import new_id
from ivr.model.webhooks import Delivery, DeliveryState, WebhookEvent
from ivr.storage.database import Connection, Database, Write, unix_ms
from ivr.storage.outbox_tables import outbox

LATE_MS = 5000
"""What its own process has not begun to deliver by then, any process may."""
CLAIMS = 3
"""Tries to claim what another process claims as well; then it has enough hands."""
KEPT_MS = 7 * 86_400_000
DELIVERED_KEPT_MS = 86_400_000

Subscribers = Mapping[str, frozenset[str]]
"""Endpoint -> kinds of events it is told."""

_COLUMN = outbox.c
_FIELDS = (
    *("event_id", "endpoint", "kind", "call_id", "at"),
    *("data", "state", "failures", "trouble", "due_ms"),
)
_WAITING = _COLUMN.state == DeliveryState.WAITING.value


class Outbox:
    """Writes for one process. ring() is called when something new is committed; it must not block."""

    def __init__(self, database: Database, subscribers: Subscribers) -> None:
        self._db, self._subscribers = database, subscribers
        self.owner = new_id()
        self.ring: Callable[[], None] = lambda: None
        self._position = 0

    def writes(self, events: Iterable[WebhookEvent], *, to: str = "") -> list[Write]:
        """What goes into the transaction. to: one endpoint, whatever it subscribed to."""
        found: list[Write] = []
        for event in events:
            endpoints = [to] if to else [name for name, kinds in self._subscribers.items() if event.kind in kinds]
            if endpoints:
                row = self._row(event)
                found += [(self._db.upsert(outbox, {**row, "endpoint": name}, keep=True), None) for name in endpoints]
        return found

    def _row(self, event: WebhookEvent) -> dict[str, Any]:
        now_ms = self._db.now_ms()
        self._position = max(self._position + 1, now_ms * 1000)
        return {
            "event_id": event.event_id,
            "kind": event.kind.value,
            "call_id": event.call_id,
            "at": event.at,
            "data": dict(event.data),
            "state": DeliveryState.WAITING.value,
            "owner": self.owner,
            "position": self._position,
            "made_ms": now_ms,
            "due_ms": now_ms,
            "until_ms": unix_ms(event.until) if event.until else now_ms + KEPT_MS,
        }


class Deliveries:
    """The outbox's part of the store."""

    _db: Database
    _outbox: Outbox

    async def tell(self, *events: WebhookEvent, to: str = "") -> None:
        """Have these told to everybody who wants to know. to: only to this endpoint. Raises StorageError."""
        await self._write_and_tell((), events, to=to)

    def on_told(self, ring: Callable[[], None]) -> None:
        """ring() is called whenever something new is to be delivered. It must not block."""
        self._outbox.ring = ring

    async def claim_deliveries(self, endpoint: str, most: int, lease_ms: int) -> list[Delivery]:
        """Deliveries to try now, at most so many, in their order; none of a call of which an earlier one still waits.
        Nobody else gets them for lease_ms. Raises StorageError."""
        for _ in range(CLAIMS):
            now_ms = self._db.now_ms()
            due = self._due(endpoint, now_ms).order_by(_COLUMN.position).limit(most)
            ids = [str(row[0]) for row in await self._db.read(due)]
            if not ids:
                break
            if claimed := await self._claim(endpoint, ids, now_ms, lease_ms):
                return claimed
        return []

    async def _claim(self, endpoint: str, ids: Sequence[str], now_ms: int, lease_ms: int) -> list[Delivery]:
        """Those of them that nobody else was faster with."""
        claim = (
            sa.update(outbox)
            .where(_COLUMN.endpoint == endpoint, _COLUMN.event_id.in_(ids), _WAITING, _COLUMN.due_ms <= now_ms)
            .values(due_ms=now_ms + lease_ms)
            .returning(_COLUMN.position, *(_COLUMN[name] for name in _FIELDS))
        )

        async def work(connection: Connection) -> Sequence[sa.Row[Any]]:
            return (await connection.execute(claim)).all()

        rows = await self._db.transact(work)
        return [_delivery(row) for row in sorted(rows, key=lambda row: int(row.position))]

    async def delivered(self, delivery: Delivery) -> None:
        """It was taken; what it said is not kept any longer."""
        await self._settle(delivery, state=DeliveryState.DELIVERED.value, data={}, ended_ms=self._db.now_ms())

    async def not_delivered(self, delivery: Delivery, trouble: str, again_in_ms: int | None) -> None:
        """It was not; None: it is given up."""
        ended = {"state": DeliveryState.DEAD.value, "ended_ms": self._db.now_ms()}
        again = ended if again_in_ms is None else {"due_ms": self._db.now_ms() + again_in_ms}
        await self._settle(delivery, failures=delivery.failures + 1, trouble=trouble[:200], **again)

    async def deliveries(self, state: DeliveryState | None = None, most: int = 100) -> list[Delivery]:
        """The newest first."""
        query = sa.select(*(_COLUMN[name] for name in _FIELDS)).order_by(_COLUMN.position.desc()).limit(most)
        return [_delivery(row) for row in await self._db.read(query if state is None else _of(query, state))]

    async def delivery_counts(self) -> Mapping[tuple[str, DeliveryState], int]:
        """How many there are, by endpoint and state."""
        by = (_COLUMN.endpoint, _COLUMN.state)
        rows = await self._db.read(sa.select(*by, sa.func.count().label("many")).group_by(*by))
        return {(str(row.endpoint), DeliveryState(row.state)): int(row.many) for row in rows}

    async def retry_deliveries(self, *, endpoint: str = "", event_id: str = "") -> int:
        """Try again what was given up, and at once what waits; how many. endpoint, event_id: only these."""
        change = sa.update(outbox).where(_COLUMN.state != DeliveryState.DELIVERED.value)
        if endpoint:
            change = change.where(_COLUMN.endpoint == endpoint)
        if event_id:
            change = change.where(_COLUMN.event_id == event_id)
        again = {"state": DeliveryState.WAITING.value, "due_ms": self._db.now_ms(), "failures": 0, "ended_ms": 0}
        return await self._db.write((change.values(**again), None))

    async def hasten_deliveries(self, endpoint: str, lease_ms: int) -> int:
        """The receiver takes events again: what waits for a later try is tried now; how many. What is due within
        lease_ms may be under way, and comes soon enough."""
        now_ms = self._db.now_ms()
        change = sa.update(outbox).where(_COLUMN.endpoint == endpoint, _WAITING, _COLUMN.due_ms > now_ms + lease_ms)
        return await self._db.write((change.values(due_ms=now_ms), None))

    async def forget_old_deliveries(self) -> int:
        """Remove what was delivered a day ago, and what is past its time; how many."""
        now_ms = self._db.now_ms()
        told = sa.and_(_COLUMN.state == DeliveryState.DELIVERED.value, _COLUMN.ended_ms <= now_ms - DELIVERED_KEPT_MS)
        return await self._db.write((sa.delete(outbox).where(sa.or_(told, _COLUMN.until_ms <= now_ms)), None))

    def _due(self, endpoint: str, now_ms: int) -> sa.Select[Any]:
        earlier = outbox.alias("earlier")
        in_line = sa.exists().where(
            earlier.c.endpoint == endpoint,
            earlier.c.call_id == _COLUMN.call_id,
            earlier.c.state == DeliveryState.WAITING.value,
            earlier.c.position < _COLUMN.position,
        )
        return sa.select(_COLUMN.event_id).where(
            _COLUMN.endpoint == endpoint,
            _WAITING,
            _COLUMN.due_ms <= now_ms,
            sa.or_(_COLUMN.owner == self._outbox.owner, _COLUMN.made_ms <= now_ms - LATE_MS),
            sa.or_(_COLUMN.call_id == "", ~in_line),
        )

    async def _settle(self, delivery: Delivery, **values: Any) -> None:
        one = (_COLUMN.event_id == delivery.event_id, _COLUMN.endpoint == delivery.endpoint)
        await self._db.write((sa.update(outbox).where(*one).values(**values), None))

    async def _write_and_tell(self, writes: Iterable[Write], events: Iterable[WebhookEvent], *, to: str = "") -> int:
        """One transaction: what is stored, and what is told of it. Rows touched by the last of writes."""
        told = self._outbox.writes(events, to=to)
        touched = await self._db.write(*told, *writes)
        if told:
            self._outbox.ring()
        return touched


def _of(query: sa.Select[Any], state: DeliveryState) -> sa.Select[Any]:
    return query.where(_COLUMN.state == state.value)


def _delivery(row: sa.Row[Any]) -> Delivery:
    values = {name: row._mapping[name] for name in _FIELDS}
    return Delivery(**{**values, "state": DeliveryState(values["state"])})
