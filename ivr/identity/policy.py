"""What identification demands and allows: the policy of an assistant, read from identity.yml. All defaults stand here.

Owns the meaning of the file; its shape is policy_file.py's, what an evidence proves is the ladder's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from ivr.model.identity import Level, RiskKind, StepUp


class Step(StrEnum):
    """Rungs an assistant may use; evidence of a rung that is not listed counts for nothing."""

    ANI = "ani"
    SPOKEN_ID = "spoken_id"
    TWO_FACTS = "two_facts"
    OTP = "otp"
    PIN = "pin"
    PASSPHRASE = "passphrase"


class Consent(StrEnum):
    """How a caller agrees to a voiceprint, least first."""

    SPOKEN = "spoken"
    WRITTEN = "written"


class OnRisk(StrEnum):
    """What risk at or above the threshold does."""

    LOWER = "lower"  # takes the levels above `keep`
    HUMAN = "human"  # nothing but a person


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How often may be tried and fail. In a call: facts_tries, otp_tries (over all codes of it), pin_tries; pin_tries
    also in 24 h without a right one. The rest over all calls and processes."""

    facts_tries: int = 2
    otp_tries: int = 3
    otp_sends_per_day: int = 5
    otp_sends_per_prefix_hour: int = 20
    pin_tries: int = 5
    account_fail_24h: int = 10
    account_fail_total: int = 100  # consecutive failures; NIST SP 800-63B-4 allows no more
    number_fail_1h: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Lockout:
    """How long nothing may be tried after the 3rd, 4th, 5th and later failure of an account in a row. delay_s: seconds.
    notify_sms: the customer is told by a message when the account is locked."""

    delay_s: tuple[int, ...] = (30, 120, 3600)
    notify_sms: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """One-time codes. digits: 6 to 10. valid_s: at most 600 (NIST SP 800-63B-4 3.1.3.2)."""

    digits: int = 6
    valid_s: int = 300


RISK_POINTS: Mapping[RiskKind, int] = MappingProxyType(
    {
        RiskKind.ATTEST_FAILED: 2,
        RiskKind.VOIP_INVALID: 1,
        RiskKind.SPOOFED_HEADER: 2,
        RiskKind.SEVERAL_IDENTITIES: 1,
        RiskKind.NUMBER_NEW: 1,
        RiskKind.VELOCITY: 1,
        RiskKind.MANY_ACCOUNTS_ONE_NUMBER: 2,
        RiskKind.MANY_NUMBERS_ONE_ACCOUNT: 2,
        RiskKind.SEVERAL_CUSTOMERS: 2,
        RiskKind.OTP_PUMPING: 3,
        RiskKind.FAST_KEYS: 1,
        RiskKind.REPEATED_AUDIO: 2,
        RiskKind.VOICEPRINT_MISMATCH: 2,
        RiskKind.AGENT_AFTER_FAIL: 1,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskPolicy:
    """points: of each signal. threshold: points from which on_threshold happens. keep: the highest level left when it
    lowers. number_new_days: a number registered more recently gets no code and is a signal. velocity_per_hour: calls of
    one number, accounts_per_day: customers one number tried, numbers_per_day: numbers that tried one customer; more is
    a signal. fast_keys_ms: a mean gap between keys no finger makes."""

    points: Mapping[RiskKind, int] = field(default_factory=lambda: RISK_POINTS)
    threshold: int = 3
    on_threshold: OnRisk = OnRisk.LOWER
    keep: Level = Level.L1
    number_new_days: int = 7
    velocity_per_hour: int = 10
    accounts_per_day: int = 3
    numbers_per_day: int = 3
    fast_keys_ms: int = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityPolicy:
    """Everything identity.yml may say. requests: flow -> level it needs; the flow's own `level:` counts where it is
    higher. shared_numbers: E.164 numbers of offices, hotels, payphones, which recognise nobody. packs: countries.
    payouts: flows that move money. facts_before_code: a code counts for L3 only after L2. voiceprint_consent: what a
    voiceprint takes before it is enrolled."""

    steps: frozenset[Step] = frozenset(Step)
    requests: Mapping[str, Level] = field(default_factory=dict)
    stepup: StepUp = field(default_factory=StepUp)
    limits: Limits = Limits()
    lockout: Lockout = Lockout()
    codes: Codes = Codes()
    risk: RiskPolicy = RiskPolicy()
    packs: tuple[str, ...] = ()
    shared_numbers: frozenset[str] = frozenset()
    payouts: frozenset[str] = frozenset()
    facts_before_code: bool = False
    voiceprint_consent: Consent = Consent.SPOKEN

    def level_of(self, flow: str, own: Level) -> Level:
        """The level a request needs: the higher of the flow's own and the policy's."""
        return max(own, self.requests.get(flow, Level.L0))


DEFAULT = IdentityPolicy()
"""The policy of an assistant without identity.yml."""
