"""What follows acceptances. Owns that a yes, what follows it and the promise it makes are stored together, and that no
state becomes another than it may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import sqlalchemy as sa

from ivr.model.call import Callback
from ivr.model.fulfilment import LEADS_TO, UNSETTLED, Acceptance, Following, Fulfilment, FulfilState
from ivr.model.offers import OfferProof
from ivr.model.webhooks import WebhookEvent
from ivr.storage.callbacks import callback_row
from ivr.storage.database import Connection, Database, Write
from ivr.storage.outbox import Deliveries
from ivr.storage.tables import answers, callbacks, fulfilments, opportunities
from ivr.storage.telling import of_acceptance, of_promise

_FIELDS = tuple(field.name for field in fields(Fulfilment))
_CALLBACK = tuple(field.name for field in fields(Callback))
_PROOF = ("method", "read_back", "asked_at", "answered_at", "agent")


def kept(following: Following, proof: OfferProof | None) -> tuple[list[Write], tuple[WebhookEvent, ...]]:
    """What goes into the transaction of an acceptance, and what is told of it."""
    row = asdict(following.fulfilment) | {"state": following.fulfilment.state.value}
    writes: list[Write] = [(sa.insert(fulfilments), [row])]
    events: tuple[WebhookEvent, ...] = (of_acceptance(following.fulfilment, proof),) if proof is not None else ()
    if following.callback is not None:
        writes.append((sa.insert(callbacks), [callback_row(following.callback)]))
        events += (of_promise(following.callback),)
    return writes, events


class Fulfilments(Deliveries):
    """The part of the store about what follows a yes."""

    _db: Database

    async def settle_fulfilment(self, opportunity_id: str, to: FulfilState, callback: Callback | None = None) -> bool:
        """It went so; callback: the promise this makes. False when it may not become that (any more): then nothing is
        stored. Raises StorageError."""
        own = fulfilments.c
        values = {"state": to.value} | ({"callback_id": callback.callback_id} if callback is not None else {})
        change = sa.update(fulfilments).where(own.opportunity_id == opportunity_id, own.state.in_(_before(to)))
        promise = [(sa.insert(callbacks), [callback_row(callback)])] if callback is not None else []
        told = self._outbox.writes((of_promise(callback),) if callback is not None else ())

        async def work(connection: Connection) -> bool:
            if (await connection.execute(change.values(**values))).rowcount == 0:
                return False
            for statement, rows in (*promise, *told):
                await connection.execute(statement, rows)
            return True

        settled = await self._db.transact(work)
        if told:
            self._outbox.ring()
        return settled

    async def settle_order(self, order_id: str, to: FulfilState, by: str) -> bool:
        """The customer has confirmed an order, or will not have it. False when it is not pending."""
        own = fulfilments.c
        at = self._db.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        change = sa.update(fulfilments).where(own.order_id == order_id, own.order_id != "", own.state.in_(_before(to)))
        return await self._db.write((change.values(state=to.value, changed_at=at, changed_by=by), None)) > 0

    async def unsettled_fulfilments(self, *, call_id: str = "", before: str = "") -> list[Fulfilment]:
        """What was left in the middle: by a call, or by any for yesses before a moment (UTC ISO 8601)."""
        own = fulfilments.c
        query = sa.select(*(own[name] for name in _FIELDS)).where(
            own.call_id == call_id if call_id else own.at < before, own.state.in_([state.value for state in UNSETTLED])
        )
        return [_fulfilment(row._mapping) for row in await self._db.read(query)]

    async def acceptances(self, *, since: str = "", opportunity_ids: tuple[str, ...] | None = None) -> list[Acceptance]:
        """Every yes since a moment (UTC ISO 8601), the newest first. opportunity_ids: only to these."""
        where: list[sa.ColumnElement[bool]] = [answers.c.answer == "accepted", answers.c.at >= since]
        if opportunity_ids is not None:
            where.append(answers.c.opportunity_id.in_(opportunity_ids))
        query = (
            sa.select(
                *(opportunities.c[name] for name in ("opportunity_id", "call_id", "customer_id", "product")),
                *(answers.c[f"proof_{name}"] for name in (*_PROOF, "heard", "digits", "script_version")),
                answers.c.at,
                *(fulfilments.c[name].label(f"f_{name}") for name in _FIELDS),
                *(callbacks.c[name].label(f"c_{name}") for name in _CALLBACK),
            )
            .select_from(
                answers.join(opportunities, answers.c.opportunity_id == opportunities.c.opportunity_id)
                .outerjoin(fulfilments, fulfilments.c.opportunity_id == answers.c.opportunity_id)
                .outerjoin(
                    callbacks,
                    sa.and_(fulfilments.c.callback_id != "", callbacks.c.callback_id == fulfilments.c.callback_id),
                )
            )
            .where(*where)
            .order_by(answers.c.at.desc(), answers.c.opportunity_id)
        )
        return [_acceptance(row._mapping) for row in await self._db.read(query)]


def _before(to: FulfilState) -> list[str]:
    return [state.value for state, after in LEADS_TO.items() if to in after]


def _fulfilment(row: Mapping[Any, Any], prefix: str = "") -> Fulfilment:
    values = {name: row[f"{prefix}{name}"] for name in _FIELDS}
    return Fulfilment(**{**values, "state": FulfilState(values["state"])})


def _acceptance(row: Mapping[Any, Any]) -> Acceptance:
    return Acceptance(
        **{name: row[name] for name in ("opportunity_id", "call_id", "customer_id", "product", "at")},
        **{name: row[f"proof_{name}"] for name in _PROOF},
        said=row["proof_heard"] or row["proof_digits"],
        text_version=row["proof_script_version"],
        fulfilment=_fulfilment(row, "f_") if row["f_opportunity_id"] is not None else None,
        callback=Callback(**{name: row[f"c_{name}"] for name in _CALLBACK}) if row["c_callback_id"] else None,
    )
