"""What is decided before the first call of an experiment: groups, margins, sample, and how the error is shared out.

Changing any of it later makes the report exploratory; that is why it stands in a file and not in the report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

MAX_GROUPS = 8
CSAT, ANNOYED, REPEAT, HANGUP, AHT, ACCEPTED, REVENUE, COMPLAINT, CHURN, OPTOUT = (
    "csat",
    "annoyed",
    "repeat_7d",
    "early_hangup",
    "aht_s",
    "accepted",
    "revenue_30d",
    "complaint_14d",
    "churned_90d",
    "optout",
)
ONLY_OFFERED = frozenset({ACCEPTED, REVENUE})
"""Outcomes that nobody held out can have: a ghost sells nothing."""
LIMITS: Mapping[str, float] = MappingProxyType({REPEAT: 0.015, HANGUP: 0.03, OPTOUT: 0.02, COMPLAINT: 0.005})
"""Part of being annoyed -> how many more of all callers are too many. Without a verdict; hang-ups and opt-outs beyond
theirs stop all offers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """How much harm is too much: treated minus holdout, in the outcome's unit. worse: +1 when more is worse (hang-ups),
    -1 when less is (satisfaction). share: of the group's alpha that verdicts on this outcome may spend."""

    outcome: str
    limit: float
    worse: int
    share: float

    def __post_init__(self) -> None:
        if self.worse not in (-1, 1) or self.limit * self.worse <= 0.0 or not 0.0 < self.share <= 1.0:
            raise ValueError(f"a margin lies on the harmful side of zero, its share in 0..1: {self}")


DEFAULT_MARGINS = (
    Margin(outcome=CSAT, limit=-0.15, worse=-1, share=0.7),
    Margin(outcome=ANNOYED, limit=0.02, worse=1, share=0.3),
)
"""Satisfaction answers sooner, annoyance (hang-up, opt-out, complaint, repeat call) is seen of everybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """groups: their names, at most 8. planned: households until the planned end, all groups together. alpha: shared
    equally by the groups. shown: outcomes reported without a verdict. prices: what a unit of harm is worth to the
    operator, in the catalogue's currency, outcome -> price (a positive price is a cost of one more). titles: group ->
    language -> what it is called where people read."""

    groups: tuple[str, ...]
    planned: int = 20_000
    alpha: float = 0.05
    margins: tuple[Margin, ...] = DEFAULT_MARGINS
    shown: tuple[str, ...] = (ACCEPTED, REVENUE, REPEAT, HANGUP, AHT, COMPLAINT, CHURN)
    prices: Mapping[str, float] = field(default_factory=dict)
    titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 1 <= len(self.groups) <= MAX_GROUPS:
            raise ValueError(f"between 1 and {MAX_GROUPS} groups are decided beforehand, not {len(self.groups)}")
        if sum(margin.share for margin in self.margins) > 1.0 + 1e-9:
            raise ValueError("the shares of alpha of all margins come to more than one")

    @property
    def harms(self) -> Mapping[str, float]:
        """Yes/no harm -> the margin it is read against: being annoyed by the verdicts' own, then its parts."""
        return {**{m.outcome: m.limit for m in self.margins if m.outcome == ANNOYED}, **LIMITS}

    def title(self, group: str, language: str) -> str:
        """What a group is called; its name where nobody said."""
        return self.titles.get(group, {}).get(language, group)

    def alpha_of(self, margin: Margin) -> float:
        """For one group and one outcome, over all looks."""
        return self.alpha / len(self.groups) * margin.share
