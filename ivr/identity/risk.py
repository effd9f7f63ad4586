"""Signals of fraud to points: a table with caps, correlated signals counted once. Pure.

Risk takes levels away or sends to a person (ladder.after_risk); it never raises a level, and nobody is refused for one
oddity alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from ivr.identity.codes import is_old
from ivr.identity.policy import IdentityPolicy, RiskPolicy
from ivr.model.attempts import Activity
from ivr.model.identity import Caller, Candidate, RiskKind, RiskSignal

MOST_POINTS = 8
LEAST_GAPS = 4  # gaps between keys that tell a finger from a machine
_ODD_NUMBERS = frozenset({"voip", "invalid", "premium", "shared_cost"})

# Signals of one cause: the heaviest of a group counts.
GROUPS: tuple[frozenset[RiskKind], ...] = (
    frozenset({RiskKind.ATTEST_FAILED, RiskKind.VOIP_INVALID, RiskKind.SPOOFED_HEADER, RiskKind.SEVERAL_IDENTITIES}),
    frozenset({RiskKind.VELOCITY, RiskKind.MANY_ACCOUNTS_ONE_NUMBER, RiskKind.SEVERAL_CUSTOMERS}),
    frozenset({RiskKind.MANY_NUMBERS_ONE_ACCOUNT}),
    frozenset({RiskKind.OTP_PUMPING}),
    frozenset({RiskKind.FAST_KEYS, RiskKind.REPEATED_AUDIO}),
    frozenset({RiskKind.VOICEPRINT_MISMATCH}),
    frozenset({RiskKind.NUMBER_NEW}),
    frozenset({RiskKind.AGENT_AFTER_FAIL}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """What risk looks at. candidate: who the caller seems to be. key_gaps_ms: between the keys of the call. failures:
    of this call. customers: whom what was said in this call fitted. pumping: a code was refused because its range
    asked for too many."""

    caller: Caller
    today: date
    activity: Activity
    candidate: Candidate | None = None
    key_gaps_ms: Sequence[int] = ()
    failures: int = 0
    customers: int = 0
    agent_requested: bool = False
    pumping: bool = False
    repeated_audio: bool = False
    voiceprint_mismatch: bool = False


def signals(suspect: Suspect, policy: IdentityPolicy, at_ms: int) -> tuple[RiskSignal, ...]:
    """Every signal there is, with its count where it has one."""
    return tuple(RiskSignal(kind=kind, at_ms=at_ms, detail=detail) for kind, detail in _found(suspect, policy))


def points(found: Iterable[RiskSignal], policy: IdentityPolicy) -> int:
    """The points of signals: one of each group, no more than MOST_POINTS in all."""
    kinds = {signal.kind for signal in found}
    of = policy.risk.points
    return min(MOST_POINTS, sum(max((of.get(kind, 0) for kind in group & kinds), default=0) for group in GROUPS))


def _found(suspect: Suspect, policy: IdentityPolicy) -> Iterator[tuple[RiskKind, dict[str, object]]]:
    caller, risk = suspect.caller, policy.risk
    if caller.verification == "failed":
        yield RiskKind.ATTEST_FAILED, {}
    if caller.number_type in _ODD_NUMBERS:
        yield RiskKind.VOIP_INVALID, {"type": caller.number_type}
    for kind in (RiskKind.SPOOFED_HEADER, RiskKind.SEVERAL_IDENTITIES):
        if kind.value in caller.signals:
            yield kind, {}
    if suspect.customers > 1:
        yield RiskKind.SEVERAL_CUSTOMERS, {"count": suspect.customers}
    if _number_new(suspect, policy):
        yield RiskKind.NUMBER_NEW, {}
    yield from _busy(suspect, risk)
    gaps = suspect.key_gaps_ms
    if len(gaps) >= LEAST_GAPS and sum(gaps) / len(gaps) < risk.fast_keys_ms:
        yield RiskKind.FAST_KEYS, {"mean_ms": round(sum(gaps) / len(gaps))}
    if suspect.agent_requested and suspect.failures:
        yield RiskKind.AGENT_AFTER_FAIL, {"failures": suspect.failures}
    for kind, seen in (
        (RiskKind.OTP_PUMPING, suspect.pumping),
        (RiskKind.REPEATED_AUDIO, suspect.repeated_audio),
        (RiskKind.VOICEPRINT_MISMATCH, suspect.voiceprint_mismatch),
    ):
        if seen:
            yield kind, {}


_BUSY: tuple[tuple[RiskKind, Callable[[Activity], int], Callable[[RiskPolicy], int]], ...] = (
    (RiskKind.VELOCITY, lambda a: a.calls_in_an_hour, lambda r: r.velocity_per_hour),
    (RiskKind.MANY_ACCOUNTS_ONE_NUMBER, lambda a: a.accounts_in_a_day, lambda r: r.accounts_per_day),
    (RiskKind.MANY_NUMBERS_ONE_ACCOUNT, lambda a: a.numbers_in_a_day, lambda r: r.numbers_per_day),
)


def _busy(suspect: Suspect, risk: RiskPolicy) -> Iterator[tuple[RiskKind, dict[str, object]]]:
    for kind, count, most in _BUSY:
        if count(suspect.activity) > most(risk):
            yield kind, {"count": count(suspect.activity)}


def _number_new(suspect: Suspect, policy: IdentityPolicy) -> bool:
    """The number that calls was put on file days ago."""
    phones = suspect.candidate.phones if suspect.candidate else ()
    return any(p.number == suspect.caller.ani and not is_old(p, policy, suspect.today) for p in phones)
