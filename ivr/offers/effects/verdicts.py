"""Verdicts on a group of callers, from always-valid intervals against margins set beforehand.

    hates           an interval lies wholly beyond a margin of harm
    likes           inside every margin, and satisfaction wholly above zero
    does_not_mind   every interval lies wholly inside its margin
    not_known_yet   anything else; needs says how many more households would do, if it goes on like this

Callers who were annoyed skip surveys: a comparison of those who answered flatters the offer. So it may convict (the
truth is worse), but it acquits only by the less kind end of the Lee bounds when the arms answer unequally often.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from ivr.offers.effects.bounds import SurveyBounds, lee_bounds
from ivr.offers.effects.estimates import Estimate, Mask, Sample, effect_of
from ivr.offers.effects.notes import note
from ivr.offers.effects.plan import CSAT, Margin, Plan
from ivr.offers.effects.sequence import (
    FIRST_SHARE,
    KEPT_FOR_AFTER,
    MIN_EVENTS,
    always_valid_half_width,
    critical,
    fixed_half_width,
)


class Verdict(StrEnum):
    HATES = "hates"
    DOES_NOT_MIND = "does_not_mind"
    LIKES = "likes"
    NOT_KNOWN_YET = "not_known_yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One outcome of one group. low..high: always valid, infinite while `why` says it is too early. fixed_low..high:
    right only at the planned end. why_words: language -> words. bounds: of a survey the arms answer unequally often."""

    estimate: Estimate
    margin: Margin | None
    low: float
    high: float
    fixed_low: float
    fixed_high: float
    why_words: Mapping[str, str] = field(default_factory=dict)
    bounds: SurveyBounds | None = None

    @property
    def why(self) -> str:
        """Why it is too early, in English; "" when it is not."""
        return self.why_words.get("en", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupVerdict:
    """because: the outcome that decided, "" when none did. needs: households more, 0 when decided or not to be said.
    rows: judged by. since_ms: by the households that first came since then (Unix), 0 for all."""

    group: str
    verdict: Verdict
    because: str
    findings: tuple[Finding, ...]
    rows: int
    needs: int = 0
    since_ms: int = 0


def judge(sample: Sample, group: str, plan: Plan, fresh: Mask | None = None) -> GroupVerdict:
    """The verdict on one group. planned rows of a group: its share of the plan by what has been seen so far. fresh: the
    rows it is judged by (None: all)."""
    members = sample.groups == group
    rows = sample.only(members if fresh is None else members & fresh)
    planned = max(1, round(plan.planned * int(members.sum()) / max(1, len(sample))))
    found = [finding for margin in plan.margins if (finding := _finding(rows, margin, plan, planned)) is not None]
    guilty = next((f for f in found if f.margin is not None and beyond(f, f.margin)), None)
    if guilty is not None:
        return GroupVerdict(
            group=group,
            verdict=Verdict.HATES,
            because=guilty.estimate.outcome,
            findings=tuple(found),
            rows=len(rows),
        )
    acquitted = len(found) == len(plan.margins) and all(f.margin is not None and inside(f, f.margin) for f in found)
    verdict = Verdict.NOT_KNOWN_YET
    if acquitted:
        liked = any(f.estimate.outcome == CSAT and _kind_end(f) > 0.0 for f in found)
        verdict = Verdict.LIKES if liked else Verdict.DOES_NOT_MIND
    return GroupVerdict(
        group=group,
        verdict=verdict,
        because=CSAT if verdict is Verdict.LIKES else "",
        findings=tuple(found),
        rows=len(rows),
        needs=0 if acquitted else _needs(found, plan, len(rows)),
    )


def describe(sample: Sample, outcome: str, *, planned: int, alpha: float) -> Finding | None:
    """An outcome without a verdict, with its intervals; None when an arm has no values of it."""
    estimate = effect_of(sample, outcome)
    return None if estimate is None else _intervals(estimate, None, planned=planned, alpha=alpha)


def beyond(finding: Finding, margin: Margin) -> bool:
    """The whole interval is worse than the margin."""
    end = finding.low if margin.worse > 0 else finding.high
    return (end - margin.limit) * margin.worse > 0.0


def inside(finding: Finding, margin: Margin) -> bool:
    """The whole interval is better than the margin, and so is the less kind end of a survey's bounds."""
    end = finding.high if margin.worse > 0 else _kind_end(finding)
    return (end - margin.limit) * margin.worse < 0.0


def _kind_end(finding: Finding) -> float:
    """The lowest satisfaction the data allow."""
    bounds = finding.bounds
    if bounds is None or not bounds.differ:
        return finding.low
    error = finding.estimate.standard_error
    half = (finding.estimate.effect - finding.low) / error if error else 0.0  # everybody gave the same grade
    return min(finding.low, bounds.lower - half * bounds.lower_se)


def _finding(rows: Sample, margin: Margin, plan: Plan, planned: int) -> Finding | None:
    if margin.outcome not in rows.outcomes:
        return None
    estimate = effect_of(rows, margin.outcome)
    if estimate is None:
        return None
    survey = bool(np.isnan(rows.outcomes[margin.outcome]).any())
    bounds = lee_bounds(rows, margin.outcome) if survey else None
    return _intervals(estimate, margin, planned=planned, alpha=plan.alpha_of(margin), bounds=bounds)


def _intervals(
    estimate: Estimate, margin: Margin | None, *, planned: int, alpha: float, bounds: SurveyBounds | None = None
) -> Finding:
    why: Mapping[str, str] = {}
    half = math.inf
    if estimate.events < MIN_EVENTS:
        why = note("few_events", events=estimate.events, least=MIN_EVENTS)
    elif estimate.rows < FIRST_SHARE * planned:
        why = note("too_early", rows=estimate.rows, planned=planned)
    else:
        half = always_valid_half_width(estimate.standard_error, rows=estimate.rows, planned=planned, alpha=alpha)
    fixed = fixed_half_width(estimate.standard_error, alpha)
    return Finding(
        estimate=estimate,
        margin=margin,
        low=estimate.effect - half,
        high=estimate.effect + half,
        fixed_low=estimate.effect - fixed,
        fixed_high=estimate.effect + fixed,
        why_words=why,
        bounds=bounds,
    )


def _needs(found: list[Finding], plan: Plan, rows: int) -> int:
    """Households more until every open outcome would be decided, were the effects what they seem to be now."""
    wanted = 0
    for finding in found:
        margin = finding.margin
        if margin is None or inside(finding, margin) or beyond(finding, margin):
            continue
        distance = abs(finding.estimate.effect - margin.limit)
        if distance <= 0.05 * abs(margin.limit):
            return 0  # on the margin: no sample of a useful size would tell
        width = critical(plan.alpha_of(margin) * (1.0 - KEPT_FOR_AFTER)) * finding.estimate.sd
        wanted = max(wanted, math.ceil((width / distance) ** 2))
    return max(0, wanted - rows)
