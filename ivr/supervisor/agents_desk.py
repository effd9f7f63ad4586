"""The agents' side of the house: presence changed from a page or a call, and the pop before the ring."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ivr.call.at_desk import KEPT
from ivr.call.handoff_terms import POP_TIMEOUT_S, Packet
from ivr.model.call import LogEntry
from ivr.model.ids import monotonic_ms
from ivr.model.routing import Agent, AgentState
from ivr.routing.agents import AgentDirectory
from ivr.web.attendance import Attendance
from ivr.web.desk import AgentDetail
from ivr.web.live import LiveHub
from ivr.web.screen import line_of

PAGE_CLOSED = "page_closed"
PASSING = ("handoff.passing_on", "handoff.passed_on", KEPT)
LOOK_S = 1.0


class AgentsDesk:
    """Joins the directory (who is free) with the pages (who sees what). watching: call -> agent who was shown it.

    An agent whose page is gone gets no calls until it is back, except with a telephone alone (phone_only of
    routing.yml). A call under way is left alone. wished: when an agent last said ready, which counts as a sign of life:
    the page may be opening still.
    """

    def __init__(self, directory: AgentDirectory, hub: LiveHub) -> None:
        self.directory, self.hub = directory, hub
        self._watching: dict[str, str] = {}
        self._told: dict[str, AgentState] = {}
        self.attendance = Attendance()
        self._wished: dict[str, int] = {}
        self._away: set[str] = set()

    def states(self) -> Sequence[tuple[Agent, AgentState, int]]:
        """Every agent, the state, and for how many milliseconds."""
        now_ms = monotonic_ms()
        return [(p.agent, p.state, now_ms - p.since_ms) for p in self.directory.presences(now_ms)]

    def detail(self, agent_id: str) -> AgentDetail:
        """Why an agent is not ready, and how long the wrap-up still takes."""
        now_ms = monotonic_ms()
        found = self.directory.presence(agent_id, now_ms)
        wrapping = found.state is AgentState.WRAP_UP
        left_ms = self.directory.plan.wrap_up_ms - (now_ms - found.since_ms) if wrapping else 0
        return AgentDetail(reason=found.reason, left_ms=max(0, left_ms))

    async def watch_pages(self) -> None:
        """Look after who is there, for ever."""
        while True:
            self.look_for_pages(monotonic_ms())
            await asyncio.sleep(LOOK_S)

    def look_for_pages(self, now_ms: int) -> None:
        """Agents whose page is gone become not ready; those whose page is back become ready again."""
        gone_ms = self.directory.plan.desk.page_gone_ms
        for each in self.directory.presences(now_ms):
            agent_id = each.agent.agent_id
            wished_ms = self._wished.get(agent_id)
            opening = wished_ms is not None and now_ms - wished_ms < gone_ms
            if each.agent.phone_only or opening or self.attendance.is_there(agent_id, now_ms):
                if agent_id in self._away:
                    self._away.discard(agent_id)
                    if each.state is AgentState.NOT_READY and each.reason == PAGE_CLOSED:
                        self.directory.ready(agent_id, now_ms=now_ms)
            elif each.state in (AgentState.AVAILABLE, AgentState.WRAP_UP):
                self._away.add(agent_id)
                self.directory.not_ready(agent_id, now_ms=now_ms, reason=PAGE_CLOSED)
        self.tell_states()

    async def set_state(self, agent_id: str, wish: str, reason: str = "") -> None:
        """What the page's buttons do: "ready" (which also logs in and ends wrap-up) or "not_ready"."""
        now_ms = monotonic_ms()
        self._away.discard(agent_id)
        self._wished[agent_id] = now_ms
        self.disposed(agent_id)
        state = self.directory.presence(agent_id, now_ms).state
        if state is AgentState.OFFLINE:
            self.directory.login(agent_id, now_ms=now_ms)
        elif state is AgentState.WRAP_UP:
            self.directory.wrapped_up(agent_id, now_ms=now_ms)
        if wish == "ready":
            if self.directory.presence(agent_id, now_ms).state is not AgentState.AVAILABLE:
                self.directory.ready(agent_id, now_ms=now_ms)
        else:
            self.directory.not_ready(agent_id, now_ms=now_ms, reason=reason)
        self.tell_states()

    async def pop(self, call_id: str, agent_id: str, packet: Packet) -> bool:
        """Show the context on the agent's page. True when a page says it is on the glass."""
        self._watching[call_id] = agent_id
        data = {"pop_id": packet.token, "call_id": call_id, "packet": dict(packet.context)}
        self.tell_states()
        self.hub.publish(f"agent:{agent_id}", "pop", data)
        shown = await self.hub.confirm_shown(packet.token, POP_TIMEOUT_S)
        agent, required = self.directory.plan.agents.get(agent_id), self.directory.plan.desk.disposition_required
        by_page = agent is not None and not agent.phone_only
        self.directory.hold_wrap_up(agent_id, held=shown and by_page and required)
        return shown

    def disposed(self, agent_id: str) -> None:
        """The agent said how the call ended: the wrap-up may end by itself."""
        self.directory.hold_wrap_up(agent_id, held=False)

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
        if entry.kind in PASSING:
            self._follow_passing(entry)
        if entry.kind.startswith(("handoff.", "call.ended")):
            self.tell_states()
        if entry.kind == "callback.promised":
            for agent, _state, _since in self.states():
                self.hub.publish(f"agent:{agent.agent_id}", "callbacks", {"call_id": entry.call_id})

    def _follow_passing(self, entry: LogEntry) -> None:
        """The page of whoever passes a call on says how that goes; a call that is kept is followed there again."""
        owner = str(entry.data.get("by", entry.data["agent"]))
        if entry.kind == KEPT:
            self._watching[entry.call_id] = owner
        what = {"what": entry.kind.partition(".")[2], "result": entry.data.get("result", "")}
        self.hub.publish(f"agent:{owner}", "passing", {**what, "to": entry.data.get("to", "") or entry.data["agent"]})

    def tell_states(self) -> None:
        """Pages of agents whose state changed are told."""
        for agent, state, since_ms in self.states():
            if self._told.get(agent.agent_id) is not state:
                self._told[agent.agent_id] = state
                self.hub.publish(f"agent:{agent.agent_id}", "state", self._state_of(agent.agent_id, state, since_ms))

    def _state_of(self, agent_id: str, state: AgentState, since_ms: int) -> dict[str, object]:
        detail = self.detail(agent_id)
        return {"state": state.value, "since_ms": since_ms, "reason": detail.reason, "left_ms": detail.left_ms}
