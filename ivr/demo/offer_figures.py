"""`ivr offers simulate`: what many made-up half years say together. Owns the figures; one run is offer_simulation's."""

from __future__ import annotations

import asyncio
import math
import os
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import mean, median, pstdev
from typing import Any

from ivr.demo.offer_ending import Run
from ivr.demo.offer_market import market
from ivr.demo.offer_simulation import CHOOSERS, HOLDOUT, WEEKS, Simulation
from ivr.offers.effects.plan import ACCEPTED, AHT, CSAT, HANGUP, REPEAT, REVENUE, Plan
from ivr.offers.world import BASE, World, load_world

Z = 1.96
COVERED = {"csat": CSAT, "repeat": REPEAT, "hangup": HANGUP, "aht": AHT, "accept": ACCEPTED, "revenue": REVENUE}
HARMFUL_CSAT, HARMFUL_ANNOYED = -0.15, 0.02


def simulate(
    world_file: Path | None, *, seeds: int, calls: int, jobs: int = 0, holdout: float = HOLDOUT
) -> dict[str, Any]:
    """Run the world so often, and as often the same people to whom offers do nothing. jobs: processes at a time, 0 for
    one a core. Raises DesignError."""
    path = world_file or BASE
    world = load_world(path)
    work = [(path, seed, calls, holdout) for seed in range(1, seeds + 1)]
    with ProcessPoolExecutor(max_workers=min(len(work), jobs or os.cpu_count() or 1)) as pool:
        runs = list(pool.map(_run, work))
    return figures(world, [run for run, _ in runs], [quiet for _, quiet in runs])


def plan_of(world_file: Path | None, calls: int) -> Plan:
    """What such a half year pre-registers. Raises DesignError."""
    terms = market(load_world(world_file or BASE), calls).experiment
    assert terms is not None, "a made-up market always has an experiment"
    return terms.plan


def figures(world: World, runs: Sequence[Run], null: Sequence[Run]) -> dict[str, Any]:
    """The keys that are asked for, and how many runs and calls they rest on."""
    harmed = harmed_groups(world)
    weeks = [max(run.found.get(group, WEEKS + 1) for group in harmed) for run in runs] if harmed else []
    always, switched = mean(run.net[0] for run in runs), mean(run.net[1] for run in runs)
    found_weeks = [week for week in weeks if week <= WEEKS]
    values = {name: round(mean(run.values[name] for run in runs), 4) for name in CHOOSERS}
    return {
        "world": world.name,
        "seeds": len(runs),
        "coverage": {name: _share(hits) if (hits := _hits(runs, stored)) else None for name, stored in COVERED.items()},
        "coverage_between": {name: _between(_hits(runs, stored)) for name, stored in COVERED.items()},
        "error_in_standard_errors": {name: _calibration(runs, stored) for name, stored in COVERED.items()},
        "false_alarm": {
            "weekly": _share(run.alarms.get("weekly", False) for run in null),
            "every50": _share(run.alarms.get("every50", False) for run in null),
            "every50_no_burn_in": _share(run.alarms.get("every50_no_burn_in", False) for run in null),
            "naive": _share(run.alarms.get("naive", False) for run in null),
        },
        "false_alarm_between": {
            kind: _between([run.alarms.get(kind, False) for run in null]) for kind in ("weekly", "every50")
        },
        "harmed": list(harmed),
        "harm_found": _share(week <= WEEKS for week in weeks) if harmed else None,
        "harm_found_week_median": median(found_weeks) if found_weeks else None,
        "false_hates": _share(bool(set(run.found) - set(harmed)) for run in runs),
        "false_hates_null": _share(bool(run.found) for run in null),
        "value": values,
        "value_to_designer": round(values["policy"] / values["designer"], 4) if values["designer"] else None,
        "suspension_gain": round(switched / always - 1.0, 4) if always > 0.0 else None,
        "price_of_looking": round(mean(run.price_of_looking for run in runs), 4),
        "unsound_looks": sum(run.unsound_looks for run in runs),
        "offers_past_a_closed_gate": sum(run.past_the_gate for run in (*runs, *null)),
    }


def harmed_groups(world: World) -> tuple[str, ...]:
    """Segments whose true effect lies beyond a margin of the plan."""
    harmed = []
    for at, segment in enumerate(world.segments):
        csat = world.outcomes["csat"].effect[at] if "csat" in world.outcomes else 0.0
        calm = 1.0
        moved = 1.0
        for name in ("repeat", "hangup"):
            if name in world.outcomes:
                calm *= 1.0 - world.outcomes[name].base[at]
                moved *= 1.0 - world.outcomes[name].base[at] - world.outcomes[name].effect[at]
        if csat < HARMFUL_CSAT or calm - moved > HARMFUL_ANNOYED:
            harmed.append(segment)
    return tuple(harmed)


def _run(work: tuple[Path, int, int, float]) -> tuple[Run, Run]:
    path, seed, calls, holdout = work
    with tempfile.TemporaryDirectory(prefix="ivr-world-") as folder:
        simulation = Simulation(load_world(path), seed=seed, calls=calls, folder=Path(folder), holdout=holdout)
        return asyncio.run(simulation.run())


def _hits(runs: Sequence[Run], outcome: str) -> list[bool]:
    """Of the runs that have an estimate: does its 95 % interval hold the truth?"""
    known = filter(None, (run.errors.get(outcome) for run in runs))
    return [abs(error) <= Z * spread for error, spread in known]


def _between(hits: Sequence[bool]) -> list[float] | None:
    """Where the true share lies, with 95 % (Wilson's interval); None without a run."""
    if not hits:
        return None
    runs, share = len(hits), sum(hits) / len(hits)
    middle = (share + Z * Z / (2 * runs)) / (1 + Z * Z / runs)
    half = Z / (1 + Z * Z / runs) * math.sqrt(share * (1 - share) / runs + Z * Z / (4 * runs * runs))
    return [round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)]


def _calibration(runs: Sequence[Run], outcome: str) -> dict[str, float] | None:
    """Mean and spread of (estimate - truth) / standard error: about 0 and 1 when the intervals are right, and a mean
    beyond 2 / sqrt(runs) is a bias and no chance."""
    errors = [error / spread for error, spread in filter(None, (run.errors.get(outcome) for run in runs)) if spread]
    return {"mean": round(mean(errors), 3), "spread": round(pstdev(errors), 3)} if errors else None


def _share(hits: Iterable[bool]) -> float:
    found = list(hits)
    return round(sum(found) / len(found), 4)
