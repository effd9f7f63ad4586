"""What agents have to do without the bot, from the calls held out of it: handling_holdout of [effects].

Held out are households, not calls: a bot that settles nothing makes people call again, and only a household's whole
work for the agents shows that. Compared are means over all households that called, whatever became of their calls
(intention to treat); nothing is asked about the task, which a held-out call never told us.

Households are weighted by the probability that was logged with their first call. The interval is Welch's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ivr.offers.effects.figures import Z, student
from ivr.offers.effects.handled import QUEUE, Handled

LEAST_UNITS, LEAST_TAKEN = 50, 20
_POWER_Z = Z + 0.8416


@dataclass(slots=True)
class Unit:
    """One household's calls in the period."""

    arm: str
    held: float
    calls: list[Handled] = field(default_factory=list)

    @property
    def weight(self) -> float:
        """One over the probability of its arm."""
        return 1.0 / (self.held if self.arm == QUEUE else 1.0 - self.held)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Held out less served by the bot, per household; error: its standard error; reach: half the 95 % interval."""

    value: float
    error: float
    reach: float

    def needed(self, held: int) -> int:
        """Held-out households more until a difference of this size is told from nothing (80 % power); 0: it is now."""
        if self.value == 0.0 or abs(self.value) > self.reach:
            return 0
        return max(0, math.ceil(held * ((_POWER_Z * self.error / self.value) ** 2 - 1.0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The households of both arms."""

    held: tuple[Unit, ...]
    served: tuple[Unit, ...]

    @property
    def taken(self) -> int:
        """Held-out calls an agent took."""
        return sum(bool(call.agent) for unit in self.held for call in unit.calls)

    @property
    def enough(self) -> bool:
        """Can anything be said?"""
        return min(len(self.held), len(self.served)) >= LEAST_UNITS and self.taken >= LEAST_TAKEN

    def calls(self, *, held: bool) -> list[Handled]:
        """Of one arm."""
        return [call for unit in (self.held if held else self.served) for call in unit.calls]

    def difference(self, of: Callable[[Handled], float], *, scale: tuple[float, float] = (1.0, 1.0)) -> Difference:
        """Of a household's sum of something over its calls. scale: factors for the held-out and for the served."""
        (first, first_var, first_free), (other, other_var, _) = (
            _mean([(factor * sum(map(of, unit.calls)), unit.weight) for unit in units])
            for units, factor in zip((self.held, self.served), scale, strict=True)
        )
        error = math.sqrt(first_var + other_var)
        return Difference(value=first - other, error=error, reach=student(first_free) * error)  # the held-out are few


def baseline_of(calls: Sequence[Handled]) -> Baseline:
    """The households something was drawn for, each in the arm of its first call."""
    units: dict[str, Unit] = {}
    for call in sorted(calls, key=lambda c: (c.at_ms, c.call_id)):
        if call.arm and call.unit:
            units.setdefault(call.unit, Unit(call.arm, call.held)).calls.append(call)
    found = units.values()
    return Baseline(
        held=tuple(u for u in found if u.arm == QUEUE), served=tuple(u for u in found if u.arm != QUEUE and u.held < 1)
    )


def _mean(rows: Sequence[tuple[float, float]]) -> tuple[float, float, float]:
    """Weighted mean of (value, weight), its variance, degrees of freedom."""
    total = sum(weight for _, weight in rows)
    mean = sum(value * weight for value, weight in rows) / total
    spread = sum((weight * (value - mean)) ** 2 for value, weight in rows)
    free = max(1.0, len(rows) - 1.0)
    return mean, spread / total**2 * len(rows) / free, free
