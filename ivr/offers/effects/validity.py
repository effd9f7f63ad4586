"""May the report speak at all? One red check, and no verdict is given.

A small loss of holdout rows hardly moves the ratio of the arms (5 % of it in 20,000 calls is found one time in eight):
the counts are compared with the call records as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from ivr.offers.effects.estimates import Column, Mask, Sample
from ivr.offers.effects.notes import note
from ivr.offers.effects.plan import COMPLAINT

ALARM = 0.001
_SUM = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """passed False is red. words: language -> the figures looked at. remark: not wrong, yet to be said."""

    name: str
    passed: bool
    words: Mapping[str, str]
    remark: bool = False

    @property
    def detail(self) -> str:
        """The figures looked at, in English."""
        return self.words["en"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """What was logged with each row besides the sample: the propensities, the product chosen (ghosts have one, too),
    and how many opportunities the call log counts (None: nobody counted). certain: opportunities while nobody was held
    out, or everybody; elsewhere: of another draw. Neither are in the sample."""

    probabilities: Sequence[Mapping[str, float]]
    chosen: Sequence[str]
    counted: int | None = None
    opportunities: int = 0
    certain: int = 0
    elsewhere: int = 0


def validity(sample: Sample, logged: Logged, complete: Sequence[str]) -> tuple[Check, ...]:
    """All checks; none is red before there is anything to look at. complete: outcomes every caller has a value of (not
    surveys)."""
    return (
        *_drawn(sample, logged),
        _ratio(sample),
        _probabilities(sample, logged),
        _ghosts(sample, logged),
        _counts(logged),
        _before(sample),
        *(_missing(sample, name) for name in complete if name in sample.outcomes),
        *(_untold(name) for name in complete if name == COMPLAINT and name not in sample.outcomes and len(sample)),
    )


def _drawn(sample: Sample, logged: Logged) -> Iterator[Check]:
    """Callers nothing was drawn for, or by another salt: told where there are any, red where there are no others."""
    if logged.certain:
        words = note("certain", rows=logged.certain)
        yield Check(name="holdout", passed=len(sample) > 0, words=words, remark=len(sample) > 0)
    if logged.elsewhere:
        yield Check(name="draw", passed=True, words=note("elsewhere", rows=logged.elsewhere), remark=True)


def _ratio(sample: Sample) -> Check:
    """Sample ratio mismatch: are the arms as large as their probabilities say?"""
    expected = float(sample.p_treat.sum())
    spread = math.sqrt(float((sample.p_treat * (1.0 - sample.p_treat)).sum()))
    treated = int(sample.treated.sum())
    p = _p_value((treated - expected) / spread) if spread > 0.0 else 1.0
    return Check(name="arms", passed=p >= ALARM, words=note("arms", treated=treated, expected=expected, p=p))


def _probabilities(sample: Sample, logged: Logged) -> Check:
    bad = int(((sample.p_treat <= 0.0) | (sample.p_treat >= 1.0)).sum())
    for shares, chosen in zip(logged.probabilities, logged.chosen, strict=True):
        bad += abs(sum(shares.values()) - 1.0) > _SUM or shares.get(chosen, 0.0) <= 0.0
    return Check(name="probabilities", passed=bad == 0, words=note("probabilities", bad=bad, rows=len(sample)))


def _ghosts(sample: Sample, logged: Logged) -> Check:
    held = int((~sample.treated).sum())
    ghosts = sum(bool(chosen) for chosen, treated in zip(logged.chosen, sample.treated, strict=True) if not treated)
    return Check(name="ghosts", passed=ghosts == held, words=note("ghosts", ghosts=ghosts, held=held))


def _counts(logged: Logged) -> Check:
    if logged.counted is None:
        return Check(name="counts", passed=True, words=note("uncounted"))
    same = logged.counted == logged.opportunities
    return Check(name="counts", passed=same, words=note("counts", stored=logged.opportunities, counted=logged.counted))


def _before(sample: Sample) -> Check:
    """A/A: what was known before the call must not differ between the arms."""
    if not sample.covariates.size or not sample.treated.any() or sample.treated.all():
        return Check(name="before", passed=True, words=note("nothing_before"))
    smallest = min(_balance(column, sample.treated) for column in sample.covariates.T)
    limit = ALARM / sample.covariates.shape[1]
    return Check(name="before", passed=smallest >= limit, words=note("before", p=smallest, limit=limit))


def _untold(outcome: str) -> Check:
    """An outcome no source tells is no reason to distrust the others, and is no zero either."""
    return Check(name=f"untold {outcome}", passed=True, words=note("untold"), remark=True)


def _missing(sample: Sample, outcome: str) -> Check:
    gone = np.isnan(sample.outcomes[outcome])
    p = _balance(gone.astype(float), sample.treated)
    rates = [float(gone[arm].mean()) if arm.any() else 0.0 for arm in (sample.treated, ~sample.treated)]
    words = note("missing", treated=rates[0], held=rates[1], p=p)
    return Check(name=f"missing {outcome}", passed=p >= ALARM, words=words)


def _balance(values: Column, treated: Mask) -> float:
    """Two-sided p-value of a difference of means between the arms (Welch, normal approximation)."""
    parts = (values[treated], values[~treated])
    if min(part.size for part in parts) < 2:
        return 1.0
    spread = math.sqrt(sum(float(part.var(ddof=1)) / part.size for part in parts))
    return 1.0 if spread == 0.0 else _p_value(float(parts[0].mean() - parts[1].mean()) / spread)


def _p_value(z: float) -> float:
    return 2.0 * (1.0 - NormalDist().cdf(abs(z)))
