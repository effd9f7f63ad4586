"""What tests of a handoff share, in virtual time and on real SIP: agents, what one is told, a house's part in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ivr.call.dispatch import Dispatcher
from ivr.call.handoff_terms import HandoffTools, Packet
from ivr.model.identity import Identity
from ivr.model.ids import new_id
from ivr.model.routing import Agent, HandoffRequest
from ivr.routing.attributes import PREFIX
from ivr.routing.carriers import HandoffHeaders
from ivr.routing.packet import HandoffContext, build_packet
from ivr.routing.plan import Queue, RoutingPlan

WISH = HandoffRequest(queue="q", reason="asked")


def plan_of(phones: Mapping[str, str], **terms: Any) -> RoutingPlan:
    """Agents with these phones' addresses, whoever is named first the better one, all in queue q."""
    agents = {
        name: Agent(agent_id=name, name=name, sip_uri=uri, skills={"lang:en": max(1, 5 - n)}, queues=("q",))
        for n, (name, uri) in enumerate(phones.items())
    }
    plan = RoutingPlan(
        queues={"q": Queue(name="q", title="q", required={})},
        agents=agents,
        weights={},
        steps=(),
        ring_timeout_ms=15_000,
        wrap_up_ms=30_000,
        whisper_max_ms=8_000,
    )
    return replace(plan, **terms)


def a_packet(request: HandoffRequest, _agent: Agent) -> Packet:
    """What an agent is told of call c."""
    token = new_id()
    context = HandoffContext(
        context_id=token,
        call_id="c",
        sip_call_id="s",
        ani="",
        dnis="",
        language="en",
        started_at="",
        bot_s=1,
        identity=Identity(),
        queue=request.queue,
        reason=request.reason,
        expires_at="",
    )
    return Packet(token=token, context=build_packet(context), whisper="who calls")


async def stored(_: Packet) -> None:
    """A store that takes everything at once."""


async def shown(_agent: str, _packet: Packet) -> bool:
    """A page that shows everything at once."""
    return True


def tools_of(
    dispatcher: Dispatcher, send: Callable[[object], None], whisper: Path = Path("w.wav"), **changed: Any
) -> HandoffTools:
    """A house in order, but for what is changed: fields of HandoffTools."""

    async def rendered(_: str) -> Path:
        return whisper

    tools = HandoffTools(
        dispatcher=dispatcher,
        send=send,
        hear=lambda _: None,
        frames_path=str,
        make_packet=a_packet,
        store_context=stored,
        pop=shown,
        render=rendered,
        ring_timeout_ms=dispatcher.directory.plan.ring_timeout_ms,
        turned_away=lambda _: None,
    )
    return replace(tools, **changed)


def read_attributes(attributes: Mapping[str, str], prefix: str = PREFIX) -> HandoffHeaders:
    """What flat_attributes told of the token and the need, from what a peer sends back."""
    return HandoffHeaders(
        token=attributes.get(f"{prefix}ctx_id", ""),
        intent=attributes.get(f"{prefix}intent", ""),
        level=attributes.get(f"{prefix}level", ""),
        language=attributes.get(f"{prefix}lang", ""),
        skills=_skills(attributes.get(f"{prefix}skills", "")),
    )


def read_task(attributes: str) -> HandoffHeaders:
    """What taskrouter_task told. Raises ValueError when it is no JSON object."""
    found = json.loads(attributes)
    if not isinstance(found, dict):
        raise ValueError("task attributes are a JSON object")
    return HandoffHeaders(
        token=str(found.get("ctx_id", "")),
        intent=str(found.get("intent", "")),
        level=str(found.get("level", "")),
        language=str(found.get("lang", "")),
        skills={skill["name"]: skill["least"] for skill in found.get("skills", ())},
    )


def _skills(text: str) -> Mapping[str, int]:
    pairs = (item.rpartition("=") for item in text.split(",") if item)
    return {skill: int(least) for skill, _, least in pairs if skill and least.isdecimal()}
