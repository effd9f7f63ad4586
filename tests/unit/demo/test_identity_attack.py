"""Ten thousand guesses from many numbers, in processes that are ended and started again: the limits hold."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ivr.demo.identity_attack import BEGAN_MS, attack, reached, stored_tries
from ivr.model.attempts import Tried, TryMade


@pytest.mark.slow
def test_ten_thousand_guesses_never_pass_a_limit(tmp_path: Path) -> None:
    told = attack(tmp_path, 10_000, rounds=2)
    found = reached(asyncio.run(stored_tries(tmp_path)))
    assert sum(count for what, count in told.items() if what.startswith(("check_", "match_"))) == 10_000
    assert [each for each in found if each.most > each.limit] == []
    # The limits were reached, not merely never touched.
    assert [each.what for each in found if each.most < each.limit] == []
    assert not any("L4" in what for what in told)


def test_the_counting_afterwards_sees_every_limit_that_is_passed() -> None:
    def tries(count: int, tried: Tried, gap_ms: int) -> list[TryMade]:
        who = {"tried": tried, "call_id": "c", "number": "+49", "customer_id": "C", "right": False}
        return [TryMade(at_ms=BEGAN_MS + n * gap_ms, attempt_id=str(n), **who) for n in range(count)]  # type: ignore[arg-type]

    attacks = (
        tries(12, Tried.PIN, 1000),
        tries(4, Tried.CODE, 60_000),
        tries(3, Tried.FACTS, 1),
        tries(6, Tried.SEND, 1),
    )
    passed = {each.what for made in attacks for each in reached(made) if each.most > each.limit}
    assert passed == {each.what for each in reached([])}
    assert not [each for each in reached(tries(5, Tried.PIN, 3_600_000)) if each.most > each.limit]
