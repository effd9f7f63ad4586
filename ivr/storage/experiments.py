"""Outcomes, suspensions and what was learned: the experiment's part of the store. Owns that an outcome told once stays
as it was told; what it means is the effect report's business.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import sqlalchemy as sa

from ivr.model.errors import StorageError
from ivr.model.offers import ExperimentRow, OfferOutcome, Suspension
from ivr.storage.database import Database
from ivr.storage.tables import answers, beliefs, call_requests, events, opportunities, outcomes, suspensions

_ROW = ("opportunity_id", "household", "at_ms", "arm", "p_treat", "product", "relation", "probabilities")
_OUTCOME = ("opportunity_id", "outcome", "value", "at", "source")
_ROW_TOO = ("policy", "gate_version", "phase", "group")
_JSON = ("probabilities", "known")  # read as text: a driver that fails at one row does not say at which


class Lesson(NamedTuple):
    """How an offer that was really made ended. at: when it was answered, UTC ISO 8601."""

    opportunity_id: str
    product: str
    group: str
    known: tuple[float, ...]
    accepted: bool
    at: str


class Due(NamedTuple):
    """An opportunity some outcomes of which are not told yet. facts: what it was decided on; told: names told."""

    opportunity_id: str
    household: str
    call_id: str
    at_ms: int
    facts: Mapping[str, Any]
    told: frozenset[str]


class Experiments:
    """The experiment's part of the store."""

    _db: Database

    async def save_outcomes(self, told: Sequence[OfferOutcome]) -> None:
        """Store what became of opportunities; an outcome already told stays. Raises StorageError for an unknown
        opportunity: nothing of the batch is stored then."""
        writes: list[Any] = [(self._db.upsert(outcomes, asdict(each), keep=True), None) for each in told]
        if writes:
            await self._db.write(*writes)

    async def add_outcomes(self, told: Sequence[OfferOutcome]) -> None:
        """The same for many that are certainly new, in one statement. Raises StorageError when one is not."""
        if told:
            rows = [{name: getattr(each, name) for name in _OUTCOME} for each in told]
            await self._db.write((sa.insert(outcomes), rows))

    async def experiment_rows(self, since_ms: int = 0) -> list[ExperimentRow]:
        """Every opportunity since a moment, ghosts included, oldest first, with its answer and its outcomes. Raises
        StorageError naming a row that cannot be read."""
        found: dict[str, dict[str, float]] = {}
        within = opportunities.c.at_ms >= since_ms
        told = sa.select(outcomes.c.opportunity_id, outcomes.c.outcome, outcomes.c.value)
        if since_ms > 0:  # a join would go through the outcomes of all times
            told = told.where(outcomes.c.opportunity_id.in_(sa.select(opportunities.c.opportunity_id).where(within)))
        for opportunity_id, outcome, value in map(tuple, await self._db.read(told)):
            if not isinstance(value, int | float):  # SQLite keeps whatever it is given
                raise StorageError(f"outcome {outcome} of opportunity {opportunity_id} cannot be read: {value!r}")
            found.setdefault(opportunity_id, {})[outcome] = value
        as_stored = {name: sa.cast(opportunities.c[name], sa.Text).label(name) for name in _JSON}
        columns = [as_stored.get(name, opportunities.c[name]) for name in (*_ROW, *_ROW_TOO, "known")]
        query = (
            sa.select(*columns, sa.func.coalesce(answers.c.answer, "").label("answer"))
            .select_from(opportunities.outerjoin(answers))
            .where(within, opportunities.c.arm.in_(("treat", "holdout")))
            .order_by(opportunities.c.at_ms, opportunities.c.opportunity_id)
        )
        return [_row(row._mapping, found) for row in await self._db.read(query)]

    async def lessons(self, since: str) -> list[Lesson]:
        """Answers to spoken offers since a moment (as stored: UTC ISO 8601, milliseconds, Z), oldest first."""
        row, told = opportunities.c, answers.c
        query = (
            sa.select(row.opportunity_id, row.product, row.group, row.known, told.answer, told.at)
            .select_from(opportunities.join(answers))
            .where(told.at >= since, row.speak.is_(True))
            .order_by(told.at, row.opportunity_id)
        )
        return [
            Lesson(r.opportunity_id, r.product, r.group, tuple(_numbers(r.known)), r.answer == "accepted", r.at)
            for r in await self._db.read(query)
        ]

    async def due_outcomes(self, wanted: Sequence[str], since_ms: int) -> list[Due]:
        """Opportunities since a moment, of which at least one of the wanted outcomes is not told yet."""
        row = opportunities.c
        found: dict[str, set[str]] = {}
        told = sa.select(outcomes.c.opportunity_id, outcomes.c.outcome).join(opportunities)
        for each in await self._db.read(told.where(row.at_ms >= since_ms, outcomes.c.outcome.in_(wanted))):
            found.setdefault(each.opportunity_id, set()).add(each.outcome)
        query = sa.select(row.opportunity_id, row.household, row.call_id, row.at_ms, row.facts).where(
            row.at_ms >= since_ms, row.arm.in_(("treat", "holdout"))
        )
        return [
            Due(
                each.opportunity_id,
                each.household,
                each.call_id,
                each.at_ms,
                each.facts,
                frozenset(found.get(each.opportunity_id, ())),
            )
            for each in await self._db.read(query.order_by(row.at_ms))
            if len(found.get(each.opportunity_id, ())) < len(set(wanted))
        ]

    async def opportunities_logged(self) -> frozenset[str]:
        """Ids of the opportunities the event log of calls knows of: to be compared with the rows stored."""
        found = await self._db.read(sa.select(events.c.data).where(events.c.kind == "offer.decided"))
        return frozenset(str(row.data["opportunity"]) for row in found if row.data.get("arm") in ("treat", "holdout"))

    async def requests_between(self, household: str, since_ms: int, until_ms: int) -> list[tuple[str, str]]:
        """(call_id, intent) of what a household asked for, since a moment and before another."""
        asked = call_requests.c
        query = sa.select(asked.call_id, asked.intent).where(
            asked.household == household, asked.started_ms >= since_ms, asked.started_ms < until_ms
        )
        return [(r.call_id, r.intent) for r in await self._db.read(query)]

    async def suspensions(self) -> list[Suspension]:
        """All suspensions there ever were, oldest first."""
        return [Suspension(**row._mapping) for row in await self._db.read(sa.select(suspensions).order_by("at"))]

    async def suspend(self, suspension: Suspension) -> None:
        """Offers to a group are off from now on."""
        await self._db.write((sa.insert(suspensions), [asdict(suspension)]))

    async def reopen(self, group: str, at: str, by: str) -> bool:
        """A person takes the suspension of a group back. False when there is none."""
        table = suspensions.c
        change = sa.update(suspensions).where(table.group == group, table.reopened_at == "")
        return bool(await self._db.write((change.values(reopened_at=at, reopened_by=by), None)))

    async def suspended(self) -> list[Suspension]:
        """Suspensions in force, oldest first."""
        query = sa.select(suspensions).where(suspensions.c.reopened_at == "").order_by(suspensions.c.at)
        return [Suspension(**row._mapping) for row in await self._db.read(query)]

    async def save_belief(self, name: str, belief: Mapping[str, Any], at: str) -> None:
        """What was learned of acceptance, replacing the older."""
        row = {"name": name, "belief": dict(belief), "at": at}
        await self._db.write((self._db.upsert(beliefs, row), None))

    async def belief(self, name: str) -> Mapping[str, Any] | None:
        """What was learned, or None before anything was."""
        rows = await self._db.read(sa.select(beliefs.c.belief).where(beliefs.c.name == name))
        return dict(rows[0][0]) if rows else None


def _row(row: sa.RowMapping, told: Mapping[str, Mapping[str, float]]) -> ExperimentRow:
    values: dict[str, Any] = {name: row[name] for name in (*_ROW, *_ROW_TOO, "answer")}
    try:
        shares, known = (json.loads(row[name]) for name in _JSON)
        values["probabilities"] = dict(zip(shares.keys(), _numbers(shares.values()), strict=True))
        return ExperimentRow(**values, known=tuple(_numbers(known)), outcomes=told.get(row["opportunity_id"], {}))
    except (ValueError, TypeError, AttributeError) as error:
        raise StorageError(
            f"opportunity {row['opportunity_id']} cannot be read: {' or '.join(_JSON)}: {error}"
        ) from error


def _numbers(values: Iterable[Any]) -> Iterable[float]:
    return (float(value) for value in values)
