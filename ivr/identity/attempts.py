"""How often may be tried, and how long nothing may be tried after failures. Pure: counts in, a reason to refuse out.

What was tried is counted before it is compared, so whoever breaks off, crashes or races has used up the try.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from ivr.identity.policy import IdentityPolicy, Limits, Lockout
from ivr.model.attempts import AccountCounts, AttemptCounts, Tried

FREE_FAILURES = 2  # failures in a row that cost no delay: the third does


class Closed(StrEnum):
    """Why a try is not allowed. For the journal and the operator; callers are never told."""

    CALL = "tries_of_the_call"
    NUMBER = "failures_of_the_number"
    ACCOUNT_DAY = "failures_of_the_account_in_a_day"
    ACCOUNT_TOTAL = "failures_of_the_account_in_a_row"
    PIN = "failures_of_the_pin"
    DELAY = "delay_after_failures"
    SENDS = "codes_of_the_account_in_a_day"
    PREFIX = "codes_to_the_range_in_an_hour"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A try that is not allowed. until_ms: when it may be tried again, 0 = not in this call or not without a person."""

    why: Closed
    until_ms: int = 0


def refusal(tried: Tried, counts: AttemptCounts, policy: IdentityPolicy) -> Refusal | None:
    """Why this try is not allowed, None when it is."""
    return next(_reasons(tried, counts, policy), None)


def delay_ms(in_a_row: int, lockout: Lockout) -> int:
    """How long after the last of so many failures in a row nothing may be tried."""
    over = in_a_row - FREE_FAILURES
    return 0 if over <= 0 else lockout.delay_s[min(over, len(lockout.delay_s)) - 1] * 1000


def locks_account(tried: Tried, counts: AccountCounts, policy: IdentityPolicy) -> bool:
    """Whether one more failure of this kind closes the account: then its owner is told."""
    limits = policy.limits
    if tried is Tried.PIN and counts.row_in_a_day + 1 == limits.pin_tries:
        return True
    return counts.in_a_day + 1 == limits.account_fail_24h or counts.in_a_row + 1 == limits.account_fail_total


def after_failure(counts: AttemptCounts, *, by_number: bool) -> AttemptCounts:
    """The counts once the try they were made for has failed. by_number: the caller's number is known."""
    return replace(
        counts,
        in_call=counts.in_call + 1,
        number_in_an_hour=counts.number_in_an_hour + by_number,
        accounts=tuple(_worse(account, counts.now_ms) for account in counts.accounts),
    )


def _worse(counts: AccountCounts, now_ms: int) -> AccountCounts:
    return replace(
        counts,
        in_a_row=counts.in_a_row + 1,
        row_in_a_day=counts.row_in_a_day + 1,
        in_a_day=counts.in_a_day + 1,
        last_ms=now_ms,
    )


_OF_CALL: dict[Tried, Callable[[Limits], int]] = {
    Tried.FACTS: lambda limits: limits.facts_tries,
    Tried.CODE: lambda limits: limits.otp_tries,
    Tried.PIN: lambda limits: limits.pin_tries,
}


def _reasons(tried: Tried, counts: AttemptCounts, policy: IdentityPolicy) -> Iterator[Refusal]:
    limits = policy.limits
    if tried in _OF_CALL and counts.in_call >= _OF_CALL[tried](limits):
        yield Refusal(why=Closed.CALL)
    if counts.number_in_an_hour >= limits.number_fail_1h:
        yield Refusal(why=Closed.NUMBER)
    for account in counts.accounts:
        if account.in_a_row >= limits.account_fail_total:
            yield Refusal(why=Closed.ACCOUNT_TOTAL)
        if account.in_a_day >= limits.account_fail_24h:
            yield Refusal(why=Closed.ACCOUNT_DAY)
        if tried is Tried.SEND:
            if account.sends >= limits.otp_sends_per_day:
                yield Refusal(why=Closed.SENDS)
            continue
        if tried is Tried.PIN and account.row_in_a_day >= limits.pin_tries:
            yield Refusal(why=Closed.PIN)
        until_ms = account.last_ms + delay_ms(account.in_a_row, policy.lockout)
        if account.in_a_row > FREE_FAILURES and counts.now_ms < until_ms:
            yield Refusal(why=Closed.DELAY, until_ms=until_ms)
    if tried is Tried.SEND and counts.prefix_sends >= limits.otp_sends_per_prefix_hour:
        yield Refusal(why=Closed.PREFIX)
