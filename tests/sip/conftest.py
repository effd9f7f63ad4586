"""A whole house for the tests of a folder: one shared, and as many of one's own as a test wants to break.

The shared house is up once per run; every test leaves it without calls, with a healthy CRM and no agent at a desk.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from ivr.demo.house import House
from ivr.demo.phone_client import SoftPhone
from tests.sip.house import (
    PORTS_OF_A_HOUSE,
    Caller,
    Overrides,
    a_caller,
    a_house,
    a_phone,
    agent_state,
    set_agents,
    until,
    visiting,
)
from tests.sip.sentences import no_more_sentences

OpenHouse = Callable[..., AbstractAsyncContextManager[House]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_house(
    tmp_path_factory: pytest.TempPathFactory, reserve_ports_for_session: Callable[[int], range]
) -> AsyncIterator[House]:
    """The running house. Its HTTP session belongs to another event loop: tests take `house`."""
    folder = tmp_path_factory.mktemp("house")
    async with a_house(folder, reserve_ports_for_session(PORTS_OF_A_HOUSE)) as house:
        yield house


@pytest_asyncio.fixture
async def house(shared_house: House) -> AsyncIterator[House]:
    """The shared house, in order before and after."""
    async with visiting(shared_house) as house:

        async def empty() -> bool:
            return (await house.health())["live_calls"] == 0

        await until("the house is empty", empty)
        yield house
        await house.faults("ok")
        await until("the test's calls are over", empty, 15)
        for agent_id in ("a1", "a2"):
            if await agent_state(house, agent_id) not in {"offline", "not_ready"}:
                await set_agents(house, **{agent_id: "not_ready"})


@pytest.fixture(scope="session", autouse=True)
def synthesiser() -> Iterator[None]:
    """The callers' voice ends with the last test."""
    yield
    no_more_sentences()


@pytest.fixture
def open_own_house(
    reserve_ports: Callable[[int], range], fresh_database: Callable[[Path], str], tmp_path: Path
) -> OpenHouse:
    """`async with open_own_house(overrides) as house:` a house this test may break. name: its folder under tmp_path.

    Its database is migrated already; the shared house migrates its own."""

    def opened(overrides: Overrides | None = None, name: str = "house") -> AbstractAsyncContextManager[House]:
        database = tmp_path / name / "ivr.sqlite3"
        if not database.exists():
            fresh_database(database)
        return a_house(database.parent, reserve_ports(PORTS_OF_A_HOUSE), overrides)

    return opened


@pytest_asyncio.fixture
async def caller(house: House, tmp_path: Path) -> AsyncIterator[Caller]:
    """A caller of the shared house."""
    async with a_caller(house, tmp_path) as someone:
        yield someone


@pytest_asyncio.fixture
async def agent(house: House, tmp_path: Path) -> AsyncIterator[SoftPhone]:
    """The phone of agent a1, who is ready; it answers at once until told otherwise."""
    async with AsyncExitStack() as stack:
        phone = await stack.enter_async_context(a_phone(house, "agent1", tmp_path))
        await set_agents(house, a1="ready")
        yield phone
