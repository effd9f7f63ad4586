"""Who can take a call: queues, agents with their skills and phones, and the rules of ringing, read from routing.yml.

Owns the meaning of the file and its checks; knows neither who is available nor who is calling.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ivr.document import Document, Location
from ivr.model.carry import EVERYDAY, Carrier, Carry
from ivr.model.errors import DesignError
from ivr.model.routing import AcdQueue, Agent
from ivr.routing.desk_terms import DeskShape, DeskTerms, desk_terms
from ivr.routing.overflow_terms import OverflowShape, OverflowTerms, Problem, overflow_problems, overflow_terms
from ivr.routing.waiting_terms import WaitingShape, WaitingTerms, waiting_terms

LANGUAGE_SKILL = "lang:"
SEGMENT_SKILL = "segment:"
LAST_AGENT, OWNER, ANY_AGENT = "last", "owner", "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A place calls are sent to. required: skill -> least proficiency of whoever answers for it."""

    name: str
    title: str
    required: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaxationStep:
    """What is asked beyond the hard requirements while it lasts. for_ms: None when it never ends.

    agent: "", "last" (only whoever served this customer before), "owner" (only whose customer it is) or "any" (whoever
    answers for the queue and speaks the language, whatever the skills).
    """

    for_ms: int | None
    need: Mapping[str, int]
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingPlan:
    """The file, checked. weights: what one level of a skill beyond the need is worth (1 where not named). After
    the last step, when it ends, any agent of the queue will do. acd: queues of contact centers that take calls, too;
    overflow: of those that send calls, None when none does. desk: what agents' pages offer. whisper_max_ms: how long
    the words for the agent's ear may be, and how long an answer to them is waited for."""

    queues: Mapping[str, Queue]
    agents: Mapping[str, Agent]
    weights: Mapping[str, float]
    steps: tuple[RelaxationStep, ...]
    ring_timeout_ms: int
    wrap_up_ms: int
    whisper_max_ms: int
    acd: Mapping[str, AcdQueue] = field(default_factory=dict)
    overflow: OverflowTerms | None = None
    waiting: WaitingTerms = field(default_factory=WaitingTerms)
    desk: DeskTerms = field(default_factory=DeskTerms)


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Proficiency = Annotated[int, Field(ge=0, le=5)]
Minimum = Annotated[int, Field(ge=1, le=5)]
KEYS_FORM = r"^[0-9A-D*#]*\{code\}[0-9A-D*#]*$"
KEYS_WORDS = 'the keys the far end expects with {code} among them, such as "*{code}#"'


class _QueueShape(_Shape):
    title: str
    required: dict[str, Minimum] = {}


class _TargetShape(_Shape):
    carry: Annotated[tuple[Carrier, ...], Field(min_length=1)] = (Carrier.UUI, Carrier.X_HEADERS)
    isdn: bool = False
    keys_after_s: Annotated[float, Field(ge=0, le=10)] = 1.0
    keys_as: Annotated[str, Field(pattern=KEYS_FORM, max_length=50, description=KEYS_WORDS)] = EVERYDAY.keys_as

    def carried(self) -> Carry:
        after_ms = round(self.keys_after_s * 1000)
        return Carry(by=frozenset(self.carry), isdn=self.isdn, keys_after_ms=after_ms, keys_as=self.keys_as)


class _AgentShape(_TargetShape):
    name: str
    sip: str
    skills: dict[str, Proficiency]
    queues: Annotated[tuple[str, ...], Field(min_length=1)]
    phone_only: bool = False


class _AcdShape(_TargetShape):
    title: str = ""
    sip: str
    skills: dict[str, Proficiency]
    queues: Annotated[tuple[str, ...], Field(min_length=1)]
    after_s: Annotated[int, Field(ge=0, le=3600)] = 0
    ring_s: Annotated[int, Field(ge=5, le=1800)] = 120
    proven_s: Annotated[int, Field(ge=0, le=60)] = 5


class _StepShape(_Shape):
    for_s: Annotated[int, Field(ge=1)] | None = None
    need: dict[str, Minimum] = {}
    agent: Literal["", "last", "owner", "any"] = ""


class PlanShape(_Shape):
    version: Literal[1]
    ring_timeout_s: Annotated[int, Field(ge=5, le=60)] = 15
    wrap_up_s: Annotated[int, Field(ge=0, le=900)] = 30
    whisper_max_s: Annotated[int, Field(ge=5, le=8)] = 8
    skills: dict[str, Annotated[float, Field(ge=0)]] = {}
    queues: Annotated[dict[str, _QueueShape], Field(min_length=1)]
    agents: dict[str, _AgentShape]
    acd: dict[str, _AcdShape] = {}
    steps: tuple[_StepShape, ...] = ()
    overflow: OverflowShape | None = None
    waiting: WaitingShape = WaitingShape()
    desk: DeskShape = DeskShape()


_VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
_SIP_URI = re.compile(r"sips?:([^@\s<>]+@)?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?(;[^\s<>]*)?", re.ASCII)


def load_routing(path: Path, variables: Mapping[str, str]) -> RoutingPlan:
    """The plan of routing.yml; ${NAME} in a SIP address is taken from variables.

    Raises DesignError with every fault: unknown skills and queues, addresses that are none, variables not given.
    """
    document = Document(path)
    shape = document.parse(PlanShape)
    faults = [document.fault(*found) for found in _problems(shape, variables)]
    if faults:
        raise DesignError(tuple(sorted(faults)))
    return RoutingPlan(
        queues={name: Queue(name=name, title=q.title, required=q.required) for name, q in shape.queues.items()},
        agents={
            name: Agent(
                agent_id=name,
                name=a.name,
                sip_uri=_filled(a.sip, variables),
                skills=a.skills,
                queues=tuple(a.queues),
                phone_only=a.phone_only,
                carry=a.carried(),
            )
            for name, a in shape.agents.items()
        },
        weights=shape.skills,
        steps=tuple(
            RelaxationStep(for_ms=s.for_s * 1000 if s.for_s else None, need=s.need, agent=s.agent) for s in shape.steps
        ),
        ring_timeout_ms=shape.ring_timeout_s * 1000,
        wrap_up_ms=shape.wrap_up_s * 1000,
        whisper_max_ms=shape.whisper_max_s * 1000,
        acd={name: _acd_queue(name, a, variables) for name, a in shape.acd.items()},
        overflow=overflow_terms(shape.overflow, lambda text: _filled(text, variables)) if shape.overflow else None,
        waiting=waiting_terms(shape.waiting),
        desk=desk_terms(shape.desk),
    )


def load_waiting(path: Path) -> WaitingTerms:
    """What routing.yml lets waiting callers hear, whether its addresses have values or not. Raises DesignError."""
    return waiting_terms(Document(path).parse(PlanShape).waiting)


def _acd_queue(name: str, shape: _AcdShape, variables: Mapping[str, str]) -> AcdQueue:
    return AcdQueue(
        acd_id=name,
        title=shape.title or name,
        sip_uri=_filled(shape.sip, variables),
        skills=shape.skills,
        queues=tuple(shape.queues),
        after_ms=shape.after_s * 1000,
        ring_ms=shape.ring_s * 1000,
        proven_ms=shape.proven_s * 1000,
        carry=shape.carried(),
    )


def _filled(text: str, variables: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: variables.get(found[1], ""), text)


def _problems(shape: PlanShape, variables: Mapping[str, str]) -> Iterator[Problem]:
    for name, queue in shape.queues.items():
        yield from _unknown_skills(("queues", name, "required"), queue.required, shape)
    for kind, targets in (("agents", shape.agents), ("acd", shape.acd)):
        for name, target in targets.items():
            yield from _of_target((kind, name), target, shape, variables)
    for name in shape.acd.keys() & shape.agents.keys():
        yield ("acd", name), "routing-name", f"{name} is an agent, too", "Give one of them another name."
    for index, step in enumerate(shape.steps):
        yield from _unknown_skills(("steps", index, "need"), step.need, shape)
        if step.for_s is None and index < len(shape.steps) - 1:
            fix = "Give every step for_s, except the last."
            yield ("steps", index), "routing-step", "only the last step goes on for ever", fix
    if shape.overflow is not None:
        yield from overflow_problems(shape.overflow, shape.queues, lambda at, text: _of_address(at, text, variables))


def _of_target(
    at: Location, target: _AgentShape | _AcdShape, shape: PlanShape, variables: Mapping[str, str]
) -> Iterator[Problem]:
    yield from _unknown_skills((*at, "skills"), target.skills, shape)
    yield from _of_address((*at, "sip"), target.sip, variables)
    for index, wanted in enumerate(target.queues):
        if wanted not in shape.queues:
            fix = f"Use one of {', '.join(shape.queues)}."
            yield (*at, "queues", index), "routing-queue", f"unknown queue {wanted}", fix
    if not any(skill.startswith(LANGUAGE_SKILL) for skill in target.skills):
        fix = 'Add for example "lang:en": 5.'
        yield (*at, "skills"), "routing-language", f"{at[-1]} speaks no language", fix


def _unknown_skills(at: Location, named: Mapping[str, int], shape: PlanShape) -> Iterator[Problem]:
    for skill in named:
        if skill not in shape.skills and not skill.startswith((LANGUAGE_SKILL, SEGMENT_SKILL)):
            known = ", ".join(shape.skills) or "none"
            yield (*at, skill), "routing-skill", f"unknown skill {skill}", f"Add it to skills (known: {known})."


def _of_address(at: Location, address: str, variables: Mapping[str, str]) -> Iterator[Problem]:
    missing = [name for name in _VARIABLE.findall(address) if not variables.get(name)]
    if missing:
        fix = "Set it in the environment or under [variables]."
        yield at, "routing-variable", f"{', '.join(missing)} has no value", fix
    elif not _SIP_URI.fullmatch(_filled(address, variables)):
        what = f"{_filled(address, variables)} is no SIP address"
        yield at, "routing-address", what, "Write sip:user@host or sip:user@host:port."
