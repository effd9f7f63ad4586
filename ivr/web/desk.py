"""What the web pages are given by the process they run in. Everything is handed in; web reaches for nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr.model.accounts import WrapUp
from ivr.model.routing import Agent, AgentState
from ivr.offers.desk import OfferDesk
from ivr.routing.desk_terms import DeskTerms
from ivr.storage.store import Store
from ivr.web.attendance import Attendance
from ivr.web.live import LiveHub

AgentStates = Callable[[], Sequence[tuple[Agent, AgentState, int]]]
SetAgentState = Callable[[str, str, str], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentDetail:
    """More of an agent's state. reason: a code of the desk's terms, or words; left_ms: of the wrap-up."""

    reason: str = ""
    left_ms: int = 0


async def _nothing(_call_id: str) -> None:
    """Where no call lives there is nothing to decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """agent_states: every agent, its state, milliseconds since it began. set_agent_state(agent_id, "ready" |
    "not_ready", reason) raises IvrError when it is not possible now; the web then answers 409 with its words.

    health: {"ready": bool, "reasons": [str], "live_calls": int, "workers": {...}}, more keys welcome.
    metrics: Prometheus text. token: "" serves this machine only, without login. recordings: the folder recordings
    must lie in; None serves none. record(call_id): start recording a live call, False when there is no such call.
    offers: the offer desk of the moment; learn(): something was answered, it should learn from it.
    agent_detail(agent_id): more of its state. terms(): what agents choose from. attendance: whose page is open.
    wrapped_up(now, before): an agent noted something of a call.
    tell_wait(queue, expected_ms): a contact center says how long callers of its queue wait; False for an unknown one.
    decide_offer(call_id): the agent of a live call has solved the request; its offer is decided and stored.
    post_to_call(call_id, message): one of ivr.call.at_desk.MESSAGES; False when the call is over. queues(): name ->
    title of the places a call may be passed on to. called_within_s(): until when who accepts an offer is called.
    effects(): what the effect page shows (supervisor.effects.effects_document); may take seconds, raises StorageError.
    """

    store: Store
    hub: LiveHub
    agent_states: AgentStates
    set_agent_state: SetAgentState
    health: Callable[[], Mapping[str, Any]]
    metrics: Callable[[], bytes]
    token: str = ""
    assistant: str = "ivr"
    recordings: Path | None = None
    record: Callable[[str], bool] | None = None
    offers: Callable[[], OfferDesk] | None = None
    learn: Callable[[], None] = lambda: None
    effects: Callable[[], Awaitable[Mapping[str, Any]]] | None = None
    tell_wait: Callable[[str, int], bool] = lambda _queue, _expected_ms: False
    agent_detail: Callable[[str], AgentDetail] = lambda _: AgentDetail()
    terms: Callable[[], DeskTerms] = DeskTerms
    attendance: Attendance = field(default_factory=Attendance)
    wrapped_up: Callable[[WrapUp, WrapUp], None] = lambda _, __: None
    decide_offer: Callable[[str], Awaitable[None]] = _nothing
    post_to_call: Callable[[str, object], bool] = lambda _call_id, _message: False
    queues: Callable[[], Mapping[str, str]] = dict
    called_within_s: Callable[[], int] = lambda: 14_400
