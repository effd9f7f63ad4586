"""One transfer after the other, as `ivr bench transfers` runs two hundred: the page before the ring, nobody lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.demo.bench_transfers import LEAST_BEFORE_RING, LIMIT_DECISION_MS, LIMIT_POP_MS, transfers
from ivr.demo.house import House

pytestmark = [pytest.mark.sip, pytest.mark.models]


async def test_in_a_run_of_transfers_pages_come_before_rings_and_no_caller_is_lost(
    house: House, tmp_path: Path
) -> None:
    run = await transfers(house, 30, tmp_path)
    assert (run["lost_callers"], run["trouble"]) == (0, [])
    assert run["attempts"] >= run["transfers"] == 30
    assert run["pop_before_ring"] >= LEAST_BEFORE_RING
    assert run["pop_ms"]["max"] <= LIMIT_POP_MS
    assert run["decision_ms"]["max"] <= LIMIT_DECISION_MS
