"""From stored opportunities to the sample a report may be made of.

Counted is the first opportunity a household ever had. Whether there is a second depends on what the first one did, and
in one arm only: who said no twice, hung up or wants no offers any more gets none for half a year or for ever, and a
ghost is answered by nobody. So the arms hold the same people at the first opportunity and never again; `ivr offers
years` shows what becomes of a report that counts later ones. Everybody drawn counts for the arm the household is in,
whatever was heard (intention to treat). Who was in an arm for certain was not drawn, and does not count. An outcome
counts once nothing can change it any more; callers too recent for that wait for the next report.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ivr.model.offers import ExperimentRow, OfferAnswer
from ivr.offers.effects.estimates import Mask, Sample
from ivr.offers.effects.plan import (
    ACCEPTED,
    AHT,
    ANNOYED,
    CHURN,
    COMPLAINT,
    CSAT,
    HANGUP,
    OPTOUT,
    REPEAT,
    REVENUE,
)
from ivr.offers.effects.stated import Answers, answers_of
from ivr.offers.effects.validity import Logged

DAY_MS = 24 * 3600 * 1000
FROM_OUTSIDE = {REVENUE: 30 * DAY_MS, CHURN: 90 * DAY_MS}
"""Outcomes other systems tell when they happen, and never that they did not -> when they have happened or will not."""
PARTS_OF_ANNOYED = (HANGUP, OPTOUT, COMPLAINT, REPEAT)
TOLD = (CSAT, REPEAT, HANGUP, OPTOUT, COMPLAINT, AHT, *FROM_OUTSIDE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """rows: what is counted, in order of time. ends: of each, how many rows were stored by then."""

    rows: tuple[ExperimentRow, ...]
    sample: Sample
    logged: Logged
    ends: tuple[int, ...] = ()
    stated: Answers | None = None  # what callers said of offers, whichever offer of the household it was

    def since(self, at_ms: int) -> Mask:
        """Which of the households first came since a moment (Unix)."""
        return np.array([row.at_ms >= at_ms for row in self.rows], dtype=bool)

    def first(self, stored: int) -> Population:
        """The same of the first so many stored rows: what counts of them does not depend on those that follow. As cheap
        as slices are, for many looks at what grew. An outcome first told later is there already, of nobody."""
        counted = bisect_right(self.ends, stored)
        return Population(
            rows=self.rows[:counted],
            sample=self.sample.only(slice(counted)),
            logged=replace(
                self.logged,
                probabilities=self.logged.probabilities[:counted],
                chosen=self.logged.chosen[:counted],
                opportunities=min(stored, self.logged.opportunities),
            ),
            ends=self.ends[:counted],
        )


def population(
    rows: Sequence[ExperimentRow],
    *,
    before_ms: int | None = None,
    counted: int | None = None,
    elsewhere: int = 0,
    now_ms: int | None = None,
) -> Population:
    """Of rows of one draw, in order of time. before_ms: only opportunities older than that, so that their outcomes are
    complete. counted: opportunities the call log knows of, to be compared with the rows. elsewhere: how many rows of
    other draws were left out. now_ms: the moment of the report; revenue counts after 30 days then, a lost customer
    after 90; who is not told of bought nothing and stayed."""
    old_enough = [(end, r) for end, r in enumerate(rows, start=1) if before_ms is None or r.at_ms < before_ms]
    drawn = [(end, r) for end, r in old_enough if not _certain(r)]
    counted_rows = tuple(_first_of_households(drawn))
    first = tuple(row for _, row in counted_rows)
    width = max((len(row.known) for row in first), default=0)
    known = np.zeros((len(first), width))
    for at, row in enumerate(first):
        known[at, : len(row.known)] = row.known
    sample = Sample(
        treated=np.array([row.arm == "treat" for row in first], dtype=bool),
        p_treat=np.array([row.p_treat for row in first], dtype=float),
        covariates=known,
        outcomes=_outcomes(first, now_ms),
        groups=np.array([row.group for row in first], dtype=np.str_),
    )
    logged = Logged(
        probabilities=[row.probabilities for row in first],
        chosen=[row.product for row in first],
        counted=counted,
        opportunities=len(rows),
        certain=len(old_enough) - len(drawn),
        elsewhere=elsewhere,
    )
    return Population(
        rows=first,
        sample=sample,
        logged=logged,
        ends=tuple(end for end, _ in counted_rows),
        stated=answers_of([row for row in rows if before_ms is None or row.at_ms < before_ms]),
    )


def _certain(row: ExperimentRow) -> bool:
    """Nobody was held out at the time, or everybody: nobody to compare with."""
    return row.p_treat == (1.0 if row.arm == "treat" else 0.0)


def _first_of_households(rows: Iterable[tuple[int, ExperimentRow]]) -> Iterable[tuple[int, ExperimentRow]]:
    known = set[str]()
    for end, row in rows:
        if row.household not in known:
            known.add(row.household)
            yield end, row


def _outcomes(
    rows: Sequence[ExperimentRow], now_ms: int | None
) -> Mapping[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Outcome -> a value for each row, nan where nobody told. An acceptance is known at once: a ghost has none."""
    columns = {
        name: np.array([row.outcomes.get(name, np.nan) for row in rows], dtype=float)
        for name in TOLD
        if any(name in row.outcomes for row in rows)
    }
    for name in FROM_OUTSIDE.keys() & columns.keys():
        columns[name] = np.array([_from_outside(row, name, now_ms) for row in rows], dtype=float)
    columns[ACCEPTED] = np.array([row.answer == OfferAnswer.ACCEPTED for row in rows], dtype=float)
    parts = [columns[name] for name in PARTS_OF_ANNOYED if name in columns]
    if parts:
        columns[ANNOYED] = np.max(parts, axis=0)  # nan as long as one part is not known
    return columns


def _from_outside(row: ExperimentRow, name: str, now_ms: int | None) -> float:
    """Revenue (net of a cancellation) or a lost customer. Sales are told, their absence is not: nothing told within the
    time is nothing."""
    told = row.outcomes.get(name)
    if now_ms is not None:
        if now_ms - row.at_ms < FROM_OUTSIDE[name]:
            return math.nan  # those who bought or left at once are known already, the others are not
        told = told or 0.0
    cancelled = row.outcomes.get("cancelled_30d", 0.0) if name == REVENUE else 0.0
    return math.nan if told is None else told * (1.0 - cancelled)
