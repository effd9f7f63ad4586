"""Tries of identification, as they are counted: before anything is compared, by every process alike."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tried(StrEnum):
    """What was tried. SEND: a code was sent; no failure, but there may not be many."""

    FACTS = "facts"
    CODE = "code"
    PIN = "pin"  # a PIN or a passphrase
    SEND = "send"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try. customers: whom it may concern, () when nobody is known. number: the caller's, E.164, "" = withheld.
    prefix: of a SEND, the range of numbers the code goes to."""

    attempt_id: str
    call_id: str
    tried: Tried
    number: str = ""
    customers: tuple[str, ...] = ()
    prefix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCounts:
    """What went wrong with one account before. in_a_row: failures of what is tried now since it last succeeded,
    in_a_day: of everything in 24 h, row_in_a_day: those of in_a_row within 24 h. last_ms: the latest in the row,
    Unix milliseconds, 0 = none. sends: codes sent in 24 h."""

    customer_id: str
    in_a_row: int = 0
    row_in_a_day: int = 0
    in_a_day: int = 0
    last_ms: int = 0
    sends: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptCounts:
    """What was counted before an attempt. in_call: failures of what is tried now in this call; number_in_an_hour: of
    everything by this number; prefix_sends: codes to this range of numbers within an hour."""

    now_ms: int
    in_call: int = 0
    number_in_an_hour: int = 0
    prefix_sends: int = 0
    accounts: tuple[AccountCounts, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What a number and an account were seen doing. calls_in_an_hour: of the number; accounts_in_a_day: customers the
    number tried; numbers_in_a_day: numbers that tried the customer."""

    calls_in_an_hour: int = 0
    accounts_in_a_day: int = 0
    numbers_in_a_day: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SentCode:
    """A one-time code, hashed. Times are Unix milliseconds."""

    code_id: str
    call_id: str
    customer_id: str
    hashed: str
    sent_ms: int
    expires_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TryMade:
    """A try as it is stored, once for each account it concerned. right: it was not wrong."""

    at_ms: int
    attempt_id: str
    tried: Tried
    call_id: str
    number: str
    customer_id: str
    right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Failures that weigh on an account or a number now. subject: "customer:<id>" or "number:<E.164>"."""

    subject: str
    failures: int
    since_ms: int
    last_ms: int
