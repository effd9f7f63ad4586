from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ivr.model.errors import DesignError
from ivr.model.routing import Agent, HandoffRequest
from ivr.routing.agents import AgentDirectory
from ivr.routing.matching import Choice, choose
from ivr.routing.plan import RoutingPlan, load_routing

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
        ("after_s: 40", "after_s: -1", "greater_than_equal"),
        ("  partner:", "  expert:", "routing-name"),
        ("agent: owner", "agent: boss", "literal_error"),
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
