"""Is there anybody who could ever take the call? Every handoff, in every language, against the people of routing.yml.

A warning, not an error: people are hired, and the assistant can call back. Who is at work is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ivr.dialog import steps as st
from ivr.dialog.assistant import Assistant
from ivr.dialog.source import Faults, Place
from ivr.model.routing import AcdQueue, Agent, HandoffRequest
from ivr.routing.plan import RoutingPlan
from ivr.routing.relaxation import requirements

FIX = "Give somebody of that queue these skills in routing.yml, or ask for less."


def check(assistant: Assistant, plan: RoutingPlan, faults: Faults) -> None:
    """Add a warning for each handoff nobody has the skills for, with the languages it is about."""
    for flow in assistant.flows.values():
        for step in flow.steps.values():
            if isinstance(step, st.HandoffStep) and step.queue in plan.queues:
                missing = list(_unanswered(step, assistant.languages, plan))
                if missing:
                    what = f"nobody of {step.queue} has {'; or '.join(missing)}"
                    faults.add(Place(*step.at(step.queue)), "nobody-answers", what, FIX, "warning")


def _unanswered(step: st.HandoffStep, languages: tuple[str, ...], plan: RoutingPlan) -> Iterator[str]:
    request = HandoffRequest(queue=step.queue, reason="", required=step.required)
    for language in languages:
        needed = requirements(plan, request, language)
        if not any(_has(who.skills, needed) for who in _people(step.queue, plan)):
            yield ", ".join(f"{skill} {least}" for skill, least in needed.items())


def _people(queue: str, plan: RoutingPlan) -> Iterator[Agent | AcdQueue]:
    yield from (agent for agent in plan.agents.values() if queue in agent.queues)
    yield from (acd for acd in plan.acd.values() if queue in acd.queues)


def _has(skills: Mapping[str, int], needed: Mapping[str, int]) -> bool:
    return all(skills.get(skill, 0) >= least for skill, least in needed.items())
