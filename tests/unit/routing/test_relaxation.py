from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ivr.model.errors import DesignError
from ivr.model.routing import Agent, AgentState, HandoffRequest
from ivr.routing.agents import AgentDirectory
from ivr.routing.matching import Choice, choose
from ivr.routing.plan import Queue, RelaxationStep, RoutingPlan, load_routing

PLAN = """
version: 1
skills: {claims: 1.0}
queues:
  claims: {title: claims, required: {claims: 2}}
  other: {title: other}
agents:
  last: {name: L, sip: "sip:last@h", skills: {claims: 2, "lang:en": 1}, queues: [claims]}
  owner: {name: O, sip: "sip:owner@h", skills: {claims: 3, "lang:en": 1}, queues: [claims]}
  expert: {name: E, sip: "sip:expert@h", skills: {claims: 5, "lang:en": 1}, queues: [claims]}
  novice: {name: N, sip: "sip:novice@h", skills: {claims: 1, "lang:en": 1}, queues: [claims]}
  russian: {name: R, sip: "sip:russian@h", skills: {claims: 5, "lang:ru": 5}, queues: [claims]}
acd:
  desk: {sip: "sip:claims@acd", skills: {claims: 2, "lang:en": 5}, queues: [claims]}
  partner: {sip: "sip:partner@acd", skills: {claims: 4, "lang:en": 5}, queues: [claims], after_s: 40}
steps:
  - {for_s: 15, agent: last}
  - {for_s: 10, agent: owner}
  - {for_s: 20, need: {claims: 4}}
  - {for_s: 30, need: {claims: 2}}
"""


def load(folder: Path, text: str = PLAN) -> RoutingPlan:
    path = folder / "routing.yml"
    path.write_text(text, encoding="utf-8")
    return load_routing(path, {})


def ask(plan: RoutingPlan, waited_s: float, data: Mapping[str, Any], *ready: str, **more: Any) -> Choice:
    directory = AgentDirectory(plan)
    for agent_id in ready:
        directory.login(agent_id, now_ms=0)
        directory.ready(agent_id, now_ms=0)
    request = HandoffRequest(queue="claims", reason="asked", data=data)
    exclude = frozenset(more.get("exclude", ()))
    return choose(plan, directory, request, "en", exclude=exclude, now_ms=10**6, waited_ms=round(waited_s * 1000))


def name(choice: Choice) -> str:
    return choice.agent.agent_id if choice.agent else ""


KNOWN = {"last_agent": "last", "owner": "owner"}


@pytest.mark.parametrize(
    ("waited_s", "ready", "chosen", "retry_ms"),
    [
        (0, ("owner", "expert"), "", 15_000),
        (0, ("last", "expert"), "last", 0),
        (14.999, ("expert",), "", 1),
        (15, ("last", "owner", "expert"), "owner", 0),
        (25, ("last", "owner", "expert"), "expert", 0),
        (44.999, ("owner",), "", 1),
        (45, ("owner",), "owner", 0),
        (74.999, ("novice",), "", 1),
        (75, ("novice",), "novice", 0),
        (75, ("novice", "russian"), "novice", 0),
        (9999, ("russian",), "", 0),
    ],
)
def test_each_step_asks_for_less_and_at_last_any_agent_of_the_queue_will_do(
    tmp_path: Path, waited_s: float, ready: tuple[str, ...], chosen: str, retry_ms: int
) -> None:
    plan = load(tmp_path, PLAN.partition("acd:")[0] + "steps:" + PLAN.partition("steps:")[2])
    choice = ask(plan, waited_s, KNOWN, *ready)
    assert (name(choice), choice.retry_in_ms) == (chosen, retry_ms)


def test_a_step_for_somebody_nobody_knows_takes_no_time(tmp_path: Path) -> None:
    plan = load(tmp_path)
    assert name(ask(plan, 0, {}, "expert", "last")) == "expert"
    assert name(ask(plan, 0, {"owner": "owner"}, "expert", "owner")) == "owner"
    assert ask(plan, 0, {}).retry_in_ms == 20_000


def test_any_agent_prefers_who_knows_more_all_the_same(tmp_path: Path) -> None:
    plan = load(tmp_path, PLAN.replace("need: {claims: 4}}", "agent: any}"))
    choice = ask(plan, 25, KNOWN, "novice", "last")
    assert name(choice) == "last"
    assert choice.scores == {"last": pytest.approx(2.0), "novice": pytest.approx(-1.0)}


def test_a_contact_centers_queue_takes_the_call_when_no_person_here_can(tmp_path: Path) -> None:
    plan = load(tmp_path)
    assert ask(plan, 0, {}, "expert").acd is None
    early = ask(plan, 30, {})
    assert early.agent is None and early.acd is not None
    assert (early.acd.acd_id, early.acd.sip_uri, early.retry_in_ms) == ("desk", "sip:claims@acd", 10_000)
    assert ask(plan, 0, {}).acd is None  # claims of 4 are asked for, and the partner is not open yet
    late = ask(plan, 40, {})
    assert late.acd is not None and late.acd.acd_id == "partner"
    other = ask(plan, 40, {}, exclude=("partner",))
    assert other.acd is not None and other.acd.acd_id == "desk"
    assert ask(plan, 0, KNOWN).acd is None  # the last agent is still waited for
    assert ask(plan, 40, {}, exclude=("partner", "desk")).acd is None


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("{for_s: 15, agent: last}", "{agent: last}", "routing-step"),
        ("queues: [claims], after_s", "queues: [clams], after_s", "routing-queue"),
        ('{claims: 4, "lang:en": 5}', "{claims: 4}", "routing-language"),
        ('{claims: 4, "lang:en": 5}', '{clams: 4, "lang:en": 5}', "routing-skill"),
        ("sip:partner@acd", "partner", "routing-address"),
        ("sip:partner@acd", "${PARTNER}", "routing-variable"),
        ("after_s: 40", "after_s: -1", "out-of-range"),
        ("  partner:", "  expert:", "routing-name"),
        ("agent: owner", "agent: boss", "unknown-value"),
    ],
)
def test_a_mistake_in_steps_and_contact_centers_is_found_with_its_line(
    tmp_path: Path, old: str, new: str, code: str
) -> None:
    assert old in PLAN
    changed = PLAN.replace(old, new)
    with pytest.raises(DesignError) as caught:
        load(tmp_path, changed)
    (fault,) = caught.value.faults
    line = changed.splitlines()[fault.line - 1]
    assert fault.code == code
    assert new.strip(" :{}") in line or new.partition(":")[0].strip(" {") in line


def test_agents_and_contact_centers_are_told_apart(tmp_path: Path) -> None:
    plan = load(tmp_path)
    assert isinstance(plan.agents["last"], Agent)
    assert plan.acd["partner"].after_ms == 40_000 and plan.acd["partner"].title == "partner"


def read_aloud(
    plan: RoutingPlan, directory: AgentDirectory, request: HandoffRequest, language: str, *, now_ms: int, waited_ms: int
) -> str:
    """The rule of the steps, one second of waiting after the other, and then the best of who is left."""
    named = {"last": request.data.get("last_agent"), "owner": request.data.get("owner")}
    lasting = [s for s in plan.steps if s.agent not in named or named[s.agent]]
    counting = [s for s in lasting for _ in range((s.for_ms or 10**6) // 1000)]
    second = waited_ms // 1000
    step = counting[second] if second < len(counting) else None
    anybody = bool(plan.steps) and (step is None or step.agent == "any")
    needs: dict[str, int] = {f"lang:{language}": 1}
    for part in (plan.queues["q"].required, request.required, step.need if step else {}):
        needs.update({skill: max(least, needs.get(skill, 0)) for skill, least in part.items()})
    ranks = []
    for agent in plan.agents.values():
        presence = directory.presence(agent.agent_id, now_ms)
        asked = needs if not anybody else {f"lang:{language}": needs[f"lang:{language}"]}
        fits = presence.state is AgentState.AVAILABLE and all(agent.skills.get(s, 0) >= n for s, n in asked.items())
        if step and step.agent in named:
            fits = fits and agent.agent_id == named[step.agent]
        if fits:
            surplus = sum(agent.skills.get(s, 0) - n for s, n in needs.items())
            score = surplus + 2 * (agent.agent_id == named["last"]) + 1.5 * (agent.agent_id == named["owner"])
            score -= 0.2 * presence.occupancy(now_ms)
            ranks.append((-round(score, 9), presence.idle_since_ms, agent.agent_id))
    return min(ranks)[2] if ranks else ""


def test_a_thousand_random_plans_with_steps_agree_with_the_rule_read_aloud() -> None:
    draw, served, now_ms = random.Random(4), 0, 500_000
    for _ in range(1000):
        skills = ["x", "y", "lang:en", "lang:ru"]
        agents = {
            f"a{n}": Agent(
                agent_id=f"a{n}",
                name="",
                sip_uri="sip:h",
                skills={s: draw.randint(0, 5) for s in skills},
                queues=("q",),
            )
            for n in range(draw.randint(1, 6))
        }
        kinds = ["", "", "last", "owner", "any"]
        steps = [
            RelaxationStep(
                for_ms=1000 * draw.randint(1, 20),
                need={s: draw.randint(1, 5) for s in "xy" if draw.random() < 0.4},
                agent=draw.choice(kinds),
            )
            for _ in range(draw.randint(0, 4))
        ]
        if steps and draw.random() < 0.5:
            steps[-1] = replace(steps[-1], for_ms=None)
        plan = RoutingPlan(
            queues={"q": Queue(name="q", title="q", required={"x": draw.randint(1, 3)})},
            agents=agents,
            weights={},
            steps=tuple(steps),
            ring_timeout_ms=15_000,
            wrap_up_ms=30_000,
            whisper_max_ms=8_000,
        )
        directory = AgentDirectory(plan)
        for name_ in agents:
            directory.login(name_, now_ms=0)
            if draw.random() < 0.8:
                directory.ready(name_, now_ms=draw.randint(0, 2))
        data = {key: draw.choice(list(agents)) for key in ("last_agent", "owner") if draw.random() < 0.5}
        required = {"y": draw.randint(0, 3)} if draw.random() < 0.4 else {}
        request = HandoffRequest(queue="q", reason="", required=required, data=data)
        language, waited_ms = draw.choice(["en", "ru"]), 1000 * draw.randint(0, 70)
        choice = choose(plan, directory, request, language, exclude=frozenset(), now_ms=now_ms, waited_ms=waited_ms)
        assert name(choice) == read_aloud(plan, directory, request, language, now_ms=now_ms, waited_ms=waited_ms)
        served += choice.agent is not None
    assert 300 < served < 950


def test_a_step_for_somebody_who_was_tried_already_takes_no_time(tmp_path: Path) -> None:
    plan = load(tmp_path)
    assert name(ask(plan, 0, KNOWN, "last", "owner", "expert")) == "last"
    assert name(ask(plan, 0, KNOWN, "last", "owner", "expert", exclude=("last",))) == "owner"
    assert name(ask(plan, 0, KNOWN, "last", "owner", "expert", exclude=("last", "owner"))) == "expert"
