from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from ivr.model.routing import Agent, AgentState, HandoffRequest
from ivr.routing.agents import AgentDirectory
from ivr.routing.assignment import assign
from ivr.routing.matching import choose
from ivr.routing.plan import Queue, RelaxationStep, RoutingPlan
from ivr.routing.waiting import WaitingCall, WaitingLine

NOW_MS = 100_000


def plan_of(*agents: Agent, **changes: object) -> RoutingPlan:
    plan = RoutingPlan(
        queues={q: Queue(name=q, title=q, required={}) for q in "qr"},
        agents={agent.agent_id: agent for agent in agents},
        weights={"x": 1.0, "y": 0.5},
        steps=(),
        ring_timeout_ms=15_000,
        wrap_up_ms=30_000,
        whisper_max_ms=8_000,
    )
    return replace(plan, **changes)


def agent(agent_id: str, queues: str = "q", **skills: int) -> Agent:
    known = {"lang:en": 3, **skills}
    return Agent(agent_id=agent_id, name=agent_id, sip_uri="sip:h", skills=known, queues=tuple(queues))


def ready(plan: RoutingPlan, *order: str) -> AgentDirectory:
    directory = AgentDirectory(plan)
    for at_ms, agent_id in enumerate(order or tuple(plan.agents)):
        directory.login(agent_id, now_ms=at_ms)
        directory.ready(agent_id, now_ms=at_ms)
    return directory


def call(call_id: str, arrived_ms: int = 50_000, queue: str = "q", priority: int = 0, **required: int) -> WaitingCall:
    request = HandoffRequest(queue=queue, reason="asked", required=required)
    return WaitingCall(call_id=call_id, request=request, language="en", arrived_ms=arrived_ms, priority=priority)


def test_the_expert_is_kept_for_the_call_that_needs_one_even_if_another_came_first() -> None:
    plan = plan_of(agent("expert", x=5), agent("novice", x=1))
    calls = [call("anything", 1), call("difficult", 2, x=4)]
    assert assign(plan, ready(plan), calls, now_ms=NOW_MS) == {"anything": "novice", "difficult": "expert"}


def test_who_came_first_is_served_when_only_one_can_be() -> None:
    plan = plan_of(agent("only", x=5))
    calls = [call("later", 2), call("first", 1)]
    assert assign(plan, ready(plan), calls, now_ms=NOW_MS) == {"first": "only"}
    assert assign(plan, ready(plan), [*calls, call("urgent", 3, priority=5)], now_ms=NOW_MS) == {"urgent": "only"}


def test_a_less_urgent_call_is_served_when_the_urgent_one_could_not_be_anyway() -> None:
    plan = plan_of(agent("novice", x=1))
    calls = [call("hopeless", 1, priority=9, x=5), call("easy", 2)]
    assert assign(plan, ready(plan), calls, now_ms=NOW_MS) == {"easy": "novice"}


def test_equal_agents_go_in_the_order_of_their_waiting_and_nobody_twice() -> None:
    plan = plan_of(*(agent(a) for a in "abcd"))
    assigned = assign(plan, ready(plan, "c", "a", "d", "b"), [call("1", 1), call("2", 2)], now_ms=NOW_MS)
    assert sorted(assigned.values()) == ["a", "c"]


def test_a_returned_call_has_its_place_again() -> None:
    line = WaitingLine()
    for one in (call("a", 10), call("b", 20), call("c", 30), call("vip", 40, priority=3), call("other", 5, queue="r")):
        line.join(one)
    assert [c.call_id for c in line] == ["vip", "other", "a", "b", "c"]
    assert [line.position(c) for c in ("vip", "a", "b", "c", "other", "gone")] == [1, 2, 3, 4, 1, 0]
    away = line.leave("b")
    assert away is not None and line.position("c") == 3 and line.leave("b") is None
    line.join(call("d", 35))
    line.join(away)
    assert [c.call_id for c in line] == ["vip", "other", "a", "b", "c", "d"]


def test_one_waiting_call_gets_whom_choose_would_give_it() -> None:
    draw = random.Random(5)
    for _ in range(100):
        plan, directory, calls = random_case(draw, 1, 6)
        (one,) = calls
        choice = choose(
            plan,
            directory,
            one.request,
            one.language,
            exclude=one.exclude,
            now_ms=NOW_MS,
            waited_ms=one.waited_ms(NOW_MS),
        )
        expected = {one.call_id: choice.agent.agent_id} if choice.agent else {}
        assert assign(plan, directory, calls, now_ms=NOW_MS) == expected


def random_case(
    draw: random.Random, calls: int, agents: int
) -> tuple[RoutingPlan, AgentDirectory, tuple[WaitingCall, ...]]:
    people = [
        agent(
            f"a{n}",
            draw.choice(["q", "q", "qr", "r"]),
            **{s: draw.randint(0, 5) for s in "xy"},
            **{"lang:ru": draw.choice([0, 3])},
        )
        for n in range(agents)
    ]
    steps = draw.choice([(), (RelaxationStep(for_ms=20_000, need={"x": 3}, agent=""),)])
    plan = plan_of(*people, steps=steps)
    directory = AgentDirectory(plan)
    for one in people:
        directory.login(one.agent_id, now_ms=0)
        if draw.random() < 0.9:
            directory.ready(one.agent_id, now_ms=draw.randint(0, 3))
    waiting = tuple(
        replace(
            call(
                f"c{n}",
                NOW_MS - draw.choice([5_000, 15_000, 30_000]) - n,
                draw.choice(["q", "q", "r"]),
                draw.choice([0, 0, 2]),
                **{s: draw.randint(1, 4) for s in "xy" if draw.random() < 0.4},
            ),
            language=draw.choice(["en", "en", "ru"]),
            exclude=frozenset(a.agent_id for a in people if draw.random() < 0.1),
        )
        for n in range(calls)
    )
    return plan, directory, waiting


def every_way(calls: tuple[WaitingCall, ...], worth: Mapping[str, Mapping[str, float]]) -> Iterator[dict[str, str]]:
    if not calls:
        yield {}
        return
    first = calls[0].call_id
    for rest in every_way(calls[1:], worth):
        yield rest
        for agent_id in worth[first]:
            if agent_id not in rest.values():
                yield {first: agent_id, **rest}


def value(
    way: Mapping[str, str],
    order: list[str],
    worth: Mapping[str, Mapping[str, float]],
    directory: AgentDirectory,
) -> tuple[tuple[bool, ...], float, int]:
    """The rule read aloud: the more urgent are served, then the scores, then the waiting of the agents."""
    scores = round(sum(worth[c][a] for c, a in way.items()), 6)
    idle_ms = sum(NOW_MS - directory.presence(a, NOW_MS).idle_since_ms for a in way.values())
    return tuple(c in way for c in order), scores, idle_ms


def test_twelve_hundred_random_rooms_are_as_good_as_the_best_of_all_ways() -> None:
    draw, contested = random.Random(20261122), 0
    for number in range(1200):
        calls, agents = (4, 4) if number % 12 == 0 else (draw.randint(2, 3), draw.randint(1, 4))
        plan, directory, waiting = random_case(draw, calls, agents)
        worth = {
            one.call_id: choose(
                plan,
                directory,
                one.request,
                one.language,
                exclude=one.exclude,
                now_ms=NOW_MS,
                waited_ms=one.waited_ms(NOW_MS),
            ).scores
            for one in waiting
        }
        order = [c.call_id for c in sorted(waiting, key=lambda c: (-c.priority, c.arrived_ms))]
        best = max(value(way, order, worth, directory) for way in every_way(waiting, worth))
        assigned = assign(plan, directory, waiting, now_ms=NOW_MS)
        assert len(set(assigned.values())) == len(assigned)
        assert value(assigned, order, worth, directory) == best
        contested += 0 < len(assigned) < sum(bool(w) for w in worth.values())
    assert contested > 100  # calls really compete in these rooms


def test_nobody_waiting_or_nobody_free_is_no_assignment() -> None:
    plan = plan_of(agent("a"))
    assert assign(plan, ready(plan), [], now_ms=NOW_MS) == {}
    directory = ready(plan)
    directory.reserve("a", now_ms=9)
    assert assign(plan, directory, [call("1")], now_ms=NOW_MS) == {}
    assert directory.presence("a", NOW_MS).state is AgentState.RESERVED


@pytest.mark.parametrize(("waiting", "free", "limit_s"), [(1, 1000, 0.010), (200, 3, 0.010)])
def test_a_thousand_agents_are_assigned_within_ten_milliseconds(waiting: int, free: int, limit_s: float) -> None:
    draw = random.Random(7)
    people = [agent(f"a{n}", x=draw.randint(0, 5), y=draw.randint(0, 5)) for n in range(1000)]
    plan = plan_of(*people)
    directory = ready(plan, *[a.agent_id for a in people[:free]])
    calls = [call(f"c{n}", n, x=draw.randint(1, 3)) for n in range(waiting)]
    times = []
    for _ in range(5):
        begun = time.thread_time()
        assert len(assign(plan, directory, calls, now_ms=NOW_MS)) >= 1
        times.append(time.thread_time() - begun)
    assert sorted(times)[2] < limit_s
