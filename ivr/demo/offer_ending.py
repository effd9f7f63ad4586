"""What became of the calls of a made-up half year in one world: stored, read back, looked at every week, and held
against the truth. Owns the looks; the calls are offer_simulation's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from ivr.model.offers import ExperimentRow, OfferAnswer, OfferDecision, OfferOutcome, OfferProof
from ivr.offers.effects.estimates import effect_of
from ivr.offers.effects.plan import AHT, ANNOYED, CSAT, HANGUP, REPEAT, REVENUE, Plan
from ivr.offers.effects.report import effect_report
from ivr.offers.effects.rows import Population, population
from ivr.offers.effects.sequence import FIRST_SHARE, MIN_EVENTS, always_valid_half_width, fixed_half_width
from ivr.offers.world import Callers, World
from ivr.storage.store import Store

EVERY = 50
KNOWN_AFTER = timedelta(days=6)
STORED_AS = {"csat": CSAT, "repeat": REPEAT, "hangup": HANGUP, "aht": AHT}
"""Outcome in a world file -> as it is stored."""


@dataclass(slots=True, kw_only=True)
class Run:
    """What one ending gave. errors: outcome -> (estimate - truth, standard error) at the end. found: group -> the first
    week it was found to hate offers. values: per opportunity, by who chooses. alarms: for the kinds of looks. net:
    worth of the last quarter with everybody offered something, and with the groups found switched off."""

    errors: dict[str, tuple[float, float]] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)
    alarms: dict[str, bool] = field(default_factory=dict)
    net: tuple[float, float] = (0.0, 0.0)
    unsound_looks: int = 0
    past_the_gate: int = 0
    price_of_looking: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """What was decided and answered from a moment on, as the store takes it. who: the callers of the opportunities
    among the decisions, in their order."""

    since: datetime
    decided: Sequence[tuple[OfferDecision, str, str, str]]
    answers: Sequence[tuple[str, OfferAnswer, str, OfferProof | None]]
    who: Callers


class Ending:
    """One world and the store its outcomes are told to. A seed gives everybody the same luck in every world."""

    def __init__(self, world: World, plan: Plan, store: Store, seed: int) -> None:
        self._world, self._plan, self._store = world, plan, store
        self._luck = np.random.default_rng((seed, 1))
        self._rows: list[ExperimentRow] = []
        self._ends: list[int] = []  # rows read back by the end of each week

    async def live(self, week: Week) -> None:
        """Store a week, and read it back as the report does."""
        await self._store.save_opportunities(week.decided)
        await self._store.save_answers(week.answers)
        await self._store.add_outcomes(self._outcomes(week))
        self._rows += await self._store.experiment_rows(round(week.since.timestamp() * 1000))
        self._ends.append(len(self._rows))

    def judged(self, truth: dict[str, float], *, every: int) -> Run:
        """Look as a manager would have at the end of every week. truth: what acceptance and revenue really were, per
        opportunity; every: look also after so many opportunities, 0 for not. Offers went on whatever was found, so the
        looks can be taken afterwards."""
        made = Run()
        people = population(self._rows)
        for week, end in enumerate(self._ends, start=1):
            self._look(made, people.first(end), week)
        truth = truth | {STORED_AS[n]: self._world.effect(n) for n in self._world.outcomes if n in STORED_AS}
        for outcome, effect in truth.items():
            estimate = effect_of(people.sample, outcome) if outcome in people.sample.outcomes else None
            if estimate is not None:
                made.errors[outcome] = (estimate.effect - effect, estimate.standard_error)
        if every and ANNOYED in people.sample.outcomes:
            made.alarms |= _alarms(people, self._plan.planned, every)
        return made

    def _outcomes(self, week: Week) -> list[OfferOutcome]:
        drawn = [decision for decision, *_ in week.decided if decision.arm != "none"]
        offered = np.array([decision.speak for decision in drawn], dtype=bool)
        told = {
            STORED_AS[n]: self._world.outcome(n, week.who, offered, self._luck)
            for n in self._world.outcomes
            if n in STORED_AS
        }
        margins = dict(zip(self._world.products, self._world.margins.tolist(), strict=True))
        bought = {each[0] for each in week.answers if each[1] is OfferAnswer.ACCEPTED}
        told[REVENUE] = np.array([margins[d.product] if d.opportunity_id in bought else 0.0 for d in drawn])
        when = (week.since + KNOWN_AFTER).isoformat()
        return [
            OfferOutcome(opportunity_id=d.opportunity_id, outcome=name, value=value, at=when, source="world")
            for name, values in told.items()
            for d, value, unknown in zip(drawn, values.tolist(), np.isnan(values).tolist(), strict=True)
            if not unknown
        ]

    def _look(self, made: Run, people: Population, week: int) -> None:
        report = effect_report(people, self._plan)
        made.unsound_looks += not report.sound
        for group in report.harmed:
            made.found.setdefault(group, week)
        annoyed = next((f for f in report.overall if f.estimate.outcome == ANNOYED), None)
        if annoyed is not None:
            ready = annoyed.estimate.events >= MIN_EVENTS
            made.alarms["weekly"] = made.alarms.get("weekly", False) or annoyed.low > 0.0 or annoyed.high < 0.0
            naive = ready and (annoyed.fixed_low > 0.0 or annoyed.fixed_high < 0.0)
            made.alarms["naive"] = made.alarms.get("naive", False) or naive
            fixed = annoyed.fixed_high - annoyed.fixed_low
            made.price_of_looking = (annoyed.high - annoyed.low) / fixed if fixed > 0.0 else 0.0


def _alarms(people: Population, planned: int, every: int) -> dict[str, bool]:
    """Does anybody who looks after every so many opportunities ever see an effect on annoyance?"""
    names = {"every50": (True, MIN_EVENTS), "every50_no_burn_in": (True, 1), "naive_every50": (False, 1)}
    alarms = dict.fromkeys(names, False)
    for rows in range(every, len(people.sample) + 1, every):
        if rows < FIRST_SHARE * planned:
            continue
        estimate = effect_of(people.sample.only(slice(rows)), ANNOYED)
        if estimate is None or estimate.sd == 0.0:
            continue
        safe = always_valid_half_width(estimate.standard_error, rows=rows, planned=planned, alpha=0.05)
        fixed = fixed_half_width(estimate.standard_error, 0.05)
        for name, (valid, events) in names.items():
            if estimate.events >= events:
                alarms[name] |= abs(estimate.effect) > (safe if valid else fixed)
    return alarms
