"""One made-up half year of offers: real desk, real stores, callers of a world whose truth is known.

A run goes week by week. The calls come to the desk once; what becomes of them is told twice, each in a database of its
own: as the world is, and as it would be if offers did nothing to the same people. Nobody's acceptance depends on that,
so both endings have the same decisions. Groups found harmed are noted and the offers go on, so that the whole half year
can be compared with the truth; what switching them off would have been worth is computed from the truth afterwards.
"""

from __future__ import annotations

import gc
import random
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from ivr.demo.offer_ending import EVERY, Ending, Run, Week
from ivr.demo.offer_market import customer, facts, market, proof
from ivr.model.identity import Customer
from ivr.model.offers import OfferAnswer, OfferDecision, OfferProof
from ivr.offers.catalogue import Catalogue
from ivr.offers.desk import OfferDesk
from ivr.offers.effects.plan import ACCEPTED, REVENUE
from ivr.offers.world import Callers, World
from ivr.storage.store import Store

WEEKS = 26
HOLDOUT = 0.2
UNSOLVED = 0.05  # share of calls the gate turns away: their request was not solved
CHOOSERS = ("policy", "random", "designer", "static_best", "oracle")
BEGIN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


class Simulation:
    """A world, a seed, a folder for the databases. holdout: share of households, above 0 and below 1. weeks: after each
    the report is looked at."""

    def __init__(
        self, world: World, *, seed: int, calls: int, folder: Path, holdout: float = HOLDOUT, weeks: int = WEEKS
    ) -> None:
        self._world, self._seed, self._calls, self._folder, self._weeks = world, seed, calls, folder, weeks
        self._catalogue: Catalogue = market(world, calls)
        self._desk = OfferDesk(self._catalogue, f"world {seed}", holdout)
        self._rng, self._draw = np.random.default_rng(seed), random.Random(seed)
        self._accept_truth: list[tuple[float, float]] = []  # of each opportunity: P(accept), and times its margin
        self._value: list[float] = []
        self._seen: list[int] = []  # numbers of the callers of the opportunities
        self._margins = dict(zip(world.products, world.margins.tolist(), strict=True))
        self._past_the_gate = 0

    async def run(self, *, every: int = EVERY) -> tuple[Run, Run]:
        """As the world is, and without effects. The latter is also looked at after so many opportunities."""
        terms = self._catalogue.experiment
        assert terms is not None
        callers = self._world.draw(self._calls, self._rng)
        async with AsyncExitStack() as open_stores:
            endings = []
            for name, world in (("world", self._world), ("nothing", self._world.without_effects())):
                store = await Store.open(f"sqlite:///{self._folder / f'{name}-{self._seed}.sqlite3'}")
                open_stores.push_async_callback(store.close)
                endings.append(Ending(world, terms.plan, store, self._seed))
            for number in range(self._weeks):
                week = self._week(callers, number)
                for ending in endings:
                    await ending.live(week)
                gc.freeze()  # rows are kept to the end: the collector would go through all of them again and again
        accepted, revenue = np.mean(self._accept_truth, axis=0).tolist() if self._accept_truth else (0.0, 0.0)
        truth = {ACCEPTED: accepted, REVENUE: revenue}
        runs = (endings[0].judged(truth, every=0), endings[1].judged(truth, every=every))
        gc.unfreeze()
        for made in runs:
            made.past_the_gate = self._past_the_gate
            self._value_choices(made, callers)
        return runs

    # ---- calls ----------------------------------------------------------------------------------------------------

    def _week(self, callers: Callers, week: int) -> Week:
        """Place the calls of a week."""
        numbers = range(self._calls * week // self._weeks, self._calls * (week + 1) // self._weeks)
        since = BEGIN + timedelta(weeks=week)
        decided: list[tuple[OfferDecision, str, str, str]] = []
        answers: list[tuple[str, OfferAnswer, str, OfferProof | None]] = []
        seen_before = len(self._seen)
        for number in numbers:
            now = since + timedelta(seconds=number - numbers.start)
            solved = self._rng.random() >= UNSOLVED
            decision = self._desk.decide(
                facts(self._customer(callers, number), now, solved=solved),
                opportunity_id=f"O{number:07d}",
                draw=self._draw,
            )
            self._past_the_gate += decision.speak and not solved
            at = now.isoformat()
            decided.append((decision, f"call {number}", f"C{number}", at))
            if decision.arm == "none":
                continue
            chance = self._note(callers, number, decision)
            if decision.speak:
                accepted = bool(self._rng.random() < chance)
                self._desk.learn(decision, accepted=accepted)
                answer = OfferAnswer.ACCEPTED if accepted else OfferAnswer.DECLINED
                answers.append((decision.opportunity_id, answer, at, proof(at) if accepted else None))
        who = callers.only(np.array(self._seen[seen_before:], dtype=np.intp))
        return Week(since=since, decided=decided, answers=answers, who=who)

    def _customer(self, callers: Callers, number: int) -> Customer:
        eligible = callers.eligible[number].tolist()
        owned = tuple(p for p, free in zip(self._world.products, eligible, strict=True) if not free)
        segment = self._world.segments[int(callers.segment[number])]
        return customer(number, self._world, segment, callers.known[number].tolist(), owned)

    def _note(self, callers: Callers, number: int, decision: OfferDecision) -> float:
        """Keep what the choice is truly worth. Returns the chance that this caller accepts what was drawn."""
        chances: dict[str, float] = dict(zip(self._world.products, callers.accept[number].tolist(), strict=True))
        margins, chance = self._margins, chances[decision.product]
        self._value.append(sum(p * chances[name] * margins[name] for name, p in decision.probabilities.items()))
        self._accept_truth.append((chance, chance * margins[decision.product]))
        self._seen.append(number)
        return chance

    # ---- what the choices were worth ------------------------------------------------------------------------------

    def _value_choices(self, made: Run, callers: Callers) -> None:
        at = np.array(self._seen, dtype=np.intp)
        if not at.size:
            made.values = dict.fromkeys(CHOOSERS, 0.0)
            return
        worth = np.where(callers.eligible[at], callers.accept[at] * self._world.margins, 0.0)
        segments = callers.segment[at]
        orders = [[self._world.products.index(p) for p in self._world.order[s]] for s in self._world.segments]
        values = (
            float(np.mean(self._value)),
            float((worth.sum(axis=1) / callers.eligible[at].sum(axis=1)).mean()),
            float(_first_of(worth, callers.eligible[at], np.array(orders)[segments]).mean()),
            _best_order(worth, callers.eligible[at]),
            float(worth.max(axis=1).mean()),
        )
        made.values = dict(zip(CHOOSERS, values, strict=True))
        late = np.arange(at.size) >= at.size * 3 // 4
        harms = np.array([self._world.harm(segment) for segment in range(len(self._world.segments))])
        net = np.array(self._value) - harms[segments]
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
