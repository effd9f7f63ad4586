"""`ivr effects simulate`: how often the intervals of the effect report cover the truth of made-up months."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from ivr.call.record import fold
from ivr.demo.effects_month import AGAIN_S, AGENT_HOUR, CUSTOMER_YEAR, NOW, OPPORTUNITIES, Month, month, truth
from ivr.model.working_hours import working_hours
from ivr.offers.effects.baseline import baseline_of
from ivr.offers.effects.figures import Figure
from ivr.offers.effects.handled import QUEUE, Handled
from ivr.offers.effects.ledger import direct, service
from ivr.offers.effects.offered import of_offers
from ivr.offers.effects.plan import Plan
from ivr.offers.effects.report import effect_report
from ivr.offers.effects.rows import population
from ivr.offers.effects.savings import Rates
from ivr.supervisor.effect_calls import Reading, handled

WANTED = 0.93
RATES = Rates(agent_hour=AGENT_HOUR, again_s=AGAIN_S, customer_year=CUSTOMER_YEAR)
PLAN = Plan(groups=("all",), planned=3000)
READING = Reading(hours=working_hours((), "UTC"), moved_on=frozenset({"passed_on"}))
NOW_MS = round(NOW.timestamp() * 1000)


def coverage(*, seeds: int, households: int = 3000) -> dict[str, Any]:
    """Share of the months in which each interval covers the truth; `below`: figures under WANTED."""
    jobs = [(seed, households) for seed in range(1, seeds + 1)]
    with ProcessPoolExecutor(max_workers=min(len(jobs), os.cpu_count() or 1)) as pool:
        found = list(pool.map(covered, jobs))
    shares = {name: sum(each[name] for each in found) / len(found) for name in found[0]}
    return {
        "seeds": seeds,
        "households": households,
        "coverage": {name: round(share, 4) for name, share in shares.items()},
        "all_together": round(sum(shares.values()) / len(shares), 4),
        "below": sorted(name for name, share in shares.items() if share < WANTED),
    }


def calls_of(made: Month) -> list[Handled]:
    """The month's calls, from their logs."""
    return [handled(fold(entries), entries, _notes(made, entries[0].call_id), READING) for entries in made.logs]


def figures_of(made: Month, calls: list[Handled]) -> dict[str, Figure]:
    """The report of a month."""
    report = effect_report(population(made.rows, now_ms=NOW_MS), PLAN)
    found: Iterable[Figure] = (
        *direct(calls, RATES, now_ms=NOW_MS, days=30.0),
        *service(calls, made.kept, made.promised, hours_stated=False),
        *of_offers(report, OPPORTUNITIES, CUSTOMER_YEAR),
    )
    return {figure.name: figure for figure in found}


def covered(job: tuple[int, int]) -> Mapping[str, bool]:
    """Figure -> does its interval hold the truth? A cell without an interval holds nothing."""
    seed, households = job
    made = month(seed, households)
    calls = calls_of(made)
    found = figures_of(made, calls)
    transfers = sum(bool(call.agent) and call.arm != QUEUE for call in calls)
    known = truth(len(baseline_of(calls).served), transfers)
    return {name: _holds(found[name], value) for name, value in known.items()}


def _holds(figure: Figure, value: float) -> bool:
    return figure.low is not None and figure.high is not None and figure.low <= value <= figure.high


def _notes(made: Month, call_id: str) -> tuple[Any, ...]:
    return (made.notes[call_id],) if call_id in made.notes else ()
