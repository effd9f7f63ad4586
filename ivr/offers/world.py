"""A made-up population whose truth is known, so that a report can be held against it.

Owns the world file's meaning: who calls, who would accept what, what being offered something does to them. Every number
is drawn from one generator: a seed gives one population. Format: see docs/offers.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ivr.document import Document
from ivr.model.errors import DesignError
from ivr.offers.world_file import MEASURED, OutcomeShape, RateShape, WorldShape, problems

Numbers = npt.NDArray[np.float64]
BASE = Path(__file__).parent / "worlds" / "base.yml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """segment: index of each; known: callers x covariates; eligible: callers x products; accept: probabilities of
    acceptance, callers x products."""

    segment: npt.NDArray[np.intp]
    known: Numbers
    eligible: npt.NDArray[np.bool_]
    accept: Numbers

    def only(self, at: npt.NDArray[np.intp]) -> Callers:
        """Those of these numbers."""
        return Callers(
            segment=self.segment[at], known=self.known[at], eligible=self.eligible[at], accept=self.accept[at]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Arrays run over segments or products, in the order of the names."""

    name: str
    products: tuple[str, ...]
    margins: Numbers
    segments: tuple[str, ...]
    shares: Numbers
    known: tuple[str, ...]
    accept: Numbers
    shift: Numbers
    not_eligible: float
    outcomes: Mapping[str, OutcomeShape]
    response: RateShape | None
    prices: Mapping[str, float]
    order: Mapping[str, tuple[str, ...]]

    def without_effects(self) -> World:
        """The same people, to whom an offer does nothing."""
        nothing = (0.0,) * len(self.segments)
        unmoved = {name: o.model_copy(update={"effect": nothing}) for name, o in self.outcomes.items()}
        response = self.response.model_copy(update={"effect": nothing}) if self.response else None
        return replace(self, outcomes=unmoved, response=response)

    def draw(self, count: int, rng: np.random.Generator) -> Callers:
        """So many callers. Everybody is eligible for at least one product."""
        segment = rng.choice(len(self.segments), count, p=self.shares)
        known = rng.standard_normal((count, len(self.known)))
        eligible = rng.random((count, len(self.products))) >= self.not_eligible
        none = ~eligible.any(axis=1)
        eligible[none, rng.integers(0, len(self.products), int(none.sum()))] = True
        rates = np.clip(self.accept[segment], 1e-6, 1 - 1e-6)
        odds = np.log(rates / (1.0 - rates)) + known @ self.shift
        return Callers(segment=segment, known=known, eligible=eligible, accept=1.0 / (1.0 + np.exp(-odds)))

    def outcome(self, name: str, callers: Callers, offered: npt.NDArray[np.bool_], rng: np.random.Generator) -> Numbers:
        """What happens to each caller; nan where a survey went unanswered."""
        shape = self.outcomes[name]
        expected = np.array(shape.base)[callers.segment] + offered * np.array(shape.effect)[callers.segment]
        if name not in MEASURED:
            return np.asarray(rng.random(offered.size) < expected, dtype=float)
        slopes = np.array([shape.covariate.get(known, 0.0) for known in self.known])
        left = np.sqrt(max(shape.sd**2 - float(slopes @ slopes), 0.0))  # sd includes the covariates' part
        values = expected + callers.known @ slopes + left * rng.standard_normal(offered.size)
        if name == "csat" and self.response is not None:
            answers = np.array(self.response.base)[callers.segment]
            answers = answers + offered * np.array(self.response.effect)[callers.segment]
            values = np.where(rng.random(offered.size) < answers, values, np.nan)
        return np.asarray(values)

    def effect(self, name: str) -> float:
        """True effect on everybody."""
        return float(self.shares @ np.array(self.outcomes[name].effect))

    def harm(self, segment: int) -> float:
        """What one offer costs in a segment, at the stated prices (price names as in the world file)."""
        priced = {"csat": "csat_point", "repeat": "repeat_call", "aht": "second", "hangup": "hangup"}
        total = 0.0
        for outcome, price in priced.items():
            if outcome in self.outcomes:
                worse = -1.0 if outcome == "csat" else 1.0
                total += worse * self.outcomes[outcome].effect[segment] * self.prices.get(price, 0.0)
        return total


def load_world(path: Path = BASE) -> World:
    """Raises DesignError with the place of every fault."""
    document = Document(path)
    shape = document.parse(WorldShape)
    faults = tuple(
        document.fault(where, code, f"{'.'.join(map(str, where))}: {what}", fix)
        for where, code, what, fix in problems(shape)
    )
    if faults:
        raise DesignError(faults)
    known = tuple(sorted({*shape.accept_shift, *(name for o in shape.outcomes.values() for name in o.covariate)}))
    shift = [shape.accept_shift.get(name, (0.0,) * len(shape.products)) for name in known]
    shares = np.array([segment.share for segment in shape.segments.values()])
    by_index = {name: tuple(shape.products[at] for at in order) for name, order in shape.designer_order.items()}
    return World(
        name=shape.name,
        products=shape.products,
        margins=np.array([shape.margin[name] for name in shape.products]),
        segments=tuple(shape.segments),
        shares=shares / shares.sum(),
        known=known,
        accept=np.array([segment.accept for segment in shape.segments.values()]),
        shift=np.array(shift).reshape(len(known), len(shape.products)),
        not_eligible=shape.not_eligible_share,
        outcomes=shape.outcomes,
        response=shape.survey_response,
        prices=shape.stated_prices,
        order={name: by_index.get(name, shape.products) for name in shape.segments},
    )
