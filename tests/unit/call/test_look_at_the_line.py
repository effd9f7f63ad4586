"""What a look at the line costs with a thousand people at work: all of it, in processor time, as calls' turns wait."""

from __future__ import annotations

import pytest

from ivr.demo.bench_decisions import LIMIT_MS, bench_decisions


@pytest.mark.slow
@pytest.mark.parametrize("waiting", [1, 20, 200])
async def test_a_look_at_the_line_takes_less_than_ten_milliseconds(waiting: int) -> None:
    """The median: what else the machine does at the moment is not the line's doing."""
    found = await bench_decisions(agents=1000, waiting=waiting, rounds=15)
    assert found["ms"]["arrives"]["p50"] < LIMIT_MS, found
    assert found["ms"]["free"]["p50"] < LIMIT_MS, found
