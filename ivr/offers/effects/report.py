"""The effect report: is the experiment sound, what does each group say, what does it come to in money.

Made anew from the rows at any time; keeps nothing. A report of an unsound experiment gives no verdict at all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ivr.offers.effects.plan import ACCEPTED, ANNOYED, CSAT, HANGUP, LIMITS, OPTOUT, REVENUE, Plan
from ivr.offers.effects.posterior import Tally, tallies
from ivr.offers.effects.rows import PARTS_OF_ANNOYED, Population
from ivr.offers.effects.stated import Answers
from ivr.offers.effects.validity import Check, validity
from ivr.offers.effects.verdicts import Finding, GroupVerdict, Verdict, describe, judge

WEEK_MS = 7 * 24 * 3600 * 1000
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
    its share of the callers. stop: why all offers must stop, "" when they need not. weekly: households counted in a
    week, 0 before there was one. tallies: what was counted of each harm, for posterior.reading; empty like groups."""

    plan: Plan
    rows: int
    checks: tuple[Check, ...]
    overall: tuple[Finding, ...]
    groups: tuple[GroupVerdict, ...]
    share: dict[str, float]
    money: Money | None
    stop: str = ""
    weekly: float = 0.0
    tallies: tuple[Tally, ...] = ()
    stated: Answers | None = None  # what callers said of offers; None: nobody was asked

    @property
    def sound(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def harmed(self) -> tuple[str, ...]:
        """Groups whose offers are to be suspended now."""
        return tuple(g.group for g in self.groups if g.verdict is Verdict.HATES)


def effect_report(population: Population, plan: Plan) -> EffectReport:
    """The report of what is known by now."""
    sample = population.sample
    checks = validity(sample, population.logged, (ACCEPTED, ANNOYED, *PARTS_OF_ANNOYED))
    names = (CSAT, ANNOYED, *plan.shown, *(n for n in GLOBAL_STOPS if n not in plan.shown))
    findings = (
        describe(sample, name, planned=plan.planned, alpha=plan.alpha)
        for name in dict.fromkeys(names)
        if name in sample.outcomes
    )
    overall = tuple(finding for finding in findings if finding is not None)
    sound = all(check.passed for check in checks)
    rows = max(1, len(sample))
    return EffectReport(
        plan=plan,
        rows=len(sample),
        checks=checks,
        overall=overall,
        groups=tuple(judge(sample, group, plan) for group in plan.groups) if sound else (),
        share={group: float((sample.groups == group).sum()) / rows for group in plan.groups},
        money=_money(overall, plan),
        stop=_stop(overall) if sound else "",
        weekly=_weekly(population),
        stated=population.stated,
        tallies=tallies(sample, plan) if sound else (),
    )


def _money(overall: tuple[Finding, ...], plan: Plan) -> Money | None:
    effects = {finding.estimate.outcome: finding.estimate.effect for finding in overall}
    if REVENUE not in effects:
        return None
    harm = sum(price * effects[outcome] for outcome, price in plan.prices.items() if outcome in effects)
    return Money(revenue=effects[REVENUE], harm=harm)


def stopping(overall: Sequence[Finding]) -> Finding | None:
    """The harm for which all offers must stop, None when there is none."""
    beyond = (f for f in overall if f.low > GLOBAL_STOPS.get(f.estimate.outcome, math.inf))
    return next(beyond, None)


def _stop(overall: Sequence[Finding]) -> str:
    found = stopping(overall)
    if found is None:
        return ""
    outcome, effect = found.estimate.outcome, found.estimate.effect
    return f"{outcome}: {effect:+.1%} of all callers, beyond {GLOBAL_STOPS[outcome]:+.1%}"


def _weekly(population: Population) -> float:
    rows = population.rows
    weeks = (rows[-1].at_ms - rows[0].at_ms) / WEEK_MS if rows else 0.0
    return len(rows) / weeks if weeks >= 1.0 else 0.0
