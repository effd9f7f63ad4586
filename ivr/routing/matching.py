"""Which agent gets a call: hard requirements first, then the best score, then who has waited longest (domain.md 3.4).

Pure: reads the plan and the directory, reserves nobody. A person known here goes before a contact center's queue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ivr.model.routing import AcdQueue, Agent, AgentState, HandoffRequest
from ivr.routing.agents import AgentDirectory, Presence
from ivr.routing.plan import SEGMENT_SKILL, RoutingPlan
from ivr.routing.relaxation import Standing, standing
from ivr.routing.waiting import WaitingCall

LAST_AGENT_BONUS = 2.0
OWNER_BONUS = 1.5
SEGMENT_BONUS = 1.0
OCCUPANCY_MALUS = 0.2

_AT_WORK = frozenset({AgentState.AVAILABLE, AgentState.RESERVED, AgentState.TALKING, AgentState.WRAP_UP})


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The agent to call, or None; then acd, the contact center's queue to send the call to, or None, too.

    scores: every agent who could take it; reasons: every other, and why not. retry_in_ms: when the requirements relax
    next, or a contact center's queue opens; 0 when nothing will change by waiting alone.
    """

    agent: Agent | None
    score: float = 0.0
    scores: Mapping[str, float] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    retry_in_ms: int = 0
    acd: AcdQueue | None = None


def choose(
    plan: RoutingPlan,
    directory: AgentDirectory,
    request: HandoffRequest,
    language: str,
    *,
    exclude: frozenset[str],
    now_ms: int,
    waited_ms: int = 0,
) -> Choice:
    """The best available agent for the request.

    request.data may name "last_agent", "owner" (agent ids) and "segment". exclude: agents and contact centers' queues
    tried already or unwanted. waited_ms: since the request, for the plan's steps. An unknown queue gets nobody.
    """
    stands = standing(plan, request, language, waited_ms, exclude)
    best: tuple[float, int, str] | None = None
    scores: dict[str, float] = {}
    reasons: dict[str, str] = {}
    for presence in directory.presences(now_ms):
        agent_id = presence.agent.agent_id
        reason = unfit(presence, request.queue, stands, exclude)
        if reason:
            reasons[agent_id] = reason
            continue
        scored = scores[agent_id] = score(plan, presence, request, stands.scored, now_ms)
        rank = (-scored, presence.idle_since_ms, agent_id)
        if best is None or rank < best:
            best = rank
    if best is None:
        acd, retry_in_ms = without_agent(plan, request, stands, exclude, waited_ms)
        return Choice(agent=None, reasons=reasons, retry_in_ms=retry_in_ms, acd=acd)
    agent = plan.agents[best[2]]
    return Choice(agent=agent, score=scores[agent.agent_id], scores=scores, reasons=reasons)


def without_agent(
    plan: RoutingPlan, request: HandoffRequest, stands: Standing, exclude: frozenset[str], waited_ms: int
) -> tuple[AcdQueue | None, int]:
    """When no agent can take a call now: the contact center's queue for it, and in how many ms waiting alone changes
    anything (0: never)."""
    acd, opens_in_ms = _acd_queue(plan, request, stands, exclude, waited_ms)
    return acd, min((ms for ms in (stands.next_in_ms, opens_in_ms) if ms), default=0)


def at_work(directory: AgentDirectory, now_ms: int) -> list[Agent]:
    """Who takes calls, now or as soon as the one they have is over. Who is not ready or offline may stay so."""
    return [p.agent for p in directory.presences(now_ms) if p.state in _AT_WORK]


def unfit(presence: Presence, queue: str, stands: Standing, exclude: frozenset[str]) -> str:
    """Why this agent cannot take a call of the queue now; "" when nothing speaks against it."""
    agent = presence.agent
    if agent.agent_id in exclude:
        return "excluded"
    if presence.state is not AgentState.AVAILABLE:
        return f"{presence.state.value}: {presence.reason}" if presence.reason else presence.state.value
    return _unqualified(agent, queue, stands, exclude)


def fits(agent: Agent, queue: str, stands: Standing, exclude: frozenset[str]) -> bool:
    """Can this agent take a call of the queue, whatever the state?"""
    if queue not in agent.queues or (stands.only and agent.agent_id != stands.only):
        return False
    skills = agent.skills
    for skill, least in stands.enforced.items():
        if skills.get(skill, 0) < least:
            return False
    return agent.agent_id not in exclude


def _unqualified(agent: Agent, queue: str, stands: Standing, exclude: frozenset[str]) -> str:
    """Why this agent cannot take a call of the queue, whatever the state; "" when nothing speaks against it."""
    if agent.agent_id in exclude:
        return "excluded"
    if queue not in agent.queues:
        return f"not in queue {queue}"
    skills = agent.skills
    for skill, least in stands.enforced.items():
        if skills.get(skill, 0) < least:
            return ", ".join(_lacking(skills, stands.enforced))
    return f"not {stands.only}, yet" if stands.only and agent.agent_id != stands.only else ""


def hopeful(plan: RoutingPlan, people: Iterable[Agent], call: WaitingCall, *, now_ms: int, until_ms: int) -> bool:
    """May waiting until then help: could any of these people, who are at work, take the call, now or after a step of
    the plan, or does a contact center's queue open by then?"""
    waited_ms, longest_ms = call.waited_ms(now_ms), call.waited_ms(until_ms)
    while True:
        stands = standing(plan, call.request, call.language, waited_ms, call.exclude)
        if any(fits(agent, call.request.queue, stands, call.exclude) for agent in people):
            return True
        acd, retry_in_ms = without_agent(plan, call.request, stands, call.exclude, waited_ms)
        if acd is not None:
            return True
        if not retry_in_ms or waited_ms + retry_in_ms > longest_ms:
            return False
        waited_ms += retry_in_ms


def score(
    plan: RoutingPlan, presence: Presence, request: HandoffRequest, scored: Mapping[str, int], now_ms: int
) -> float:
    """How well this agent fits: the more the better. Agents of equal scores are taken by their waiting."""
    agent, data = presence.agent, request.data
    segment = data.get("segment")
    return (
        _surplus(plan, agent.skills, scored)
        + LAST_AGENT_BONUS * (data.get("last_agent") == agent.agent_id)
        + OWNER_BONUS * (data.get("owner") == agent.agent_id)
        + SEGMENT_BONUS * bool(segment and agent.skills.get(f"{SEGMENT_SKILL}{segment}", 0))
        - OCCUPANCY_MALUS * presence.occupancy(now_ms)
    )


def _surplus(plan: RoutingPlan, skills: Mapping[str, int], scored: Mapping[str, int]) -> float:
    total = 0.0
    for skill, least in scored.items():
        total += plan.weights.get(skill, 1.0) * (skills.get(skill, 0) - least)
    return total


def _lacking(skills: Mapping[str, int], required: Mapping[str, int]) -> Iterable[str]:
    return (f"{s}={skills.get(s, 0)}<{n}" for s, n in required.items() if skills.get(s, 0) < n)


def _acd_queue(
    plan: RoutingPlan, request: HandoffRequest, stands: Standing, exclude: frozenset[str], waited_ms: int
) -> tuple[AcdQueue | None, int]:
    """The best contact center's queue that is open for this call, and in how many ms the next one opens (0: none)."""
    fit = [
        acd
        for acd in plan.acd.values()
        if request.queue in acd.queues and acd.acd_id not in exclude and not any(_lacking(acd.skills, stands.enforced))
    ]
    opened = [acd for acd in fit if acd.after_ms <= waited_ms]
    opens_in_ms = min((acd.after_ms - waited_ms for acd in fit if acd.after_ms > waited_ms), default=0)
    if stands.only or not opened:
        return None, opens_in_ms
    return max(opened, key=lambda acd: _surplus(plan, acd.skills, stands.scored)), opens_in_ms
