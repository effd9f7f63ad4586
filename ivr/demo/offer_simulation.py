"""One made-up half year of offers: real desk, real store, real report, callers of a world whose truth is known.

A run goes week by week: calls come to the desk, opportunities, answers and outcomes are stored in a database of their
own, and the report is made from what is read back, every week, as a manager would look at it. Groups found harmed are
noted and the offers go on, so that the whole half year can be compared with the truth; what switching them off would
have been worth is computed from the truth afterwards.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from ivr.demo.offer_market import customer, facts, market, proof
from ivr.model.offers import ExperimentRow, OfferAnswer, OfferDecision, OfferOutcome, OfferProof
from ivr.offers.catalogue import Catalogue
from ivr.offers.desk import OfferDesk
from ivr.offers.effects.estimates import effect_of
from ivr.offers.effects.plan import ACCEPTED, AHT, ANNOYED, CSAT, HANGUP, REPEAT, REVENUE
from ivr.offers.effects.report import effect_report
from ivr.offers.effects.rows import Population, population
from ivr.offers.effects.sequence import FIRST_SHARE, MIN_EVENTS, always_valid_half_width, fixed_half_width
from ivr.offers.world import Callers, World
from ivr.storage.store import Store

WEEKS = 26
HOLDOUT = 0.2
UNSOLVED = 0.05  # share of calls the gate turns away: their request was not solved
EVERY = 50
BEGIN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
STORED_AS = {"csat": CSAT, "repeat": REPEAT, "hangup": HANGUP, "aht": AHT}


@dataclass(slots=True, kw_only=True)
class Run:
    """What one run gave. errors: outcome -> (estimate - truth, standard error) at the end. found: group -> the first
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


class Simulation:
    """A world, a seed, a folder for the database."""

    def __init__(self, world: World, *, seed: int, calls: int, folder: Path) -> None:
        self._world, self._seed, self._calls, self._folder = world, seed, calls, folder
        self._catalogue: Catalogue = market(world, calls)
        self._desk = OfferDesk(self._catalogue, f"world {seed}", HOLDOUT)
        self._rng, self._draw = np.random.default_rng(seed), random.Random(seed)
        self._accept_truth: list[tuple[float, float]] = []  # of each opportunity: P(accept), and times its margin
        self._value: list[float] = []
        self._seen: list[int] = []  # segments of the opportunities

    async def run(self, *, every: int = 0) -> Run:
        """every: also look after so many opportunities (0: only weekly)."""
        terms = self._catalogue.experiment
        assert terms is not None
        made = Run()
        store = await Store.open(f"sqlite:///{self._folder / f'{self._world.name}-{self._seed}.sqlite3'}")
        rows: list[ExperimentRow] = []
        callers = self._world.draw(self._calls, self._rng)
        try:
            for week in range(WEEKS):
                numbers = range(self._calls * week // WEEKS, self._calls * (week + 1) // WEEKS)
                since = BEGIN + timedelta(weeks=week)
                made.past_the_gate += await self._week(store, callers, numbers, since)
                rows += await store.experiment_rows(round(since.timestamp() * 1000))
                self._look(made, population(rows), week + 1)
        finally:
            await store.close()
        people = population(rows)
        self._compare(made, people)
        self._value_choices(made, callers)
        if every:
            made.alarms |= _alarms(people, terms.plan.planned, every)
        return made

    # ---- calls ----------------------------------------------------------------------------------------------------

    async def _week(self, store: Store, callers: Callers, numbers: range, since: datetime) -> int:
        """Place the calls. Returns how many offers were made past a closed gate (there must be none)."""
        decided: list[tuple[OfferDecision, str, str, str]] = []
        answers: list[tuple[str, OfferAnswer, str, OfferProof | None]] = []
        past = 0
        for number in numbers:
            now = since + timedelta(seconds=number - numbers.start)
            solved = self._rng.random() >= UNSOLVED
            decision = self._desk.decide(
                facts(self._customer(callers, number), now, solved=solved),
                opportunity_id=f"O{number:07d}",
                draw=self._draw,
            )
            past += decision.speak and not solved
            at = now.isoformat()
            decided.append((decision, f"call {number}", f"C{number}", at))
            if decision.arm == "none":
                continue
            chosen = self._world.products.index(decision.product)
            chance = float(callers.accept[number, chosen])
            self._note(callers, number, decision, chance, chosen)
            if decision.speak:
                accepted = bool(self._rng.random() < chance)
                self._desk.learn(decision, accepted=accepted)
                answer = OfferAnswer.ACCEPTED if accepted else OfferAnswer.DECLINED
                answers.append((decision.opportunity_id, answer, at, proof(at) if accepted else None))
        await store.save_opportunities(decided)
        await store.save_answers(answers)
        drawn = [decision for decision, *_ in decided if decision.arm != "none"]
        accepted_ids = {each[0] for each in answers if each[1] is OfferAnswer.ACCEPTED}
        await store.add_outcomes(self._outcomes(callers, drawn, accepted_ids, since))
        return past

    def _customer(self, callers: Callers, number: int) -> Any:
        owned = tuple(p for p, free in zip(self._world.products, callers.eligible[number], strict=True) if not free)
        segment = self._world.segments[int(callers.segment[number])]
        return customer(number, self._world, segment, callers.known[number].tolist(), owned)

    def _note(self, callers: Callers, number: int, decision: OfferDecision, chance: float, chosen: int) -> None:
        worth = callers.accept[number] * self._world.margins
        names = self._world.products
        self._value.append(sum(p * float(worth[names.index(name)]) for name, p in decision.probabilities.items()))
        self._accept_truth.append((chance, chance * float(self._world.margins[chosen])))
        self._seen.append(number)

    def _outcomes(
        self, callers: Callers, drawn: Sequence[OfferDecision], accepted: set[str], since: datetime
    ) -> list[OfferOutcome]:
        at = np.array([int(decision.opportunity_id[1:]) for decision in drawn], dtype=int)
        who = Callers(
            segment=callers.segment[at],
            known=callers.known[at],
            eligible=callers.eligible[at],
            accept=callers.accept[at],
        )
        offered = np.array([decision.speak for decision in drawn], dtype=bool)
        told = {
            STORED_AS[n]: self._world.outcome(n, who, offered, self._rng)
            for n in self._world.outcomes
            if n in STORED_AS
        }
        margins = dict(zip(self._world.products, self._world.margins.tolist(), strict=True))
        revenue = [margins[d.product] if d.opportunity_id in accepted else 0.0 for d in drawn]
        told[REVENUE] = np.array(revenue)
        when = (since + timedelta(days=6)).isoformat()
        return [
            OfferOutcome(opportunity_id=d.opportunity_id, outcome=name, value=float(value), at=when, source="world")
            for name, values in told.items()
            for d, value in zip(drawn, values, strict=True)
            if not np.isnan(value)
        ]

    # ---- looks ----------------------------------------------------------------------------------------------------

    def _look(self, made: Run, people: Population, week: int) -> None:
        terms = self._catalogue.experiment
        assert terms is not None
        report = effect_report(people, terms.plan)
        made.unsound_looks += not report.sound
        for group in report.harmed:
            made.found.setdefault(group, week)
        annoyed = next((f for f in report.overall if f.estimate.outcome == ANNOYED), None)
        if annoyed is not None:
            ready = annoyed.estimate.events >= MIN_EVENTS
            made.alarms["weekly"] = made.alarms.get("weekly", False) or annoyed.low > 0.0 or annoyed.high < 0.0
            naive = ready and (annoyed.fixed_low > 0.0 or annoyed.fixed_high < 0.0)
            made.alarms["naive"] = made.alarms.get("naive", False) or naive
            made.price_of_looking = (annoyed.high - annoyed.low) / (annoyed.fixed_high - annoyed.fixed_low)

    def _compare(self, made: Run, people: Population) -> None:
        truth = {STORED_AS[name]: self._world.effect(name) for name in self._world.outcomes if name in STORED_AS}
        truth[ACCEPTED], truth[REVENUE] = np.mean(self._accept_truth, axis=0).tolist()
        for outcome, effect in truth.items():
            estimate = effect_of(people.sample, outcome) if outcome in people.sample.outcomes else None
            if estimate is not None:
                made.errors[outcome] = (estimate.effect - effect, estimate.standard_error)

    def _value_choices(self, made: Run, callers: Callers) -> None:
        at = np.array(self._seen)
        worth = np.where(callers.eligible[at], callers.accept[at] * self._world.margins, 0.0)
        segments = callers.segment[at]
        orders = [[self._world.products.index(p) for p in self._world.order[s]] for s in self._world.segments]
        made.values = {
            "policy": float(np.mean(self._value)),
            "random": float((worth.sum(axis=1) / callers.eligible[at].sum(axis=1)).mean()),
            "designer": float(_first_of(worth, callers.eligible[at], np.array(orders)[segments]).mean()),
            "static_best": _best_order(worth, callers.eligible[at]),
            "oracle": float(worth.max(axis=1).mean()),
        }
        late = np.arange(at.size) >= at.size * 3 // 4
        net = (
            np.array(self._value) - np.array([self._world.harm(s) for s in range(len(self._world.segments))])[segments]
        )
        off = np.isin(segments, [self._world.segments.index(group) for group in made.found])
        made.net = (float(net[late].mean()), float(np.where(off, 0.0, net)[late].mean()))


def _first_of(worth: Any, eligible: Any, order: Any) -> Any:
    """The worth of the first eligible product in each row's order."""
    rank = np.argsort(order, axis=1)
    first = np.where(eligible, rank, rank.shape[1]).argmin(axis=1)
    return worth[np.arange(worth.shape[0]), first]


def _best_order(worth: Any, eligible: Any) -> float:
    """The best single order knowing the truth, built from the front: each time what is worth most where it is free."""
    left, order = list(range(worth.shape[1])), []
    without = np.ones(worth.shape[0], dtype=bool)  # rows no product of the order can be offered in yet
    while left:
        means = {p: _mean(worth[without & eligible[:, p], p]) for p in left}
        best = max(means, key=means.__getitem__)
        order.append(best)
        left.remove(best)
        without &= ~eligible[:, best]
    return float(_first_of(worth, eligible, np.tile(order, (worth.shape[0], 1))).mean())


def _mean(values: Any) -> float:
    return float(values.mean()) if values.size else 0.0


def _alarms(people: Population, planned: int, every: int) -> dict[str, bool]:
    """Does anybody who looks after every so many opportunities ever see an effect on annoyance?"""
    names = {"every50": (True, MIN_EVENTS), "every50_no_burn_in": (True, 1), "naive_every50": (False, 1)}
    alarms = dict.fromkeys(names, False)
    for rows in range(every, len(people.sample) + 1, every):
        if rows < FIRST_SHARE * planned:
            continue
        estimate = effect_of(people.sample.only(np.arange(len(people.sample)) < rows), ANNOYED)
        if estimate is None or estimate.sd == 0.0:
            continue
        safe = always_valid_half_width(estimate.standard_error, rows=rows, planned=planned, alpha=0.05)
        fixed = fixed_half_width(estimate.standard_error, 0.05)
        for name, (valid, events) in names.items():
            if estimate.events >= events:
                alarms[name] |= abs(estimate.effect) > (safe if valid else fixed)
    return alarms
