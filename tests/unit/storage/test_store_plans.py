"""What calls, pages and watches ask of the store, as SQLite goes about it: never through all calls there ever were."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ivr.storage.store import Store

MOMENT = "2026-11-22T10:00:00.000Z"
GROWING = ("calls", "call_requests", "events", "opportunities", "answers", "outcomes", "overflows")
QUESTIONS: dict[str, Callable[[Store], Awaitable[object]]] = {
    "start: what was cut off": lambda store: store.open_calls(),
    "start: what others left": lambda store: store.take_over_calls(),
    "the newest calls": lambda store: store.calls(50, before="01Z"),
    "an agent's calls": lambda store: store.calls(50, agent="a1"),
    "a call": lambda store: store.call("01A"),
    "a call's overflow": lambda store: store.overflow_of_call("01A"),
    "a call's log": lambda store: store.events("01A"),
    "a customer's dealings": lambda store: store.dealings("C1", 3, besides="01A"),
    "who served a customer": lambda store: store.last_agent("", "C1", 90),
    "who served a number": lambda store: store.last_agent("+49151", "", 90),
    "who called lately": lambda store: store.last_call("+49151", 86_400),
    "a decision on an offer": lambda store: store.remembered(
        "h", ["h"], ["claim"], MOMENT, besides="01A", surveyed_since=MOMENT
    ),
    "what others learned": lambda store: store.lessons(MOMENT),
    "the experiment's newest": lambda store: store.experiment_rows(1_800_000_000_000),
}


@pytest.fixture
def asked(store: Store) -> Iterator[list[tuple[str, Any]]]:
    seen: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, values: Any, *___: object) -> None:
        seen.append((statement, values))

    engine = store._db._engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("name", QUESTIONS)
async def test_it_is_found_without_going_through_everything(
    store: Store, tmp_path: Path, asked: list[tuple[str, Any]], name: str
) -> None:
    await QUESTIONS[name](store)
    assert asked
    with closing(sqlite3.connect(tmp_path / "data" / "ivr.db")) as database:
        for statement, values in asked:
            steps = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
            through = [step for step in steps if step.startswith("SCAN") and step.split()[1] in GROWING]
            assert not through, statement
