"""The report as it was at earlier looks: how the interval closed in on the effect. For charts, not for verdicts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ivr.model.offers import ExperimentRow
from ivr.offers.effects.plan import ANNOYED, CSAT, Plan
from ivr.offers.effects.rows import population
from ivr.offers.effects.verdicts import describe

LOOKS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """households counted until then; at_ms of the last; low and high are None while it is too early to say."""

    outcome: str
    households: int
    at_ms: int
    effect: float
    low: float | None
    high: float | None
    fixed_low: float
    fixed_high: float


def looks(rows: Sequence[ExperimentRow], plan: Plan, *, count: int = LOOKS) -> tuple[Look, ...]:
    """At so many equal steps of the rows, oldest first. rows: complete ones, in order of time."""
    found = []
    for step in range(1, count + 1):
        until = len(rows) * step // count
        if until < 2:
            continue
        sample = population(rows[:until]).sample
        for outcome in (CSAT, ANNOYED):
            if outcome not in sample.outcomes:
                continue
            finding = describe(sample, outcome, planned=plan.planned, alpha=plan.alpha)
            if finding is not None:
                found.append(
                    Look(
                        outcome=outcome,
                        households=len(sample),
                        at_ms=rows[until - 1].at_ms,
                        effect=finding.estimate.effect,
                        low=finding.low if math.isfinite(finding.low) else None,
                        high=finding.high if math.isfinite(finding.high) else None,
                        fixed_low=finding.fixed_low,
                        fixed_high=finding.fixed_high,
                    )
                )
    return tuple(found)
