"""What one call needs of the house, given by the composition root. Data and callables only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from ivr.call.ani import Signatures
from ivr.call.coming_back import KeyedCodes
from ivr.call.dispatch import Dispatcher
from ivr.call.handoff_terms import Packet
from ivr.call.identity_desk import IdentityDesk
from ivr.call.services import ServiceCaller
from ivr.config import Settings
from ivr.dialog.assistant import Assistant
from ivr.identity.policy import IdentityPolicy
from ivr.metrics import Metrics
from ivr.model.call import LogEntry
from ivr.model.dialog import Prompt
from ivr.model.ports import NluEngine
from ivr.offers.desk import OfferDesk
from ivr.routing.plan import RoutingPlan
from ivr.storage.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The house as one call sees it.

    to_media and to_speech never block. find_prompt answers from the prompt cache; render_prompt waits for a voice.
    pop(agent_id, packet) is True when the agent's page says it shows it. load() is the share of slots taken, 0..1.
    learn() has the offer desk take in, soon and beside the calls, what was answered. told_wait(queue) is how long a
    contact center said its callers wait, in ms, None when it said nothing lately.
    """

    settings: Settings
    assistant: Assistant
    nlu: NluEngine
    services: ServiceCaller
    signatures: Signatures
    identity: IdentityDesk
    identity_policy: IdentityPolicy
    store: Store
    codes: KeyedCodes
    offers: OfferDesk
    routing: RoutingPlan
    dispatcher: Dispatcher
    metrics: Metrics
    to_media: Callable[[object], None]
    to_speech: Callable[[object], None]
    find_prompt: Callable[[Prompt], Path | None]
    render_prompt: Callable[[Prompt], Awaitable[Path]]
    pop: Callable[[str, Packet], Awaitable[bool]]
    publish: Callable[[LogEntry], None]
    load: Callable[[], float]
    learn: Callable[[], None]
    told_wait: Callable[[str], int | None]
    frames_path: Callable[[], str]
    hearing: bool
    comfort_path: str
    default_queue: str
    apology: Prompt
