"""How likely is harm beyond a margin, given what was counted? Easy to read, and decides nothing.

    P(sum over phases of w (p1 - p0) > margin | counts),   p1, p0 ~ Beta(1 + hits, 1 + callers - hits)

Before the first call every rate of either arm is as likely as any other: the flat prior, Beta(1, 1), worth two callers.
Nothing is told before an arm has so many callers that the prior moves its rate by less than half the margin. The arms
are independent: a household is in one of them. Where the share held out has changed, the arms hold callers of
different times in different shares, and pooled they would compare times. So each phase (one logged probability) is
compared within itself, and counts by its share of the callers. How often and at how many groups one looks is not
allowed for; verdicts do that.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ivr.offers.effects.estimates import Mask, Sample
from ivr.offers.effects.plan import Plan

EVERYONE = ""
_FINE = 64  # cells of the lattice in a standard deviation of the difference
_REACH = 14.0  # standard deviations on either side of a mean: a rate of no events has an exponential tail


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Callers drawn with one probability, and how many of them it happened to (hits), in each arm."""

    treated: int
    treated_hits: int
    held: int
    held_hits: int

    @property
    def callers(self) -> int:
        return self.treated + self.held


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What was counted of a yes/no harm in one group (EVERYONE: in all). margin: how much more of it is too much."""

    group: str
    outcome: str
    margin: float
    phases: tuple[Phase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """p: that the harm is beyond the margin, 0..1; None while the smaller arm has too few callers. least: about how
    many it takes."""

    tally: Tally
    p: float | None
    callers: int
    least: int


def tallies(sample: Sample, plan: Plan, fresh: Mapping[str, Mask] | None = None) -> tuple[Tally, ...]:
    """Of every yes/no harm there are values of, in all callers and in each group; who has no value yet is left out.
    fresh: group -> the rows it is judged by, where these are not all."""
    probabilities, phase = np.unique(sample.p_treat.round(9), return_inverse=True)
    cell = 2 * phase + sample.treated
    groups = {EVERYONE: np.ones(len(sample), dtype=bool)} | {
        name: (sample.groups == name) & (fresh or {}).get(name, True) for name in plan.groups
    }
    found = []
    for outcome, margin in plan.harms.items():
        if outcome not in sample.outcomes:
            continue
        values = sample.outcomes[outcome]
        for group, members in groups.items():
            rows = members & ~np.isnan(values)
            callers = np.bincount(cell[rows], minlength=2 * probabilities.size)
            hits = np.bincount(cell[rows], weights=values[rows], minlength=2 * probabilities.size)
            phases = tuple(_phases(callers.tolist(), hits.tolist()))
            found.append(Tally(group=group, outcome=outcome, margin=margin, phases=phases))
    return tuple(found)


def _phases(callers: Sequence[int], hits: Sequence[float]) -> Iterator[Phase]:
    for held in range(0, len(callers), 2):
        if callers[held] + callers[held + 1]:
            yield Phase(
                treated=callers[held + 1],
                treated_hits=round(hits[held + 1]),
                held=callers[held],
                held_hits=round(hits[held]),
            )


def reading(tally: Tally) -> Reading:
    """The probability, as soon as it is more than the prior."""
    total = sum(phase.callers for phase in tally.phases)
    arms = (
        [(phase.callers, phase.treated) for phase in tally.phases],
        [(phase.callers, phase.held) for phase in tally.phases],
    )
    pull, callers = max((_pull(arm, total), -sum(own for _, own in arm)) for arm in arms)
    least = math.ceil(2.0 * pull / tally.margin * (2 - callers) - 2)
    told = pull <= tally.margin / 2.0
    p = p_beyond(tally.phases, tally.margin) if told else None
    return Reading(tally=tally, p=p, callers=-callers, least=least)


def _pull(arm: Sequence[tuple[int, int]], total: int) -> float:
    """The most the flat prior moves the rate of an arm: one of its two callers is a hit. arm: (callers of both arms,
    callers of this one) of each phase; without any the rate is nothing but the prior."""
    return sum(both / total / (own + 2) for both, own in arm) if arm else 0.5


def p_beyond(phases: Sequence[Phase], margin: float) -> float:
    """P(treated rate - held-out rate > margin), to a thousandth. phases: with at least one caller."""
    total = sum(phase.callers for phase in phases)
    parts = [part for phase in phases for part in _parts(phase, phase.callers / total)]
    step = math.sqrt(sum(weight * weight * _variance(a, b) for weight, a, b in parts)) / _FINE
    begin, mass = 0.0, np.ones(1)
    for part in parts:
        first, cells = _lattice(*part, step)
        begin, mass = begin + first, np.convolve(mass, cells)
    edges = begin + step * (np.arange(mass.size + 1) - 0.5)
    below = np.interp(margin, edges, np.concatenate(([0.0], mass.cumsum())))
    return float(np.clip(1.0 - below, 0.0, 1.0))


def _parts(phase: Phase, weight: float) -> Iterator[tuple[float, int, int]]:
    """(weight in the difference, a, b of its Beta distribution) of each arm."""
    yield weight, 1 + phase.treated_hits, 1 + phase.treated - phase.treated_hits
    yield -weight, 1 + phase.held_hits, 1 + phase.held - phase.held_hits


def _variance(a: int, b: int) -> float:
    return a * b / ((a + b) ** 2 * (a + b + 1))


def _lattice(weight: float, a: int, b: int, step: float) -> tuple[float, npt.NDArray[np.float64]]:
    """weight times a Beta(a, b) as masses a step apart, and where the first one lies. The mean is exact, so that what
    is narrower than a step is no error either."""
    size, mean = abs(weight), a / (a + b)
    reach = _REACH * math.sqrt(_variance(a, b))
    first = math.floor(max(0.0, mean - reach) * size / step)
    last = math.ceil(min(1.0, mean + reach) * size / step)
    rate = (np.arange(first, max(last, first + 1)) + 0.5) * step / size
    inside = rate < 1.0
    if not inside.any():
        rate, inside = np.array([mean]), np.ones(1, dtype=bool)
    rate = rate[inside]
    density = (a - 1) * np.log(rate) + (b - 1) * np.log1p(-rate)
    mass = np.exp(density - density.max())
    mass /= mass.sum()
    if weight < 0.0:
        mass = mass[::-1]
    drift = float(np.arange(mass.size) @ mass)
    return weight * mean - drift * step, mass
