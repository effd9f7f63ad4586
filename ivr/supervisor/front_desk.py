"""What the web pages are given of a running house: the one place where the two are joined."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ivr.metrics import Metrics
from ivr.model.accounts import WrapUp
from ivr.model.ids import monotonic_ms
from ivr.web.desk import Desk

if TYPE_CHECKING:
    from ivr.supervisor.center import Center


def desk_of(center: Center) -> Desk:
    """The desk of a center; what a reload may replace is asked for anew each time."""

    async def set_state(agent_id: str, wish: str, reason: str) -> None:
        await center.agents.set_state(agent_id, wish, reason)

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
        record=center.record,
        offers=lambda: center.brain.offers,
        learn=center.offers.learn,
        effects=center.offers.effects,
        tell_wait=lambda queue, expected_ms: center.waits.tell(queue, expected_ms, monotonic_ms()),
        agent_detail=center.agents.detail,
        terms=lambda: center.brain.routing.desk,
        attendance=center.agents.attendance,
        wrapped_up=lambda now, before: _count(center.metrics, now, before),
    )


def _count(metrics: Metrics, now: WrapUp, before: WrapUp) -> None:
    """A wrapped-up transfer counts once, when its agent says how it ended; a question asked again when it is said."""
    if now.code and not before.code:
        metrics.wrap_ups.labels(code=now.code).inc()
    if now.asked_again and not before.asked_again:
        metrics.asked_again.inc()
