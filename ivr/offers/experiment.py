"""Who is in the permanent holdouts - of offers, and of the bot as such - and who is asked for a grade: salted hashes of
the household, never of the call.

A larger holdout contains every smaller one, so phases (20 % while learning, then 10 %, then 5 %) only release
households, never capture new ones. Another salt draws a new experiment, in which every household counts once again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ivr.model.errors import ConfigError

BUCKETS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """holdout: share of households that never hear an offer, 0..1. Raises ConfigError outside of that."""

    salt: str
    holdout: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.holdout <= 1.0:
            raise ConfigError(f"the holdout is a share from 0 to 1, not {self.holdout}")
        if not self.salt:
            raise ConfigError("the experiment needs a salt that never changes")

    @property
    def p_treat(self) -> float:
        """The probability that a household is treated, exactly as the hash makes it."""
        return 1.0 - self._held_buckets / BUCKETS

    def arm(self, household: str) -> str:
        """ "treat" or "holdout": the same for a household as long as salt and holdout stay."""
        return "holdout" if self.bucket(household) < self._held_buckets else "treat"

    def bucket(self, household: str) -> int:
        """0..9999, uniform over households (SHA-256 of salt and household)."""
        return _bucket(f"{self.salt}|{household}")

    def asks(self, household: str, share: float) -> bool:
        """Is this household one of the share (0..1) that is asked for a grade? Independent of its arm."""
        return _bucket(f"{self.salt}|survey|{household}") < round(share * BUCKETS)

    def asks_what_it_was_like(self, opportunity_id: str, share: float) -> bool:
        """Is the caller of this opportunity one of the share (0..1) asked what the offer was like? The same whenever it
        is asked again, and independent of who the caller is."""
        return _bucket(f"{self.salt}|stated|{opportunity_id}") < round(share * BUCKETS)

    def straight_to_queue(self, household: str, share: float) -> bool:
        """Do this household's calls belong to the share (0..1) that the bot does not handle? Independent of its arm."""
        return _bucket(f"{self.salt}|handling|{household}") < round(share * BUCKETS)

    def pseudonym(self, household: str) -> str:
        """What logs call a household that may be a telephone number."""
        return hashlib.sha256(f"{self.salt}|unit|{household}".encode()).hexdigest()[:16]

    @property
    def phase(self) -> str:
        """What decisions log of the draw: the share held out at the time, and which salt drew."""
        return f"holdout {self.holdout:g}, {self._draw}"

    def drew(self, phase: str) -> bool:
        """Was it this salt? phase: as logged; one that names no draw is of a time when there was one salt."""
        return "draw " not in phase or phase.endswith(self._draw)

    @property
    def _draw(self) -> str:
        return f"draw {hashlib.sha256(f'{self.salt}|draw'.encode()).hexdigest()[:8]}"

    @property
    def _held_buckets(self) -> int:
        return round(self.holdout * BUCKETS)


def _bucket(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()) % BUCKETS
