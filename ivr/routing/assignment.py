"""Several waiting calls and several free agents: who gets whom.

In this order: no call waits for a less urgent one that took its agent; as many calls as possible are served; the scores
add up to the most; agents who waited longest go first. Calls are served in the order of their urgency as long as
everybody before them still finds an agent (the greedy basis of a transversal matroid, so it is the most calls, too);
among the ways to serve exactly these calls the best is found by shortest augmenting paths (Kuhn 1955; Edmonds and Karp
1972) in whole numbers, so that equal scores are equal. Pure: reserves nobody.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence

from ivr.model.routing import AgentState
from ivr.routing.agents import AgentDirectory, Presence
from ivr.routing.matching import fits, score
from ivr.routing.plan import RoutingPlan
from ivr.routing.relaxation import Standing, standing_of
from ivr.routing.waiting import WaitingCall

SCORE_UNITS = 1_000_000_000
"""Scores are compared to the ninth decimal; what is nearer is a tie for the longest idle."""

Weights = Mapping[str, int]


def assign(
    plan: RoutingPlan,
    directory: AgentDirectory,
    calls: Iterable[WaitingCall],
    *,
    now_ms: int,
    stands_of: Callable[[WaitingCall], Standing] | None = None,
) -> Mapping[str, str]:
    """Call id -> agent id, for every call that can be served now, the most urgent first. stands_of: what counts for a
    call now, for whoever has it at hand."""
    free = [p for p in directory.presences(now_ms) if p.state is AgentState.AVAILABLE]
    if not free:
        return {}
    ordered = sorted(calls, key=lambda call: call.urgency)
    most = min(len(ordered), len(free))
    candidates = _Candidates(plan, free, most, now_ms)
    stands_of = stands_of or (lambda call: standing_of(plan, call, now_ms))
    weights = {call.call_id: _best(candidates.weights(call, stands_of(call)), most) for call in ordered}
    served = _servable([call.call_id for call in ordered], weights)
    found = _optimum({call_id: weights[call_id] for call_id in served})
    return {call_id: found[call_id] for call_id in served}


class _Candidates:
    """Who is free, for one assignment. Calls that ask the same are looked for once: with a thousand people free and
    hundreds of calls that wait for somebody better, all else would take too long."""

    def __init__(self, plan: RoutingPlan, free: Sequence[Presence], most: int, now_ms: int) -> None:
        self._plan, self._free, self._now_ms = plan, free, now_ms
        # One unit of score outweighs the idle time of all agents chosen together.
        self._unit = most * max((now_ms - p.idle_since_ms for p in free), default=0) + 1
        self._fitting: dict[object, list[Presence]] = {}

    def weights(self, call: WaitingCall, stands: Standing) -> Weights:
        """Agent id -> worth for this call: the score, and below its last digit how long the agent has been idle."""
        plan, now_ms, queue = self._plan, self._now_ms, call.request.queue
        asked = (queue, stands.only, call.exclude, tuple(stands.enforced.items()))
        fitting = self._fitting.get(asked)
        if fitting is None:
            fitting = [p for p in self._free if fits(p.agent, queue, stands, call.exclude)]
            self._fitting[asked] = fitting
        return {
            p.agent.agent_id: round(score(plan, p, call.request, stands.scored, now_ms) * SCORE_UNITS) * self._unit
            + now_ms
            - p.idle_since_ms
            for p in fitting
        }


def _best(weights: Weights, most: int) -> Weights:
    """The best few: of so many agents at least one is left over by the other calls, so nobody below them is needed."""
    if len(weights) < 2:
        return weights
    kept = heapq.nsmallest(most, weights.items(), key=lambda item: (-item[1], item[0]))
    return dict(kept)


def _servable(order: list[str], weights: Mapping[str, Weights]) -> list[str]:
    """The calls that can be served together, each in its turn, without taking the agent from one before it."""
    holder: dict[str, str] = {}

    def place(call_id: str, seen: set[str]) -> bool:
        for agent_id in weights[call_id]:
            if agent_id not in seen:
                seen.add(agent_id)
                if agent_id not in holder or place(holder[agent_id], seen):
                    holder[agent_id] = call_id
                    return True
        return False

    return [call_id for call_id in order if place(call_id, set())]


def _optimum(weights: Mapping[str, Weights]) -> Mapping[str, str]:
    """Call -> agent, everybody served, the weights adding up to the most. Needs a way to serve everybody."""
    top = max((weight for row in weights.values() for weight in row.values()), default=0)
    prices: dict[str, int] = {}
    discounts: dict[str, int] = {}
    agent_of: dict[str, str] = {}
    for start in weights:
        distance: dict[str, int] = {}
        reached_from: dict[str, str] = {}
        heap: list[tuple[int, str]] = []
        call_of = {agent_id: call_id for call_id, agent_id in agent_of.items()}
        done: set[str] = set()
        call_id, way = start, 0
        while True:
            for agent_id, weight in weights[call_id].items():
                longer = way + top - weight - prices.get(call_id, 0) - discounts.get(agent_id, 0)
                if agent_id not in done and longer < distance.get(agent_id, longer + 1):
                    distance[agent_id], reached_from[agent_id] = longer, call_id
                    heapq.heappush(heap, (longer, agent_id))
            way, nearest = heapq.heappop(heap)
            while nearest in done:
                way, nearest = heapq.heappop(heap)
            if nearest not in call_of:
                break
            done.add(nearest)
            call_id = call_of[nearest]
        prices[start] = prices.get(start, 0) + way
        for agent_id in done:
            prices[call_of[agent_id]] += way - distance[agent_id]
            discounts[agent_id] = discounts.get(agent_id, 0) - (way - distance[agent_id])
        _reassign(agent_of, reached_from, start, nearest)
    return agent_of


def _reassign(agent_of: dict[str, str], reached_from: Mapping[str, str], start: str, agent_id: str) -> None:
    """Along the path: every call on it gives its agent to the call before and takes the next."""
    while True:
        call_id = reached_from[agent_id]
        given_up = agent_of.get(call_id, "")
        agent_of[call_id] = agent_id
        if call_id == start:
            return
        agent_id = given_up
