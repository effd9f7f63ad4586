"""The evidence of the experiment so far: which of the stored rows count, and the report made of them.

The one way to a report, for the command, the page and the watch: who looks twice sees the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ivr.model.offers import ExperimentRow, Suspension
from ivr.offers.effects.plan import Plan
from ivr.offers.effects.report import EffectReport, effect_report
from ivr.offers.effects.rows import Population, population
from ivr.offers.experiment import Experiment
from ivr.storage.store import Store

DAY_MS = 86_400_000
MATURE_DAYS = 14  # a complaint within a fortnight counts: younger opportunities are not complete yet
OF_OTHERS = "api-"  # how the ids of opportunities begin that the API decided


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """rows: all that are stored, of whatever draw, oldest first; mature: those old enough. people: who counts; waiting:
    households that will. suspensions: all there ever were."""

    rows: Sequence[ExperimentRow]
    mature: Sequence[ExperimentRow]
    people: Population
    waiting: int
    suspensions: Sequence[Suspension]

    def report(self, plan: Plan) -> EffectReport:
        """Held to a plan."""
        return effect_report(self.people, plan, self.suspensions)


async def evidence(store: Store, draw: Experiment, now_ms: int) -> Evidence:
    """What is complete by now. Raises StorageError."""
    rows = await store.experiment_rows()
    before_ms = now_ms - MATURE_DAYS * DAY_MS
    people, waiting = await _people(store, rows, draw, before_ms, now_ms)
    return Evidence(
        rows=rows,
        mature=[row for row in rows if row.at_ms < before_ms],
        people=people,
        waiting=waiting,
        suspensions=await store.suspensions(),
    )


async def _people(
    store: Store, rows: Sequence[ExperimentRow], draw: Experiment, before_ms: int, now_ms: int
) -> tuple[Population, int]:
    """Counted against the event log, too. What other systems decided over the API is in no call's log; a store without
    any log is not compared."""
    ours = [row for row in rows if draw.drew(row.phase)]
    elsewhere = len(rows) - len(ours)
    gone = await store.forgotten_households()
    if gone:  # their first opportunity was before those that are kept
        ours = [row for row in ours if draw.pseudonym(row.household) not in gone]
    logged = await store.opportunities_logged()
    stored = {row.opportunity_id for row in rows if not row.opportunity_id.startswith(OF_OTHERS)}
    counted = len(ours) + len(logged - stored) - len(stored - logged) if logged else None
    people = population(ours, before_ms=before_ms, counted=counted, elsewhere=elsewhere, now_ms=now_ms)
    young = {row.household for row in ours if row.at_ms >= before_ms}
    return people, len(young.difference(row.household for row in people.rows))
