"""Presence: which agent is doing what, since when. A table of allowed transitions, time as an argument.

Owns the states and who has waited longest; knows nothing of calls and places none. Used from one event loop: every
method runs to its end without giving way, so a reservation is atomic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from ivr.model.errors import ImpossibleTransitionError, IvrError
from ivr.model.routing import Agent, AgentState
from ivr.routing.plan import RoutingPlan


class UnknownAgentError(IvrError):
    """No agent of that id is in the plan."""


class AgentEvent(StrEnum):
    """What can happen to an agent."""

    LOGIN = "login"
    READY = "ready"
    NOT_READY = "not_ready"
    RESERVE = "reserve"  # chosen for a call; the phone is about to ring
    RELEASE = "release"  # the call went elsewhere
    ANSWERED = "answered"  # took the call
    ENDED = "ended"  # the call is over
    WRAPPED_UP = "wrapped_up"
    NO_ANSWER = "no_answer"  # the phone rang in vain
    MOVED = "moved"  # the call goes on without us: when it ends is not for us to see


_S, _E = AgentState, AgentEvent

TRANSITIONS: dict[tuple[AgentState, AgentEvent], AgentState] = {
    (_S.OFFLINE, _E.LOGIN): _S.NOT_READY,
    (_S.NOT_READY, _E.READY): _S.AVAILABLE,
    (_S.NOT_READY, _E.NOT_READY): _S.NOT_READY,  # for another reason
    (_S.AVAILABLE, _E.NOT_READY): _S.NOT_READY,
    (_S.AVAILABLE, _E.RESERVE): _S.RESERVED,
    (_S.RESERVED, _E.RELEASE): _S.AVAILABLE,
    (_S.RESERVED, _E.ANSWERED): _S.TALKING,
    (_S.RESERVED, _E.NO_ANSWER): _S.NOT_READY,
    (_S.RESERVED, _E.MOVED): _S.NOT_READY,
    (_S.TALKING, _E.ENDED): _S.WRAP_UP,
    (_S.TALKING, _E.MOVED): _S.NOT_READY,
    (_S.WRAP_UP, _E.WRAPPED_UP): _S.AVAILABLE,
    (_S.WRAP_UP, _E.READY): _S.AVAILABLE,
    (_S.WRAP_UP, _E.NOT_READY): _S.NOT_READY,
}
_BUSY = frozenset({_S.TALKING, _S.WRAP_UP})
MOVED_AWAY = "in a call that was moved away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """An agent at a moment. since_ms: when the state began; idle_since_ms: when the wait for a call began (a call that
    went elsewhere does not restart it); login_ms and busy_ms: for the occupancy. reason: why not ready."""

    agent: Agent
    state: AgentState = AgentState.OFFLINE
    since_ms: int = 0
    idle_since_ms: int = 0
    login_ms: int = 0
    busy_ms: int = 0
    reason: str = ""

    def occupancy(self, now_ms: int) -> float:
        """Share of the time since login spent on calls and their wrap-up, 0..1."""
        online_ms = now_ms - self.login_ms
        if self.state is AgentState.OFFLINE or online_ms <= 0:
            return 0.0
        busy_ms = self.busy_ms + (now_ms - self.since_ms if self.state in _BUSY else 0)
        return min(1.0, busy_ms / online_ms)


class AgentDirectory:
    """All agents of a plan, offline at first. now_ms: monotonic milliseconds, never going back.

    Wrap-up ends by itself after the plan's wrap_up_ms; no timer is needed, the next question finds it ended.
    Events that cannot happen raise ImpossibleTransitionError, unknown ids UnknownAgentError.
    """

    def __init__(self, plan: RoutingPlan) -> None:
        self.plan = plan
        self._wrap_up_ms = plan.wrap_up_ms
        self._presences = {agent_id: Presence(agent=agent) for agent_id, agent in plan.agents.items()}
        self._watchers: list[Callable[[], None]] = []
        self._held: set[str] = set()

    def watch(self, changed: Callable[[], None]) -> None:
        """Have changed() called whenever anybody's state has changed. It must return at once and change none itself."""
        self._watchers.append(changed)

    def replan(self, plan: RoutingPlan) -> None:
        """Another plan from now on. Whoever is in both keeps the state; whoever is gone from it stays until off the
        phone, with a call to end, and gets no further one."""
        old, self.plan, self._wrap_up_ms = self._presences, plan, plan.wrap_up_ms
        kept = {
            agent_id: replace(old[agent_id], agent=agent) if agent_id in old else Presence(agent=agent)
            for agent_id, agent in plan.agents.items()
        }
        on_phone = {_S.RESERVED, _S.TALKING}
        leaving = {a: p for a, p in old.items() if a not in plan.agents and p.state in on_phone}
        gone = {a: replace(p, agent=replace(p.agent, queues=())) for a, p in leaving.items()}
        self._presences = kept | gone
        self._tell()

    def next_free_ms(self, now_ms: int) -> int | None:
        """In how many milliseconds the next wrap-up ends by itself; None when nobody is in one."""
        held, wrap_up = self._held, AgentState.WRAP_UP
        wrapping = [p.since_ms for p in self.presences(now_ms) if p.state is wrap_up and p.agent.agent_id not in held]
        return min(wrapping) + self._wrap_up_ms - now_ms if wrapping else None

    def presences(self, now_ms: int) -> tuple[Presence, ...]:
        """Every agent, in the order of the plan."""
        return tuple(self.presence(agent_id, now_ms) for agent_id in self._presences)

    def presence(self, agent_id: str, now_ms: int) -> Presence:
        """One agent now."""
        found = self._presences.get(agent_id)
        if found is None:
            raise UnknownAgentError(f"no agent {agent_id}")
        over = found.state is AgentState.WRAP_UP and now_ms - found.since_ms >= self._wrap_up_ms
        if over and agent_id not in self._held:
            self._move(found, AgentEvent.WRAPPED_UP, found.since_ms + self._wrap_up_ms)
        return self._presences[agent_id]

    def hold_wrap_up(self, agent_id: str, *, held: bool) -> None:
        """Whether the agent's wrap-up goes on until something was said, however long that takes."""
        (self._held.add if held else self._held.discard)(agent_id)
        self._tell()

    def login(self, agent_id: str, *, now_ms: int) -> None:
        """At the desk; not ready yet."""
        self._happen(agent_id, AgentEvent.LOGIN, now_ms)

    def ready(self, agent_id: str, *, now_ms: int) -> None:
        """Wants calls; ends a wrap-up early."""
        self._happen(agent_id, AgentEvent.READY, now_ms)

    def not_ready(self, agent_id: str, *, now_ms: int, reason: str = "") -> None:
        """Wants no calls for now."""
        self._happen(agent_id, AgentEvent.NOT_READY, now_ms, reason)

    def reserve(self, agent_id: str, *, now_ms: int) -> bool:
        """Take the agent for one call. False when somebody else was faster or the agent is not available."""
        if self.presence(agent_id, now_ms).state is not AgentState.AVAILABLE:
            return False
        self._happen(agent_id, AgentEvent.RESERVE, now_ms)
        return True

    def release(self, agent_id: str, *, now_ms: int) -> None:
        """The reserved agent is free again, with the place in the line kept."""
        self._happen(agent_id, AgentEvent.RELEASE, now_ms)

    def answered(self, agent_id: str, *, now_ms: int) -> None:
        """The reserved agent took the call."""
        self._happen(agent_id, AgentEvent.ANSWERED, now_ms)

    def ended(self, agent_id: str, *, now_ms: int) -> None:
        """The talking agent's call is over: wrap-up begins."""
        self._happen(agent_id, AgentEvent.ENDED, now_ms)

    def wrapped_up(self, agent_id: str, *, now_ms: int) -> None:
        """The wrap-up is done: the disposition is given."""
        self._happen(agent_id, AgentEvent.WRAPPED_UP, now_ms)

    def no_answer(self, agent_id: str, *, now_ms: int) -> None:
        """The reserved agent's phone rang in vain: not ready until the agent says otherwise."""
        self._happen(agent_id, AgentEvent.NO_ANSWER, now_ms, "no answer")

    def moved(self, agent_id: str, *, now_ms: int) -> None:
        """The agent's call goes on without us: not ready until the agent says that it is over."""
        self._happen(agent_id, AgentEvent.MOVED, now_ms, MOVED_AWAY)

    def _happen(self, agent_id: str, event: AgentEvent, now_ms: int, reason: str = "") -> None:
        self._move(self.presence(agent_id, now_ms), event, now_ms, reason)

    def _move(self, before: Presence, event: AgentEvent, at_ms: int, reason: str = "") -> None:
        state = TRANSITIONS.get((before.state, event))
        if state is None:
            raise ImpossibleTransitionError(f"agent {before.agent.agent_id}", before.state, event)
        busy_ms = before.busy_ms + (at_ms - before.since_ms if before.state in _BUSY else 0)
        after = replace(before, state=state, since_ms=at_ms, busy_ms=busy_ms, reason=reason)
        if event is AgentEvent.LOGIN:
            after = replace(after, login_ms=at_ms, busy_ms=0)
        if state is AgentState.AVAILABLE and event is not AgentEvent.RELEASE:
            after = replace(after, idle_since_ms=at_ms)
        self._presences[before.agent.agent_id] = after
        self._tell()

    def _tell(self) -> None:
        for changed in self._watchers:
            changed()
