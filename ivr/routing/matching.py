"""Which agent gets a call: hard requirements first, then the best score, then who has waited longest (domain.md 3.4).

Pure: reads the plan and the directory, reserves nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.model.routing import Agent, AgentState, HandoffRequest
from ivr.routing.agents import AgentDirectory, Presence
from ivr.routing.plan import LANGUAGE_SKILL, LAST_AGENT, SEGMENT_SKILL, RelaxationStep, RoutingPlan

LAST_AGENT_BONUS = 2.0
OWNER_BONUS = 1.5
SEGMENT_BONUS = 1.0
OCCUPANCY_MALUS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The agent to call, or None. scores: every agent who could take it; reasons: every other, and why not.

    retry_in_ms: when the requirements relax next; 0 when they will not.
    """

    agent: Agent | None
    score: float = 0.0
    scores: Mapping[str, float] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    retry_in_ms: int = 0


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

    request.data may name "last_agent", "owner" (agent ids) and "segment". exclude: agents tried already or unwanted.
    waited_ms: since the request, for the plan's relaxation steps. An unknown queue gets nobody.
    """
    step, retry_in_ms = _step_at(plan, waited_ms)
    required = requirements(plan, request, language, step)
    last = str(request.data.get("last_agent", ""))
    best: tuple[float, int, str] | None = None
    scores: dict[str, float] = {}
    reasons: dict[str, str] = {}
    for presence in directory.presences(now_ms):
        agent = presence.agent
        reason = _unfit(presence, request.queue, required, exclude)
        if not reason and step and step.agent == LAST_AGENT and agent.agent_id != last:
            reason = "not the last agent, yet"
        if reason:
            reasons[agent.agent_id] = reason
            continue
        score = scores[agent.agent_id] = _score(plan, presence, request, required, now_ms)
        rank = (-score, presence.idle_since_ms, agent.agent_id)
        if best is None or rank < best:
            best = rank
    if best is None:
        return Choice(agent=None, reasons=reasons, retry_in_ms=retry_in_ms)
    agent = plan.agents[best[2]]
    return Choice(agent=agent, score=scores[agent.agent_id], scores=scores, reasons=reasons)


def requirements(
    plan: RoutingPlan, request: HandoffRequest, language: str, step: RelaxationStep | None = None
) -> Mapping[str, int]:
    """Skill -> least proficiency: of the queue, the request, the language and the step, the highest of each."""
    queue = plan.queues.get(request.queue)
    required: dict[str, int] = {f"{LANGUAGE_SKILL}{language}": 1}
    for part in (queue.required if queue else {}, request.required, step.need if step else {}):
        for skill, least in part.items():
            required[skill] = max(least, required.get(skill, 0))
    return required


def _step_at(plan: RoutingPlan, waited_ms: int) -> tuple[RelaxationStep | None, int]:
    ends_ms = 0
    for step in plan.steps:
        if step.for_ms is None:
            return step, 0
        ends_ms += step.for_ms
        if waited_ms < ends_ms:
            return step, ends_ms - waited_ms
    return None, 0


def _unfit(presence: Presence, queue: str, required: Mapping[str, int], exclude: frozenset[str]) -> str:
    agent = presence.agent
    if agent.agent_id in exclude:
        return "excluded"
    if presence.state is not AgentState.AVAILABLE:
        return f"{presence.state.value}: {presence.reason}" if presence.reason else presence.state.value
    if queue not in agent.queues:
        return f"not in queue {queue}"
    lacking = [f"{s}={agent.skills.get(s, 0)}<{n}" for s, n in required.items() if agent.skills.get(s, 0) < n]
    return ", ".join(lacking)


def _score(
    plan: RoutingPlan, presence: Presence, request: HandoffRequest, required: Mapping[str, int], now_ms: int
) -> float:
    agent = presence.agent
    surplus = sum(
        plan.weights.get(skill, 1.0) * (agent.skills.get(skill, 0) - least) for skill, least in required.items()
    )
    segment = request.data.get("segment")
    return (
        surplus
        + LAST_AGENT_BONUS * (request.data.get("last_agent") == agent.agent_id)
        + OWNER_BONUS * (request.data.get("owner") == agent.agent_id)
        + SEGMENT_BONUS * bool(segment and agent.skills.get(f"{SEGMENT_SKILL}{segment}", 0))
        - OCCUPANCY_MALUS * presence.occupancy(now_ms)
    )
