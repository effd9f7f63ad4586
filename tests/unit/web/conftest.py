"""A real app on a real port over a real store. Agents are a small book that keeps the desk's contract."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from ivr.model.errors import IvrError
from ivr.model.routing import Agent, AgentState
from ivr.storage.store import Store
from ivr.web.app import make_app
from ivr.web.desk import AgentDetail, Desk
from ivr.web.live import LiveHub


class AgentBook:
    """Two agents; ready and not_ready work unless the agent talks."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[Agent, AgentState]] = {}
        self.reasons: dict[str, str] = {}
        for agent_id, name in (("a17", "Anna Weiss"), ("a18", "Igor Petrov")):
            agent = Agent(agent_id=agent_id, name=name, sip_uri=f"sip:{agent_id}@pbx", queues=("claims",))
            self.rows[agent_id] = (agent, AgentState.NOT_READY)

    def states(self) -> list[tuple[Agent, AgentState, int]]:
        return [(agent, state, 1500) for agent, state in self.rows.values()]

    def put(self, agent_id: str, state: AgentState) -> None:
        self.rows[agent_id] = (self.rows[agent_id][0], state)

    async def set_state(self, agent_id: str, wanted: str, reason: str = "") -> None:
        if self.rows[agent_id][1] is AgentState.TALKING:
            raise IvrError("the agent is talking")
        self.put(agent_id, AgentState.AVAILABLE if wanted == "ready" else AgentState.NOT_READY)
        self.reasons[agent_id] = reason

    def detail(self, agent_id: str) -> AgentDetail:
        return AgentDetail(reason=self.reasons.get(agent_id, ""))


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    opened = await Store.open(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def book() -> AgentBook:
    return AgentBook()


@pytest.fixture
def hub() -> LiveHub:
    return LiveHub()


@pytest.fixture
async def serve(store: Store, book: AgentBook, hub: LiveHub) -> AsyncIterator[Callable[..., Any]]:
    """serve(token="...", ...) is a client of a running app."""
    clients: list[TestClient[Any, Any]] = []

    async def begin(**changes: Any) -> TestClient[Any, Any]:
        values: dict[str, Any] = {
            "store": store,
            "hub": hub,
            "agent_states": book.states,
            "set_agent_state": book.set_state,
            "agent_detail": book.detail,
            "health": lambda: {"ready": True, "live_calls": 1, "workers": {"media": 1, "speech": 1}},
            "metrics": lambda: b"ivr_live_calls 1.0\n",
            "assistant": "insurance",
        }
        client = TestClient(TestServer(make_app(Desk(**{**values, **changes}))))
        await client.start_server()
        clients.append(client)
        return client

    yield begin
    for client in clients:
        await client.close()
