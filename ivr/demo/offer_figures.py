"""`ivr offers simulate`: what many made-up half years say together. Owns the figures; one run is offer_simulation's."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import mean, median, pstdev
from typing import Any

from ivr.demo.offer_market import market
from ivr.demo.offer_simulation import EVERY, WEEKS, Run, Simulation
from ivr.offers.effects.plan import ACCEPTED, AHT, CSAT, HANGUP, REPEAT, REVENUE, Plan
from ivr.offers.world import BASE, World, load_world

Z = 1.96
COVERED = {"csat": CSAT, "repeat": REPEAT, "hangup": HANGUP, "aht": AHT, "accept": ACCEPTED, "revenue": REVENUE}
HARMFUL_CSAT, HARMFUL_ANNOYED = -0.15, 0.02


def simulate(world_file: Path | None, *, seeds: int, calls: int) -> dict[str, Any]:
    """Run the world so often, and as often the same people to whom offers do nothing. Raises DesignError."""
    path = world_file or BASE
    world = load_world(path)
    jobs = [(path, seed, calls, effects) for seed in range(1, seeds + 1) for effects in (True, False)]
    with ProcessPoolExecutor(max_workers=min(len(jobs), os.cpu_count() or 1)) as pool:
        runs = list(pool.map(_run, jobs))
    return figures(world, runs[0::2], runs[1::2])


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
    values = {name: round(mean(run.values[name] for run in runs), 4) for name in runs[0].values}
    return {
        "world": world.name,
        "seeds": len(runs),
        "coverage": {name: _coverage(run.errors.get(stored) for run in runs) for name, stored in COVERED.items()},
        "error_in_standard_errors": {name: _calibration(runs, stored) for name, stored in COVERED.items()},
        "false_alarm": {
            "weekly": _share(run.alarms.get("weekly", False) for run in null),
            "every50": _share(run.alarms.get("every50", False) for run in null),
            "every50_no_burn_in": _share(run.alarms.get("every50_no_burn_in", False) for run in null),
            "naive": _share(run.alarms.get("naive", False) for run in null),
        },
        "harmed": list(harmed),
        "harm_found": _share(week <= WEEKS for week in weeks) if harmed else None,
        "harm_found_week_median": median(found_weeks) if found_weeks else None,
        "false_hates": _share(bool(set(run.found) - set(harmed)) for run in runs),
        "false_hates_null": _share(bool(run.found) for run in null),
        "value": values,
        "value_to_designer": round(values["policy"] / values["designer"], 4),
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


def _run(job: tuple[Path, int, int, bool]) -> Run:
    path, seed, calls, effects = job
    world = load_world(path)
    with tempfile.TemporaryDirectory(prefix="ivr-world-") as folder:
        simulation = Simulation(
            world if effects else world.without_effects(), seed=seed, calls=calls, folder=Path(folder)
        )
        return asyncio.run(simulation.run(every=0 if effects else EVERY))


def _coverage(errors: Iterable[tuple[float, float] | None]) -> float | None:
    known = [error for error in errors if error is not None]
    return _share(abs(error) <= Z * spread for error, spread in known) if known else None


def _calibration(runs: Sequence[Run], outcome: str) -> dict[str, float] | None:
    """Mean and spread of (estimate - truth) / standard error: about 0 and 1 when the intervals are right, and a mean
    beyond 2 / sqrt(runs) is a bias and no chance."""
    errors = [error / spread for error, spread in filter(None, (run.errors.get(outcome) for run in runs)) if spread]
    return {"mean": round(mean(errors), 3), "spread": round(pstdev(errors), 3)} if errors else None


def _share(hits: Iterable[bool]) -> float:
    found = list(hits)
    return round(sum(found) / len(found), 4)
