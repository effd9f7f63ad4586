"""Tries are counted before they are made: together, after a restart, and after an operator cleared them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ivr.model.attempts import Attempt, AttemptCounts, SentCode, Tried
from ivr.model.identity import RiskKind, RiskSignal
from ivr.model.ids import new_id
from ivr.storage.store import Store
from tests.unit.storage.conftest import Clock


def pin(customer: str = "C1", number: str = "+49151", call: str = "call") -> Attempt:
    return Attempt(attempt_id=new_id(), call_id=call, tried=Tried.PIN, number=number, customers=(customer,))


def below(limit: int) -> Callable[[AttemptCounts], bool]:
    return lambda counts: counts.accounts[0].in_a_day < limit


async def counted(store: Store, attempt: Attempt) -> AttemptCounts:
    seen: list[AttemptCounts] = []
    assert not await store.reserve(attempt, lambda counts: bool(seen.append(counts)))
    return seen[0]


async def test_of_many_tries_at_once_no_more_than_the_limit_are_let_through(
    store: Store, url: str, clock: Clock
) -> None:
    other = await Store.open(url, now=clock)  # a second process, as far as the database knows
    try:
        tries = [each.reserve(pin(call=new_id()), below(3)) for _ in range(8) for each in (store, other)]
        assert sum(await asyncio.gather(*tries)) == 3
    finally:
        await other.close()


async def test_a_try_without_a_proof_is_a_failure_also_after_a_restart(store: Store, url: str, clock: Clock) -> None:
    assert await store.reserve(pin(), below(9))
    await store.close()
    again = await Store.open(url, now=clock)
    try:
        counts = await counted(again, pin())
        account = counts.accounts[0]
        assert (counts.in_call, counts.number_in_an_hour, account.in_a_row, account.in_a_day) == (1, 1, 1, 1)
        assert account.last_ms == counts.now_ms
    finally:
        await again.close()


async def test_what_was_right_ends_the_row_of_its_kind_and_customer_only(store: Store, clock: Clock) -> None:
    for tried in (Tried.PIN, Tried.CODE, Tried.PIN):
        both = Attempt(attempt_id=new_id(), call_id="call", tried=tried, customers=("C1", "C2"))
        assert await store.reserve(both, lambda _: True)
    clock.wind(1)
    right = Attempt(attempt_id=new_id(), call_id="call", tried=Tried.PIN, customers=("C1", "C2"))
    assert await store.reserve(right, lambda _: True)
    await store.succeeded(right.attempt_id, "C1")
    clock.wind(1)
    both = Attempt(attempt_id=new_id(), call_id="new", tried=Tried.PIN, customers=("C1", "C2"))
    one, two = (await counted(store, both)).accounts
    assert (one.in_a_row, one.in_a_day) == (0, 3)
    assert (two.in_a_row, two.in_a_day) == (2, 3)  # for C2 the try was not wrong, and proved nothing
    code = Attempt(attempt_id=new_id(), call_id="new", tried=Tried.CODE, customers=("C1",))
    assert (await counted(store, code)).accounts[0].in_a_row == 1


async def test_failures_fade_with_time_but_a_row_of_them_does_not(store: Store, clock: Clock) -> None:
    assert await store.reserve(pin(), below(9))
    clock.wind(3601)
    counts = await counted(store, pin())
    assert (counts.number_in_an_hour, counts.accounts[0].in_a_day, counts.in_call) == (0, 1, 1)
    clock.wind(24 * 3600)
    account = (await counted(store, pin())).accounts[0]
    assert (account.in_a_day, account.row_in_a_day, account.in_a_row) == (0, 0, 1)


async def test_a_withheld_number_counts_for_the_account_and_for_no_number(store: Store) -> None:
    assert await store.reserve(pin(number=""), below(9))
    counts = await counted(store, pin(number="", call="other"))
    assert (counts.number_in_an_hour, counts.accounts[0].in_a_day) == (0, 1)


async def test_an_operator_clears_an_account_and_a_number_and_the_tries_stay_stored(store: Store, clock: Clock) -> None:
    assert await store.reserve(pin(), below(9))
    assert [(lock.subject, lock.failures) for lock in await store.failures()] == [
        ("customer:C1", 1),
        ("number:+49151", 1),
    ]
    clock.wind(1)
    await store.clear_failures("customer:C1", "Olga")
    await store.clear_failures("number:+49151", "Olga")
    assert await store.failures() == []
    counts = await counted(store, pin(call="other"))
    assert (counts.number_in_an_hour, counts.accounts[0].in_a_row, counts.accounts[0].in_a_day) == (0, 0, 0)
    assert [made.right for made in await store.tries()] == [False]


async def test_codes_sent_are_counted_by_account_and_by_range(store: Store) -> None:
    def send(prefix: str) -> Attempt:
        return Attempt(attempt_id=new_id(), call_id="call", tried=Tried.SEND, customers=("C1",), prefix=prefix)

    assert await store.reserve(send("+491512345"), lambda _: True)
    counts = await counted(store, send("+491512345"))
    assert (counts.prefix_sends, counts.accounts[0].sends, counts.accounts[0].in_a_day) == (1, 1, 0)
    assert (await counted(store, send("+491512346"))).prefix_sends == 0


async def test_only_the_latest_code_of_a_call_counts_and_only_once(store: Store, clock: Clock) -> None:
    def code(code_id: str) -> SentCode:
        at_ms = round(clock().timestamp() * 1000)
        return SentCode(
            code_id=code_id, call_id="call", customer_id="C1", hashed="h", sent_ms=at_ms, expires_ms=at_ms + 300_000
        )

    assert await store.sent_code("call", "C1") is None
    await store.save_code(code("first"))
    clock.wind(1)
    await store.save_code(second := code("second"))
    assert await store.sent_code("call", "C1") == second
    assert await store.sent_code("other", "C1") is None
    assert sorted(await asyncio.gather(*(store.use_code("second") for _ in range(3)))) == [False, False, True]
    assert await store.sent_code("call", "C1") is None
    assert await store.forget_expired_codes() == 0
    clock.wind(3600 + 302)
    assert await store.forget_expired_codes() == 2


async def test_signals_of_a_call_are_kept_once_and_activity_is_counted(store: Store) -> None:
    signal = RiskSignal(kind=RiskKind.FAST_KEYS, at_ms=1, detail={"mean_ms": 20})
    await store.save_signals("call", "+49151", "C1", [signal, signal])
    for customer, number in (("C1", "+49151"), ("C2", "+49151"), ("C1", "+49152"), ("C1", "")):
        assert await store.reserve(pin(customer, number), lambda _: True)
    seen = await store.activity("+49151", "C1")
    assert (seen.accounts_in_a_day, seen.numbers_in_a_day) == (2, 2)
    assert (await store.activity("", "C1")).accounts_in_a_day == 0


async def test_tries_are_forgotten_when_they_are_old_and_limits_hold_until_then(store: Store, clock: Clock) -> None:
    wrong, right = pin("C1", "+49151"), pin("C1", "+49151")
    assert await store.reserve(wrong, lambda _: True)
    await store.save_signals("call", "+49151", "C1", [RiskSignal(kind=RiskKind.FAST_KEYS, at_ms=1, detail={})])
    assert await store.reserve(right, lambda _: True)
    await store.succeeded(right.attempt_id, "C1")
    clock.wind(50 * 86_400)
    assert await store.reserve(pin("C1", "+49151"), lambda _: True)
    assert await store.forget_tries(90 * 86_400_000) == 0
    clock.wind(50 * 86_400)
    assert (await counted(store, pin("C1", "+49151"))).accounts[0].in_a_row == 1
    assert await store.forget_tries(90 * 86_400_000) == 2
    left = {made.attempt_id for made in await store.tries()}
    assert len(left) == 1 and not left & {wrong.attempt_id, right.attempt_id}
    assert (await counted(store, pin("C1", "+49151"))).accounts[0].in_a_row == 1
