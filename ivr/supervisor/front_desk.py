"""What the web pages are given of a running house: the one place where the two are joined."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ivr.call.at_desk import OfferWanted
from ivr.call.controller import RecordingRequested
from ivr.call.following import called_within_s
from ivr.metrics import Metrics
from ivr.model.accounts import WrapUp
from ivr.model.ids import monotonic_ms
from ivr.model.offers import OfferDecision
from ivr.web.desk import Desk

if TYPE_CHECKING:
    from ivr.supervisor.center import Center


OFFER_S = 2.0


def desk_of(center: Center) -> Desk:
    """The desk of a center; what a reload may replace is asked for anew each time."""

    async def set_state(agent_id: str, wish: str, reason: str) -> None:
        await center.agents.set_state(agent_id, wish, reason)

    async def decide_offer(call_id: str) -> None:
        decided: asyncio.Future[OfferDecision] = asyncio.get_running_loop().create_future()
        if center.post_to_call(call_id, OfferWanted(decided=decided)):
            with suppress(TimeoutError):  # the page shows what is stored, and that is nothing then
                await asyncio.wait_for(decided, OFFER_S)

    return Desk(
        store=center.store,
        hub=center.hub,
        agent_states=center.agents.states,
        set_agent_state=set_state,
        health=center.health,
        metrics=center.metrics.exposition,
        token=center.settings.web.token,
        assistant=center.brain.assistant.name,
        recordings=Path(center.settings.recording.dir),
        record=lambda call_id: center.post_to_call(call_id, RecordingRequested()),
        offers=lambda: center.brain.offers,
        learn=center.offers.learn,
        effects=center.offers.effects,
        tell_wait=lambda queue, expected_ms: center.waits.tell(queue, expected_ms, monotonic_ms()),
        agent_detail=center.agents.detail,
        terms=lambda: center.brain.routing.desk,
        attendance=center.agents.attendance,
        wrapped_up=lambda now, before: _wrapped_up(center, now, before),
        decide_offer=decide_offer,
        post_to_call=center.post_to_call,
        called_within_s=lambda: called_within_s(center.brain.assistant, center.settings),
        queues=lambda: {name: queue.title for name, queue in center.brain.routing.queues.items()},
    )


def _wrapped_up(center: Center, now: WrapUp, before: WrapUp) -> None:
    _count(center.metrics, now, before)
    if now.code:
        center.agents.disposed(now.agent_id)


def _count(metrics: Metrics, now: WrapUp, before: WrapUp) -> None:
    """A wrapped-up transfer counts once, when its agent says how it ended; a question asked again when it is said."""
    if now.code and not before.code:
        metrics.wrap_ups.labels(code=now.code).inc()
    if now.asked_again and not before.asked_again:
        metrics.asked_again.inc()
