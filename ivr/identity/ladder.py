"""Evidence to level: a table of rungs, and nothing else. Rules give the level, never a score; risk may only take away.

Inspired by NIST SP 800-63B-4; no AAL is claimed for a telephone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ivr.identity.policy import IdentityPolicy, OnRisk, Step
from ivr.model.identity import FACT_KINDS, Evidence, EvidenceKind, Level

# A rung counts only where the policy uses it. Attestation makes the number believed; by itself it names nobody.
STEP_OF: dict[EvidenceKind, Step] = {
    EvidenceKind.ANI: Step.ANI,
    EvidenceKind.SPOKEN_ID: Step.SPOKEN_ID,
    EvidenceKind.OTP: Step.OTP,
    EvidenceKind.PIN: Step.PIN,
    EvidenceKind.PASSPHRASE: Step.PASSPHRASE,
    **dict.fromkeys(FACT_KINDS, Step.TWO_FACTS),
}
_KNOWN = FACT_KINDS | {EvidenceKind.PIN, EvidenceKind.PASSPHRASE}
_SECRETS = frozenset({EvidenceKind.PIN, EvidenceKind.PASSPHRASE})
FACTS_WITH_NUMBER, FACTS_WITHOUT = 2, 3  # whoever was found by what they said has used up one fact for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """What counts for one customer. said: the level a customer's own service vouches for."""

    kinds: frozenset[EvidenceKind]
    said: Level
    policy: IdentityPolicy

    @property
    def facts(self) -> int:
        """Different things known: facts, PIN, passphrase."""
        return len(self.kinds & _KNOWN)

    @property
    def facts_wanted(self) -> int:
        return FACTS_WITH_NUMBER if EvidenceKind.ANI in self.kinds or self.said >= Level.L1 else FACTS_WITHOUT


def _recognised(proven: Proven) -> bool:
    return bool(proven.kinds & {EvidenceKind.ANI, EvidenceKind.SPOKEN_ID}) or proven.said >= Level.L1


def _matched(proven: Proven) -> bool:
    return (_recognised(proven) and proven.facts >= proven.facts_wanted) or proven.said >= Level.L2


def _possesses(proven: Proven) -> bool:
    by_code = _recognised(proven) and EvidenceKind.OTP in proven.kinds
    return (by_code and (_matched(proven) or not proven.policy.facts_before_code)) or proven.said >= Level.L3


def _two_factors(proven: Proven) -> bool:
    return (_possesses(proven) and bool(proven.kinds & _SECRETS)) or proven.said >= Level.L4


RUNGS: tuple[tuple[Level, Callable[[Proven], bool]], ...] = (
    (Level.L4, _two_factors),
    (Level.L3, _possesses),
    (Level.L2, _matched),
    (Level.L1, _recognised),
)
"""The ladder, highest first."""


def counting(
    evidence: Iterable[Evidence], customer_id: str, policy: IdentityPolicy, now_ms: int
) -> tuple[Evidence, ...]:
    """What counts for a customer now: passed, not expired, of a rung the policy uses, about this very customer."""
    return tuple(
        e
        for e in evidence
        if e.passed
        and e.customer_id == customer_id != ""
        and (not e.expires_ms or now_ms < e.expires_ms)
        and (e.kind is EvidenceKind.SERVICE or STEP_OF.get(e.kind) in policy.steps)
    )


def level_of(evidence: Iterable[Evidence], customer_id: str, policy: IdentityPolicy, now_ms: int) -> Level:
    """The level the evidence gives for a customer, risk left aside."""
    counted = counting(evidence, customer_id, policy, now_ms)
    said = max((_vouched(e) for e in counted if e.kind is EvidenceKind.SERVICE), default=Level.L0)
    proven = Proven(kinds=frozenset(e.kind for e in counted), said=said, policy=policy)
    return next((level for level, holds in RUNGS if holds(proven)), Level.L0)


def after_risk(level: Level, points: int, policy: IdentityPolicy) -> Level:
    """What risk leaves of a level; never more than there was."""
    if points < policy.risk.threshold:
        return level
    return Level.L0 if policy.risk.on_threshold is OnRisk.HUMAN else min(level, policy.risk.keep)


def _vouched(evidence: Evidence) -> Level:
    """A customer's own service says how far it vouches; L4 at most, for HUMAN is a person."""
    level = Level.__members__.get(str(evidence.detail.get("level", "")), Level.L0)
    return level if level <= Level.L4 else Level.L0
