"""The agents' side of the house: presence changed from a page or a call, and the pop before the ring."""

from __future__ import annotations

from collections.abc import Sequence

from ivr.call.handoff import POP_TIMEOUT_S, Packet
from ivr.model.call import LogEntry
from ivr.model.ids import monotonic_ms
from ivr.model.routing import Agent, AgentState
from ivr.routing.agents import AgentDirectory
from ivr.web.live import LiveHub
from ivr.web.screen import line_of


class AgentsDesk:
    """Joins the directory (who is free) with the pages (who sees what). watching: call -> agent who was shown it."""

    def __init__(self, directory: AgentDirectory, hub: LiveHub) -> None:
        self.directory, self.hub = directory, hub
        self._watching: dict[str, str] = {}
        self._told: dict[str, AgentState] = {}

    def states(self) -> Sequence[tuple[Agent, AgentState, int]]:
        """Every agent, the state, and for how many milliseconds."""
        now_ms = monotonic_ms()
        return [(p.agent, p.state, now_ms - p.since_ms) for p in self.directory.presences(now_ms)]

    async def set_state(self, agent_id: str, wish: str) -> None:
        """What the page's buttons do: "ready" (which also logs in and ends wrap-up) or "not_ready"."""
        now_ms = monotonic_ms()
        state = self.directory.presence(agent_id, now_ms).state
        if state is AgentState.OFFLINE:
            self.directory.login(agent_id, now_ms=now_ms)
        elif state is AgentState.WRAP_UP:
            self.directory.wrapped_up(agent_id, now_ms=now_ms)
        if wish == "ready":
            if self.directory.presence(agent_id, now_ms).state is not AgentState.AVAILABLE:
                self.directory.ready(agent_id, now_ms=now_ms)
        else:
            self.directory.not_ready(agent_id, now_ms=now_ms, reason="asked for it")
        self.tell_states()

    async def pop(self, call_id: str, agent_id: str, packet: Packet) -> bool:
        """Show the context on the agent's page. True when a page says it is on the glass."""
        self._watching[call_id] = agent_id
        data = {"pop_id": packet.token, "call_id": call_id, "packet": dict(packet.context)}
        self.tell_states()
        self.hub.publish(f"agent:{agent_id}", "pop", data)
        return await self.hub.confirm_shown(packet.token, POP_TIMEOUT_S)

    def follow(self, entry: LogEntry) -> None:
        """Every log entry of every call: to the operators' page, and to the agent who was shown the call."""
        self.hub.publish("calls", entry.kind, {"call_id": entry.call_id, "seq": entry.seq, "at": entry.at})
        agent_id = self._watching.get(entry.call_id)
        line = line_of(entry) if agent_id else None
        if line is not None:
            self.hub.publish(f"agent:{agent_id}", "transcript", line)
        if agent_id and entry.kind == "call.ended":
            del self._watching[entry.call_id]
            self.hub.publish(f"agent:{agent_id}", "ended", {"call_id": entry.call_id})
        if entry.kind.startswith(("handoff.", "call.ended")):
            self.tell_states()
        if entry.kind == "callback.promised":
            for agent, _state, _since in self.states():
                self.hub.publish(f"agent:{agent.agent_id}", "callbacks", {"call_id": entry.call_id})

    def tell_states(self) -> None:
        """Pages of agents whose state changed are told."""
        for agent, state, since_ms in self.states():
            if self._told.get(agent.agent_id) is not state:
                self._told[agent.agent_id] = state
                self.hub.publish(f"agent:{agent.agent_id}", "state", {"state": state.value, "since_ms": since_ms})
