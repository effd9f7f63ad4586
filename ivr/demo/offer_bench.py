"""`ivr bench offers`: what a decision costs a call, on the real desk and a real store that knows the callers."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import numpy as np

from ivr.call.opportunities import Opportunities
from ivr.demo.offer_market import customer, facts, market
from ivr.offers.desk import OfferDesk
from ivr.offers.world import World, load_world
from ivr.storage.store import Store

HOUSEHOLDS = 500
WARM_UP = 100  # decisions before the first that counts: statements are compiled, caches filled


async def bench_offers(decisions: int) -> dict[str, Any]:
    """Milliseconds of a decision, from the facts to the stored opportunity: processor time of the process, and time a
    caller waits. decisions: at least 100."""
    world = load_world()
    processor, waited = [], []
    with tempfile.TemporaryDirectory(prefix="ivr-offers-") as folder:
        store = await Store.open(f"sqlite:///{Path(folder) / 'ivr.sqlite3'}")
        made = Opportunities(OfferDesk(market(world, 20_000), "bench", 0.2), store)
        try:
            for number, asked in enumerate(_questions(world, decisions + WARM_UP)):
                at, cpu = time.perf_counter(), time.process_time()
                await made.decide(asked, opportunity_id=f"O{number}", call_id=f"call {number}", ani="+12025550100")
                processor.append((time.process_time() - cpu) * 1000.0)
                waited.append((time.perf_counter() - at) * 1000.0)
        finally:
            await store.close()
    return {
        "decisions": decisions,
        "households": HOUSEHOLDS,
        "decision_ms": {"cpu": _told(processor[WARM_UP:]), "wall": _told(waited[WARM_UP:])},
    }


def _questions(world: World, count: int) -> Any:
    callers = world.draw(count, np.random.default_rng(1))
    for number in range(count):
        owned = tuple(p for p, free in zip(world.products, callers.eligible[number], strict=True) if not free)
        segment = world.segments[int(callers.segment[number])]
        who = customer(number % HOUSEHOLDS, world, segment, callers.known[number].tolist(), owned)
        yield facts(who, datetime.now(UTC), solved=True)


def _told(milliseconds: list[float]) -> dict[str, float]:
    return {"p50": round(median(milliseconds), 2), "p99": round(quantiles(milliseconds, n=100)[-1], 2)}
