"""A real store in a real SQLite file, and things to put into it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr.storage.store import Store

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


class Clock:
    """A clock the test winds."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at

    def wind(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def url(fresh_database: Callable[[Path], str], tmp_path: Path) -> str:
    return fresh_database(tmp_path / "data" / "ivr.db")


@pytest.fixture
async def store(url: str, clock: Clock) -> AsyncIterator[Store]:
    opened = await Store.open(url, now=clock)
    yield opened
    await opened.close()
