"""The effect report: is the experiment sound, what does each group say, what does it come to in money.

Made anew from the rows at any time; keeps nothing. A report of an unsound experiment gives no verdict at all. A group a
person has reopened is judged by what happened since, and so is the stop of all offers (standing.py).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from ivr.model.offers import EVERYBODY, Suspension
from ivr.offers.effects.estimates import Sample
from ivr.offers.effects.plan import ACCEPTED, ANNOYED, CSAT, HANGUP, LIMITS, OPTOUT, REVENUE, Plan
from ivr.offers.effects.posterior import Tally, tallies
from ivr.offers.effects.rows import PARTS_OF_ANNOYED, Population
from ivr.offers.effects.standing import Standing
from ivr.offers.effects.stated import Answers
from ivr.offers.effects.validity import Check, validity
from ivr.offers.effects.verdicts import Finding, GroupVerdict, Verdict, describe, judge

WEEK_MS = 7 * 24 * 3600 * 1000
PACE_WEEKS = 4
GLOBAL_STOPS = {name: LIMITS[name] for name in (HANGUP, OPTOUT)}
"""Outcome -> harm over all groups together beyond which nobody is offered anything any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """Per opportunity, in the catalogue's currency: revenue of the offers, harm at the operator's own prices."""

    revenue: float
    harm: float

    @property
    def net(self) -> float:
        return self.revenue - self.harm


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectReport:
    """overall: effects on everybody, without verdicts. groups: empty when the experiment is not sound. share: group ->
    its share of the callers. stopped_by: the harm for which all offers must stop. weekly: households
    counted in a week, lately, 0 before there was one. tallies: what was counted of each harm, for posterior.reading;
    empty like groups. standing: what is switched off."""

    plan: Plan
    rows: int
    checks: tuple[Check, ...]
    overall: tuple[Finding, ...]
    groups: tuple[GroupVerdict, ...]
    share: dict[str, float]
    money: Money | None
    stopped_by: Finding | None = None
    weekly: float = 0.0
    tallies: tuple[Tally, ...] = ()
    stated: Answers | None = None  # what callers said of offers; None: nobody was asked
    standing: Standing = field(default_factory=Standing)

    @property
    def sound(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def stop(self) -> str:
        """Why all offers must stop, "" when they need not."""
        if self.stopped_by is None:
            return ""
        outcome, effect = self.stopped_by.estimate.outcome, self.stopped_by.estimate.effect
        return f"{outcome}: {effect:+.1%} of all callers, beyond {GLOBAL_STOPS[outcome]:+.1%}"

    @property
    def harmed(self) -> tuple[str, ...]:
        """Groups whose offers are to be suspended now."""
        return tuple(g.group for g in self.groups if g.verdict is Verdict.HATES)


def effect_report(population: Population, plan: Plan, suspensions: Sequence[Suspension] = ()) -> EffectReport:
    """The report of what is known by now. suspensions: all there ever were, oldest first."""
    sample, standing = population.sample, Standing(tuple(suspensions))
    checks = validity(sample, population.logged, (ACCEPTED, ANNOYED, *PARTS_OF_ANNOYED))
    since = {group: standing.judged_since_ms(group) for group in (*plan.groups, EVERYBODY)}
    fresh = {group: population.since(at_ms) for group, at_ms in since.items() if at_ms}
    overall = _described(sample, (CSAT, ANNOYED, *plan.shown, *GLOBAL_STOPS), plan)
    lately = _described(sample.only(fresh[EVERYBODY]), GLOBAL_STOPS, plan) if EVERYBODY in fresh else overall
    sound = all(check.passed for check in checks)
    rows = max(1, len(sample))
    verdicts = (
        replace(judge(sample, group, plan, fresh.get(group)), since_ms=since[group]) for group in plan.groups if sound
    )
    return EffectReport(
        plan=plan,
        rows=len(sample),
        checks=checks,
        overall=overall,
        groups=tuple(verdicts),
        share={group: float((sample.groups == group).sum()) / rows for group in plan.groups},
        money=_money(overall, plan),
        stopped_by=_stopping(lately) if sound else None,
        weekly=_weekly(population),
        stated=population.stated,
        tallies=tallies(sample, plan, fresh) if sound else (),
        standing=standing,
    )


def _described(sample: Sample, outcomes: Iterable[str], plan: Plan) -> tuple[Finding, ...]:
    """Of those anybody told, each once; none where a probability is missing that all of them are weighted by."""
    weighable = bool(((sample.p_treat > 0.0) & (sample.p_treat < 1.0)).all())
    names = (name for name in dict.fromkeys(outcomes) if weighable and name in sample.outcomes)
    findings = (describe(sample, name, planned=plan.planned, alpha=plan.alpha) for name in names)
    return tuple(finding for finding in findings if finding is not None)


def _money(overall: tuple[Finding, ...], plan: Plan) -> Money | None:
    effects = {finding.estimate.outcome: finding.estimate.effect for finding in overall}
    if REVENUE not in effects:
        return None
    harm = sum(price * effects[outcome] for outcome, price in plan.prices.items() if outcome in effects)
    return Money(revenue=effects[REVENUE], harm=harm)


def _stopping(findings: Sequence[Finding]) -> Finding | None:
    beyond = (f for f in findings if f.low > GLOBAL_STOPS.get(f.estimate.outcome, math.inf))
    return next(beyond, None)


def _weekly(population: Population) -> float:
    """By the last four weeks: the longer an experiment goes on, the fewer callers are new to it."""
    rows = population.rows
    weeks = min(PACE_WEEKS, (rows[-1].at_ms - rows[0].at_ms) / WEEK_MS) if rows else 0.0
    if weeks < 1.0:
        return 0.0
    earlier = bisect_right(rows, rows[-1].at_ms - PACE_WEEKS * WEEK_MS, key=lambda row: row.at_ms)
    return (len(rows) - earlier) / weeks
