"""What a handoff is given: what an agent is told, who is called, and what of the house it acts through."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivr.call.dispatch import Dispatcher
from ivr.call.moving import Method
from ivr.model.carry import ReferUui
from ivr.model.routing import Agent, HandoffRequest

POP_TIMEOUT_S = 1.0
NO_PAGE = ""
"""For pop(): nobody here sees the call, but other systems may want its context before anything rings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """What one agent is given: the context under its token, and the words whispered."""

    token: str
    context: Mapping[str, Any]
    whisper: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Who is called. person: somebody known here, with a page and a state; else a contact center's queue, which takes
    the call as it comes: nothing is whispered and no key is asked for. ring_ms: 0 for as long as phones do.
    proven_ms: a queue that hangs up within so long after its answer has turned the caller away."""

    agent: Agent
    person: bool = True
    ring_ms: int = 0
    proven_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffTools:
    """What a handoff needs of the house. store_context and pop are awaited before anything rings; pop is given NO_PAGE
    for a contact center's queue. send and hear: messages to the media worker and to the speech worker; frames_path:
    where audio is heard, "" = nowhere. turned_away: told the contact center's queue that hung up on the caller, who
    hears nothing now. method and refer_uui: what the caller's trunk is known to honour."""

    dispatcher: Dispatcher
    send: Callable[[object], None]
    hear: Callable[[object], None]
    frames_path: Callable[[], str]
    make_packet: Callable[[HandoffRequest, Agent], Packet]
    store_context: Callable[[Packet], Awaitable[None]]
    pop: Callable[[str, Packet], Awaitable[bool]]
    render: Callable[[str], Awaitable[Path]]
    ring_timeout_ms: int
    turned_away: Callable[[str], None]
    method: Method = Method.BRIDGE
    refer_uui: ReferUui = ReferUui.URI
    language: str = "en"
