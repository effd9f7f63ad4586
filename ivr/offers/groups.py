"""Which pre-registered group a caller belongs to, and the numbers known of the caller before the call.

Owns both as the experiment of offers.yml names them: the first group whose condition holds, "" when none does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ivr.model.identity import Customer
from ivr.offers.eligibility import CallView, CustomerView, Eligibility


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A number of the profile, brought to about 0 +- 1: (value - mean) / spread. Unknown counts as the mean."""

    name: str
    mean: float
    spread: float

    def of(self, customer: Customer) -> float:
        """At most four spreads from the mean: one wrong entry in a profile must not decide an offer."""
        value = customer.profile.get(self.name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return 0.0
        return min(4.0, max(-4.0, (float(value) - self.mean) / self.spread))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """conditions: group -> when a caller belongs to it, in order."""

    conditions: Mapping[str, Eligibility]
    known: tuple[Known, ...] = ()

    def group_of(self, customer: CustomerView, call: CallView) -> str:
        """The first that fits."""
        return next((name for name, fits in self.conditions.items() if not fits.missing(customer, call)), "")

    def known_of(self, customer: Customer) -> tuple[float, ...]:
        """The numbers, in the order of the file."""
        return tuple(known.of(customer) for known in self.known)
