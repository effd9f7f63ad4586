"""How fast people here take the calls of each queue: seen from what becomes of the agents they are given to.

Owns which agent has a call of which queue. A call counts from the moment an agent takes it to the moment that agent is
free again, wrap-up and all. Times: monotonic milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ivr.model.routing import AgentState
from ivr.routing.agents import MOVED_AWAY, AgentDirectory, UnknownAgentError
from ivr.routing.expected_wait import Pace

_S = AgentState


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    call_id: str
    queue: str
    taken: bool = False


class QueuePaces:
    """The Pace of every queue. follow() has to be called whenever the state of an agent has changed."""

    def __init__(self, directory: AgentDirectory) -> None:
        self._directory = directory
        self._paces: dict[str, Pace] = {}
        self._given: dict[str, _Given] = {}

    def given(self, agent_id: str, call_id: str, queue: str) -> None:
        """The agent was reserved for this call."""
        self._given[agent_id] = _Given(call_id=call_id, queue=queue)

    def follow(self, now_ms: int) -> None:
        """Take in what the agents with calls do now."""
        for agent_id in list(self._given):
            self._follow_one(agent_id, now_ms)

    def expected_ms(self, queue: str, position: int, agents: int, now_ms: int) -> int | None:
        """See Pace.expected_ms; None for a queue nobody took a call of."""
        self.follow(now_ms)
        pace = self._paces.get(queue)
        return pace.expected_ms(position, agents, now_ms) if pace is not None else None

    def _follow_one(self, agent_id: str, now_ms: int) -> None:
        given = self._given[agent_id]
        try:
            now = self._directory.presence(agent_id, now_ms)
        except UnknownAgentError:  # gone from the plan
            self._end(agent_id, now_ms)
            return
        moved = now.state is _S.NOT_READY and now.reason == MOVED_AWAY
        if now.state is _S.TALKING or moved:
            if not given.taken:
                self._given[agent_id] = replace(given, taken=True)
                self._paces.setdefault(given.queue, Pace()).accepted(given.call_id, now.since_ms)
        elif now.state not in {_S.RESERVED, _S.WRAP_UP}:
            self._end(agent_id, now.since_ms)

    def _end(self, agent_id: str, at_ms: int) -> None:
        given = self._given.pop(agent_id, None)  # asking for the state may have ended it already
        if given is not None and given.taken:
            self._paces[given.queue].ended(given.call_id, at_ms)
