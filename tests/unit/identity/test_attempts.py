"""Limits and delays, as pure functions of what was counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.identity.attempts import Closed, after_failure, delay_ms, locks_account, refusal
from ivr.identity.policy import DEFAULT, Lockout
from ivr.model.attempts import AccountCounts, AttemptCounts, Tried

NOW = 100_000_000


def why(tried: Tried, *, account: AccountCounts | None = None, **counts: int) -> Closed | None:
    accounts = (account,) if account else ()
    found = refusal(tried, AttemptCounts(now_ms=NOW, accounts=accounts, **counts), DEFAULT)
    return found.why if found else None


def failed(**counts: int) -> AccountCounts:
    return AccountCounts(customer_id="C1", **counts)


@pytest.mark.parametrize(
    ("tried", "counts", "account", "closed"),
    [
        (Tried.FACTS, {"in_call": 1}, {}, None),
        (Tried.FACTS, {"in_call": 2}, {}, Closed.CALL),
        (Tried.CODE, {"in_call": 2}, {}, None),
        (Tried.CODE, {"in_call": 3}, {}, Closed.CALL),
        (Tried.PIN, {"in_call": 5}, {}, Closed.CALL),
        (Tried.PIN, {}, {"in_a_row": 5, "row_in_a_day": 5}, Closed.PIN),
        (Tried.CODE, {}, {"in_a_row": 5, "row_in_a_day": 5}, None),
        (Tried.PIN, {"number_in_an_hour": 5}, {}, Closed.NUMBER),
        (Tried.FACTS, {"number_in_an_hour": 4}, {}, None),
        (Tried.FACTS, {}, {"in_a_day": 9}, None),
        (Tried.FACTS, {}, {"in_a_day": 10}, Closed.ACCOUNT_DAY),
        (Tried.FACTS, {}, {"in_a_row": 100}, Closed.ACCOUNT_TOTAL),
        (Tried.SEND, {}, {"sends": 4}, None),
        (Tried.SEND, {}, {"sends": 5}, Closed.SENDS),
        (Tried.SEND, {}, {"in_a_day": 10}, Closed.ACCOUNT_DAY),
        (Tried.SEND, {"prefix_sends": 20}, {}, Closed.PREFIX),
        (Tried.CODE, {"prefix_sends": 20}, {}, None),
    ],
)
def test_each_limit_closes_where_it_says(
    tried: Tried, counts: dict[str, int], account: dict[str, int], closed: Closed | None
) -> None:
    assert why(tried, account=failed(**account), **counts) is closed


def test_the_third_failure_in_a_row_costs_a_delay_and_later_ones_longer_ones() -> None:
    assert [delay_ms(n, Lockout()) for n in (0, 2, 3, 4, 5, 9)] == [0, 0, 30_000, 120_000, 3_600_000, 3_600_000]
    assert why(Tried.CODE, account=failed(in_a_row=3, last_ms=NOW - 29_999)) is Closed.DELAY
    assert why(Tried.CODE, account=failed(in_a_row=3, last_ms=NOW - 30_000)) is None
    assert why(Tried.SEND, account=failed(in_a_row=3, last_ms=NOW)) is None


def test_the_owner_is_told_when_the_account_closes_and_only_then() -> None:
    assert [n for n in range(12) if locks_account(Tried.FACTS, failed(in_a_day=n), DEFAULT)] == [9]
    assert [n for n in range(120) if locks_account(Tried.CODE, failed(in_a_row=n), DEFAULT)] == [99]
    assert [n for n in range(9) if locks_account(Tried.PIN, failed(row_in_a_day=n), DEFAULT)] == [4]


COUNTS = st.tuples(*[st.integers(0, 120)] * 5)


@pytest.mark.slow
@given(st.sampled_from(Tried), COUNTS, st.booleans())
def test_a_failure_never_opens_what_was_closed(tried: Tried, counted: tuple[int, ...], known: bool) -> None:
    in_call, by_number, in_a_row, in_a_day, ago_s = counted
    row_in_a_day = min(in_a_row, in_a_day)
    account = failed(in_a_row=in_a_row, row_in_a_day=row_in_a_day, in_a_day=in_a_day, last_ms=NOW - ago_s * 1000)
    before = AttemptCounts(now_ms=NOW, in_call=in_call, number_in_an_hour=by_number, accounts=(account,))
    if refusal(tried, before, DEFAULT) is not None:
        assert refusal(tried, after_failure(before, by_number=known), DEFAULT) is not None
