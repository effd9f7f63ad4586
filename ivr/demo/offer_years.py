"""`ivr offers years`: what becomes of the effect report when the same people call for years.

Real desk (gate, caps, cool-downs, draw), real report; made-up callers of a monthly habit, a tenth of whom cannot stand
offers, call again often anyway, and are lost to all later offers when they say so. Ghosts are answered by nobody, so in
the holdout they stay. The truth, what a first offer does, is known. Three reports of the same years are compared: of a
household's first opportunity ever, which is the product's; of its first in every 90 days; and of the latter if ghosts
cooled down like offers that were turned down.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import mean
from typing import Any

from ivr.demo.offer_market import customer, facts, market
from ivr.model.ids import new_id
from ivr.model.offers import ExperimentRow, OfferAnswer, OfferDecision
from ivr.offers.catalogue import Catalogue
from ivr.offers.desk import OfferDesk
from ivr.offers.effects.plan import ANNOYED, COMPLAINT, HANGUP, OPTOUT, REPEAT
from ivr.offers.effects.report import effect_report
from ivr.offers.effects.rows import DAY_MS, population
from ivr.offers.gate import OfferHistory, PastOffer
from ivr.offers.world import load_world

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
HOLDOUT, EVERY_DAYS, EPOCH_DAYS = 0.2, 30.0, 90
DISLIKE, LEAVE = 0.1, 0.5
"""Share of households that cannot stand offers; of these, the share that says "no offers" when it hears one."""
REPEATS = {False: 0.08, True: 0.6}
"""Does a household dislike offers? -> how likely it calls again within a week, whatever it heard."""
ACCEPTS = 0.05
TRUTH = DISLIKE * LEAVE * (1.0 - REPEATS[True])
"""More annoyed callers by a first offer, as a share of all."""
OURS, EACH, ALIKE = "first ever", "first in 90 days", "first in 90 days, ghosts cool down too"
LEAST = {"sound": 0.9, "covered": 0.8}
"""Asked of the product's own report at the end, as shares of the runs: what chance leaves of twenty."""


def years(*, seeds: int, households: int, days: int, jobs: int = 0) -> dict[str, Any]:
    """So many runs. jobs: processes at a time, 0 for one a core. missed: what the product's own report got wrong."""
    marks = (*(day for day in (90, 180, 365, 730, 1095) if day < days), days)
    work = [(seed, households, marks) for seed in range(1, seeds + 1)]
    with ProcessPoolExecutor(max_workers=min(len(work), jobs or os.cpu_count() or 1)) as pool:
        runs = list(pool.map(_run, work))
    told = {
        way: {f"day {day}": _figures([run[way, day] for run in runs]) for day in marks} for way in (OURS, EACH, ALIKE)
    }
    last = told[OURS][f"day {days}"]
    missed = [name for name, least in LEAST.items() if last[name] < least]
    return {"seeds": seeds, "households": households, "truth": round(TRUTH, 4), "reports": told, "missed": missed}


Read = tuple[int, bool, float, float, float]
"""Rows, sound?, effect on annoyed callers, its 95 % interval."""


def _figures(reads: Sequence[Read]) -> dict[str, Any]:
    """Shares are of the runs; an unsound report is read all the same, to see where it goes."""
    return {
        "rows": round(mean(rows for rows, *_ in reads)),
        "sound": round(mean(sound for _, sound, *_ in reads), 2),
        "effect": round(mean(effect for _, _, effect, _, _ in reads), 4),
        "covered": round(mean(low <= TRUTH <= high for *_, low, high in reads), 2),
    }


def _run(work: tuple[int, int, tuple[int, ...]]) -> dict[tuple[str, int], Read]:
    seed, households, marks = work
    catalogue = replace(market(load_world(), households), ranking="fixed")
    as_it_is, alike = (lived(catalogue, seed, households, marks[-1], alike=alike) for alike in (False, True))
    ways = {OURS: as_it_is, EACH: in_epochs(as_it_is), ALIKE: in_epochs(alike)}
    return {(way, day): _read(catalogue, rows, day) for way, rows in ways.items() for day in marks}


def _read(catalogue: Catalogue, rows: Sequence[ExperimentRow], day: int) -> Read:
    assert catalogue.experiment is not None, "a made-up market always has an experiment"
    until = BEGIN.timestamp() * 1000 + day * DAY_MS
    report = effect_report(population([row for row in rows if row.at_ms < until]), catalogue.experiment.plan)
    found = next(finding for finding in report.overall if finding.estimate.outcome == ANNOYED)
    return report.rows, report.sound, found.estimate.effect, found.fixed_low, found.fixed_high


def lived(catalogue: Catalogue, seed: int, households: int, days: int, *, alike: bool) -> list[ExperimentRow]:
    """All opportunities of so many days. alike: a ghost counts as an offer turned down, for the caps."""
    desk, world, luck = OfferDesk(catalogue, f"years {seed}", HOLDOUT), load_world(), random.Random(seed)
    rows: list[ExperimentRow] = []
    for number in range(households):
        who = customer(number, world, world.segments[number % len(world.segments)], [0.0] * len(world.known), ())
        dislikes = luck.random() < DISLIKE
        past, left = list[PastOffer](), False
        for now in _calls(luck, days):
            history = OfferHistory(offers=tuple(past), opted_out=left)
            asked = replace(facts(who, now, solved=True), history=history)
            made = desk.decide(asked, opportunity_id=new_id(), draw=luck)
            if made.arm == "none":
                continue
            annoyed, answer = luck.random() < REPEATS[dislikes], _answer(luck, dislikes=dislikes)
            if made.speak or alike:
                heard = answer if made.speak else OfferAnswer.DECLINED
                past.append(PastOffer(product=made.product, answer=heard, at=now))
                left = left or heard is OfferAnswer.NEVER_AGAIN
            rows.append(_row(made, now, answer if made.speak else None, annoyed=annoyed))
    return sorted(rows, key=lambda row: row.at_ms)


def _calls(luck: random.Random, days: int) -> Iterator[datetime]:
    day = luck.expovariate(1.0 / EVERY_DAYS)
    while day < days:
        yield BEGIN + timedelta(days=day)
        day += luck.expovariate(1.0 / EVERY_DAYS)


def _answer(luck: random.Random, *, dislikes: bool) -> OfferAnswer:
    if dislikes and luck.random() < LEAVE:
        return OfferAnswer.NEVER_AGAIN
    return OfferAnswer.ACCEPTED if luck.random() < ACCEPTS else OfferAnswer.DECLINED


def _row(made: OfferDecision, now: datetime, answer: OfferAnswer | None, *, annoyed: bool) -> ExperimentRow:
    names = ("opportunity_id", "household", "arm", "p_treat", "product", "relation", "probabilities")
    more = ("policy", "gate_version", "phase", "group", "known")
    told = {OPTOUT: float(answer is OfferAnswer.NEVER_AGAIN), REPEAT: float(annoyed), HANGUP: 0.0, COMPLAINT: 0.0}
    values = {name: getattr(made, name) for name in (*names, *more)}
    at_ms = round(now.timestamp() * 1000)
    return ExperimentRow(**values, at_ms=at_ms, answer=answer.value if answer else "", outcomes=told)


def in_epochs(rows: Iterable[ExperimentRow]) -> list[ExperimentRow]:
    """As if a household were another one 90 days after it was counted."""
    counted: dict[str, tuple[int, int]] = {}
    made = []
    for row in rows:
        epoch, since_ms = counted.get(row.household, (0, row.at_ms))
        if row.at_ms - since_ms >= EPOCH_DAYS * DAY_MS:
            epoch, since_ms = epoch + 1, row.at_ms
        counted[row.household] = (epoch, since_ms)
        made.append(replace(row, household=f"{row.household}, {epoch}"))
    return made
