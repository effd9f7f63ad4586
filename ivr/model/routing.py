"""Agents, queues and what a human is given with a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ivr.model.carry import EVERYDAY, Carry


class AgentState(StrEnum):
    """Presence of an agent (domain.md 3.4)."""

    OFFLINE = "offline"
    AVAILABLE = "available"
    RESERVED = "reserved"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    NOT_READY = "not_ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A person with a phone. skills: name -> proficiency 0..5; languages are skills named "lang:en". phone_only: gets
    calls without an open page. carry: what the phone is told of the context."""

    agent_id: str
    name: str
    sip_uri: str
    skills: Mapping[str, int] = field(default_factory=dict)
    queues: tuple[str, ...] = ()
    phone_only: bool = False
    carry: Carry = EVERYDAY


@dataclass(frozen=True, slots=True, kw_only=True)
class AcdQueue:
    """A whole queue of a contact center, reached by one address. skills: what its people can do, as of an Agent;
    queues: ours that it answers for; after_ms: how long a call waits for a person known here before it goes there;
    ring_ms: how long it may ring there, which for callers is waiting; proven_ms: hanging up within so long after its
    answer is turning the caller away."""

    acd_id: str
    title: str
    sip_uri: str
    skills: Mapping[str, int] = field(default_factory=dict)
    queues: tuple[str, ...] = ()
    after_ms: int = 0
    ring_ms: int = 120_000
    proven_ms: int = 5_000
    carry: Carry = EVERYDAY


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffRequest:
    """A wish for a human, from the dialog. required: skill -> least proficiency."""

    queue: str
    reason: str
    required: Mapping[str, int] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)


class TransferResult(StrEnum):
    """How a transfer ended, as the dialog sees it. CALLBACK and ASSISTANT: what the caller chose instead of waiting."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    NO_AGENT = "no_agent"
    FAILED = "failed"
    CALLBACK = "callback"
    ASSISTANT = "assistant"


class WhisperAnswer(StrEnum):
    """What an agent says to the whisper."""

    TAKE = "take"
    RETURN = "return"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentAct:
    """A button of an agent's page. answer: to the call that comes. Without one: queue, and to (an agent there, "" for
    whoever it may be), ask that the call goes on to somebody else, why in the agent's words; all "": stop asking."""

    agent_id: str
    answer: WhisperAnswer | None = None
    queue: str = ""
    to: str = ""
    why: str = ""
