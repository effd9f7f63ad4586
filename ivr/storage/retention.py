"""Forgetting calls, recordings and offers when their time is over. Owns what goes together, and that nothing goes that
proves an acceptance, or a consent, which must still be provable. Of a household whose offers go, it stays known under a
pseudonym that there were any: whoever was counted once is not new to the experiment by being forgotten.

Ages are moments, UTC ISO 8601. proven_since: acceptances since then keep their call, their recording and their rows,
consents given in a call that hold or ended since then their call and recording.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

import sqlalchemy as sa

from ivr.storage.account_tables import wrap_ups
from ivr.storage.database import Database, unix_ms
from ivr.storage.objection_tables import ads_consents
from ivr.storage.tables import (
    answers,
    call_requests,
    callbacks,
    calls,
    events,
    forgotten_households,
    fulfilments,
    opportunities,
    outcomes,
    overflows,
)

BATCH = 500
Row = TypeVar("Row")
DECIDED = "offer.decided"
"""The log's own count of offers: it is kept as long as they are, because the effect report counts one by the other."""


class Retention:
    """The forgetting part of the store."""

    _db: Database

    async def calls_before(self, before: str, proven_since: str) -> list[str]:
        """Ids of calls that ended before a moment and prove nothing, and of conversations of other systems, of which
        only the requests are kept, told before it."""
        ours = sa.select(calls.c.call_id).where(_ended(before), calls.c.call_id.not_in(_proving(proven_since)))
        asked = call_requests.c
        others = sa.select(asked.call_id).where(
            asked.started_ms < unix_ms(before), asked.call_id.not_in(sa.select(calls.c.call_id))
        )
        return [row.call_id for row in await self._db.read(sa.union(ours, others))]

    async def forget_calls(self, call_ids: Sequence[str]) -> None:
        """Records, what was said in them, notes and kept promises. Open promises stay: somebody waits for a call."""
        for batch in _batches(call_ids):
            said = sa.delete(events).where(events.c.call_id.in_(batch), events.c.kind != DECIDED)
            promised = sa.delete(callbacks).where(callbacks.c.call_id.in_(batch), callbacks.c.state != "due")
            rest = [
                (sa.delete(table).where(table.c.call_id.in_(batch)), None)
                for table in (wrap_ups, overflows, call_requests, calls)
            ]
            await self._db.write((said, None), (promised, None), *rest)

    async def recordings_before(self, before: str, proven_since: str) -> list[tuple[str, str]]:
        """(call id, path) of recordings of calls that ended before a moment and prove nothing."""
        proofs = sa.select(answers.c.proof_recording).where(_accepted(proven_since))
        query = sa.select(calls.c.call_id, calls.c.recording).where(
            _ended(before),
            calls.c.recording != "",
            calls.c.recording.not_in(proofs),
            calls.c.call_id.not_in(_proving(proven_since)),
        )
        return [(row.call_id, row.recording) for row in await self._db.read(query)]

    async def forget_recordings(self, call_ids: Sequence[str]) -> None:
        """Their files are gone: the records say no longer that there is one."""
        for batch in _batches(call_ids):
            change = sa.update(calls).where(calls.c.call_id.in_(batch)).values(recording="")
            await self._db.write((change, None))

    async def offers_before(self, before: str, proven_since: str) -> list[tuple[str, str]]:
        """(opportunity id, call id) of what was decided before a moment and proves nothing."""
        proving = sa.select(answers.c.opportunity_id).where(_accepted(proven_since))
        query = sa.select(opportunities.c.opportunity_id, opportunities.c.call_id).where(
            opportunities.c.at_ms < unix_ms(before), opportunities.c.opportunity_id.not_in(proving)
        )
        return [(row.opportunity_id, row.call_id) for row in await self._db.read(query)]

    async def households_before(self, before: str) -> list[tuple[str, str]]:
        """(household, phase) of everybody in an arm before a moment, whatever it proves."""
        row = opportunities.c
        drawn = sa.select(row.household, row.phase).where(
            row.at_ms < unix_ms(before), row.arm.in_(("treat", "holdout"))
        )
        return [(each.household, each.phase) for each in await self._db.read(drawn.distinct())]

    async def note_forgotten(self, units: Iterable[str]) -> None:
        """Households, by their pseudonyms, that were in an arm before what is kept."""
        known = await self.forgotten_households()
        for batch in _batches(sorted(set(units) - known)):
            each = [(self._db.upsert(forgotten_households, {"unit": unit}, keep=True), None) for unit in batch]
            await self._db.write(*each)

    async def forgotten_households(self) -> frozenset[str]:
        """Their pseudonyms."""
        return frozenset(row.unit for row in await self._db.read(sa.select(forgotten_households)))

    async def forget_offers(self, offers: Sequence[tuple[str, str]]) -> None:
        """Opportunities with their answers, what followed them, outcomes and entries in the log."""
        for batch in _batches(offers):
            ids, of_calls = [each for each, _ in batch], [call for _, call in batch]
            rest = [
                (sa.delete(table).where(table.c.opportunity_id.in_(ids)), None)
                for table in (outcomes, fulfilments, answers, opportunities)
            ]
            gone = sa.delete(events).where(events.c.call_id.in_(of_calls), events.c.kind == DECIDED)
            await self._db.write((gone, None), *rest)


def _ended(before: str) -> sa.ColumnElement[bool]:
    return sa.and_(calls.c.ended_at > "", calls.c.ended_at < before)


def _accepted(since: str) -> sa.ColumnElement[bool]:
    return sa.and_(answers.c.answer == "accepted", answers.c.at >= since)


def _proving(since: str) -> sa.CompoundSelect[tuple[str]]:
    """Calls in which somebody accepted, or consented."""
    accepted = sa.select(opportunities.c.call_id).select_from(opportunities.join(answers)).where(_accepted(since))
    given = ads_consents.c
    holds = sa.or_(given.withdrawn_at == "", given.withdrawn_at >= since)
    return sa.union(accepted, sa.select(given.call_id).where(given.call_id != "", holds))


def _batches(rows: Sequence[Row]) -> list[Sequence[Row]]:
    return [rows[at : at + BATCH] for at in range(0, len(rows), BATCH)]
