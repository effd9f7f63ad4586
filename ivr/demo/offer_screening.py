"""`ivr offers screening`: how often what other rankings would have been worth, read from a log, is the truth.

Each run logs offers of a made-up world, drawn and learned from by the real ranking, and values the other rankings from
that log with the code of the report. The truth is known of every caller: what they would have bought, had the other
ranking chosen. Gate, experiment and database have no part in it and are left out, so that hundreds of runs are cheap;
`ivr offers simulate` goes through all of them.
"""

from __future__ import annotations

import os
import random
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median, pstdev
from typing import Any

import numpy as np

from ivr.demo.offer_market import PRIOR
from ivr.model.offers import ExperimentRow, OfferAnswer
from ivr.offers.effects.policies import PolicyValue, policy_values, rankings
from ivr.offers.learning import VERSION, PooledRidge, Situation
from ivr.offers.ranking import pick
from ivr.offers.world import BASE, World, load_world

LEAST_COVERED, MOST_BIASED = 0.88, 0.03
"""Asked of every ranking: the share of runs whose interval holds the truth; the mean error as a share of the truth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """The value of one ranking from one log, and what it truly is."""

    found: PolicyValue
    truth: float

    @property
    def covered(self) -> bool:
        return self.found.low <= self.truth <= self.found.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """Spoken offers, one a household, in the order they were made. worth: what each product was truly worth to whoever
    heard the offer: chance to be accepted times margin."""

    rows: Sequence[ExperimentRow]
    worth: Sequence[Mapping[str, float]]


def screening(
    world_file: Path | None, *, seeds: int, rows: Sequence[int], first: int = 1, jobs: int = 0
) -> dict[str, Any]:
    """So many runs, with seeds from first on; each log is valued after so many rows. jobs: processes at a time, 0 for
    one a core. Raises DesignError."""
    path = world_file or BASE
    world = load_world(path)
    work = [(path, seed, tuple(sorted(rows))) for seed in range(first, first + seeds)]
    with ProcessPoolExecutor(max_workers=min(len(work), jobs or os.cpu_count() or 1)) as pool:
        runs = list(pool.map(_screened, work))
    told = {
        str(count): {name: _figures([run[count][name] for run in runs]) for name in runs[0][count]}
        for count in sorted(rows)
    }
    return {"world": world.name, "seeds": seeds, "rows": told, "missed": _missed(told)}


def logged(world: World, seed: int, count: int) -> Logged:
    """So many offers, drawn and learned from as in calls."""
    callers = world.draw(count, np.random.default_rng(seed))
    learner = PooledRidge(dict.fromkeys(world.products, PRIOR.mean), world.segments, len(world.known))
    draw = random.Random(seed)
    rows: list[ExperimentRow] = []
    for number, (segment, eligible) in enumerate(zip(callers.segment.tolist(), callers.eligible.tolist(), strict=True)):
        who = Situation(group=world.segments[segment], known=tuple(callers.known[number].tolist()))
        margins = {name: m for name, m, free in zip(world.products, world.margins, eligible, strict=True) if free}
        shares = learner.propensities(who, margins)
        product = pick(shares, draw)
        accepted = draw.random() < callers.accept[number, world.products.index(product)]
        learner.learn(who, product, accepted=accepted)
        rows.append(_row(number, who, product, shares, accepted=accepted))
    worth = [dict(zip(world.products, each, strict=True)) for each in (callers.accept * world.margins).tolist()]
    return Logged(rows=rows, worth=worth)


def _row(number: int, who: Situation, product: str, shares: Mapping[str, float], *, accepted: bool) -> ExperimentRow:
    return ExperimentRow(
        opportunity_id=f"O{number}",
        household=f"H{number}",
        at_ms=number,
        arm="treat",
        p_treat=1.0,
        product=product,
        relation="cross",
        probabilities=shares,
        policy=VERSION,
        gate_version="",
        phase="",
        group=who.group,
        known=who.known,
        answer=OfferAnswer.ACCEPTED if accepted else OfferAnswer.DECLINED,
        outcomes={},
    )


def _screened(work: tuple[Path, int, tuple[int, ...]]) -> Mapping[int, Mapping[str, Screened]]:
    """Rows -> ranking -> its value."""
    path, seed, counts = work
    world = load_world(path)
    margins = dict(zip(world.products, world.margins.tolist(), strict=True))
    made = logged(world, seed, counts[-1])
    truths = {
        name: np.array([_worth(ranking(row), worth) for row, worth in zip(made.rows, made.worth, strict=True)])
        for name, ranking in rankings(world.products, world.order).items()
    }
    return {
        count: {
            found.policy: Screened(found=found, truth=float(truths[found.policy][:count].mean()))
            for found in policy_values(made.rows[:count], margins, world.order)
        }
        for count in counts
    }


def _worth(shares: Mapping[str, float], worth: Mapping[str, float]) -> float:
    return sum(share * worth[name] for name, share in shares.items())


def _figures(runs: Sequence[Screened]) -> dict[str, float]:
    """bias: mean error as a share of the truth, and its own standard error; width: of the interval, likewise a share.
    trusted: of the runs; covered_trusted: among these."""
    truth = mean(run.truth for run in runs)
    errors = [(run.found.value - run.truth) / truth for run in runs]
    trusted = [run for run in runs if run.found.trusted]
    return {
        "truth": round(truth, 3),
        "covered": round(mean(run.covered for run in runs), 4),
        "bias": round(mean(errors), 4),
        "bias_error": round(pstdev(errors) / len(errors) ** 0.5, 4),
        "spread": round(pstdev(errors), 3),
        "width": round(median(run.found.high - run.found.low for run in runs) / truth, 3),
        "effective": round(median(run.found.effective for run in runs)),
        "trusted": round(len(trusted) / len(runs), 4),
        "covered_trusted": round(mean(run.covered for run in trusted), 4) if trusted else 0.0,
    }


def _missed(told: Mapping[str, Mapping[str, Mapping[str, float]]]) -> list[str]:
    """Whose interval covers too seldom, or whose value is off by more than chance explains."""
    return [
        f"{ranking} after {rows}"
        for rows, found in told.items()
        for ranking, figures in found.items()
        if figures["covered"] < LEAST_COVERED or abs(figures["bias"]) - 2.0 * figures["bias_error"] > MOST_BIASED
    ]
