"""How the requirements of a waiting call loosen: which step of the plan counts after how long, and what it asks.

Pure arithmetic over the plan's steps; knows no agents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ivr.model.routing import HandoffRequest
from ivr.routing.plan import ANY_AGENT, LANGUAGE_SKILL, LAST_AGENT, OWNER, RelaxationStep, RoutingPlan
from ivr.routing.waiting import WaitingCall

_EXHAUSTED = RelaxationStep(for_ms=None, need={}, agent=ANY_AGENT)
_NAMED_IN = {LAST_AGENT: "last_agent", OWNER: "owner"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What counts now. only: the one agent who is asked, "" for everybody. enforced: skill -> least, whoever has less
    is not asked; scored: skill -> what the surplus is counted from (the same, but for "any", where nothing but the
    language is enforced). next_in_ms: when it loosens next, 0 when it will not."""

    only: str
    enforced: Mapping[str, int]
    scored: Mapping[str, int]
    next_in_ms: int


def standing(
    plan: RoutingPlan,
    request: HandoffRequest,
    language: str,
    waited_ms: int,
    exclude: frozenset[str] = frozenset(),
) -> Standing:
    """What is asked of agents after so long. A step for the last agent or the owner takes no time when nobody is named,
    or somebody who was tried already (exclude); after a last step that ends, any agent of the queue will do."""
    step, next_in_ms = _step_at(plan, request, waited_ms, exclude)
    scored = requirements(plan, request, language, step)
    spoken = {skill: least for skill, least in scored.items() if skill.startswith(LANGUAGE_SKILL)}
    anybody = step is not None and step.agent == ANY_AGENT
    return Standing(
        only=_named(request, step.agent) if step else "",
        enforced=spoken if anybody else scored,
        scored=scored,
        next_in_ms=next_in_ms,
    )


def standing_of(plan: RoutingPlan, call: WaitingCall, now_ms: int) -> Standing:
    """What is asked for a call that waits."""
    return standing(plan, call.request, call.language, call.waited_ms(now_ms), call.exclude)


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


def _step_at(
    plan: RoutingPlan, request: HandoffRequest, waited_ms: int, exclude: frozenset[str]
) -> tuple[RelaxationStep | None, int]:
    ends_ms = 0
    for step in plan.steps:
        if step.agent in _NAMED_IN and _named(request, step.agent) in {"", *exclude}:
            continue
        if step.for_ms is None:
            return step, 0
        ends_ms += step.for_ms
        if waited_ms < ends_ms:
            return step, ends_ms - waited_ms
    return (_EXHAUSTED if plan.steps else None), 0


def _named(request: HandoffRequest, agent: str) -> str:
    return str(request.data.get(_NAMED_IN[agent], "")) if agent in _NAMED_IN else ""
